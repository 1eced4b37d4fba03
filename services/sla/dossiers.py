"""The clock of a dossier: when its due date approaches and is missed. Pure: `now` is passed in.

Intake counts the due date, since it knows the pauses; here it is watched as a case's is. Each stage
fires once per due date, in order, also after an outage of hours. While the applicant owes papers
the clock stands, and nothing fires; a due date that moved for it is a new one.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from services.sla.domain import APPROACHING, LAST_SECOND, MISSED, UNCLASSIFIED, Rules
from shared.calendar import began_at
from shared.deadline import lasting
from shared.events import Received
from shared.events.onestop import (
    DossierEvent,
    DossierSnapshot,
    DueDateApproaching,
    DueDateEvent,
    DueDateMissed,
)
from shared.vocabulary import DossierState

STAGES = (APPROACHING, MISSED)
RUNNING = {DossierState.SUBMITTED, DossierState.RECEIVED, DossierState.PROCESSING}


@dataclass(frozen=True)
class DossierTracking:
    """A watched due date.

    Attributes:
        code: The dossier's short code.
        dossier: The newest snapshot that was heard.
        dossier_sequence: Its number; older ones change nothing.
        version: Counts the due dates that the dossier has had, from 1.
        approaching_at: When the first stage fires.
        fired: Stages that fired for this due date.
        sequence: The number of the latest event of ours, 0 before the first.
    """

    code: str
    dossier: DossierSnapshot
    dossier_sequence: int
    version: int
    approaching_at: datetime
    fired: frozenset[str] = field(default_factory=frozenset[str])
    sequence: int = 0

    @property
    def due_at(self) -> datetime:
        """The date that is watched."""
        return watched(self.dossier)

    @property
    def next_at(self) -> datetime | None:
        """When the next stage fires, or None when nothing more does."""
        if self.dossier.state not in RUNNING:
            return None
        return min((at for _, at in self.ahead()), default=None)

    def ahead(self) -> list[tuple[str, datetime]]:
        """Return the stages that have not fired, in order, with their times."""
        overdue_at = self.due_at + LAST_SECOND
        times = {APPROACHING: min(self.approaching_at, overdue_at), MISSED: overdue_at}
        return [(stage, times[stage]) for stage in STAGES if stage not in self.fired]


Step = tuple[DossierTracking, list[DueDateEvent]]


def hear(tracking: DossierTracking | None, received: Received, rules: Rules) -> Step | None:
    """Take in what happened to a dossier; None when it is old news.

    A result that came too late misses its date, though the stage may not have fired yet.
    """
    if not isinstance(received.event, DossierEvent):
        return None
    if tracking and received.sequence <= tracking.dossier_sequence:
        return None
    dossier = received.event.dossier
    if tracking and tracking.due_at == watched(dossier):
        tracking = replace(tracking, dossier=dossier, dossier_sequence=received.sequence)
    else:
        tracking = DossierTracking(
            code=received.subject,
            dossier=dossier,
            dossier_sequence=received.sequence,
            version=tracking.version + 1 if tracking else 1,
            approaching_at=approaching_at(dossier, rules),
            sequence=tracking.sequence if tracking else 0,
        )
    if dossier.on_time is False and MISSED not in tracking.fired:
        ended_at = received.event.at.replace(microsecond=0)
        if dossier.promised_at is None or ended_at > dossier.promised_at:
            return _said(tracking, [MISSED], tracking.due_at + LAST_SECOND)
    return tracking, []


def fire(tracking: DossierTracking, now: datetime) -> Step:
    """Fire every stage whose time has come, in order."""
    if tracking.next_at is None or tracking.next_at > now:
        return tracking, []
    return _said(tracking, [stage for stage, at in tracking.ahead() if at <= now], now)


def approaching_at(dossier: DossierSnapshot, rules: Rules) -> datetime:
    """Return when what is left of the limit is the part that the regulation leaves to a report.

    Counted back from the due date, since pauses have moved it.
    """
    part = rules.regulation.category(UNCLASSIFIED).approaching
    rest = timedelta(seconds=int(dossier.limit_s * (1 - part)))
    return lasting(rules.calendar, lambda known: began_at(watched(dossier), rest, known))


def watched(dossier: DossierSnapshot) -> datetime:
    """Return the date that the applicant was told last."""
    return dossier.promised_at or dossier.due_at


def _said(tracking: DossierTracking, stages: list[str], now: datetime) -> Step:
    events = [_event(stage, tracking, now) for stage in stages]
    fired = tracking.fired | set(stages)
    return replace(tracking, fired=fired, sequence=tracking.sequence + len(events)), events


def _event(stage: str, tracking: DossierTracking, now: datetime) -> DueDateEvent:
    dossier = tracking.dossier
    facts = {
        "number": dossier.number,
        "procedure": dossier.procedure,
        "desk": dossier.desk,
        "version": tracking.version,
        "due_at": tracking.due_at,
        "promised": dossier.promised_at is not None,
        "applicant": dossier.applicant,
        "language": dossier.language,
    }
    if stage == APPROACHING:
        return DueDateApproaching.model_validate(facts)
    late = now - tracking.due_at - LAST_SECOND
    return DueDateMissed.model_validate({**facts, "late_firing_s": int(late.total_seconds())})
