"""The shipped calendar against another source, and what the loader refuses."""

from datetime import date, datetime, timedelta
from pathlib import Path

import holidays
import pytest
import yaml

from shared import rulefile
from shared.calendar import due_at, load_calendar, read_calendar, working_time
from shared.rulefile import RuleFileError

PATH = Path(__file__).parents[2] / "shared" / "calendars" / "vn-state.yaml"
VN = load_calendar(PATH)
ONE_DAY = timedelta(days=1)
ALL_DAYS = [date(2019, 1, 1) + number * ONE_DAY for number in range(3287)]


def midnight(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=VN.zone)


def hours_worked(on: date) -> float:
    return working_time(midnight(on), midnight(on + ONE_DAY), VN) / timedelta(hours=1)


def test_every_day_of_the_announced_years_is_worked_eight_hours_or_not_at_all() -> None:
    assert ALL_DAYS[-1] == VN.announced_until == date(2027, 12, 31)
    assert {hours_worked(on) for on in ALL_DAYS} == {0, 8}


def test_working_days_are_those_of_the_holidays_library_but_for_one_swap_it_does_not_know() -> None:
    library = holidays.VN(years=range(2019, 2028))

    different = [on for on in ALL_DAYS if bool(hours_worked(on)) != library.is_working_day(on)]

    # the library is silent about CV 12729/VPCP-KGVX: 2 January off, 10 January worked
    assert different == [date(2026, 1, 2), date(2026, 1, 10)]


def test_worked_saturdays_are_those_of_the_holidays_library_and_one_more() -> None:
    library = holidays.VN(years=range(2018, 2028))
    ours = {on for on in ALL_DAYS if on.weekday() > 4 and hours_worked(on)}

    assert ours - library.weekend_workdays == {date(2026, 1, 10)}
    assert {on for on in library.weekend_workdays if on.year > 2018} <= ours


@pytest.mark.parametrize(
    ("year", "days"),
    [
        (2019, 252), (2020, 252), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 250),
        (2026, 249), (2027, 249),
    ],
)  # fmt: skip
def test_year_has_its_number_of_working_days(year: int, days: int) -> None:
    assert sum(bool(hours_worked(on)) for on in ALL_DAYS if on.year == year) == days


def test_every_entry_of_the_shipped_file_has_a_source_and_is_on_a_weekday() -> None:
    content = yaml.safe_load(PATH.read_text(encoding="utf-8"))

    assert all(entry["source"] for key in ("hours", "closed", "make_up") for entry in content[key])
    assert all(closure.source and closure.on.weekday() < 5 for closure in VN.closed)
    assert all(entry["date"].weekday() == 5 for entry in content["make_up"])


SMALL = """\
version: small-1
zone: Asia/Ho_Chi_Minh
announced_from: 2026-01-01
announced_until: 2026-12-31
hours:
  - valid_from: 2026-01-01
    valid_until: 2026-04-14
    source: QĐ 1
    week:
      mon: [["07:30", "11:30"], ["13:30", "17:30"]]
      fri: [["07:30", "11:30"], ["13:30", "16:30"]]
  - valid_from: 2026-04-15
    source: QĐ 2
    week:
      mon: [["07:00", "11:00"]]
      fri: [["07:00", "12:00"]]
closed:
  - name: {vi: Tết Nguyên đán, en: Lunar New Year}
    dates: [2026-02-16, 2026-02-20]
    source: TB 3
  - name: {vi: hoán đổi, en: swapped day}
    dates:
      - 2026-05-01
      - 2026-08-31
    source: TB 4
    secondary: true
make_up:
  - date: 2026-05-09
    instead_of: 2026-05-01
    source: TB 4
  - date: 2026-08-22
    instead_of: 2026-08-31
    source: TB 4
"""


def test_make_up_day_has_the_hours_of_the_weekday_it_stands_in_for() -> None:
    calendar = read_calendar(rulefile.parse(SMALL, "small.yaml"))

    def due(text: str, hours: int) -> str:
        start = datetime.fromisoformat(text).replace(tzinfo=calendar.zone)
        return due_at(start, timedelta(hours=hours), calendar).strftime("%m-%d %H:%M")

    assert due("2026-05-09 00:00", 5) == "05-09 12:00"  # a friday's
    assert due("2026-08-22 00:00", 4) == "08-22 11:00"  # a monday's
    assert due("2026-04-13 17:00", 1) == "04-17 07:30"  # the summer hours have begun


def test_make_up_day_may_stand_in_for_a_day_before_the_announced_years() -> None:
    older = SMALL.replace("valid_from: 2026-01-01", "valid_from: 2025-01-01")

    calendar = read_calendar(
        rulefile.parse(older.replace("of: 2026-08-31", "of: 2025-12-29"), "small.yaml")
    )

    assert calendar.hours_on(date(2026, 8, 22)) == ((7 * 60, 11 * 60),)


@pytest.mark.parametrize(
    ("old", "new", "line", "message"),
    [
        pytest.param("- date: 2026-05-09", "- date: 2026-02-16", 28, "2026-02-16 is both closed "
                     "and worked, see line 19", id="open and closed"),
        pytest.param("- date: 2026-08-22", "- date: 2026-05-09", 31, "2026-05-09 stands twice, "
                     "see line 28", id="make-up day twice"),
        pytest.param("- 2026-08-31", "- 2026-02-20", 24, "2026-02-20 stands twice, see line 19",
                     id="closed twice"),
        pytest.param("- 2026-08-31", "- 2027-01-01", 24, "2027-01-01 is not in the announced "
                     "years, 2026-01-01 to 2026-12-31", id="closed outside the announced years"),
        pytest.param("- date: 2026-08-22", "- date: 2025-08-23", 31, "2025-08-23 is not in the "
                     "announced", id="worked outside the announced years"),
        pytest.param("- date: 2026-08-22", "- date: 2026-08-24", 31, "2026-08-24 is a working day "
                     "already", id="make-up day on a working day"),
        pytest.param("of: 2026-08-31", "of: 2026-08-28", 32, "2026-08-28 is not a working day "
                     "that was closed", id="makes up for a day that is worked"),
        pytest.param("of: 2026-08-31", "of: 2026-08-30", 32, "2026-08-30 is not a working day",
                     id="makes up for a sunday"),
        pytest.param("    source: TB 3\n", "", 18, "source: Field required", id="no source"),
        pytest.param("of: 2026-08-31", "of: 1990-08-31", 32, "2026-08-22 makes up for 1990-08-31, "
                     "more than a year away", id="makes up for a day of long ago"),
        pytest.param("of: 2026-08-31", "of: 2026-05-01", 32, "2026-05-01 is made up for twice, "
                     "see line 29", id="made up for twice"),
        pytest.param("source: TB 3", "source: ' '", 20, "source: String should have at least 1",
                     id="empty source"),
        pytest.param("    source: QĐ 2\n", "", 12, "source: Field required", id="no source of "
                     "hours"),
        pytest.param("2026-04-14", "2026-04-13", 12, "no hours are valid between 2026-04-13 and "
                     "2026-04-15", id="gap of validity"),
        pytest.param("2026-04-14", "2026-04-15", 12, "from 2026-04-15 on two weeks of hours are "
                     "valid", id="overlap of validity"),
        pytest.param("- valid_from: 2026-01-01", "- valid_from: 2026-01-02", 3, "no hours are "
                     "valid before 2026-01-02", id="gap at the beginning"),
        pytest.param("from: 2026-04-15", "from: 2026-04-15\n    valid_until: 2026-12-30", 4,
                     "no hours are valid after 2026-12-30", id="gap at the end"),
        pytest.param('["13:30", "16:30"]', '["11:00", "16:30"]', 11, "two intervals overlap at "
                     "11:00", id="overlapping intervals"),
        pytest.param('["07:30", "11:30"], ["13:30", "17:30"]', '["07:30", 11:30]', 10,
                     "690 is no time of day, write it in quotes", id="time without quotes"),
        pytest.param('\n      mon: [["07:00", "11:00"]]\n      fri: [["07:00", "12:00"]]', " {}",
                     14, "no day of this week is worked", id="a week without hours"),
        pytest.param('["07:00", "11:00"]]\n      fri: [["07:00", "12:00"]', "]\n      fri: [", 14,
                     "no day of this week is worked", id="a week of days without hours"),
        pytest.param('      fri: [["07:00"', '      Friday: [["07:00"', 16, "unknown key "
                     "'Friday'", id="unknown weekday"),
        pytest.param("Asia/Ho_Chi_Minh", "Asia/Da_Lat", 2, "there is no time zone 'Asia/Da_Lat'",
                     id="unknown zone"),
        pytest.param("2026-02-16, 2026-02-20", "2026-02-16, '2026-02-30'", 19, "valid date",
                     id="no date"),
        pytest.param("dates: [2026-02-16, 2026-02-20]", "dates: []", 19, "at least 1 item",
                     id="no dates"),
        pytest.param("announced_until: 2026-12-31\n", "", 1, "announced_until: Field required",
                     id="announced for ever"),
        pytest.param("until: 2026-12-31", "until: 2025-12-31", 4, "2025-12-31 is before 2026-01-01",
                     id="announced backwards"),
        pytest.param("make_up:", "makeup:", 27, "makeup: Extra inputs are not permitted",
                     id="misspelt key"),
        pytest.param("zone: Asia", "closed: []\nzone: Asia", 18, "stands twice", id="key twice"),
    ],
)  # fmt: skip
def test_wrong_file_is_refused_with_the_line(old: str, new: str, line: int, message: str) -> None:
    assert old in SMALL

    with pytest.raises(RuleFileError) as refusal:
        read_calendar(rulefile.parse(SMALL.replace(old, new, 1), "small.yaml"))

    assert str(refusal.value).startswith(f"small.yaml, line {line}: ")
    assert message in refusal.value.message
