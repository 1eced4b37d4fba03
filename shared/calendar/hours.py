"""Hours as people write them: times, weekdays, dates and validity, read and checked."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, cast

from shared.errors import CivicError

Shift = tuple[int, int]  # opening and closing, in minutes of wall time after local midnight
Day = tuple[Shift, ...]  # in order, disjoint; empty when the day is closed
Week = tuple[Day, ...]  # seven of them, Monday first

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
END_OF_DAY = 24 * 60
ONE_DAY = timedelta(days=1)
# Exceptions must leave room for the 400 years after which dates and weekdays repeat.
FIRST_YEAR, LAST_YEAR = 1900, 9000
_TIME = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")


class CalendarError(CivicError, ValueError):
    """A calendar, or a question to one, makes no sense; `place` is the path to the value."""

    def __init__(self, message: str, *place: str | int) -> None:
        path = ".".join(str(part) for part in place)
        super().__init__(f"{path}: {message}" if path else message)
        self.message = message
        self.place = place


class CalendarEndsError(CivicError):
    """The answer lies where the calendar knows nothing: announce more, or ask `provisional()`."""


@dataclass(frozen=True)
class Pattern:
    """The weekly hours of a period; an open end is None. Both dates are included."""

    valid_from: date | None
    valid_until: date | None
    week: Week


@dataclass(frozen=True)
class Closure:
    """A day that is closed by name, and the notice that closes it; the names follow "nghỉ"."""

    on: date
    name_vi: str = "ngày nghỉ"
    name_en: str = "day off"
    source: str = ""


def read_keys(value: object, known: Sequence[str], *place: str | int) -> Mapping[str, Any]:
    """Return `value` as a mapping that holds no other keys than `known`."""
    if not isinstance(value, Mapping):
        raise CalendarError("must be a mapping of names to values", *place)
    content = cast("Mapping[str, Any]", value)
    for key in content:
        if key not in known:
            raise CalendarError(f"unknown key {key!r}, use {', '.join(known)}", *place, str(key))
    return content


def read_date(value: object, *place: str | int) -> date:
    """Return a date from a date or from ISO text."""
    found = value
    if isinstance(found, str):
        try:
            found = date.fromisoformat(found)
        except ValueError:
            raise CalendarError(f"{value!r} is no date such as 2026-02-16", *place) from None
    if not isinstance(found, date) or isinstance(found, datetime):
        raise CalendarError(f"{value!r} is no date such as 2026-02-16", *place)
    if not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise CalendarError(f"{found} is not between {FIRST_YEAR} and {LAST_YEAR}", *place)
    return found


def read_optional_date(content: Mapping[str, Any], key: str, *place: str | int) -> date | None:
    """Return the date under `key`, or None when there is none."""
    value = content.get(key)
    return None if value is None else read_date(value, *place, key)


def _read_sequence(value: object, *place: str | int) -> Sequence[Any]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise CalendarError("must be a list", *place)
    return cast("Sequence[Any]", value)


def _read_time(value: object, *place: str | int) -> int:
    if value == "24:00":
        return END_OF_DAY
    if not isinstance(value, str) or not (found := _TIME.fullmatch(value)):
        # YAML reads 11:30 without quotes as the number 690
        raise CalendarError(f'{value!r} is no time of day, write it in quotes: "07:30"', *place)
    return int(found[1]) * 60 + int(found[2])


def read_day(value: object, *place: str | int) -> Day:
    """Return the intervals of one day, sorted; `value` is a list of pairs such as 07:30, 11:30."""
    shifts: list[Shift] = []
    for index, pair in enumerate(_read_sequence(value, *place)):
        times = _read_sequence(pair, *place, index)
        if len(times) != 2:  # noqa: PLR2004 - an opening and a closing
            raise CalendarError("an interval is a pair: opening and closing", *place, index)
        opens, closes = (_read_time(time, *place, index, side) for side, time in enumerate(times))
        if opens == END_OF_DAY:
            raise CalendarError("24:00 can only close an interval", *place, index)
        if opens >= closes:
            raise CalendarError(f"{times[0]} is not before {times[1]}", *place, index)
        shifts.append((opens, closes))
    shifts.sort()
    for (_, closes), (opens, _) in pairwise(shifts):
        if opens < closes:
            raise CalendarError(
                f"two intervals overlap at {opens // 60:02}:{opens % 60:02}", *place
            )
    return tuple(shifts)


def read_week(value: object, *place: str | int) -> Week:
    """Return the seven days of a week; a weekday that is left out is closed."""
    content = read_keys(value, WEEKDAYS, *place)
    return tuple(read_day(content.get(name, ()), *place, name) for name in WEEKDAYS)


def read_patterns(value: object) -> tuple[Pattern, ...]:
    """Return the weekly patterns under `hours`; each must begin where the one before it ends."""
    patterns: list[Pattern] = []
    for index, entry in enumerate(_read_sequence(value, "hours")):
        content = read_keys(entry, ("valid_from", "valid_until", "week"), "hours", index)
        begins = read_date(content.get("valid_from"), "hours", index, "valid_from")
        ends = read_optional_date(content, "valid_until", "hours", index)
        if ends and ends < begins:
            raise CalendarError(f"{ends} is before {begins}", "hours", index, "valid_until")
        if patterns:
            patterns[-1] = _joined(patterns[-1], begins, index)
        week = read_week(content.get("week"), "hours", index, "week")
        patterns.append(Pattern(begins, ends, week))
    if not patterns:
        raise CalendarError("there are no hours at all", "hours")
    return tuple(patterns)


def _joined(earlier: Pattern, begins: date, index: int) -> Pattern:
    """Return `earlier` with the end that the next pattern, number `index`, gives to it."""
    ends = earlier.valid_until or begins - ONE_DAY
    if begins <= ends or (earlier.valid_from and begins <= earlier.valid_from):
        message = f"from {begins} on two weeks of hours are valid"
        raise CalendarError(message, "hours", index, "valid_from")
    if begins > ends + ONE_DAY:
        message = f"no hours are valid between {ends} and {begins}"
        raise CalendarError(message, "hours", index, "valid_from")
    return Pattern(earlier.valid_from, ends, earlier.week)


def read_closed(value: object) -> tuple[Closure, ...]:
    """Return the closed days in order; an entry is a date, or a mapping with name and source."""
    closures: dict[date, Closure] = {}
    for index, entry in enumerate(_read_sequence(value, "closed")):
        closure = _read_closure(entry, index)
        if closure.on in closures:
            raise CalendarError(f"{closure.on} stands twice", "closed", index)
        closures[closure.on] = closure
    return tuple(closures[on] for on in sorted(closures))


def _read_closure(entry: object, index: int) -> Closure:
    if not isinstance(entry, Mapping):
        return Closure(read_date(entry, "closed", index))
    content = read_keys(entry, ("date", "name", "source"), "closed", index)
    on = read_date(content.get("date"), "closed", index, "date")
    plain = Closure(on)
    names = read_keys(content.get("name", {}), ("vi", "en"), "closed", index, "name")
    vi = str(names.get("vi", plain.name_vi))
    en = str(names.get("en", plain.name_en))
    return Closure(on, vi, en, str(content.get("source", "")))


def read_special(value: object) -> dict[date, Day]:
    """Return the intervals of single dates; an empty list closes the date without a name."""
    if not isinstance(value, Mapping):
        raise CalendarError("must be a mapping of dates to intervals", "special")
    days: dict[date, Day] = {}
    for key, intervals in cast("Mapping[Any, Any]", value).items():
        on = read_date(key, "special", str(key))
        if on in days:
            raise CalendarError(f"{on} stands twice", "special", str(key))
        days[on] = read_day(intervals, "special", str(key))
    return days
