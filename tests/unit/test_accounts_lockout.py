"""What a wrong password costs: a table, and that no way of asking makes guesses cheaper."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as some

from services.intake.accounts.lockout import (
    FORGOTTEN_AFTER,
    FREE_FAILURES,
    LONGEST_LOCK,
    Attempts,
    attempt,
    forgiven,
    lock_after,
)

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [
        pytest.param(0, 0, id="none"),
        pytest.param(1, 0, id="a typing error"),
        pytest.param(4, 0, id="the last free one"),
        pytest.param(5, 1, id="the fifth locks for a minute"),
        pytest.param(6, 2, id="then it doubles"),
        pytest.param(7, 4, id="four minutes"),
        pytest.param(10, 32, id="half an hour"),
        pytest.param(11, 60, id="never longer than an hour"),
        pytest.param(10_000, 60, id="however often"),
    ],
)
def test_the_wait_grows_with_the_failures(failures: int, minutes: int):
    assert lock_after(failures) == timedelta(minutes=minutes)


def failed(times: int) -> Attempts:
    attempts = Attempts()
    for _ in range(times):
        attempts = attempt(attempts, NOW)
        assert attempts
    return attempts


def test_while_it_is_locked_nothing_is_tried_and_nothing_is_counted():
    locked = failed(5)

    assert attempt(locked, NOW + timedelta(seconds=59)) is None


def test_the_instant_at_which_a_lock_ends_is_free():
    after = attempt(failed(5), NOW + timedelta(minutes=1))

    assert after
    assert after.failures == 6
    assert after.locked_until == NOW + timedelta(minutes=3)


def test_a_right_password_makes_all_failures_forgotten():
    after = forgiven(failed(4))

    assert (after.failures, after.locked_until, after.serial) == (0, None, 5)


@pytest.mark.parametrize(
    ("quiet", "failures"),
    [
        pytest.param(FORGOTTEN_AFTER, 5, id="within a day it adds up"),
        pytest.param(FORGOTTEN_AFTER + timedelta(seconds=1), 1, id="after a day it starts anew"),
    ],
)
def test_failures_are_forgotten_after_a_quiet_day(quiet: timedelta, failures: int):
    after = attempt(failed(4), NOW + quiet)

    assert after
    assert after.failures == failures


@given(some.lists(some.integers(min_value=0, max_value=7200), min_size=1, max_size=200))
def test_no_rhythm_of_guesses_gets_more_than_its_share(pauses_s: list[int]):
    """In any hour without a right password there are at most 4 free guesses and 7 paid ones."""
    attempts, now, made = Attempts(), NOW, []
    for pause_s in pauses_s:
        now += timedelta(seconds=pause_s)
        after = attempt(attempts, now)
        if after:
            assert after.serial == attempts.serial + 1
            made.append(now)
            attempts = after

    for begin in made:
        within = [each for each in made if begin <= each < begin + LONGEST_LOCK]
        assert len(within) <= FREE_FAILURES + 7
