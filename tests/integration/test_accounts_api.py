"""The routes of sign-in and of accounts: status by status, and what no answer ever shows."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from shared.vocabulary import Role
from tests.integration.accounts_world import PASSWORD, SETTINGS, World, world

Client = httpx.AsyncClient
NEW = {"username": "an.nguyen", "display_name": "Nguyễn An", "role": "officer", "unit": "ward_1"}


@pytest.fixture
async def here(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    async with world(mongo_url, database_prefix) as made:
        yield made


@pytest.fixture
async def client(here: World) -> AsyncIterator[Client]:
    async with here.client() as made:
        yield made


@pytest.fixture
async def boss(here: World, client: Client) -> dict[str, str]:
    """The headers of an administrator."""
    await here.issue("boss", Role.ADMINISTRATOR)
    return bearer(await sign_in(client, "boss"))


async def sign_in(client: Client, username: str, password: str = PASSWORD) -> dict[str, Any]:
    answer = await client.post("/auth/token", data={"username": username, "password": password})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(tokens: dict[str, Any]) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens['access_token']}"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    assert (answer.status_code, answer.headers["content-type"]) == (
        status,
        "application/problem+json",
    ), answer.text
    document = answer.json()
    assert document["type"] == f"urn:civic:problem:{code}"
    return document


async def test_signing_in_answers_a_bearer_token(here: World, client: Client):
    await here.issue("an.nguyen")

    answer = await client.post(
        "/auth/token",
        data={"grant_type": "password", "username": "AN.NGUYEN", "password": PASSWORD},
    )

    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    body = answer.json()
    assert {name: body[name] for name in ("token_type", "expires_in", "role", "unit")} == {
        "token_type": "bearer",
        "expires_in": 1200,
        "role": "officer",
        "unit": "ward_1",
    }
    me = (await client.get("/auth/me", headers=bearer(body))).json()
    assert (me["username"], me["account"], me["session"]) == (
        "an.nguyen",
        body["account"],
        body["session"],
    )


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        pytest.param({"username": "x", "password": "y"}, 401, "wrong_credentials", id="unknown"),
        pytest.param({"username": "x"}, 422, "invalid_report", id="no password"),
        pytest.param(
            {"username": "x", "password": "y" * 1025}, 422, "invalid_report", id="a long password"
        ),
        pytest.param(
            {"username": "x", "password": "y", "grant_type": "refresh_token"},
            422,
            "invalid_report",
            id="another grant",
        ),
        pytest.param({"username": "x", "password": "y" * 2**16}, 413, "bad_request", id="64 KiB"),
        pytest.param({"username": "\0\n", "password": "\0"}, 401, "wrong_credentials", id="NUL"),
    ],
)
async def test_a_sign_in_that_fails_says_so(
    client: Client, form: dict[str, str], status: int, code: str
):
    answer = await client.post("/auth/token", data=form)

    problem(answer, status, code)
    assert "y" * 20 not in answer.text  # a refused password is not sent back
    if status == 401:
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("header", "challenge"),
    [
        pytest.param(None, "Bearer", id="none"),
        pytest.param("Basic eDp5", "Bearer", id="another scheme"),
        pytest.param("Bearer", "Bearer", id="no token"),
        pytest.param("Bearer x", 'Bearer error="invalid_token"', id="no token of ours"),
        pytest.param(
            f"Bearer s_{'0' * 24}.{'x' * 43}", 'Bearer error="invalid_token"', id="no such session"
        ),
    ],
)
async def test_without_a_valid_token_every_route_answers_401(
    client: Client, header: str | None, challenge: str
):
    headers = {"Authorization": header} if header else {}
    calls = [
        client.get("/auth/me", headers=headers),
        client.post("/auth/logout", headers=headers),
        client.get("/auth/sessions", headers=headers),
        client.delete("/auth/sessions/s_1", headers=headers),
        client.post(
            "/auth/password",
            headers=headers,
            json={"current_password": "x", "new_password": "y"},
        ),
        client.post("/admin/accounts", headers=headers, json=NEW),
        client.get("/admin/accounts", headers=headers),
        client.get("/admin/accounts/boss", headers=headers),
        client.patch("/admin/accounts/boss", headers=headers, json={"disabled": True}),
        client.get("/admin/accounts/boss/sessions", headers=headers),
    ]

    for call in calls:
        answer = await call
        assert answer.status_code == 401, answer.url
        assert answer.headers["www-authenticate"] == challenge


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMINISTRATOR}))
async def test_only_administrators_reach_accounts(here: World, client: Client, role: Role):
    await here.issue("somebody", role)
    headers = bearer(await sign_in(client, "somebody"))
    calls: list[Callable[[], Awaitable[httpx.Response]]] = [
        lambda: client.post("/admin/accounts", headers=headers, json=NEW),
        lambda: client.get("/admin/accounts", headers=headers),
        lambda: client.get("/admin/accounts/somebody", headers=headers),
        lambda: client.get("/admin/accounts/nobody", headers=headers),
        lambda: client.patch("/admin/accounts/somebody", headers=headers, json={"disabled": True}),
        lambda: client.get("/admin/accounts/somebody/sessions", headers=headers),
    ]

    for call in calls:
        problem(await call(), 403, "forbidden")


async def test_an_administrator_issues_an_account_with_a_one_time_password(
    client: Client, boss: dict[str, str]
):
    answer = await client.post(
        "/admin/accounts", headers=boss, json={**NEW, "email": "An.Nguyen@Example.com"}
    )

    assert answer.status_code == 201
    assert answer.headers["location"] == "/api/v1/admin/accounts/an.nguyen"
    assert answer.headers["etag"] == '"1"'
    issued = answer.json()
    assert (issued["unit"], issued["email"]) == ("ward_1", "an.nguyen@example.com")
    again = await client.get("/admin/accounts/an.nguyen", headers=boss)
    assert "password" not in again.text.replace("must_change_password", "")
    one_time = issued["one_time_password"]
    given = bearer(await sign_in(client, "an.nguyen", one_time))
    problem(await client.get("/auth/sessions", headers=given), 403, "password_change_required")
    assert (await client.get("/auth/me", headers=given)).json()["must_change_password"]
    changed = await client.post(
        "/auth/password",
        headers=given,
        json={"current_password": one_time, "new_password": "hoa mimosa trên đồi"},
    )
    assert changed.status_code == 200
    problem(await client.get("/auth/me", headers=given), 401, "invalid_token")
    own = bearer(changed.json())
    assert len((await client.get("/auth/sessions", headers=own)).json()["items"]) == 1


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        pytest.param({"username": "ab"}, "username", "username_malformed", id="short name"),
        pytest.param({"username": "nguyễn"}, "username", "username_malformed", id="accents"),
        pytest.param({"unit": None}, "unit", "unit_required", id="no unit"),
        pytest.param({"unit": "ward_99"}, "unit", "unit_unknown", id="unknown unit"),
        pytest.param({"role": "leader"}, "unit", "unit_not_of_role", id="another body's unit"),
        pytest.param({"password": "short"}, "password", "password_too_short", id="short password"),
        pytest.param({"password": "matkhau12345"}, "password", "password_too_common", id="common"),
        pytest.param({"role": "king"}, "role", "enum", id="no such role"),
        pytest.param({"email": "an@"}, "email", "value_error", id="no address"),
        pytest.param({"display_name": "A\nB"}, "display_name", "value_error", id="two lines"),
        pytest.param({"disable": True}, "disable", "extra_forbidden", id="a field misspelled"),
    ],
)
async def test_an_account_that_breaks_a_rule_names_the_field(
    client: Client, boss: dict[str, str], change: dict[str, Any], field: str, code: str
):
    answer = await client.post("/admin/accounts", headers=boss, json={**NEW, **change})

    assert answer.status_code == 422
    assert [(each["field"], each["code"]) for each in answer.json()["errors"]] == [(field, code)]


async def test_a_username_is_taken_however_it_is_written(client: Client, boss: dict[str, str]):
    await client.post("/admin/accounts", headers=boss, json=NEW)

    answer = await client.post(
        "/admin/accounts", headers=boss, json={**NEW, "username": " AN.Nguyen "}
    )

    problem(answer, 409, "username_taken")


async def test_accounts_are_listed_page_by_page_and_filtered(
    here: World, client: Client, boss: dict[str, str]
):
    for number in range(5):
        await here.issue(f"officer{number}")
    await here.issue("leader", Role.LEADER)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await client.get(
            "/admin/accounts", headers=boss, params={"limit": 3, "cursor": cursor}
        )
        found += [each["username"] for each in page.json()["items"]]
        cursor = page.json()["next"]

    assert found == ["boss", "leader", *(f"officer{number}" for number in range(5))]
    officers = await client.get(
        "/admin/accounts", headers=boss, params={"role": "officer", "unit": "ward_1"}
    )
    assert len(officers.json()["items"]) == 5


async def test_a_change_needs_the_version_that_was_seen(client: Client, boss: dict[str, str]):
    await client.post("/admin/accounts", headers=boss, json=NEW)
    url = "/admin/accounts/an.nguyen"

    problem(await client.patch(url, headers=boss, json={}), 428, "precondition_required")
    first = await client.patch(
        url, headers={**boss, "If-Match": '"1"'}, json={"role": "unit_head", "unit": "ward_2"}
    )
    assert (first.status_code, first.headers["etag"]) == (200, '"2"')
    assert (first.json()["role"], first.json()["unit"]) == ("unit_head", "ward_2")
    for version in ('"1"', '"3"', "*", '"x"'):
        late = await client.patch(
            url, headers={**boss, "If-Match": version}, json={"display_name": "B"}
        )
        [error] = problem(late, 412, "stale_version")["errors"]
        assert "version 2 by u_" in error["detail"]
        assert late.headers["etag"] == '"2"'


async def test_null_empties_what_can_be_empty_and_leaves_the_rest(
    client: Client, boss: dict[str, str]
):
    await client.post("/admin/accounts", headers=boss, json={**NEW, "email": "an@example.com"})

    answer = await client.patch(
        "/admin/accounts/an.nguyen",
        headers={**boss, "If-Match": '"1"'},
        json={"email": None, "display_name": None, "role": None, "disabled": None},
    )

    assert answer.json()["email"] is None
    assert (answer.json()["display_name"], answer.json()["role"]) == ("Nguyễn An", "officer")


async def test_a_reset_shows_a_new_one_time_password_and_ends_sessions(
    here: World, client: Client, boss: dict[str, str]
):
    await here.issue("an.nguyen")
    before = bearer(await sign_in(client, "an.nguyen"))

    answer = await client.patch(
        "/admin/accounts/an.nguyen",
        headers={**boss, "If-Match": '"1"'},
        json={"reset_password": True},
    )

    await sign_in(client, "an.nguyen", answer.json()["one_time_password"])
    problem(await client.get("/auth/me", headers=before), 401, "invalid_token")


async def test_the_last_administrator_cannot_leave(client: Client, boss: dict[str, str]):
    answer = await client.patch(
        "/admin/accounts/boss", headers={**boss, "If-Match": '"1"'}, json={"disabled": True}
    )

    problem(answer, 409, "last_administrator")


async def test_nobody_learns_of_a_session_that_is_not_theirs(
    here: World, client: Client, boss: dict[str, str]
):
    await here.issue("an.nguyen")
    await here.issue("binh.tran")
    an, binh = await sign_in(client, "an.nguyen"), await sign_in(client, "binh.tran")
    for session in (binh["session"], "s_1", f"s_{'0' * 24}"):
        answer = await client.delete(f"/auth/sessions/{session}", headers=bearer(an))
        problem(answer, 404, "not_found")

    listed = await client.get("/admin/accounts/binh.tran/sessions", headers=boss)
    assert [each["id"] for each in listed.json()["items"]] == [binh["session"]]
    ended = await client.delete(f"/auth/sessions/{binh['session']}", headers=boss)

    assert ended.status_code == 204
    problem(await client.get("/auth/me", headers=bearer(binh)), 401, "invalid_token")
    assert (await client.get("/auth/me", headers=bearer(an))).status_code == 200


async def test_one_ends_ones_own_other_session_and_signs_out(here: World, client: Client):
    await here.issue("an.nguyen")
    phone, desk = await sign_in(client, "an.nguyen"), await sign_in(client, "an.nguyen")

    ended = await client.delete(f"/auth/sessions/{phone['session']}", headers=bearer(desk))

    assert ended.status_code == 204
    problem(await client.get("/auth/me", headers=bearer(phone)), 401, "invalid_token")
    assert (await client.post("/auth/logout", headers=bearer(desk))).status_code == 204
    problem(await client.get("/auth/me", headers=bearer(desk)), 401, "invalid_token")
    late = await client.post("/auth/refresh", json={"refresh_token": desk["refresh_token"]})
    problem(late, 401, "invalid_token")
    assert len(here.noted("session.signed_out")) == 1


async def test_no_note_holds_a_name_a_password_or_a_token(
    here: World, client: Client, boss: dict[str, str]
):
    created = await client.post(
        "/admin/accounts", headers=boss, json={**NEW, "email": "an@example.com"}
    )
    one_time = created.json()["one_time_password"]
    tokens = await sign_in(client, "an.nguyen", one_time)
    await client.post("/auth/token", data={"username": "an.nguyen", "password": "my secret"})
    await client.post("/auth/token", data={"username": "my secret", "password": "x"})

    noted = str(here.notes)

    kinds = {kind for kind, *_ in here.notes}
    assert kinds >= {"account.created", "account.signed_in", "account.sign_in_failed"}
    hidden = ("nguyen", "Nguyễn", "an@example.com", "my secret", one_time, tokens["access_token"])
    assert not any(each in noted for each in hidden)


async def test_too_many_failures_from_an_address_say_when_to_come_back(
    mongo_url: str, database_prefix: str
):
    settings = replace(SETTINGS, failures_per_address=2)
    async with world(mongo_url, database_prefix, settings) as here, here.client() as client:
        for _ in range(2):
            await client.post("/auth/token", data={"username": "x", "password": "y"})

        answer = await client.post("/auth/token", data={"username": "x", "password": "y"})

    problem(answer, 429, "too_many_attempts")
    assert 1 <= int(answer.headers["retry-after"]) <= 301


async def test_where_the_city_signs_in_elsewhere_no_password_is_taken(
    mongo_url: str, database_prefix: str
):
    settings = replace(SETTINGS, passwords=False)
    async with world(mongo_url, database_prefix, settings) as here, here.client() as client:
        await here.issue("an.nguyen")

        answer = await client.post(
            "/auth/token", data={"username": "an.nguyen", "password": PASSWORD}
        )

        problem(answer, 403, "password_sign_in_off")
        problem(await client.get("/auth/oidc/start"), 404, "not_found")
