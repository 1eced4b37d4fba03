"""Accounts: which unit goes with which role, what ends sessions, who may still come in."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.intake.accounts import tokens
from services.intake.accounts.domain import (
    BELONGS_TO,
    USERNAME,
    Account,
    AccountId,
    Changes,
    Method,
    Session,
    SessionId,
    UnitRefusal,
    UnitRefusedError,
    amended,
    changed,
    differences,
    fold,
    unit_for,
)
from shared.vocabulary import Role, UnitId, UnitKind
from tests.builders import dalat, five_wards

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
UNITS = {
    UnitId("office"): UnitKind.OFFICE,
    UnitId("leaders"): UnitKind.LEADERS,
    UnitId("ioc"): UnitKind.IOC,
    UnitId("onestop"): UnitKind.ONESTOP,
    UnitId("home_affairs"): UnitKind.DEPARTMENT,
    UnitId("market_board"): UnitKind.SERVICE_UNIT,
    UnitId("ward_1"): UnitKind.WARD,
}


def account(**changes: Any) -> Account:
    plain: dict[str, Any] = {
        "id": AccountId("u_1"),
        "username": "an.nguyen",
        "display_name": "Nguyễn An",
        "role": Role.OFFICER,
        "unit": UnitId("ward_1"),
        "email": None,
        "password": "hash",
        "must_change": False,
        "created_at": NOW,
        "created_by": "command",
        "changed_at": NOW,
        "changed_by": "command",
    }
    return Account(**{**plain, **changes})


def session(**changes: Any) -> Session:
    plain: dict[str, Any] = {
        "id": SessionId("s_1"),
        "account": AccountId("u_1"),
        "epoch": 1,
        "method": Method.PASSWORD,
        "access": "",
        "access_until": NOW + timedelta(minutes=20),
        "refresh": "",
        "family": "",
        "user_agent": "",
        "created_at": NOW,
        "last_seen_at": NOW,
        "expires_at": NOW + timedelta(hours=12),
    }
    return Session(**{**plain, **changes})


@pytest.mark.parametrize(
    ("role", "asked", "unit"),
    [
        pytest.param(Role.OFFICER, "ward_1", "ward_1", id="an officer of a ward"),
        pytest.param(Role.OFFICER, "home_affairs", "home_affairs", id="of a department"),
        pytest.param(Role.UNIT_HEAD, "market_board", "market_board", id="head of a service unit"),
        pytest.param(Role.OFFICE_CLERK, None, "office", id="the Office's clerk need not say so"),
        pytest.param(Role.OFFICE_CLERK, "office", "office", id="and may say so"),
        pytest.param(Role.LEADER, None, "leaders", id="a leader is one of the leaders"),
        pytest.param(Role.IOC_OPERATOR, None, "ioc", id="the operations centre"),
        pytest.param(Role.ONESTOP_CLERK, None, "onestop", id="the counter"),
        pytest.param(Role.ADMINISTRATOR, None, None, id="an administrator belongs to no unit"),
    ],
)
def test_a_role_has_its_unit(role: Role, asked: str | None, unit: str | None):
    assert unit_for(role, UnitId(asked) if asked else None, UNITS) == unit


@pytest.mark.parametrize(
    ("role", "asked", "reason"),
    [
        pytest.param(Role.OFFICER, None, UnitRefusal.REQUIRED, id="an officer of nothing"),
        pytest.param(Role.UNIT_HEAD, None, UnitRefusal.REQUIRED, id="a head of nothing"),
        pytest.param(Role.OFFICER, "ward_99", UnitRefusal.UNKNOWN, id="no such ward"),
        pytest.param(Role.OFFICER, "office", UnitRefusal.NOT_OF_ROLE, id="the Office has clerks"),
        pytest.param(Role.LEADER, "ward_1", UnitRefusal.NOT_OF_ROLE, id="a ward has no leaders"),
        pytest.param(Role.OFFICE_CLERK, "ward_1", UnitRefusal.NOT_OF_ROLE, id="fixed"),
        pytest.param(Role.ADMINISTRATOR, "office", UnitRefusal.NOT_OF_ROLE, id="none at all"),
    ],
)
def test_a_unit_that_does_not_go_with_the_role_is_refused(
    role: Role, asked: str | None, reason: UnitRefusal
):
    with pytest.raises(UnitRefusedError) as refused:
        unit_for(role, UnitId(asked) if asked else None, UNITS)

    assert refused.value.reason is reason


def test_of_two_counters_the_clerk_must_name_one():
    two = {**UNITS, UnitId("onestop_2"): UnitKind.ONESTOP}

    with pytest.raises(UnitRefusedError):
        unit_for(Role.ONESTOP_CLERK, None, two)
    assert unit_for(Role.ONESTOP_CLERK, UnitId("onestop_2"), two) == "onestop_2"


@pytest.mark.parametrize("regulation", [dalat(), five_wards()], ids=["dalat", "five wards"])
def test_every_role_finds_its_unit_in_the_shipped_regulations(regulation: Any):
    units = {each.id: each.kind for each in regulation.units_on(NOW.date())}

    assert set(BELONGS_TO) == set(Role)
    for role in set(Role) - {Role.OFFICER, Role.UNIT_HEAD, Role.ADMINISTRATOR}:
        assert units[unit_for(role, None, units) or UnitId("")] in BELONGS_TO[role]


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        pytest.param(" An.Nguyen ", "an.nguyen", id="spaces and case"),
        pytest.param("ＡＮ", "an", id="full width letters"),
        pytest.param("ẞ", "ss", id="case folding, not lower case"),
    ],
)
def test_a_username_is_folded(typed: str, folded: str):
    assert fold(typed) == folded


@pytest.mark.parametrize(
    ("username", "good"),
    [
        ("an.nguyen", True),
        ("officer.ward_1", True),
        ("abc", True),
        ("a" * 64, True),
        ("ab", False),
        ("a" * 65, False),
        (".an", False),
        ("an-", False),
        ("nguyễn", False),
        ("an nguyen", False),
        ("an\n", False),
    ],
)
def test_a_username_is_plain_letters(username: str, good: bool):  # noqa: FBT001
    assert bool(USERNAME.fullmatch(username)) is good


@pytest.mark.parametrize(
    ("changes", "unit"),
    [
        pytest.param(Changes(role=Role.UNIT_HEAD), "ward_1", id="promoted, the unit stays"),
        pytest.param(Changes(role=Role.LEADER), "leaders", id="a role of another body"),
        pytest.param(Changes(role=Role.ADMINISTRATOR), None, id="a role of no body"),
        pytest.param(Changes(unit=UnitId("home_affairs")), "home_affairs", id="moved"),
        pytest.param(Changes(display_name="An"), "ward_1", id="renamed"),
    ],
)
def test_a_change_of_role_brings_its_unit_along(changes: Changes, unit: str | None):
    assert amended(account(), changes, UNITS).unit == unit


def test_a_leader_who_becomes_an_officer_must_be_given_a_unit():
    leader = account(role=Role.LEADER, unit=UnitId("leaders"))

    with pytest.raises(UnitRefusedError):
        amended(leader, Changes(role=Role.OFFICER), UNITS)


def test_an_account_of_a_unit_that_has_ended_can_still_be_disabled():
    former = account(unit=UnitId("ward_99"))

    assert amended(former, Changes(disabled=True), UNITS).disabled


@pytest.mark.parametrize(
    ("change", "ends"),
    [
        pytest.param({"role": Role.UNIT_HEAD}, True, id="role"),
        pytest.param({"unit": UnitId("home_affairs")}, True, id="unit"),
        pytest.param({"password": "other"}, True, id="password"),
        pytest.param({"disabled": True}, True, id="disabled"),
        pytest.param({"display_name": "An"}, False, id="name"),
        pytest.param({"email": "an@example.com"}, False, id="e-mail"),
    ],
)
def test_sessions_end_with_what_gave_them_their_rights(change: dict[str, Any], ends: bool):  # noqa: FBT001
    before = account()
    after = changed(before, replace(before, **change), "u_2", NOW)

    assert session().stands(before, NOW)
    assert session().stands(after, NOW) is not ends
    assert (after.version, after.changed_by) == (2, "u_2")
    assert differences(before, after) == list(change)


@pytest.mark.parametrize(
    "over",
    [
        pytest.param({"revoked_at": NOW}, id="revoked"),
        pytest.param({"expires_at": NOW}, id="expired, exactly at its end"),
        pytest.param({"account": AccountId("u_2")}, id="somebody else's"),
        pytest.param({"epoch": 0}, id="of an earlier epoch"),
    ],
)
def test_a_session_that_is_over_does_not_stand(over: dict[str, Any]):
    assert not session(**over).stands(account(), NOW)


def test_a_given_password_matters_only_to_who_signed_in_by_it():
    given = account(must_change=True)

    assert session().visit(given).must_change
    assert not session(method=Method.OIDC).visit(given).must_change


def test_a_token_is_read_back_and_anything_else_is_not():
    pair = tokens.issue(identifier := tokens.new_session_id())

    access, refresh = tokens.parse(pair.access), tokens.parse(pair.refresh)

    assert access
    assert refresh
    assert (access.session, access.family) == (identifier, "")
    assert (refresh.session, refresh.family) == (identifier, pair.family)
    for wrong in ("", "x", pair.access[:-1], pair.access + "a", pair.refresh + "\n", "é" * 92):
        assert tokens.parse(wrong) is None


def test_new_tokens_of_a_session_keep_their_family_and_nothing_else():
    first = tokens.issue(identifier := tokens.new_session_id())
    second = tokens.issue(identifier, first.family)

    assert second.family == first.family
    assert {first.access, first.refresh}.isdisjoint({second.access, second.refresh})
