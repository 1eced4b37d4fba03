"""The deadline of a case: one pure function for intake's promise and for sla's clock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TypeVar

from shared.calendar import Calendar, CalendarEndsError, Proof, due_at, prove
from shared.regulation import Category
from shared.vocabulary import Clock

Answer = TypeVar("Answer")


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


def lasting(calendar: Calendar, ask: Callable[[Calendar], Answer]) -> Answer:
    """Return what `ask` says of the calendar; past its announced years the last week goes on.

    A case that is open over the new year, or whose approved date lies in a year that nobody has
    announced, must be shown, sorted and watched all the same.
    """
    try:
        return ask(calendar)
    except CalendarEndsError:
        return ask(calendar.provisional())


def deadline(start: datetime, category: Category, calendar: Calendar) -> Deadline:
    """Return the deadline of a report in `category` received at `start` (aware)."""
    limit = timedelta(hours=category.limit_hours)
    return Deadline(count(start, limit, category.clock, calendar), limit, category.clock)


@lru_cache(maxsize=256)  # the reports of a busy second ask the same
def count(start: datetime, limit: timedelta, clock: Clock, calendar: Calendar) -> datetime:
    """Return when `limit` is used up, in working time or in elapsed time; UTC.

    Past the announced years the last known week goes on, and the calendar's version says so: a
    person who reports on the last working day of December is owed a promise all the same.
    """
    if clock is Clock.ELAPSED:
        return (start + limit).astimezone(UTC)
    return lasting(calendar, lambda known: due_at(start, limit, known)).astimezone(UTC)


def proof(start: datetime, limit: timedelta, clock: Clock, calendar: Calendar) -> Proof:
    """Return the proof of a deadline: the intervals of the clock that it consumes."""
    if clock is Clock.ELAPSED:
        end = start + limit
        return Proof(start, limit, calendar.version, ((start, end),), end)
    return lasting(calendar, lambda known: prove(start, limit, known))
