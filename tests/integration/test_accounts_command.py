"""`python -m services.intake.accounts`: the first administrator, without a running service."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.vocabulary import Role
from tests.integration.accounts_world import PASSWORD, world

Run = Callable[..., "subprocess.CompletedProcess[str]"]
ROOT = Path(__file__).resolve().parents[2]
ENVIRONMENT: dict[str, str] = {}  # what a test sets beside


@pytest.fixture
def run(mongo_url: str, database_prefix: str) -> Run:
    environment = {
        **os.environ,
        "INTAKE_MONGO_URL": mongo_url,
        "INTAKE_DATABASE_PREFIX": database_prefix,
        "INTAKE_ARGON2_MEMORY_KIB": "8192",
    }

    def run(*arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 - our own command
            [sys.executable, "-m", "services.intake.accounts", *arguments],
            cwd=ROOT,
            env={**environment, **ENVIRONMENT},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


async def test_the_first_administrator_comes_from_a_command(
    run: Run, mongo_url: str, database_prefix: str
):
    made = run("create-admin", "--username", "Boss")

    assert made.returncode == 0, made.stderr
    first, second = made.stdout.splitlines()
    assert first == "boss\tadministrator\t-\tenabled"
    password = second.removeprefix("one-time password: ")
    async with world(mongo_url, database_prefix) as here:
        admission = await here.sign_in("boss", password)
        assert admission.must_change
        assert admission.account.created_by == "command"
    again = run("create-admin", "--username", "boss")
    assert (again.returncode, again.stdout) == (1, "")
    assert "username" in again.stderr
    assert password not in made.stderr + again.stderr


async def test_a_password_can_be_typed_and_is_then_ones_own(
    run: Run, mongo_url: str, database_prefix: str
):
    weak = run("create-admin", "--username", "boss", "--stdin", typed="matkhau12345\n")
    made = run("create-admin", "--username", "boss", "--stdin", typed=f"{PASSWORD}\n")

    assert (weak.returncode, weak.stdout) == (1, "")
    assert "too easy to guess" in weak.stderr
    assert made.returncode == 0, made.stderr
    async with world(mongo_url, database_prefix) as here:
        assert not (await here.sign_in("boss")).must_change


async def test_accounts_are_listed_disabled_and_reset_from_the_console(
    run: Run, mongo_url: str, database_prefix: str
):
    async with world(mongo_url, database_prefix) as here:
        await here.issue("an.nguyen")
        await here.issue("boss", Role.ADMINISTRATOR)

        disabled = run("disable", "AN.nguyen")
        listed = run("list")
        last = run("disable", "boss")
        unknown = run("disable", "nobody")
        reset = run("reset-password", "boss")

        assert disabled.stdout == "an.nguyen\tofficer\tward_1\tdisabled\n"
        assert listed.stdout.splitlines() == [
            "an.nguyen\tofficer\tward_1\tdisabled",
            "boss\tadministrator\t-\tenabled",
        ]
        assert (last.returncode, unknown.returncode) == (1, 1)
        assert "last administrator" in last.stderr
        assert "no account 'nobody'" in unknown.stderr
        one_time = reset.stdout.splitlines()[1].removeprefix("one-time password: ")
        assert (await here.sign_in("boss", one_time)).must_change


def test_without_a_database_it_says_so(monkeypatch: pytest.MonkeyPatch, run: Run):
    monkeypatch.setitem(ENVIRONMENT, "INTAKE_MONGO_URL", "mongodb://127.0.0.1:1/?replicaSet=rs0")

    done = run("list")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("MongoDB")
