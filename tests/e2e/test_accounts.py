"""The accounts of a running stack: every role signs in, and whoever is disabled is out at once."""

import json
import os
import signal
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.intake.accounts.domain import HANDLING
from shared.vocabulary import Role
from tests.builders import dalat
from tests.e2e.client import eventually

Stack = dict[str, Any]
# those whom the journeys of other tests sign in as
NAMED = ("ward_1", "ward_2", "home_affairs", "city_police", "natural_resources", "urban_management")


@pytest.fixture(scope="module")
def intake(stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{stack['intake']}/api/v1", timeout=30) as client:
        yield client


def sign_in(intake: httpx.Client, username: str, password: str) -> httpx.Response:
    return intake.post("/auth/token", data={"username": username, "password": password})


def account(stack: Stack, role: Role) -> dict[str, str]:
    return next(each for each in stack["accounts"] if each["role"] == role)


def bearer(answer: httpx.Response) -> dict[str, str]:
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


@pytest.fixture
def administrator(intake: httpx.Client, stack: Stack) -> dict[str, str]:
    known = account(stack, Role.ADMINISTRATOR)
    return bearer(sign_in(intake, known["username"], known["password"]))


def test_the_stack_offers_every_role_and_two_people_of_every_unit(stack: Stack):
    offered = {(each["role"], each["unit"]) for each in stack["accounts"]}
    units = {e.id for e in dalat().units_on(datetime.now(UTC).date()) if e.kind in HANDLING}

    assert {role for role, _ in offered} == set(Role)
    assert units >= set(NAMED)
    for role in (Role.OFFICER, Role.UNIT_HEAD):
        assert {unit for each, unit in offered if each == role} == units


@pytest.mark.parametrize("role", sorted(Role))
def test_every_role_signs_in_and_only_one_reaches_accounts(
    intake: httpx.Client, stack: Stack, role: Role
):
    known = account(stack, role)

    answer = sign_in(intake, known["username"], known["password"])

    body = answer.json()
    assert (body["role"], body["unit"], body["must_change_password"]) == (
        role,
        known["unit"],
        False,
    )
    listed = intake.get("/admin/accounts", headers=bearer(answer))
    assert listed.status_code == (200 if role is Role.ADMINISTRATOR else 403)


def test_who_is_disabled_is_out_within_two_seconds_and_cannot_return(
    intake: httpx.Client, administrator: dict[str, str]
):
    username = f"an.{uuid.uuid4().hex[:8]}"
    issued = intake.post(
        "/admin/accounts",
        headers=administrator,
        json={"username": username, "display_name": "An", "role": "officer", "unit": "ward_1"},
    )
    password = issued.json()["one_time_password"]
    tokens = sign_in(intake, username, password)
    assert intake.get("/auth/me", headers=bearer(tokens)).status_code == 200

    answer = intake.patch(
        f"/admin/accounts/{username}",
        headers={**administrator, "If-Match": issued.headers["etag"]},
        json={"disabled": True},
    )

    assert answer.status_code == 200
    eventually(lambda: intake.get("/auth/me", headers=bearer(tokens)).status_code == 401, 2)
    assert sign_in(intake, username, password).status_code == 401
    refreshed = intake.post("/auth/refresh", json={"refresh_token": tokens.json()["refresh_token"]})
    assert refreshed.status_code == 401


def test_five_wrong_passwords_lock_an_account_and_nobody_is_told(
    intake: httpx.Client, administrator: dict[str, str]
):
    username = f"binh.{uuid.uuid4().hex[:8]}"
    issued = intake.post(
        "/admin/accounts",
        headers=administrator,
        json={"username": username, "display_name": "Bình", "role": "leader"},
    )
    answers = [sign_in(intake, username, f"guess {number}") for number in range(5)]

    right = sign_in(intake, username, issued.json()["one_time_password"])

    nobody = sign_in(intake, f"nobody.{uuid.uuid4().hex}", "guess")
    assert {(each.status_code, each.text) for each in [*answers, right]} == {
        (nobody.status_code, nobody.text)
    }
    seen = intake.get(f"/admin/accounts/{username}", headers=administrator).json()
    assert seen["failures"] == 5
    assert datetime.fromisoformat(seen["locked_until"]) > datetime.now(UTC)


def test_sessions_and_passwords_outlive_a_killed_service(
    intake: httpx.Client, stack: Stack, stack_file: Path
):
    known = account(stack, Role.OFFICE_CLERK)
    headers = bearer(sign_in(intake, known["username"], known["password"]))
    before = json.loads(stack_file.read_text())["pids"]["intake"]

    os.kill(before, signal.SIGKILL)

    def back() -> bool:
        try:
            return intake.get("/auth/me", headers=headers).status_code == 200
        except httpx.TransportError:
            return False

    eventually(back, 60)
    assert json.loads(stack_file.read_text())["accounts"] == stack["accounts"]
    assert sign_in(intake, known["username"], known["password"]).status_code == 200


def test_the_openapi_document_knows_how_to_sign_in(intake: httpx.Client, stack: Stack):
    document = intake.get(f"{stack['intake']}/openapi.json").json()

    schemes = document["components"]["securitySchemes"]
    assert schemes["OAuth2PasswordBearer"]["flows"]["password"]["tokenUrl"] == "/api/v1/auth/token"
    form = document["paths"]["/api/v1/auth/token"]["post"]["requestBody"]["content"]
    assert list(form) == ["application/x-www-form-urlencoded"]
    assert document["paths"]["/api/v1/admin/accounts"]["post"]["security"]
