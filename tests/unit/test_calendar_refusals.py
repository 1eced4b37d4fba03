"""Questions and mappings that make no sense are refused, with the place."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.calendar import (
    Calendar,
    CalendarError,
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
OFFICE_DAY = [["07:30", "11:30"], ["13:30", "17:30"]]
OFFICE_WEEK = dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), OFFICE_DAY)


def dalat(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=DALAT)


def calendar(**changes: Any) -> Calendar:
    return Calendar.parse({"zone": "Asia/Ho_Chi_Minh", "week": OFFICE_WEEK, **changes})


NAIVE = datetime(2026, 3, 3, 9)  # noqa: DTZ001 - the subject
AWARE = dalat("2026-03-03 09:00")


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda: due_at(NAIVE, HOUR, VN), id="due"),
        pytest.param(lambda: prove(NAIVE, HOUR, VN), id="proof"),
        pytest.param(lambda: began_at(NAIVE, HOUR, VN), id="beginning"),
        pytest.param(lambda: working_time(NAIVE, AWARE, VN), id="first"),
        pytest.param(lambda: working_time(AWARE, NAIVE, VN), id="second"),
        pytest.param(lambda: due_at(AWARE, HOUR, VN, [(NAIVE, AWARE)]), id="pause"),
        pytest.param(lambda: VN.is_open(NAIVE), id="open"),
        pytest.param(lambda: VN.next_open(NAIVE), id="next opening"),
        pytest.param(lambda: VN.closing(NAIVE), id="closing"),
        pytest.param(lambda: VN.closures(NAIVE, AWARE), id="closures"),
    ],
)
def test_datetime_without_a_zone_is_refused(ask: Any) -> None:
    with pytest.raises(CalendarError, match="no datetime with a time zone"):
        ask()


def test_negative_allowance_is_refused() -> None:
    with pytest.raises(CalendarError, match="cannot be negative"):
        due_at(AWARE, -HOUR, VN)
    with pytest.raises(CalendarError, match="cannot be negative"):
        began_at(AWARE, -HOUR, VN)


GOOD_PAUSE, BACKWARDS = (AWARE, AWARE + HOUR / 2), (AWARE + HOUR, AWARE)
FAR_BACKWARDS = (AWARE + 900 * HOUR, AWARE + 800 * HOUR)
PAST_BACKWARDS = (AWARE - 800 * HOUR, AWARE - 900 * HOUR)


@pytest.mark.parametrize("pause", [BACKWARDS, FAR_BACKWARDS, PAST_BACKWARDS])
@pytest.mark.parametrize("allowance", [timedelta(), HOUR])
def test_pause_that_runs_backwards_is_refused(
    pause: tuple[datetime, datetime], allowance: timedelta
) -> None:
    pauses = [GOOD_PAUSE, pause]  # also where the answer lies before it, or needs none of them

    for ask in (due_at, prove):
        with pytest.raises(CalendarError, match="ends before it begins"):
            ask(AWARE, allowance, VN, iter(pauses))
    for end in (AWARE + allowance, AWARE - allowance):
        with pytest.raises(CalendarError, match="ends before it begins"):
            working_time(AWARE, end, VN, pauses)


def test_pause_without_a_zone_is_refused_also_when_nothing_is_allowed() -> None:
    with pytest.raises(CalendarError, match="zone"):
        due_at(AWARE, timedelta(), VN, [(AWARE, AWARE.replace(tzinfo=None))])


PERIOD = {"valid_from": "2026-01-01", "week": OFFICE_WEEK}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        pytest.param({"zone": "Asia/Da_Lat"}, "zone: there is no time zone", id="unknown zone"),
        pytest.param({"zone": "Asia"}, "zone: there is no time zone", id="a folder of zones"),
        pytest.param({"zone": "../etc/passwd"}, "zone: there is no time zone", id="a path"),
        pytest.param({"zone": None}, "zone: must be a zone", id="no zone"),
        pytest.param({"week": {"thứ hai": []}}, "week.thứ hai: unknown key", id="weekday"),
        pytest.param({"week": []}, "week: must be a mapping", id="week"),
        pytest.param({"week": {"mon": "07:30"}}, "week.mon: must be a list", id="day"),
        pytest.param({"week": {"mon": ["07:30"]}}, "week.mon.0: must be a list", id="interval"),
        pytest.param({"week": {"mon": [["07:30"]]}}, "week.mon.0: an interval is", id="half"),
        pytest.param({"week": {"mon": [[690, "12:00"]]}}, "690 is no time .* quotes", id="number"),
        pytest.param({"week": {"mon": [["7:30", "12:00"]]}}, "'7:30' is no time", id="7:30"),
        pytest.param({"week": {"mon": [["07:60", "12:00"]]}}, "'07:60' is no time", id="07:60"),
        pytest.param({"week": {"mon": [["07:30", "24:01"]]}}, "'24:01' is no time", id="24:01"),
        pytest.param({"week": {"mon": [["24:00", "24:00"]]}}, "only close", id="24:00 opens"),
        pytest.param({"week": {"mon": [["12:00", "07:30"]]}}, "12:00 is not before", id="back"),
        pytest.param({"week": {"mon": [["12:00", "12:00"]]}}, "12:00 is not before", id="empty"),
        pytest.param(
            {"week": {"mon": [["12:00", "17:00"], ["07:30", "12:01"]]}},
            "week.mon: two intervals overlap at 12:00",
            id="overlap",
        ),
        pytest.param({"closed": ["2026-02-30"]}, "closed.0: .* is no date", id="30 february"),
        pytest.param({"closed": [20260216]}, "closed.0: 20260216 is no date", id="number as date"),
        pytest.param({"closed": [AWARE]}, "closed.0: .* is no date", id="datetime as date"),
        pytest.param({"closed": ["0026-02-16"]}, "closed.0: .* not between", id="year 26"),
        pytest.param(
            {"closed": ["2026-02-16", date(2026, 2, 16)]}, "closed.1: .* twice", id="closed twice"
        ),
        pytest.param({"special": []}, "special: must be a mapping", id="special"),
        pytest.param(
            {"special": {"2026-02-16": [], date(2026, 2, 16): []}}, "twice", id="special twice"
        ),
        pytest.param(
            {"closed": ["2026-02-16"], "special": {date(2026, 2, 16): OFFICE_DAY}},
            "2026-02-16 is both closed and special",
            id="closed and special",
        ),
        pytest.param({"speciel": {}}, "speciel: unknown key", id="misspelt key"),
        pytest.param({"hours": [PERIOD]}, "hours: give either", id="week and hours"),
        pytest.param(
            {"announced_from": "2027-01-01", "announced_until": "2026-12-31"},
            "announced_until: 2026-12-31 is before 2027-01-01",
            id="announced backwards",
        ),
    ],
)
def test_wrong_calendar_is_refused_with_the_place(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        calendar(**changes)


@pytest.mark.parametrize(
    ("hours", "message"),
    [
        pytest.param([], "no hours at all", id="none"),
        pytest.param([{"week": {}}], "hours.0.valid_from: None is no date", id="from when?"),
        pytest.param(
            [{**PERIOD, "valid_until": "2025-12-31"}], "hours.0.valid_until", id="backwards"
        ),
        pytest.param(
            [{**PERIOD, "valid_until": "2026-04-14"}, {**PERIOD, "valid_from": "2026-04-16"}],
            "hours.1.valid_from: no hours are valid between",
            id="gap",
        ),
        pytest.param(
            [{**PERIOD, "valid_until": "2026-04-14"}, {**PERIOD, "valid_from": "2026-04-14"}],
            "hours.1.valid_from: from 2026-04-14 on two weeks",
            id="overlap",
        ),
        pytest.param([PERIOD, PERIOD], "hours.1.valid_from: from 2026-01-01 on two", id="twice"),
    ],
)
def test_periods_of_hours_follow_each_other(hours: list[Mapping[str, Any]], message: str) -> None:
    with pytest.raises(CalendarError, match=message):
        Calendar.parse({"zone": "Asia/Ho_Chi_Minh", "hours": hours})


@pytest.mark.parametrize(
    ("announced", "message"),
    [
        pytest.param({"announced_from": "2025-12-31"}, "no hours are valid before", id="before"),
        pytest.param({"announced_until": "2027-01-01"}, "no hours are valid after", id="after"),
    ],
)
def test_announced_days_have_hours(announced: dict[str, str], message: str) -> None:
    hours = [{**PERIOD, "valid_until": "2026-12-31"}]

    with pytest.raises(CalendarError, match=message):
        Calendar.parse({"zone": "Asia/Ho_Chi_Minh", "hours": hours, **announced})


def test_calendar_without_hours_is_refused() -> None:
    with pytest.raises(CalendarError, match="give either"):
        Calendar.parse({"zone": "Asia/Ho_Chi_Minh"})
