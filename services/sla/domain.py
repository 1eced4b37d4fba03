"""The clock of a case: what is tracked, and which stage fires when. Pure: `now` is passed in.

A deadline has two stages. `approaching` fires when the regulation's fraction of the limit is used
up, `missed` one second after the due instant ("không quá": the last second is on time). Each fires
once per version of the deadline, in order, also after an outage of hours.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.calendar import Calendar, Proof
from shared.deadline import count, proof
from shared.events import (
    CaseResolved,
    CaseSnapshot,
    DeadlineApproaching,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
    Received,
    WorkedInterval,
)
from shared.regulation import Regulation
from shared.vocabulary import CategoryId, State

APPROACHING = "approaching"
MISSED = "missed"
LAST_SECOND = timedelta(seconds=1)
UNCLASSIFIED = CategoryId("other")

# In these the clock has no more to count: a result is published, or the case is none of ours.
STOPPED = {State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN}


@dataclass(frozen=True)
class Rules:
    """All that a deadline rests on."""

    regulation: Regulation
    calendar: Calendar


@dataclass(frozen=True)
class Tracking:
    """A tracked deadline.

    Attributes:
        case: The newest snapshot that was heard.
        case_sequence: Its number; older ones change nothing.
        version: Counts the deadlines that the case has had, from 1.
        approaching_at: When the stage before the last one fires.
        announced: Whether `deadline.set` was said for this version.
        fired: Stages that fired for this version.
        stopped_at: When the clock stopped, or None while it runs.
        sequence: The number of the latest deadline event, 0 before the first.
    """

    case: CaseSnapshot
    case_sequence: int
    version: int
    approaching_at: datetime
    announced: bool = False
    fired: frozenset[str] = field(default_factory=frozenset[str])
    stopped_at: datetime | None = None
    sequence: int = 0

    @property
    def next_at(self) -> datetime | None:
        """When the next stage fires, or None when nothing more does."""
        if self.stopped_at:
            return None
        if APPROACHING not in self.fired:
            return min(self.approaching_at, self.case.due_at + LAST_SECOND)
        if MISSED not in self.fired:
            return self.case.due_at + LAST_SECOND
        return None


Step = tuple[Tracking, list[DeadlineEvent]]


def hear(tracking: Tracking | None, received: Received, rules: Rules) -> Step | None:
    """Take in what happened to a case; None when it is old news.

    The row stands from the first sign of a case, so that its clock runs even while nobody can
    route it; the deadline is announced with the assignment, that is after it in every stream.
    """
    case = received.case
    if case is None or (tracking and received.sequence <= tracking.case_sequence):
        return None
    tracking = _follow(tracking, case, received.sequence, rules)
    events: list[DeadlineEvent] = []
    if case.state is not State.SUBMITTED and not tracking.announced:
        tracking, events = _announce(tracking, rules)
    if case.state in STOPPED and not tracking.stopped_at:
        tracking, last = _stop(tracking, received)
        events = [*events, *last]
    return replace(tracking, sequence=tracking.sequence + len(events)), events


def fire(tracking: Tracking, now: datetime, rules: Rules) -> Step:
    """Fire every stage whose time has come, in order."""
    events: list[DeadlineEvent] = []
    if tracking.next_at is None or tracking.next_at > now:
        return tracking, events
    if not tracking.announced:
        tracking, events = _announce(tracking, rules)
    facts = _facts(tracking)
    if APPROACHING not in tracking.fired:
        events.append(DeadlineApproaching(**facts))
    fired = tracking.fired | {APPROACHING}
    if now >= tracking.case.due_at + LAST_SECOND:
        late = now - tracking.case.due_at - LAST_SECOND
        events.append(DeadlineMissed(**facts, late_firing_s=int(late.total_seconds())))
        fired |= {MISSED}
    return replace(tracking, fired=fired, sequence=tracking.sequence + len(events)), events


def prove(case: CaseSnapshot, rules: Rules) -> Proof:
    """Return the proof of a promised deadline, by the rules that intake promised it under."""
    limit = timedelta(seconds=case.limit_s)
    return proof(case.received_at, limit, case.clock, rules.calendar)


def _follow(tracking: Tracking | None, case: CaseSnapshot, sequence: int, rules: Rules) -> Tracking:
    if tracking and tracking.case.due_at == case.due_at:
        return replace(tracking, case=case, case_sequence=sequence)
    # a new case, or a stricter limit: a new version, whose stages fire anew
    return Tracking(
        case=case,
        case_sequence=sequence,
        version=tracking.version + 1 if tracking else 1,
        approaching_at=_approaching_at(case, rules),
        sequence=tracking.sequence if tracking else 0,
    )


def _approaching_at(case: CaseSnapshot, rules: Rules) -> datetime:
    category = rules.regulation.category(case.category or UNCLASSIFIED)
    part = timedelta(seconds=int(case.limit_s * category.approaching))
    return count(case.received_at, part, case.clock, rules.calendar)


def _announce(tracking: Tracking, rules: Rules) -> Step:
    found = prove(tracking.case, rules)
    event = DeadlineSet(
        **_facts(tracking),
        start=tracking.case.received_at,
        limit_s=tracking.case.limit_s,
        clock=tracking.case.clock,
        calendar=found.calendar,
        intervals=tuple(WorkedInterval(start=a, end=b) for a, b in found.intervals),
        approaching_at=tracking.approaching_at,
    )
    return replace(tracking, announced=True), [event]


def _stop(tracking: Tracking, received: Received) -> Step:
    resolved = received.event if isinstance(received.event, CaseResolved) else None
    stopped_at = resolved.at if resolved else received.time
    stopped = replace(tracking, stopped_at=stopped_at)
    if resolved is None:
        return stopped, []
    if resolved.on_time:
        return stopped, [DeadlineMet(**_facts(tracking), resolved_at=stopped_at)]
    if MISSED in tracking.fired:
        return stopped, []
    late = replace(stopped, fired=tracking.fired | {MISSED})
    return late, [DeadlineMissed(**_facts(tracking))]


def _facts(tracking: Tracking) -> dict[str, Any]:
    return {
        "code": tracking.case.code,
        "category": tracking.case.category,
        "unit": tracking.case.unit,
        "monitoring_unit": tracking.case.monitoring_unit,
        "version": tracking.version,
        "due_at": tracking.case.due_at,
    }
