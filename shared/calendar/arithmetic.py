"""What an allowance of working time comes to, forwards, backwards and as a proof."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.calendar.hours import CalendarError
from shared.calendar.model import Calendar
from shared.calendar.wallclock import to_instant, to_microseconds

Interval = tuple[datetime, datetime]  # aware; the first instant counts, the second does not


@dataclass(frozen=True)
class Proof:
    """Why an allowance is used up when it is.

    Attributes:
        start: The instant from which it is counted, as it was given.
        allowance: The working time allowed.
        calendar: The version of the calendar that counts.
        intervals: The working time consumed, in order, in UTC: Python subtracts times of one zone
            as its wall clock shows them, and the lengths must add up to the allowance.
        due_at: The end of the last of them, in the calendar's zone.
        pauses: The times that do not count, as they were given.
    """

    start: datetime
    allowance: timedelta
    calendar: str
    intervals: tuple[Interval, ...]
    due_at: datetime
    pauses: tuple[Interval, ...] = ()


def due_at(
    start: datetime, allowance: timedelta, calendar: Calendar, pauses: Iterable[Interval] = ()
) -> datetime:
    """Return the first instant at which `allowance` of working time after `start` is used up.

    An allowance used up exactly at closing time, or when a pause begins, ends there. A start
    outside working time counts from the next opening. No allowance at all is used up at `start`
    itself, be it open or not: so steps add up, and a second step of nothing moves no deadline.

    Args:
        start: Aware instant; any zone.
        allowance: Working time, zero or more.
        calendar: The unit's calendar; its zone decides what a day is, and is the answer's.
        pauses: Times that do not count; in any order, they may overlap.

    Raises:
        CalendarEndsError: the calendar holds no announced year that far ahead, or no hours at all.
        CalendarError: `start` has no zone, `allowance` is negative, or a pause runs backwards.
    """
    begun = to_instant(start)
    allowed = _allowed(allowance)
    paused = _merged(pauses, begun)
    if not allowed:
        return calendar.local(begun)
    timeline = calendar.timeline
    target = timeline.position(begun) + allowed
    for stop, resume in paused:
        # asked by the instant: a pause may begin where the calendar is not announced any more
        if timeline.earliest(target) <= stop:
            break
        target += timeline.position(resume) - timeline.position(stop)
    return calendar.local(timeline.earliest(target))


def began_at(end: datetime, allowance: timedelta, calendar: Calendar) -> datetime:
    """Return the last instant from which `allowance` of working time fits in before `end`.

    The inverse of `due_at`: from the answer, `allowance` is used up at `end` or, when `end` lies
    outside working time, at the closing before it. No allowance at all begins at `end` itself.

    Args:
        end: Aware instant; any zone.
        allowance: Working time, zero or more.
        calendar: As for `due_at`.

    Raises:
        CalendarEndsError: the calendar holds no hours that far back, or `end` is not announced.
        CalendarError: `end` has no zone or `allowance` is negative.
    """
    ended = to_instant(end)
    allowed = _allowed(allowance)
    if not allowed:
        return calendar.local(ended)
    timeline = calendar.timeline
    return calendar.local(timeline.latest(timeline.position(ended) - allowed))


def working_time(
    start: datetime, end: datetime, calendar: Calendar, pauses: Iterable[Interval] = ()
) -> timedelta:
    """Return the working time between two aware instants, without pauses; negative when swapped.

    Raises:
        CalendarEndsError: one of the instants lies outside the announced years.
        CalendarError: an instant has no zone, or a pause runs backwards.
    """
    first, last = to_instant(start), to_instant(end)
    if last < first:
        return -working_time(end, start, calendar, pauses)
    position = calendar.timeline.position
    worked = position(last) - position(first)
    for stop, resume in _merged(pauses, first):
        if stop >= last:
            break
        worked -= position(min(resume, last)) - position(stop)
    return timedelta(microseconds=worked)


def prove(
    start: datetime, allowance: timedelta, calendar: Calendar, pauses: Iterable[Interval] = ()
) -> Proof:
    """Return `due_at` with the intervals of working time that lead to it.

    Arguments and errors are those of `due_at`. Cost grows with the number of intervals.
    """
    given = tuple(pauses)
    due = due_at(start, allowance, calendar, given)
    counted = tuple(
        (calendar.local(begin).astimezone(UTC), calendar.local(end).astimezone(UTC))
        for begin, end in _counted(to_instant(start), to_instant(due), calendar, given)
    )
    return Proof(start, allowance, calendar.version, counted, due, given)


def _allowed(allowance: timedelta) -> int:
    allowed = to_microseconds(allowance)
    if allowed < 0:
        raise CalendarError(f"an allowance of working time cannot be negative: {allowance}")
    return allowed


def _counted(
    begun: int, due: int, calendar: Calendar, pauses: Iterable[Interval]
) -> Iterator[tuple[int, int]]:
    """Yield the working time between two instants that lies in no pause."""
    at = begun
    for stop, resume in _merged(pauses, begun):
        yield from calendar.timeline.open_between(at, min(stop, due))
        at = resume
    yield from calendar.timeline.open_between(at, due)


def _merged(pauses: Iterable[Interval], begun: int) -> list[tuple[int, int]]:
    """Return the pauses as disjoint instants in order, from `begun` on; all of them are checked."""
    if not pauses:  # most questions have none
        return []
    at, merged = begun, list[tuple[int, int]]()
    for stop, resume in sorted(map(_instants, pauses)):
        if resume > at:
            merged.append((max(stop, at), resume))
            at = resume
    return merged


def _instants(pause: Interval) -> tuple[int, int]:
    stop, resume = to_instant(pause[0]), to_instant(pause[1])
    if resume < stop:
        raise CalendarError("a pause ends before it begins")
    return stop, resume
