"""The clock of a case: what is tracked, and which stage fires when. Pure: `now` is passed in.

A deadline has three stages. `approaching` fires when the regulation's fraction of the limit is
used up, `missed` one second after the due instant ("không quá": the last second is on time),
`escalated` some working hours later. Each fires once per version of the deadline, in order, also
after an outage of hours. A new version begins with a stricter limit, an approved coordination or
a dispute; its stages fire anew.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from shared.calendar import Calendar, began_at
from shared.deadline import count, lasting, proof
from shared.events import (
    CaseSnapshot,
    DeadlineApproaching,
    DeadlineEscalated,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
    Received,
    WorkedInterval,
)
from shared.regulation import Regulation
from shared.vocabulary import CategoryId, Clock, State

APPROACHING = "approaching"
MISSED = "missed"
ESCALATED = "escalated"
STAGES = (APPROACHING, MISSED, ESCALATED)
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
        approaching_at: When the first stage fires.
        escalating_at: When the last one does.
        announced: Whether `deadline.set` was said for this version.
        fired: Stages that fired for this version.
        stopped_at: When the clock stopped, or None while it runs.
        sequence: The number of the latest deadline event, 0 before the first.
    """

    case: CaseSnapshot
    case_sequence: int
    version: int
    approaching_at: datetime
    escalating_at: datetime
    announced: bool = False
    fired: frozenset[str] = field(default_factory=frozenset[str])
    stopped_at: datetime | None = None
    sequence: int = 0

    @property
    def due_at(self) -> datetime:
        """The date that counts: the approved one of a coordination, else the promise."""
        return self.case.counts_at

    @property
    def next_at(self) -> datetime | None:
        """When the next stage fires, or None when nothing more does."""
        if self.stopped_at:
            return None
        return min((at for _, at in self.ahead()), default=None)

    def ahead(self) -> list[tuple[str, datetime]]:
        """Return the stages that have not fired, in order, with their times."""
        overdue_at = self.due_at + LAST_SECOND
        times = {
            APPROACHING: min(self.approaching_at, overdue_at),
            MISSED: overdue_at,
            ESCALATED: max(self.escalating_at, overdue_at),
        }
        return [(stage, times[stage]) for stage in STAGES if stage not in self.fired]


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
    due = [stage for stage, at in tracking.ahead() if at <= now]
    events += [_stage_event(stage, tracking, now) for stage in due]
    fired = tracking.fired | set(due)
    return replace(tracking, fired=fired, sequence=tracking.sequence + len(events)), events


def promised(case: CaseSnapshot, rules: Rules) -> datetime:
    """Return the deadline that a snapshot promises, counted by our own rules."""
    start = case.counted_from or case.received_at
    return count(start, timedelta(seconds=case.limit_s), case.clock, rules.calendar)


def _stage_event(stage: str, tracking: Tracking, now: datetime) -> DeadlineEvent:
    facts = _facts(tracking)
    if stage == APPROACHING:
        return DeadlineApproaching(**facts)
    if stage == ESCALATED:
        return DeadlineEscalated(**facts)
    late = now - tracking.due_at - LAST_SECOND
    return DeadlineMissed(**facts, late_firing_s=int(late.total_seconds()))


def _follow(tracking: Tracking | None, case: CaseSnapshot, sequence: int, rules: Rules) -> Tracking:
    due_at = case.counts_at
    if tracking and not _begins_anew(tracking, case):
        return replace(tracking, case=case, case_sequence=sequence)
    grace = timedelta(hours=rules.regulation.procedures.escalate_after_hours)
    return Tracking(
        case=case,
        case_sequence=sequence,
        version=tracking.version + 1 if tracking else 1,
        approaching_at=_approaching_at(case, rules),
        escalating_at=count(due_at, grace, Clock.WORKING, rules.calendar),
        sequence=tracking.sequence if tracking else 0,
    )


def _begins_anew(tracking: Tracking, case: CaseSnapshot) -> bool:
    """Say whether a snapshot has another deadline, though perhaps for the same date.

    A dispute within the closed stretch in which the case came counts to the very same opening.
    """
    resumed = tracking.stopped_at is not None and case.state not in STOPPED
    counted_anew = tracking.case.counted_from != case.counted_from
    return tracking.due_at != case.counts_at or counted_anew or resumed


def _approaching_at(case: CaseSnapshot, rules: Rules) -> datetime:
    """Return when the regulation's fraction is used up; before an approved date, what it leaves."""
    category = rules.regulation.category(case.category or UNCLASSIFIED)
    if case.expected_at is None:
        part = timedelta(seconds=int(case.limit_s * category.approaching))
        start = case.counted_from or case.received_at
        return count(start, part, case.clock, rules.calendar)
    rest = timedelta(seconds=int(case.limit_s * (1 - category.approaching)))
    if case.clock is Clock.ELAPSED:
        return case.expected_at - rest
    end = case.expected_at
    return lasting(rules.calendar, lambda known: began_at(end, rest, known))


def _announce(tracking: Tracking, rules: Rules) -> Step:
    case = tracking.case
    start = case.counted_from or case.received_at
    found = proof(start, timedelta(seconds=case.limit_s), case.clock, rules.calendar)
    coordinated = case.expected_at is not None
    intervals = () if coordinated else found.intervals
    event = DeadlineSet(
        **_facts(tracking),
        start=start,
        limit_s=case.limit_s,
        clock=case.clock,
        calendar=found.calendar,
        intervals=tuple(WorkedInterval(start=a, end=b) for a, b in intervals),
        basis="coordination" if coordinated else "limit",
        approaching_at=tracking.approaching_at,
    )
    return replace(tracking, announced=True), [event]


def _stop(tracking: Tracking, received: Received) -> Step:
    """Stop the clock by the snapshot, not by the event: a later one may have been heard first."""
    resolved_at = tracking.case.resolved_at
    stopped = replace(tracking, stopped_at=resolved_at or received.time)
    if resolved_at is None:
        return stopped, []
    if tracking.case.on_time:
        return stopped, [DeadlineMet(**_facts(tracking), resolved_at=resolved_at)]
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
        "due_at": tracking.due_at,
    }
