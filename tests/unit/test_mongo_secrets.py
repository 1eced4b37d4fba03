"""MongoDB's container refuses default passwords itself, for no service is told them."""

import os
import subprocess

import pytest

from deploy.local.layout import ROOT
from shared.settings import guessable

NAMES = ("MONGO_INITDB_ROOT_PASSWORD", "MONGO_PASSWORD", "MONGO_KEY")
OWN = "5f1c9e0b7a3d48d2a6e45f1c"
REFUSED = [
    *("", "x", "mongo", "changeme", "eleven-char", "dev-mongo-root-of-ours", "Dev-Mongo-Root"),
    *("devonlykeyofthereplicaset", "MongoDB-Root-2024", "changeme-changeme", "aaaaaaaaaaaaaaaa"),
    *("123456789012", "ZGV2LW9ubHktc2VhbGluZy1rZXk="),
]
TAKEN = [OWN, "correct horse battery", "Zm9vYmFyIGlzIG5vdCBhIHNlY3JldA+/"]


def refuse(**changed: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(  # noqa: S603
        ["/bin/sh", str(ROOT / "deploy" / "mongo" / "refuse.sh")],
        env={
            "PATH": os.environ["PATH"],
            "KNOWN_PASSWORDS": str(ROOT / "shared" / "known_passwords.txt"),
            **dict.fromkeys(NAMES, OWN),
            **changed,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


@pytest.mark.parametrize("value", REFUSED, ids=lambda value: value or "-")
def test_a_default_password_stops_the_container(value: str) -> None:
    assert guessable(value)  # the services say the same
    for name in NAMES:
        refused = refuse(**{name: value})
        assert refused.returncode != 0
        assert name in refused.stderr


@pytest.mark.parametrize("value", TAKEN)
def test_secrets_of_ones_own_are_let_through(value: str) -> None:
    assert not guessable(value)
    assert refuse(**dict.fromkeys(NAMES, value)).returncode == 0


def test_the_dev_profile_may_run_with_anything() -> None:
    assert refuse(CIVIC_PROFILE="dev", MONGO_KEY="x").returncode == 0


def test_without_its_list_nothing_starts() -> None:
    assert refuse(KNOWN_PASSWORDS="/nowhere/known_passwords.txt").returncode != 0


def test_the_entry_point_asks_first() -> None:
    lines = (ROOT / "deploy" / "mongo" / "start.sh").read_text().splitlines()
    run = [line for line in lines if line and not line.startswith("#")]

    assert run[:2] == ["set -eu", "sh /civic/refuse.sh"]
