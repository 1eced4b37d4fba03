"""The deadline: intake's promise and sla's clock are one function, to the second."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.deadline import count, deadline, proof
from shared.vocabulary import CategoryId, Clock
from tests.builders import dalat, state_calendar

INSTANTS = st.datetimes(datetime(2025, 7, 1), datetime(2028, 6, 30), timezones=st.just(UTC))  # noqa: DTZ001
LIMITS = st.integers(0, 240 * 3600).map(lambda seconds: timedelta(seconds=seconds))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("category", "received", "due"),
    [
        pytest.param(
            "service_attitude", "2026-01-12T08:00+07:00", "2026-01-13T08:00+07:00", id="8 h"
        ),
        pytest.param("market_price", "2026-01-12T08:00+07:00", "2026-01-12T14:00+07:00", id="4 h"),
        pytest.param("food_safety", "2026-01-12T08:00+07:00", "2026-01-12T10:00+07:00", id="2 h"),
        pytest.param("other", "2026-01-12T08:00+07:00", "2026-01-12T14:00+07:00", id="other"),
        pytest.param(
            "urban_order", "2026-01-12T11:00+07:00", "2026-01-12T15:00+07:00", id="over lunch"
        ),
        pytest.param(
            "urban_order", "2026-01-12T09:30+07:00", "2026-01-12T11:30+07:00", id="up to lunch"
        ),
        pytest.param(
            "urban_order", "2026-01-17T10:00+07:00", "2026-01-19T09:30+07:00", id="on a saturday"
        ),
    ],
)
def test_a_report_is_due_when_its_categorys_limit_is_used_up(
    category: str, received: str, due: str
) -> None:
    counted = deadline(at(received), dalat().category(CategoryId(category)), state_calendar())

    assert counted.due_at == at(due)
    assert counted.due_at.tzinfo is UTC
    assert counted.clock is Clock.WORKING


def test_a_deadline_knows_its_limit_in_seconds() -> None:
    category = dalat().category(CategoryId("food_safety"))

    assert deadline(at("2026-01-12T08:00+07:00"), category, state_calendar()).limit_s == 7200


def test_elapsed_time_runs_through_the_night_and_through_feasts() -> None:
    due = count(at("2026-02-16T22:00+07:00"), timedelta(hours=4), Clock.ELAPSED, state_calendar())

    assert due == at("2026-02-17T02:00+07:00")


def test_beyond_the_announced_years_a_promise_is_made_all_the_same() -> None:
    """31/12/2027 is the last announced day; the week goes on as it was."""
    start, limit = at("2027-12-31T16:30+07:00"), timedelta(hours=4)

    due = count(start, limit, Clock.WORKING, state_calendar())
    shown = proof(start, limit, Clock.WORKING, state_calendar())

    assert due == at("2028-01-03T10:30+07:00") == shown.due_at
    assert shown.calendar != state_calendar().version  # it says that this is provisional
    assert proof(start, timedelta(0), Clock.WORKING, state_calendar()).calendar == (
        state_calendar().version
    )


@given(start=INSTANTS, limit=LIMITS, clock=st.sampled_from(Clock))
def test_the_proof_ends_where_the_promise_does_and_adds_up_to_the_limit(
    start: datetime, limit: timedelta, clock: Clock
) -> None:
    shown = proof(start, limit, clock, state_calendar())

    assert shown.due_at == count(start, limit, clock, state_calendar())
    assert sum((end - begin for begin, end in shown.intervals), timedelta()) == limit


@given(start=INSTANTS, limit=LIMITS, later=LIMITS, clock=st.sampled_from(Clock))
def test_whoever_reports_later_is_never_due_earlier(
    start: datetime, limit: timedelta, later: timedelta, clock: Clock
) -> None:
    assert count(start, limit, clock, state_calendar()) <= count(
        start + later, limit, clock, state_calendar()
    )
