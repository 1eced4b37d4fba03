"""Working time as prefix sums: an answer costs two searches, however far ahead it lies.

Positions are microseconds of working time since an arbitrary day; like instants they are integers.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from shared.calendar.hours import FIRST_YEAR, CalendarEndsError, Day
from shared.calendar.wallclock import DAY_US, WallClock, day_of

_YEAR_DAYS = 366  # the slack around an instant that the table is extended for
_WEEK_DAYS = 8  # a week, and the day in which it begins
_ANCHOR = date(2020, 1, 1).toordinal()  # where an unbounded table begins; any day would do
# The last single clock change in the time zone data is of 2086 (Asia/Gaza, tzdata 2026.6).
# After it zones follow yearly rules, and Gregorian dates, weekdays and rules repeat together
# every 400 years, which are 20,871 whole weeks.
_ZONES_SETTLED = 2100
_CYCLE_YEARS = 400
_CYCLE = 146_097 * DAY_US


@dataclass(frozen=True)
class Reach:
    """How far a calendar's hours are known, as ordinal days.

    Attributes:
        label: The calendar's version, for messages.
        first: The first day with known hours, or None when there always were some.
        last: The last day with known hours, or None when the last week goes on for ever.
        settled: The first day from which only the last weekly pattern counts.
    """

    label: str
    first: int | None
    last: int | None
    settled: int


class _Table(NamedTuple):
    """The opening intervals of the days from `first` to before `last`, neighbours merged."""

    first: int
    last: int
    since: int  # instants: the local midnights of `first` and `last`
    until: int
    base: int  # the position at `since`
    begins: list[int]
    ends: list[int]
    upto: list[int]  # the position at each end

    def position(self, at: int) -> int:
        index = bisect_right(self.begins, at) - 1
        if index < 0:
            return self.base
        left = self.ends[index] - at
        return self.upto[index] - left if left > 0 else self.upto[index]


class Timeline:
    """The opening intervals of one calendar, extended when a question reaches farther.

    A table is never changed, only replaced by a longer one with the same positions, so threads may
    share a timeline.
    """

    def __init__(self, clock: WallClock, hours: Callable[[int], Day], reach: Reach) -> None:
        """Take the local clock, the hours of each ordinal day, and how far they are known."""
        self._clock = clock
        self._hours = hours
        self._label = reach.label
        self._settled = reach.settled
        self._floor = reach.first or date(FIRST_YEAR, 1, 1).toordinal()
        self._fold: int | None = None
        self._ceiling = (reach.last or 0) + 1
        if reach.last is None:
            settled = max(_ZONES_SETTLED, date.fromordinal(reach.settled).year + 1)
            fold = date(settled + _CYCLE_YEARS, 1, 1).toordinal()
            self._fold = clock.instant(fold)
            self._ceiling = fold + _YEAR_DAYS  # one year more: no interval is cut at the fold
        first = reach.first or max(self._floor, min(_ANCHOR, self._ceiling - 1))
        self._anchor = clock.instant(first)
        self._table = _Table(first, first, self._anchor, self._anchor, 0, [], [], [])

    def position(self, at: int) -> int:
        """Return the working time from the timeline's beginning to the instant `at`."""
        table = self._table
        if table.since <= at <= table.until:
            return table.position(at)
        table = self._cover(at)
        if at <= table.until:
            return table.position(at)
        folded, turns = self._folded(at)
        return table.position(folded) + turns * self._worked_per_cycle()

    def earliest(self, position: int) -> int:
        """Return the first instant at which `position` is reached: a closing, at a boundary."""
        table = self._table
        while (index := bisect_left(table.upto, position)) == len(table.upto):
            if table.last == self._ceiling:
                worked = self._worked_per_cycle()
                turns = -((table.position(self._known_end()) - position) // worked)
                return self.earliest(position - turns * worked) + turns * _CYCLE
            table = self._extend(table)
        return table.ends[index] - (table.upto[index] - position)

    def latest(self, position: int) -> int:
        """Return the last instant at which `position` is not passed: an opening, at a boundary.

        `position` is less than that of some instant already asked for.
        """
        table = self._table
        while position < table.base:
            if table.first == self._floor:
                raise self._begins()
            first = table.first - max(2 * _YEAR_DAYS, table.last - table.first)
            table = self._build(max(self._floor, first), table.last)
        index = bisect_right(table.upto, position)
        if index == len(table.upto):
            worked = self._worked_per_cycle()
            turns = (position - table.position(self._known_end())) // worked + 1
            return self.latest(position - turns * worked) + turns * _CYCLE
        return table.ends[index] - (table.upto[index] - position)

    def is_open(self, at: int) -> bool:
        """Say whether `at` lies in working time; an opening does, a closing does not."""
        table = self._cover(at)
        if at >= table.until:
            at, _ = self._folded(at)
        index = bisect_right(table.begins, at) - 1
        return index >= 0 and at < table.ends[index]

    def interval_after(self, at: int) -> tuple[int, int]:
        """Return the interval that `at` lies in, or else the next one."""
        table = self._cover(at)
        while (index := bisect_right(table.ends, at)) == len(table.ends):
            if table.last == self._ceiling:
                self._worked_per_cycle()
                folded, turns = self._folded(at)
                begin, end = self.interval_after(folded)
                return begin + turns * _CYCLE, end + turns * _CYCLE
            table = self._extend(table)
        return table.begins[index], table.ends[index]

    def closing(self, at: int) -> int:
        """Return the end of the interval that `at` lies in, or else of the next one.

        Once only the last weekly pattern counts, whoever stays open for a whole week never closes:
        four centuries need not be tabled to know that.
        """
        if self._fold is not None and at >= self._fold:
            folded, turns = self._folded(at)
            return self.closing(folded) + turns * _CYCLE
        _, end = self.interval_after(at)
        while end == (table := self._table).until:
            settled = max(self._settled, day_of(at)) + _WEEK_DAYS
            if table.last == self._ceiling or table.last > settled:
                raise CalendarEndsError(f"calendar {self._label!r} is not known to close again")
            self._extend(table)
            _, end = self.interval_after(at)
        return end

    def open_between(self, since: int, until: int) -> Iterator[tuple[int, int]]:
        """Yield the working time between two instants, interval by interval."""
        at = since
        while at < until:
            begin, end = self.interval_after(at)
            if begin >= until:
                return
            yield max(begin, at), min(end, until)
            at = end

    def _begins(self) -> CalendarEndsError:
        first = date.fromordinal(self._floor)
        return CalendarEndsError(f"calendar {self._label!r} holds no hours before {first}")

    def _known_end(self) -> int:
        """Return where the cycles end that the table holds; a calendar with an end has none."""
        if self._fold is None:
            last = date.fromordinal(self._ceiling - 1)
            message = f"calendar {self._label!r} holds no announced day after {last}"
            raise CalendarEndsError(message)
        return self._fold

    def _folded(self, at: int) -> tuple[int, int]:
        """Return the tabled instant that is like `at`, and how many cycles later `at` is."""
        turns = (at - self._known_end()) // _CYCLE + 1
        return at - turns * _CYCLE, turns

    def _worked_per_cycle(self) -> int:
        fold = self._known_end()
        table = self._cover(fold)
        worked = table.position(fold) - table.position(fold - _CYCLE)
        if not worked:
            last = f"after {self._clock.shown_at(table.ends[-1])}" if table.ends else "at all"
            raise CalendarEndsError(f"calendar {self._label!r} has no working time {last}")
        return worked

    def _cover(self, at: int) -> _Table:
        """Return a table that holds `at`, or the longest one when `at` is not before its end."""
        table = self._table
        if table.since <= at < table.until:
            return table
        day = day_of(at)
        first = min(table.first, max(self._floor, day - _YEAR_DAYS))
        last = max(table.last, min(self._ceiling, day + _YEAR_DAYS))
        if (first, last) != (table.first, table.last):
            table = self._build(first, last)
        if at < table.since:
            raise self._begins()
        if at > table.until:
            self._known_end()
        return table

    def _extend(self, table: _Table) -> _Table:
        """Return a table four times as long, so that reaching far takes few steps."""
        last = table.last + max(2 * _YEAR_DAYS, 3 * (table.last - table.first))
        return self._build(table.first, min(self._ceiling, last))

    def _build(self, first: int, last: int) -> _Table:
        """Tabulate the days from `first` to before `last`, and keep the table."""
        begins: list[int] = []
        ends: list[int] = []
        upto: list[int] = []
        total = 0
        for begin, end in self._intervals(first, last):
            total += end - begin
            if ends and ends[-1] == begin:
                ends[-1], upto[-1] = end, total
            else:
                begins.append(begin)
                ends.append(end)
                upto.append(total)
        since, until = self._clock.instant(first), self._clock.instant(last)
        table = _Table(first, last, since, until, 0, begins, ends, upto)
        before = table.position(self._anchor)
        upto = [position - before for position in upto]
        table = self._table = table._replace(base=-before, upto=upto)
        return table

    def _intervals(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        for day in range(first, last):
            if shifts := self._hours(day):
                yield from self._clock.intervals(day, shifts)
