"""Where a calendar begins, ends, never opens or goes on for ever."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import (
    Calendar,
    CalendarEndsError,
    began_at,
    due_at,
    load_calendar,
    prove,
    working_time,
)

SHARED = Path(__file__).parents[2] / "shared"
VN = load_calendar(SHARED / "calendars" / "vn-state.yaml")
DALAT = ZoneInfo("Asia/Ho_Chi_Minh")
HOUR = timedelta(hours=1)
ONE_DAY = timedelta(days=1)
NOTHING = timedelta()
OFFICE_DAY = [["07:30", "11:30"], ["13:30", "17:30"]]
OFFICE_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_DAY)
ALWAYS = {day: [["00:00", "24:00"]] for day in (*OFFICE_WEEK, "sat", "sun")}


def dalat(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DALAT)


def calendar(**changes: Any) -> Calendar:
    return Calendar.parse({"zone": "Asia/Ho_Chi_Minh", "week": OFFICE_WEEK, **changes})


def berlin(**changes: Any) -> Calendar:
    return Calendar.parse({"zone": "Europe/Berlin", "week": ALWAYS, **changes})


def test_calendar_ends_with_its_last_hours() -> None:
    hours = [{"valid_from": "2026-01-01", "valid_until": "2026-12-31", "week": OFFICE_WEEK}]
    year = Calendar.parse({"zone": "Asia/Ho_Chi_Minh", "hours": hours})

    assert year.announced_until == date(2026, 12, 31)
    assert due_at(dalat("2026-12-31 16:30"), HOUR, year) == dalat("2026-12-31 17:30")
    with pytest.raises(CalendarEndsError, match="no announced day after 2026-12-31"):
        due_at(dalat("2026-12-31 16:30"), 2 * HOUR, year)
    assert due_at(dalat("2026-12-31 16:30"), 2 * HOUR, year.provisional()) == (
        dalat("2027-01-01 08:30")
    )


@pytest.mark.parametrize("count", [due_at, lambda *asked: prove(*asked).due_at])
def test_a_pause_beyond_the_announced_years_matters_only_when_it_is_reached(count: Any) -> None:
    pause = [(dalat("2028-01-05 00:00"), dalat("2028-01-06 00:00"))]
    late = dalat("2027-12-31 16:30")

    assert count(dalat("2026-11-23 17:00"), 2 * HOUR, VN, pause) == dalat("2026-11-25 09:00")
    assert count(late, HOUR, VN, pause) == dalat("2027-12-31 17:30")
    with pytest.raises(CalendarEndsError):
        count(late, 2 * HOUR, VN, pause)


def test_report_on_the_last_announced_day_is_answered() -> None:
    received = dalat("2027-12-31 13:30")

    assert due_at(received, 4 * HOUR, VN) == dalat("2027-12-31 17:30")
    assert working_time(received, dalat("2028-01-01 00:00"), VN) == 4 * HOUR
    assert VN.is_open(dalat("2027-12-31 20:00")) is False


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: due_at(dalat("2027-12-31 16:30"), 2 * HOUR, VN), id="due"),
        pytest.param(lambda: due_at(dalat("2028-03-01 09:00"), HOUR, VN), id="start"),
        pytest.param(lambda: prove(dalat("2027-12-31 16:30"), 2 * HOUR, VN), id="proof"),
        pytest.param(lambda: began_at(dalat("2028-03-01 09:00"), HOUR, VN), id="end"),
        pytest.param(lambda: VN.is_open(dalat("2028-01-01 00:00")), id="open"),
        pytest.param(lambda: VN.next_open(dalat("2027-12-31 17:30")), id="next opening"),
        pytest.param(lambda: VN.closing(dalat("2027-12-31 17:30")), id="next closing"),
        pytest.param(
            lambda: working_time(dalat("2027-12-31 16:30"), dalat("2028-01-03 09:00"), VN),
            id="working time",
        ),
    ],
)
def test_answer_beyond_the_announced_years_is_refused(ask: Any) -> None:
    with pytest.raises(CalendarEndsError, match="no announced day after 2027-12-31"):
        ask()


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: due_at(dalat("2018-12-28 16:30"), HOUR, VN), id="start"),
        pytest.param(lambda: began_at(dalat("2019-01-02 09:00"), 2 * HOUR, VN), id="beginning"),
        pytest.param(lambda: VN.is_open(dalat("2018-12-28 16:30")), id="open"),
    ],
)
def test_answer_before_the_first_hours_is_refused(ask: Any) -> None:
    with pytest.raises(CalendarEndsError, match="no hours before 2019-01-01"):
        ask()


def test_provisional_calendar_goes_on_by_the_week_and_says_so() -> None:
    provisional = VN.provisional()

    proof = prove(dalat("2027-12-31 16:30"), 2 * HOUR, provisional)

    assert proof.due_at == dalat("2028-01-03 08:30")
    assert proof.calendar == "vn-state-2026-10-02+provisional"
    assert due_at(dalat("2026-02-13 15:00"), 8 * HOUR, provisional) == dalat("2026-02-23 15:00")


@pytest.mark.parametrize(
    "never",
    [
        pytest.param(calendar(week={}), id="open-ended"),
        pytest.param(calendar(week={}, announced_until="2027-12-31"), id="announced"),
        pytest.param(calendar(week={}, special={"2019-05-04": OFFICE_DAY}), id="once, long ago"),
    ],
)
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda never, at: due_at(at, HOUR, never), id="due"),
        pytest.param(lambda never, at: prove(at, HOUR, never), id="proof"),
        pytest.param(lambda never, at: never.next_open(at), id="next opening"),
        pytest.param(lambda never, at: never.closing(at), id="closing"),
    ],
)
def test_calendar_that_never_opens_again_is_refused(never: Calendar, ask: Any) -> None:
    with pytest.raises(CalendarEndsError, match=r"no working time|no announced day"):
        ask(never, dalat("2026-03-03 09:00"))


def test_calendar_that_never_opens_has_no_beginning_either() -> None:
    with pytest.raises(CalendarEndsError):
        began_at(dalat("2026-03-03 09:00"), HOUR, calendar(week={}))
    assert working_time(
        dalat("2026-03-03 09:00"), dalat("2027-03-03 09:00"), calendar(week={})
    ) == (NOTHING)


def test_calendar_that_never_closes_has_no_closing_but_all_answers() -> None:
    always = berlin()
    at = datetime(2026, 3, 3, 9, tzinfo=UTC)

    assert due_at(at, 1000 * HOUR, always) == at + 1000 * HOUR
    assert began_at(at, 1000 * HOUR, always) == at - 1000 * HOUR
    assert always.next_open(at) == at
    with pytest.raises(CalendarEndsError, match="not known to close"):
        always.closing(at)


def test_open_calendar_closes_on_a_closed_date() -> None:
    almost = berlin(closed=["2031-05-01"])

    assert almost.closing(datetime(2026, 3, 3, 9, tzinfo=UTC)).isoformat() == (
        "2031-05-01T00:00:00+02:00"
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Havana", "Asia/Ho_Chi_Minh"])
def test_calendar_without_an_announced_end_goes_on_for_ever(zone: str) -> None:
    cycle = timedelta(days=146_097)  # 400 years
    week = {**OFFICE_WEEK, "sun": [["00:00", "24:00"]]}
    endless = Calendar.parse({"zone": zone, "week": week, "closed": ["2026-05-01"]})
    start = datetime(2150, 3, 28, 9, 0, 0, 1, tzinfo=UTC)

    for hours in (1, 500, 20_000, 1_000_000):
        due = due_at(start, hours * HOUR, endless)
        for turns in (1, 2, 5):
            later = start + turns * cycle
            assert due_at(later, hours * HOUR, endless) == due + turns * cycle
            assert began_at(due + turns * cycle, hours * HOUR, endless) == (
                began_at(due, hours * HOUR, endless) + turns * cycle
            )
            assert endless.is_open(later) == endless.is_open(start)
            assert endless.next_open(later) == endless.next_open(start) + turns * cycle
            assert endless.closing(later) == endless.closing(start) + turns * cycle
    assert working_time(start, start + 6 * cycle, endless) == (
        6 * working_time(start, start + cycle, endless)
    )


def test_closing_at_midnight_is_known_wherever_it_lies() -> None:
    saturdays = calendar(week={"sat": [["12:00", "24:00"]]})

    for year in (2026, 2101, 2501, 2901):  # the table ends on the saturday of 2501
        noon = saturdays.next_open(dalat(f"{year}-01-01 13:00"))
        midnight = (noon + ONE_DAY).replace(hour=0)
        assert saturdays.closing(noon) == midnight


def test_date_closed_in_the_far_future_is_closed_once() -> None:
    closed = calendar(closed=["2345-01-01"])

    assert due_at(dalat("2344-12-29 17:00"), HOUR, closed) == dalat("2345-01-02 08:00")
    assert due_at(dalat("2744-12-29 17:00"), HOUR, closed) == dalat("2745-01-01 08:00")
    assert due_at(dalat("3144-12-29 17:00"), HOUR, closed) == dalat("3145-01-01 08:00")


def test_answer_after_the_year_9999_is_refused() -> None:
    with pytest.raises(CalendarEndsError, match="outside the years 1 to 9999"):
        due_at(dalat("2026-03-03 09:00"), timedelta(days=1_000_000), calendar())


def test_that_a_place_never_closes_is_known_from_one_week() -> None:
    """Once it was asked for over four centuries, at every question: two seconds of everybody's."""
    for ends in ({}, {"announced_until": "2027-12-31"}):
        always = calendar(week=ALWAYS, **ends)
        with pytest.raises(CalendarEndsError):
            always.closing(dalat("2026-12-01 10:00"))
        table = always.timeline._table  # pyright: ignore[reportPrivateUsage]
        assert table.last - table.first < 20 * 366
        assert always.provisional() is always.provisional()


def test_a_place_that_is_open_for_years_closes_at_last() -> None:
    always = calendar(week=ALWAYS, closed=["2041-06-05"])

    assert always.closing(dalat("2026-12-01 10:00")) == dalat("2041-06-05 00:00")
