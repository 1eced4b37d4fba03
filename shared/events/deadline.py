"""The events of a deadline, said by sla."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event, Wire
from shared.vocabulary import CaseCode, CategoryId, Clock, UnitId


class WorkedInterval(Wire):
    """A stretch of the clock that a deadline consumed."""

    start: AwareDatetime
    end: AwareDatetime


class DeadlineEvent(Event):
    """Said by sla. `version` counts the deadlines that a case has had."""

    source: ClassVar[str] = "/civic/sla"
    code: CaseCode
    category: CategoryId | None
    unit: UnitId | None
    monitoring_unit: UnitId | None
    version: int
    due_at: AwareDatetime


class DeadlineSet(DeadlineEvent):
    """A deadline is tracked, and this is its proof: start, limit, calendar, intervals consumed."""

    type: ClassVar[str] = "deadline.set.v1"
    start: AwareDatetime
    limit_s: int
    clock: Clock
    calendar: str
    intervals: tuple[WorkedInterval, ...]
    basis: str = "limit"  # or "coordination": the Office approved this date, nothing counted it
    approaching_at: AwareDatetime


class DeadlineApproaching(DeadlineEvent):
    """The regulation's fraction of the limit is used up and no result is published."""

    type: ClassVar[str] = "deadline.approaching.v1"


class DeadlineMissed(DeadlineEvent):
    """The limit is used up and no result is published. `late_firing_s` is our own delay."""

    type: ClassVar[str] = "deadline.missed.v1"
    late_firing_s: int = 0


class DeadlineEscalated(DeadlineEvent):
    """Still no result, the regulation's hours after the limit: the leaders are told."""

    type: ClassVar[str] = "deadline.escalated.v1"


class DeadlineMet(DeadlineEvent):
    """A result was published inside the limit ("không quá": the last second counts)."""

    type: ClassVar[str] = "deadline.met.v1"
    resolved_at: AwareDatetime


DEADLINE_EVENTS: tuple[type[DeadlineEvent], ...] = (
    DeadlineSet,
    DeadlineApproaching,
    DeadlineMissed,
    DeadlineEscalated,
    DeadlineMet,
)
