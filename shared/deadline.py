"""The deadline of a case: one pure function for intake's promise and for sla's clock."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from shared.calendar import Calendar, CalendarEndsError, Proof, due_at, prove
from shared.regulation import Category
from shared.vocabulary import Clock


@dataclass(frozen=True)
class Deadline:
    """When an answer is due, and why.

    Attributes:
        due_at: The last instant that is on time, inclusive to the second.
        limit: The regulation's limit.
        clock: How it is counted.
    """

    due_at: datetime
    limit: timedelta
    clock: Clock

    @property
    def limit_s(self) -> int:
        """The limit in seconds."""
        return int(self.limit.total_seconds())


def deadline(start: datetime, category: Category, calendar: Calendar) -> Deadline:
    """Return the deadline of a report in `category` received at `start` (aware)."""
    limit = timedelta(hours=category.limit_hours)
    return Deadline(count(start, limit, category.clock, calendar), limit, category.clock)


def count(start: datetime, limit: timedelta, clock: Clock, calendar: Calendar) -> datetime:
    """Return when `limit` is used up, in working time or in elapsed time; UTC.

    Past the announced years the last known week goes on, and the calendar's version says so: a
    person who reports on the last working day of December is owed a promise all the same.
    """
    if clock is Clock.ELAPSED:
        return (start + limit).astimezone(UTC)
    try:
        return due_at(start, limit, calendar).astimezone(UTC)
    except CalendarEndsError:
        return due_at(start, limit, _provisional(calendar)).astimezone(UTC)


def proof(start: datetime, limit: timedelta, clock: Clock, calendar: Calendar) -> Proof:
    """Return the proof of a deadline: the intervals of the clock that it consumes."""
    if clock is Clock.ELAPSED:
        end = start + limit
        return Proof(start, limit, calendar.version, ((start, end),), end)
    try:
        return prove(start, limit, calendar)
    except CalendarEndsError:
        return prove(start, limit, _provisional(calendar))


@lru_cache(maxsize=8)
def _provisional(calendar: Calendar) -> Calendar:
    """Keep the calendar without its end, whose prefix sums are built once."""
    return calendar.provisional()
