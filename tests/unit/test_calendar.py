import time
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
MINUTE = timedelta(minutes=1)
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


GOLDEN = [
    pytest.param("2020-01-06 08:00", 2, "2020-01-06 10:00", id="inside a morning"),
    pytest.param("2020-01-06 10:30", 2, "2020-01-06 14:30", id="across lunch"),
    pytest.param("2020-01-06 12:05", 2, "2020-01-06 15:30", id="received at lunch"),
    pytest.param("2020-01-17 16:30", 2, "2020-01-20 08:30", id="across a weekend"),
    pytest.param("2020-01-18 09:00", 4, "2020-01-20 11:30", id="saturday, ends at closing"),
    pytest.param("2020-01-22 17:00", 4, "2020-01-30 11:00", id="across tet 2020"),
    pytest.param("2019-05-03 17:00", 2, "2019-05-04 09:00", id="into a make-up saturday"),
    pytest.param("2019-05-04 08:00", 8, "2019-05-06 08:00", id="from a make-up saturday"),
    pytest.param("2024-04-26 16:00", 4, "2024-05-02 10:00", id="across a swapped monday"),
    pytest.param("2024-05-03 17:00", 8, "2024-05-04 17:00", id="make-up saturday 2024"),
    pytest.param("2025-04-29 17:15", 2, "2025-05-05 09:15", id="across 30/4 to 2/5 2025"),
    pytest.param("2025-12-31 17:00", 2, "2026-01-05 09:00", id="across the new year's swap"),
    pytest.param("2026-01-10 08:00", 2, "2026-01-10 10:00", id="on the january make-up day"),
    pytest.param("2026-02-13 15:00", 8, "2026-02-23 15:00", id="across tet 2026"),
    pytest.param("2026-08-21 17:00", 8, "2026-08-22 17:00", id="make-up saturday 2026"),
    pytest.param("2026-08-28 17:00", 2, "2026-09-03 09:00", id="across national day 2026"),
    pytest.param("2026-11-23 17:00", 2, "2026-11-25 09:00", id="across vietnam culture day"),
    pytest.param("2027-02-03 16:30", 4, "2027-02-11 10:30", id="across tet 2027"),
    pytest.param("2026-04-24 17:30", 2, "2026-04-28 09:30", id="giỗ tổ made up on monday"),
    pytest.param("2021-12-31 17:30", 8, "2022-01-04 17:30", id="new year's day made up"),
]


@pytest.mark.parametrize(("received", "hours", "due"), GOLDEN)
def test_due_time_is_the_golden_one(received: str, hours: int, due: str) -> None:
    found = due_at(dalat(received), hours * HOUR, VN)

    assert found == dalat(due)
    assert found.tzinfo is VN.zone


@pytest.mark.parametrize(("received", "hours", "due"), GOLDEN)
def test_golden_due_times_have_a_proof_and_an_inverse(received: str, hours: int, due: str) -> None:
    proof = prove(dalat(received), hours * HOUR, VN)

    assert proof.due_at == proof.intervals[-1][1] == dalat(due)
    assert sum((end - begin for begin, end in proof.intervals), NOTHING) == hours * HOUR
    assert working_time(dalat(received), dalat(due), VN) == hours * HOUR
    assert began_at(dalat(due), hours * HOUR, VN) >= dalat(received)


def test_proof_lists_what_was_consumed_and_under_which_calendar() -> None:
    start = dalat("2026-08-28 17:00")

    proof = prove(start, 2 * HOUR, VN)

    assert proof.start == start
    assert proof.allowance == 2 * HOUR
    assert proof.calendar == "vn-state-2026-10-02"
    assert proof.intervals == (
        (dalat("2026-08-28 17:00"), dalat("2026-08-28 17:30")),
        (dalat("2026-09-03 07:30"), dalat("2026-09-03 09:00")),
    )


def test_closures_name_the_days_that_make_a_promise_late() -> None:
    closures = VN.closures(dalat("2026-02-13 15:00"), dalat("2026-02-23 15:00"))

    assert [closure.on.day for closure in closures] == [16, 17, 18, 19, 20]
    assert {closure.name_vi for closure in closures} == {"Tết Nguyên đán"}
    assert {closure.source for closure in closures} == {"TB 9441/TB-BNV"}


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        pytest.param("2026-08-21 17:00", "2026-08-24 09:00", [], id="weekend and make-up day"),
        pytest.param("2026-11-24 14:03", "2026-11-25 09:30", [24], id="received on the day"),
        pytest.param("2026-11-25 09:30", "2026-11-24 14:03", [24], id="swapped"),
        pytest.param("2026-11-23 09:00", "2026-11-24 00:00", [], id="ends as the day begins"),
        pytest.param("2026-11-24 00:00", "2026-11-24 00:00", [24], id="an instant of the day"),
        pytest.param("2026-11-25 00:00", "2026-11-26 00:00", [], id="the day after"),
    ],
)
def test_closures_are_the_named_days_touched(start: str, end: str, days: list[int]) -> None:
    assert [closure.on.day for closure in VN.closures(dalat(start), dalat(end))] == days


def test_closed_date_without_a_name_still_has_words() -> None:
    closed = calendar(closed=["2026-03-02", {"date": date(2026, 3, 3), "name": {"vi": "lụt"}}])

    closures = closed.closures(dalat("2026-03-01"), dalat("2026-03-09"))

    assert [(c.name_vi, c.name_en) for c in closures] == [
        ("ngày nghỉ", "day off"),
        ("lụt", "day off"),
    ]


@pytest.mark.parametrize(
    ("start", "allowance", "due"),
    [
        pytest.param("2026-03-03 09:30", 2 * HOUR, "2026-03-03 11:30", id="ends at lunch"),
        pytest.param("2026-03-03 11:30", MINUTE, "2026-03-03 13:31", id="starts at closing"),
        pytest.param("2026-03-03 07:30", 8 * HOUR, "2026-03-03 17:30", id="exactly a day"),
        pytest.param("2026-03-03 07:29:59", 4 * HOUR, "2026-03-03 11:30", id="before opening"),
        pytest.param("2026-03-03 09:00:00.000001", HOUR, "2026-03-03 10:00:00.000001", id="µs"),
        pytest.param(
            "2026-03-03 11:29:59.999999",
            timedelta(microseconds=2),
            "2026-03-03 13:30:00.000001",
            id="microseconds across lunch",
        ),
    ],
)
def test_allowance_is_used_up_at_the_first_possible_instant(
    start: str, allowance: timedelta, due: str
) -> None:
    assert due_at(dalat(start), allowance, calendar()) == dalat(due)


@pytest.mark.parametrize("start", ["2026-03-03 09:00", "2026-03-03 11:30", "2026-03-07 12:00"])
def test_no_allowance_is_used_up_at_the_start_itself(start: str) -> None:
    assert due_at(dalat(start), NOTHING, calendar()) == dalat(start)
    assert began_at(dalat(start), NOTHING, calendar()) == dalat(start)
    assert prove(dalat(start), NOTHING, calendar()).intervals == ()


def test_answer_is_in_the_zone_of_the_calendar() -> None:
    found = due_at(datetime(2026, 3, 3, 2, 0, tzinfo=UTC), HOUR, calendar())

    assert found.isoformat() == "2026-03-03T10:00:00+07:00"


@pytest.mark.parametrize(
    ("pauses", "due"),
    [
        pytest.param([("08:30", "09:30")], "11:00", id="inside working time"),
        pytest.param([("11:30", "13:30")], "10:00", id="behind the answer"),
        pytest.param([("10:00", "11:00")], "10:00", id="begins when the allowance is used up"),
        pytest.param([("06:00", "07:30")], "10:00", id="before the start"),
        pytest.param([("06:00", "09:00")], "11:00", id="begins before the start"),
        pytest.param([("09:00", "09:30"), ("08:15", "09:15")], "11:15", id="overlap, unsorted"),
        pytest.param([("09:00", "09:00")], "10:00", id="takes no time"),
        pytest.param([("09:00", "13:45")], "14:45", id="across lunch"),
        pytest.param([("09:00", "11:30")], "14:30", id="ends at closing"),
    ],
)
def test_pauses_do_not_count(pauses: list[tuple[str, str]], due: str) -> None:
    start = dalat("2026-03-03 08:00")
    given = [(dalat(f"2026-03-03 {a}"), dalat(f"2026-03-03 {b}")) for a, b in pauses]

    proof = prove(start, 2 * HOUR, calendar(), given)

    assert proof.due_at == due_at(start, 2 * HOUR, calendar(), given)
    assert proof.due_at == dalat(f"2026-03-03 {due}")
    assert sum((end - begin for begin, end in proof.intervals), NOTHING) == 2 * HOUR
    assert working_time(start, proof.due_at, calendar(), given) == 2 * HOUR


def test_pause_that_outlasts_the_answer_may_outlast_the_calendar() -> None:
    pause = (dalat("2027-12-31 16:00"), dalat("2028-06-01 08:00"))

    assert due_at(dalat("2027-12-31 14:00"), 2 * HOUR, VN, [pause]) == pause[0]
    with pytest.raises(CalendarEndsError):
        due_at(dalat("2027-12-31 15:00"), 2 * HOUR, VN, [pause])


@pytest.mark.parametrize(
    ("at", "is_open", "opening", "closing"),
    [
        pytest.param("2026-01-09 07:30", True, "2026-01-09 07:30", "2026-01-09 11:30", id="opens"),
        pytest.param("2026-01-09 10:00", True, "2026-01-09 10:00", "2026-01-09 11:30", id="open"),
        pytest.param("2026-01-09 11:30", False, "2026-01-09 13:30", "2026-01-09 17:30", id="lunch"),
        pytest.param("2026-01-09 17:30", False, "2026-01-10 07:30", "2026-01-10 11:30", id="sat"),
        pytest.param("2026-01-10 17:30", False, "2026-01-12 07:30", "2026-01-12 11:30", id="sun"),
        pytest.param("2026-02-16 09:00", False, "2026-02-23 07:30", "2026-02-23 11:30", id="tet"),
    ],
)
def test_clock_runs_only_while_open(at: str, is_open: bool, opening: str, closing: str) -> None:  # noqa: FBT001
    assert VN.is_open(dalat(at)) is is_open
    assert VN.next_open(dalat(at)) == dalat(opening)
    assert VN.closing(dalat(at)) == dalat(closing)


def test_hours_up_to_midnight_and_from_midnight_are_one_interval() -> None:
    nights = calendar(week={"fri": [["22:00", "24:00"]], "sat": [["00:00", "06:00"]]})
    start = dalat("2026-03-06 23:00")

    assert nights.closing(start) == dalat("2026-03-07 06:00")
    assert due_at(start, HOUR, nights) == dalat("2026-03-07 00:00")
    assert due_at(start, 2 * HOUR, nights) == dalat("2026-03-07 01:00")
    assert due_at(start, 7 * HOUR, nights) == dalat("2026-03-07 06:00")


@pytest.mark.parametrize(
    ("shifts", "start", "hours", "due"),
    [
        pytest.param([["00:00", "24:00"]], "2026-03-28T12:00+01:00", 24, "2026-03-29T13:00+02:00",
                     id="the spring day has 23 hours"),
        pytest.param([["00:00", "24:00"]], "2026-10-24T12:00+02:00", 24, "2026-10-25T11:00+01:00",
                     id="the autumn day has 25 hours"),
        pytest.param([["02:30", "05:00"]], "2026-03-29T00:00+01:00", 2, "2026-03-29T05:00+02:00",
                     id="an opening in the skipped hour is the jump"),
        pytest.param([["01:00", "02:30"]], "2026-03-29T00:00+01:00", 1, "2026-03-29T03:00+02:00",
                     id="a closing in the skipped hour is the jump"),
        pytest.param([["02:15", "02:45"]], "2026-03-29T00:00+01:00", .5, "2026-03-30T02:45+02:00",
                     id="the skipped hour swallows an interval"),
        pytest.param([["02:00", "02:30"]], "2026-10-25T00:00+02:00", .5, "2026-10-25T02:30+02:00",
                     id="a repeated hour counts its first passage"),
        pytest.param([["02:00", "02:30"]], "2026-10-25T00:00+02:00", 1, "2026-10-26T02:30+01:00",
                     id="and not its second"),
        pytest.param([["02:30", "03:30"]], "2026-10-25T00:00+02:00", 2, "2026-10-25T03:30+01:00",
                     id="an opening in the repeated hour is the first one"),
    ],
)  # fmt: skip
def test_working_time_is_what_really_elapses_where_clocks_change(
    shifts: list[list[str]], start: str, hours: float, due: str
) -> None:
    zone = berlin(week=dict.fromkeys(ALWAYS, shifts))
    begin, end = datetime.fromisoformat(start), datetime.fromisoformat(due)

    assert due_at(begin, hours * HOUR, zone).isoformat() == end.isoformat(timespec="seconds")
    assert working_time(begin, end, zone) == hours * HOUR


def test_start_in_the_second_passage_of_a_repeated_hour_is_that_instant() -> None:
    second = datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1)

    assert due_at(second, HOUR, berlin()).isoformat() == "2026-10-25T03:30:00+01:00"
    assert due_at(second.replace(fold=0), HOUR, berlin()).isoformat() == "2026-10-25T02:30:00+01:00"


def test_weekly_hours_change_on_their_date() -> None:
    summer = {day: [["07:00", "11:00"]] for day in OFFICE_WEEK}
    seasons = Calendar.parse(
        {
            "zone": "Asia/Ho_Chi_Minh",
            "hours": [
                {"valid_from": "2026-01-01", "week": OFFICE_WEEK},
                {"valid_from": "2026-04-15", "valid_until": "2026-10-14", "week": summer},
                {"valid_from": "2026-10-15", "week": OFFICE_WEEK},
            ],
        }
    )

    assert due_at(dalat("2026-04-14 16:30"), 2 * HOUR, seasons) == dalat("2026-04-15 08:00")
    assert due_at(dalat("2026-10-14 10:30"), HOUR, seasons) == dalat("2026-10-15 08:00")
    with pytest.raises(CalendarEndsError, match="no hours before 2026-01-01"):
        due_at(dalat("2025-12-31 16:30"), HOUR, seasons)


def test_special_date_has_its_own_hours_even_none() -> None:
    special = calendar(special={"2026-03-03": [["08:00", "09:00"]], date(2026, 3, 4): []})

    assert due_at(dalat("2026-03-02 17:30"), 2 * HOUR, special) == dalat("2026-03-05 08:30")


@pytest.mark.parametrize("allowance", [2 * HOUR, 20_000 * HOUR], ids=["two hours", "ten years"])
def test_fifty_thousand_due_times_a_second_however_far_ahead(allowance: timedelta) -> None:
    endless = VN.provisional()
    start = dalat("2026-01-09 16:30")
    due_at(start, allowance, endless)  # the table is built once

    def seconds() -> float:
        begun = time.process_time()  # the neighbours' load is not our cost
        for _ in range(2_000):
            due_at(start, allowance, endless)
        return time.process_time() - begun

    assert min(seconds() for _ in range(5)) < 2_000 / 50_000
