"""The calendar of a unit: its zone, its hours and the days that differ from them."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from shared.calendar.hours import (
    CalendarEndsError,
    CalendarError,
    Closure,
    Day,
    Pattern,
    read_closed,
    read_keys,
    read_optional_date,
    read_patterns,
    read_special,
    read_week,
)
from shared.calendar.timeline import Reach, Timeline
from shared.calendar.wallclock import WallClock, to_instant

_KEYS = (
    "zone",
    "week",
    "hours",
    "closed",
    "special",
    "version",
    "announced_from",
    "announced_until",
)


@dataclass(frozen=True, eq=False)
class Calendar:
    """Working hours in one zone, as wall time; an opening is working time, a closing is not.

    A wall time means the first instant at which the local clock shows it or has passed it: a
    repeated hour counts its first passage, and a skipped time is the moment of the jump. Working
    time is the time that really elapses between opening and closing. Answers are in the calendar's
    zone; bring them to UTC before subtracting or comparing where clocks change, for Python holds a
    repeated wall time unequal to the same instant in any other zone.

    Attributes:
        zone: Decides what a day is; every answer is given in it.
        patterns: The weekly hours, by period, without gaps.
        days: The dates that differ from their weekday, with their own hours; none when closed.
        closed: The closed dates that have a name, in order.
        version: What a proof and a promise quote.
        announced_from: First day with known hours; None: as far back as the first pattern.
        announced_until: Last day with known hours; None: the last week goes on for ever.
    """

    zone: ZoneInfo
    patterns: tuple[Pattern, ...]
    days: Mapping[date, Day]
    closed: tuple[Closure, ...] = ()
    version: str = ""
    announced_from: date | None = None
    announced_until: date | None = None

    @classmethod
    def parse(cls, mapping: Mapping[str, Any]) -> "Calendar":
        """Return the calendar that `mapping` describes; the keys are those of YAML or JSON.

        `zone` is an IANA name. The weekly hours are `week`, `{"mon": [["07:30", "11:30"], ...]}`
        with 24:00 allowed as a closing, or `hours`, a list of `{valid_from, valid_until?, week}`
        without gaps. `closed` lists dates, or `{date, name: {vi, en}, source}`. `special` maps a
        date to the hours it has instead, possibly none. `version`, `announced_from` and
        `announced_until` are optional. Dates are dates or ISO text.

        Raises:
            CalendarError: a value is missing, wrong or contradicts another; it knows the place.
        """
        content = read_keys(mapping, _KEYS)
        closed = read_closed(content.get("closed", ()))
        special = read_special(content.get("special", {}))
        for closure in closed:
            if closure.on in special:
                message = f"{closure.on} is both closed and special"
                raise CalendarError(message, "special", closure.on.isoformat())
        patterns = _read_patterns(content)
        begins, ends = _read_announced(content, patterns)
        return cls(
            zone=_read_zone(content.get("zone")),
            patterns=patterns,
            days={**special, **dict.fromkeys((closure.on for closure in closed), ())},
            closed=closed,
            version=str(content.get("version", "")),
            announced_from=begins,
            announced_until=ends,
        )

    def hours_on(self, on: date) -> Day:
        """Return the intervals of a local date, in minutes after midnight."""
        found = self.days.get(on)
        return self.usual_hours_on(on, on.weekday()) if found is None else found

    def usual_hours_on(self, on: date, weekday: int) -> Day:
        """Return the hours of `weekday` (Monday is 0) in the week that is valid on a date."""
        for pattern in reversed(self.patterns):
            if pattern.valid_from is None or pattern.valid_from <= on:
                return pattern.week[weekday]
        return ()

    def is_open(self, at: datetime) -> bool:
        """Say whether an aware instant lies in working time.

        Raises:
            CalendarEndsError: `at` is not in the announced years.
        """
        return self.timeline.is_open(to_instant(at))

    def next_open(self, at: datetime) -> datetime:
        """Return the next opening after an aware instant, or `at` itself when it is open.

        Raises:
            CalendarEndsError: no further opening is announced.
        """
        instant = to_instant(at)
        begin, _ = self.timeline.interval_after(instant)
        return self.local(max(begin, instant))

    def closing(self, at: datetime) -> datetime:
        """Return when the working time that `at` lies in ends; if `at` is closed, the next one's.

        Raises:
            CalendarEndsError: no further closing is announced, or there is none.
        """
        return self.local(self.timeline.closing(to_instant(at)))

    def closures(self, start: datetime, end: datetime) -> tuple[Closure, ...]:
        """Return the named closed days that two aware instants touch or enclose, in order.

        They say why a promise is far away. Weekends and make-up days have no name.
        """
        first, last = sorted((to_instant(start), to_instant(end)))
        days = self._closed_days
        low = bisect_left(days, self.local(first).date())
        high = bisect_right(days, self.local(max(first, last - 1)).date())
        return self.closed[low:high]

    def provisional(self) -> "Calendar":
        """Return this calendar without its announced end: the last week goes on for ever.

        For a promise that must be given before the next year is announced; its version says so.
        """
        return self._provisional

    @cached_property
    def _provisional(self) -> "Calendar":
        """Made once: its prefix sums would be built anew with every copy."""
        last = replace(self.patterns[-1], valid_until=None)
        return replace(
            self,
            patterns=(*self.patterns[:-1], last),
            version=f"{self.version}+provisional",
            announced_until=None,
        )

    def local(self, instant: int) -> datetime:
        """Return an instant in microseconds since 1970 as a datetime in the calendar's zone."""
        try:
            return self._clock.shown_at(instant)
        except OverflowError:
            message = f"calendar {self.version!r} cannot name a day outside the years 1 to 9999"
            raise CalendarEndsError(message) from None

    @cached_property
    def timeline(self) -> Timeline:
        """The working time of this calendar as prefix sums; built when first asked."""
        last = self.announced_until
        first = self.announced_from or self.patterns[0].valid_from
        changes = [*self.days, *(pattern.valid_from for pattern in self.patterns), first]
        settled = max((change.toordinal() + 1 for change in changes if change), default=1)
        reach = Reach(
            label=self.version,
            first=first.toordinal() if first else None,
            last=last.toordinal() if last else None,
            settled=settled,
        )
        return Timeline(self._clock, lambda day: self.hours_on(date.fromordinal(day)), reach)

    @cached_property
    def _closed_days(self) -> list[date]:
        return [closure.on for closure in self.closed]

    @cached_property
    def _clock(self) -> WallClock:
        return WallClock(self.zone)


def _read_zone(value: object) -> ZoneInfo:
    if not isinstance(value, str):
        raise CalendarError("must be a zone such as Asia/Ho_Chi_Minh", "zone")
    try:
        return ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Asia" is a folder
        raise CalendarError(f"there is no time zone {value!r}", "zone") from None


def _read_patterns(content: Mapping[str, Any]) -> tuple[Pattern, ...]:
    if ("week" in content) == ("hours" in content):
        raise CalendarError("give either `week` or `hours`", "hours" if "hours" in content else "")
    if "week" in content:
        return (Pattern(None, None, read_week(content["week"], "week")),)
    return read_patterns(content["hours"])


def _read_announced(
    content: Mapping[str, Any], patterns: tuple[Pattern, ...]
) -> tuple[date | None, date | None]:
    begins = read_optional_date(content, "announced_from")
    ends = read_optional_date(content, "announced_until")
    if begins and ends and ends < begins:
        raise CalendarError(f"{ends} is before {begins}", "announced_until")
    first, last = patterns[0].valid_from, patterns[-1].valid_until
    if first and begins and begins < first:
        raise CalendarError(f"no hours are valid before {first}", "announced_from")
    if last and ends and ends > last:
        raise CalendarError(f"no hours are valid after {last}", "announced_until")
    return begins or first, ends or last
