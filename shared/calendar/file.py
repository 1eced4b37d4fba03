"""Calendar files: the hours of a kind of unit, with the notice behind every day that differs."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from shared import rulefile
from shared.calendar.hours import CalendarError, Day
from shared.calendar.model import Calendar
from shared.rulefile import RuleFile

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Place = tuple[str | int, ...]
A_YEAR = timedelta(days=366)


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class _Sourced(_Entry):
    source: Text  # the decision or notice, by number where there is one
    secondary: bool = False  # known from somebody who quotes the source


class _Hours(_Sourced):
    valid_from: date
    valid_until: date | None = None
    week: dict[str, Any]


class _Names(_Entry):
    vi: Text
    en: Text


class _Closed(_Sourced):
    name: _Names
    dates: Annotated[list[date], Field(min_length=1)]


class _MakeUp(_Sourced):
    on: date = Field(alias="date")
    instead_of: date  # the weekday whose hours are worked


class _CalendarFile(_Entry):
    version: Text
    zone: Text
    announced_from: date
    announced_until: date
    hours: list[_Hours]
    closed: list[_Closed]
    make_up: list[_MakeUp] = []


def load_calendar(path: Path) -> Calendar:
    """Read and check a calendar file.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself; it names the line.
    """
    return read_calendar(rulefile.load(path))


def read_calendar(rules: RuleFile) -> Calendar:
    """Check a parsed calendar file and return its calendar.

    Every entry has a source. Hours follow each other without gap or overlap, and some are worked in
    every week of them: no promise could be counted otherwise. No date stands twice.
    Every date lies in the announced years. A make-up day is one that would be closed otherwise,
    and stands in for a closed day within a year, whose hours it has; each closed day once.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself; it names the line.
    """
    try:
        content = _CalendarFile.model_validate(rules.content)
    except ValidationError as failure:
        raise rules.invalid(failure) from failure
    _check_dates(content, rules)
    try:
        calendar = Calendar.parse(_to_mapping(content))
    except CalendarError as error:
        raise rules.error(error.message, *error.place) from error
    _check_weeks(calendar, rules)
    make_up = dict(_make_up_days(content, calendar, rules))
    return replace(calendar, days={**calendar.days, **make_up})


def _to_mapping(content: _CalendarFile) -> dict[str, Any]:
    period = {"valid_from", "valid_until", "week"}
    return {
        **content.model_dump(exclude={"hours", "closed", "make_up"}),
        "hours": [hours.model_dump(include=period) for hours in content.hours],
        "closed": [
            {"date": on, "name": entry.name.model_dump(), "source": entry.source}
            for entry in content.closed
            for on in entry.dates
        ],
    }


def _check_dates(content: _CalendarFile, rules: RuleFile) -> None:
    """Refuse a date that stands twice, be it closed or worked, or is not in the announced years."""
    begins, ends = content.announced_from, content.announced_until
    if ends < begins:
        raise rules.error(f"{ends} is before {begins}", "announced_until")
    seen: dict[date, Place] = {}
    for on, place in _dates(content):
        if not begins <= on <= ends:
            raise rules.error(f"{on} is not in the announced years, {begins} to {ends}", *place)
        if on in seen:
            both = "stands twice" if seen[on][0] == place[0] else "is both closed and worked"
            raise rules.error(f"{on} {both}, see line {rules.line(*seen[on])}", *place)
        seen[on] = place


def _check_weeks(calendar: Calendar, rules: RuleFile) -> None:
    for index, pattern in enumerate(calendar.patterns):
        if not any(pattern.week):
            raise rules.error("no day of this week is worked", "hours", index, "week")


def _dates(content: _CalendarFile) -> Iterator[tuple[date, Place]]:
    for index, entry in enumerate(content.closed):
        for position, on in enumerate(entry.dates):
            yield on, ("closed", index, "dates", position)
    for index, entry in enumerate(content.make_up):
        yield entry.on, ("make_up", index, "date")


def _make_up_days(
    content: _CalendarFile, calendar: Calendar, rules: RuleFile
) -> Iterator[tuple[date, Day]]:
    """Yield the hours of each make-up day: those of the weekday that it stands in for."""
    stands_for: dict[date, int] = {}
    for index, entry in enumerate(content.make_up):
        if calendar.hours_on(entry.on):
            message = f"{entry.on} is a working day already, it cannot make up for another"
            raise rules.error(message, "make_up", index, "date")
        hours = calendar.usual_hours_on(entry.on, entry.instead_of.weekday())
        announced = entry.instead_of >= content.announced_from  # the swap may be an older year's
        if not hours or (announced and calendar.hours_on(entry.instead_of)):
            message = f"{entry.instead_of} is not a working day that was closed, nothing to make up"
            raise rules.error(message, "make_up", index, "instead_of")
        if abs(entry.on - entry.instead_of) > A_YEAR:
            message = f"{entry.on} makes up for {entry.instead_of}, more than a year away"
            raise rules.error(message, "make_up", index, "instead_of")
        if (other := stands_for.setdefault(entry.instead_of, index)) != index:
            line = rules.line("make_up", other, "instead_of")
            message = f"{entry.instead_of} is made up for twice, see line {line}"
            raise rules.error(message, "make_up", index, "instead_of")
        yield entry.on, hours
