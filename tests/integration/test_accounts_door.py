"""Signing in on a real MongoDB: locks, sessions, refresh, revocation, and replicas that meet."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.intake.accounts.domain import AccountChangedError, Changes, LastAdministratorError
from services.intake.accounts.door import (
    TooManyFailuresError,
    WeakPasswordError,
    WrongCredentialsError,
)
from services.intake.accounts.lockout import FREE_FAILURES
from services.intake.accounts.passwords import Cost
from services.intake.accounts.registry import NewPassword, TakenError
from services.intake.accounts.sessions import CACHED_S, Admission, InvalidTokenError
from shared.vocabulary import Role, UnitId
from tests.integration.accounts_world import CALLER, PASSWORD, SETTINGS, World, world

AN = "an.nguyen"
WRONG = "not the password"


@pytest.fixture
async def here(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    async with world(mongo_url, database_prefix) as made:
        yield made


@pytest.fixture
async def there(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    """Another replica on the same database."""
    async with world(mongo_url, database_prefix) as made:
        yield made


async def outcomes(*calls: Awaitable[Any]) -> list[Any]:
    return await asyncio.gather(*calls, return_exceptions=True)


async def change(at: World, username: str, changes: Changes) -> None:
    account = await at.accounts.registry.find(username)
    assert account
    await at.accounts.registry.change(account, changes, "test")


# Sign-in


async def test_who_knows_the_password_gets_a_session(here: World):
    await here.issue(AN)

    admission = await here.sign_in(" An.Nguyen ")

    visit = await here.accounts.sessions.visit(admission.tokens.access)
    assert (visit.principal.username, visit.principal.unit) == (AN, "ward_1")
    assert (visit.principal.role, visit.must_change) == (Role.OFFICER, False)
    assert admission.expires_in == 20 * 60
    [listed] = await here.accounts.sessions.of(visit.principal.account)
    assert (listed.id, listed.user_agent) == (visit.principal.session, "Firefox/140")
    assert [each[:3] for each in here.notes if each[0] == "account.signed_in"] == [
        ("account.signed_in", visit.principal.account, visit.principal.account)
    ]


async def test_the_database_holds_no_token_and_no_password(
    here: World, mongo_url: str, database_prefix: str
):
    await here.issue(AN)
    admission = await here.sign_in(AN)

    with MongoClient[dict[str, Any]](mongo_url) as client:
        base = client[f"{database_prefix}_intake"]
        everything = str([list(base[name].find()) for name in base.list_collection_names()])

    secrets = (admission.tokens.access, admission.tokens.refresh, admission.tokens.family, PASSWORD)
    assert not any(each in everything for each in secrets)
    assert "$argon2id$" in everything


async def test_sessions_expire_by_an_index_of_the_server(
    here: World, mongo_url: str, database_prefix: str
):
    await here.issue(AN)
    await here.sign_in(AN)

    with MongoClient[dict[str, Any]](mongo_url) as client:
        indexes = client[f"{database_prefix}_intake"]["sessions"].index_information()

    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0


@pytest.mark.parametrize("case", ["unknown", "wrong", "disabled", "locked"])
async def test_a_refusal_never_tells_why_nor_by_its_time(
    mongo_url: str, database_prefix: str, case: str
):
    """Compared with a refusal of a wrong password, five times each, in turns."""
    settings = replace(SETTINGS, refused_after_s=0.2)
    async with world(mongo_url, database_prefix, settings) as here:
        names: dict[str, list[str]] = {"wrong": [], case: []}
        for number in range(5):
            await here.issue(f"wrong{number}")
            await here.issue(f"{case}{number}x")
            names["wrong"].append(f"wrong{number}")
            names[case].append(f"{case}{number}x" if case != "unknown" else f"nobody{number}")
            if case == "disabled":
                await change(here, f"{case}{number}x", {"disabled": True})
            if case == "locked":
                await outcomes(*(here.sign_in(f"{case}{number}x", WRONG) for _ in range(6)))
        took: dict[str, list[float]] = {"wrong": [], case: []}
        for number in range(5):
            for kind, listed in names.items():
                began = time.perf_counter()
                password = PASSWORD if kind in {"disabled", "locked"} else WRONG
                with pytest.raises(WrongCredentialsError, match="wrong credentials"):
                    await here.sign_in(listed[number], password)
                took[kind].append(time.perf_counter() - began)

    assert min(took[case]) >= 0.2
    assert abs(statistics.median(took[case]) - statistics.median(took["wrong"])) < 0.03


async def test_of_sixty_guesses_at_once_in_two_replicas_five_are_looked_at(
    here: World, there: World
):
    await here.issue(AN)

    results = await outcomes(
        *((here, there)[number % 2].sign_in(AN, f"guess {number}") for number in range(60))
    )

    assert {type(each) for each in results} == {WrongCredentialsError}
    noted = here.noted("account.sign_in_failed") + there.noted("account.sign_in_failed")
    looked_at = sorted(each["failures"] for each in noted if each["failures"])
    assert looked_at == [1, 2, 3, 4, 5]
    assert len(here.noted("account.locked") + there.noted("account.locked")) == 1
    account = await here.accounts.store.by_username(AN)
    assert account
    assert account.attempts.locked_until
    assert account.attempts.failures == FREE_FAILURES + 1


async def test_twenty_who_know_the_password_at_once_all_come_in(here: World):
    await here.issue(AN)

    results = await outcomes(*(here.sign_in(AN) for _ in range(20)))

    assert {type(each) for each in results} == {Admission}
    account = await here.accounts.store.by_username(AN)
    assert account
    assert account.attempts.failures == 0


async def test_a_lock_ends_by_itself_grows_and_is_forgiven(here: World):
    await here.issue(AN)
    await outcomes(*(here.sign_in(AN, WRONG) for _ in range(5)))

    with pytest.raises(WrongCredentialsError):
        await here.sign_in(AN)
    here.later(minutes=1)
    with pytest.raises(WrongCredentialsError):
        await here.sign_in(AN, WRONG)  # the sixth: two minutes
    here.later(minutes=1, seconds=59)
    with pytest.raises(WrongCredentialsError):
        await here.sign_in(AN)
    here.later(seconds=1)
    await here.sign_in(AN)

    account = await here.accounts.store.by_username(AN)
    assert account
    assert account.attempts.failures == 0


async def test_a_reset_lifts_the_lock_and_asks_for_a_password_of_their_own(here: World):
    await here.issue(AN)
    await outcomes(*(here.sign_in(AN, WRONG) for _ in range(5)))
    account = await here.accounts.registry.find(AN)
    assert account

    issued = await here.accounts.registry.change(account, {}, "test", password=NewPassword())

    assert issued.one_time_password
    admission = await here.sign_in(AN, issued.one_time_password)
    assert admission.must_change
    after = await here.accounts.door.change_password(
        (await here.accounts.sessions.visit(admission.tokens.access)).principal,
        issued.one_time_password,
        "hoa mimosa trên đồi",
        caller=CALLER,
    )
    assert not after.must_change
    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.visit(admission.tokens.access)


async def test_an_address_that_guesses_names_is_slowed_down(mongo_url: str, database_prefix: str):
    settings = replace(SETTINGS, failures_per_address=3)
    async with world(mongo_url, database_prefix, settings) as here:
        await here.issue(AN)
        for number in range(3):
            with pytest.raises(WrongCredentialsError):
                await here.sign_in(f"guess{number}", WRONG)

        with pytest.raises(TooManyFailuresError):
            await here.sign_in(AN)


async def test_guesses_are_counted_over_all_replicas_and_name_no_address(
    mongo_url: str, database_prefix: str
):
    settings = replace(SETTINGS, failures_per_address=4)
    async with (
        world(mongo_url, database_prefix, settings) as here,
        world(mongo_url, database_prefix, settings) as there,
    ):
        for number in range(4):
            with pytest.raises(WrongCredentialsError):
                await (here, there)[number % 2].sign_in(f"guess{number}", WRONG)

        for replica in (here, there):
            with pytest.raises(TooManyFailuresError):
                await replica.sign_in(AN)
        (counters,) = [each for each in here.accounts.collections if each.name == "failures"]
        assert CALLER.address not in str(await counters.find({}))


async def test_a_hash_of_an_older_cost_is_renewed_and_ends_no_session(
    here: World, mongo_url: str, database_prefix: str
):
    await here.issue(AN)
    first = await here.sign_in(AN)
    dearer = replace(SETTINGS, cost=Cost(memory_kib=128, passes=1, lanes=1))
    async with world(mongo_url, database_prefix, dearer) as there:
        second = await there.sign_in(AN)
        account = await there.accounts.store.by_username(AN)
        await there.sign_in(AN)

    assert account
    assert "m=128," in account.password
    assert account.version == 1
    for each in (first, second):
        await here.accounts.sessions.visit(each.tokens.access)


@pytest.mark.parametrize(
    ("current", "new", "error"),
    [
        pytest.param(
            WRONG, "hoa mimosa trên đồi", WrongCredentialsError, id="the old one is wrong"
        ),
        pytest.param(PASSWORD, "matkhau12345", WeakPasswordError, id="the new one is weak"),
        pytest.param(PASSWORD, PASSWORD, WeakPasswordError, id="the new one is the old one"),
    ],
)
async def test_a_password_is_not_changed(
    here: World, current: str, new: str, error: type[Exception]
):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    who = (await here.accounts.sessions.visit(admission.tokens.access)).principal

    with pytest.raises(error):
        await here.accounts.door.change_password(who, current, new, caller=CALLER)

    await here.sign_in(AN)


async def test_guessing_the_old_password_locks_like_signing_in(here: World):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    who = (await here.accounts.sessions.visit(admission.tokens.access)).principal
    new = "hoa mimosa trên đồi"
    for _ in range(5):
        await outcomes(here.accounts.door.change_password(who, WRONG, new, caller=CALLER))

    with pytest.raises(WrongCredentialsError):
        await here.accounts.door.change_password(who, PASSWORD, new, caller=CALLER)


# Sessions


async def test_an_access_token_expires_and_a_refresh_token_renews_it(here: World):
    await here.issue(AN)
    first = await here.sign_in(AN)
    here.later(minutes=20)
    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.visit(first.tokens.access)

    second = await here.accounts.sessions.refresh(first.tokens.refresh)

    await here.accounts.sessions.visit(second.tokens.access)
    assert second.session.id == first.session.id


async def test_a_refreshed_session_still_ends_when_its_day_is_over(here: World):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    for _ in range(35):
        here.later(minutes=20)
        admission = await here.accounts.sessions.refresh(admission.tokens.refresh)
    here.later(minutes=15)
    admission = await here.accounts.sessions.refresh(admission.tokens.refresh)
    assert admission.expires_in == 5 * 60

    here.later(minutes=5)

    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.refresh(admission.tokens.refresh)


async def test_a_refresh_token_used_again_ends_the_session_for_both(here: World):
    await here.issue(AN)
    first = await here.sign_in(AN)
    second = await here.accounts.sessions.refresh(first.tokens.refresh)
    third = await here.accounts.sessions.refresh(second.tokens.refresh)

    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.refresh(first.tokens.refresh)

    for token in (second.tokens.access, third.tokens.access):
        with pytest.raises(InvalidTokenError):
            await here.accounts.sessions.visit(token)
    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.refresh(third.tokens.refresh)
    assert len(here.noted("session.refresh_token_reused")) == 1


async def test_a_forged_refresh_token_ends_nothing(here: World):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    forged = f"{admission.session.id}.{'x' * 22}.{'y' * 43}"

    for token in (forged, admission.tokens.access, "", "x"):
        with pytest.raises(InvalidTokenError):
            await here.accounts.sessions.refresh(token)

    await here.accounts.sessions.refresh(admission.tokens.refresh)


async def test_of_two_who_refresh_at_once_at_most_one_gets_tokens(here: World, there: World):
    await here.issue(AN)
    for _ in range(10):
        admission = await here.sign_in(AN)

        results = await outcomes(
            *(each.accounts.sessions.refresh(admission.tokens.refresh) for each in (here, there))
        )

        assert sum(not isinstance(each, InvalidTokenError) for each in results) <= 1
        stored = await here.accounts.sessions.of(admission.account.id)
        assert admission.session.id not in {each.id for each in stored}


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Changes(disabled=True), id="disabled"),
        pytest.param(Changes(role=Role.UNIT_HEAD), id="another role"),
        pytest.param(Changes(unit=UnitId("ward_2")), id="another unit"),
    ],
)
async def test_a_change_ends_sessions_at_once_here_and_within_a_second_elsewhere(
    here: World, there: World, changes: Changes
):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    for each in (here, there):
        await each.accounts.sessions.visit(admission.tokens.access)

    await change(here, AN, changes)

    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.visit(admission.tokens.access)
    await asyncio.sleep(CACHED_S)
    with pytest.raises(InvalidTokenError):
        await there.accounts.sessions.visit(admission.tokens.access)
    with pytest.raises(InvalidTokenError):
        await there.accounts.sessions.refresh(admission.tokens.refresh)
    assert await here.accounts.sessions.of(admission.account.id) == []


async def test_a_session_that_was_opened_while_its_account_was_disabled_is_over(here: World):
    """The epoch decides, not the order of two writes."""
    await here.issue(AN)
    before = await here.accounts.registry.find(AN)
    assert before
    await change(here, AN, {"disabled": True})
    await change(here, AN, {"disabled": False})

    late = await here.accounts.sessions.open(before, (await here.sign_in(AN)).session.method, "")

    with pytest.raises(InvalidTokenError):
        await here.accounts.sessions.visit(late.tokens.access)


async def test_a_harmless_change_ends_nothing(here: World):
    await here.issue(AN)
    admission = await here.sign_in(AN)

    await change(here, AN, {"display_name": "Nguyễn An", "email": "an@example.com"})

    await here.accounts.sessions.visit(admission.tokens.access)


async def test_when_somebody_was_last_seen_is_known_to_the_minute(here: World):
    await here.issue(AN)
    admission = await here.sign_in(AN)
    here.later(seconds=61)

    await here.accounts.sessions.visit(admission.tokens.access)

    [session] = await here.accounts.sessions.of(admission.account.id)
    assert session.last_seen_at - session.created_at == timedelta(seconds=61)


# The register


async def test_of_twenty_who_take_a_username_at_once_one_gets_it(here: World, there: World):
    results = await outcomes(*((here, there)[n % 2].issue(AN) for n in range(20)))

    assert sum(each is None for each in results) == 1
    assert sum(isinstance(each, TakenError) for each in results) == 19


async def test_of_two_who_change_a_version_one_is_told(here: World, there: World):
    await here.issue(AN)
    read = await here.accounts.registry.find(AN)
    assert read

    results = await outcomes(
        here.accounts.registry.change(read, {"display_name": "A"}, "one"),
        there.accounts.registry.change(read, {"display_name": "B"}, "two"),
    )

    assert sum(isinstance(each, AccountChangedError) for each in results) == 1
    after = await here.accounts.registry.find(AN)
    assert after
    assert after.version == 2


async def test_a_change_does_not_take_a_counted_guess_back(here: World):
    await here.issue(AN)
    read = await here.accounts.registry.find(AN)
    assert read
    await outcomes(here.sign_in(AN, WRONG))

    await here.accounts.registry.change(read, {"display_name": "An"}, "test")

    after = await here.accounts.registry.find(AN)
    assert after
    assert after.attempts.failures == 1


async def test_nothing_changed_is_no_version(here: World):
    await here.issue(AN)
    await change(here, AN, {"display_name": AN})

    after = await here.accounts.registry.find(AN)

    assert after
    assert after.version == 1
    assert here.noted("account.changed") == []


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(Changes(disabled=True), id="disabled"),
        pytest.param(Changes(role=Role.LEADER), id="another role"),
    ],
)
async def test_the_last_administrator_stays(here: World, changes: Changes):
    await here.issue("boss", Role.ADMINISTRATOR)
    await here.issue("former", Role.ADMINISTRATOR)
    await change(here, "former", {"disabled": True})

    with pytest.raises(LastAdministratorError):
        await change(here, "boss", changes)

    assert (await here.sign_in("boss")).account.administers


async def test_two_administrators_who_remove_each_other_at_once_leave_one(
    here: World, there: World
):
    await here.issue("one", Role.ADMINISTRATOR)
    await here.issue("two", Role.ADMINISTRATOR)
    for _ in range(5):
        results = await outcomes(
            change(here, "one", {"disabled": True}), change(there, "two", {"disabled": True})
        )

        assert sum(isinstance(each, LastAdministratorError) for each in results) == 1
        for name in ("one", "two"):
            await change(here, name, {"disabled": False})


async def test_a_lease_that_a_crash_left_behind_ends_by_itself(here: World):
    await here.issue("one", Role.ADMINISTRATOR)
    await here.issue("two", Role.ADMINISTRATOR)
    lease = here.accounts.store.alone("administrators", lambda: here.now[0])
    await lease.__aenter__()
    removing = asyncio.create_task(change(here, "one", {"disabled": True}))
    await asyncio.sleep(0.2)
    assert not removing.done()

    here.later(seconds=20)

    await removing
    await lease.__aexit__(None, None, None)
