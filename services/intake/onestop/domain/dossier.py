"""A dossier: handed in, checked, examined, ready, handed out. Pure.

The limit is the procedure's, in working time from the hand-in. While the applicant owes something
the clock stands, and the due date moves by that much: the same engine counts it as for a report.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.onestop.catalogue import Procedure
from services.intake.onestop.errors import OneStopError
from shared.calendar import Calendar, CalendarEndsError, due_at
from shared.events.onestop import (
    DossierEvent,
    DossierProcessing,
    DossierReady,
    DossierReceived,
    DossierRefused,
    DossierReturned,
    DossierSnapshot,
    DossierSubmitted,
    DossierSupplementAsked,
    DossierSupplemented,
    DossierWithdrawn,
)
from shared.vocabulary import DossierState, Language, ReporterId

S = DossierState
OPEN = frozenset({S.SUBMITTED, S.RECEIVED, S.SUPPLEMENT, S.PROCESSING})

# Which event may follow in which state, and where it leads.
TRANSITIONS: Mapping[type[DossierEvent], tuple[frozenset[DossierState], DossierState]] = {
    DossierSubmitted: (frozenset(), S.SUBMITTED),
    DossierReceived: (frozenset({S.SUBMITTED}), S.RECEIVED),
    DossierSupplementAsked: (frozenset({S.SUBMITTED, S.RECEIVED, S.PROCESSING}), S.SUPPLEMENT),
    DossierSupplemented: (frozenset({S.SUPPLEMENT}), S.RECEIVED),
    DossierProcessing: (frozenset({S.RECEIVED}), S.PROCESSING),
    DossierReady: (frozenset({S.RECEIVED, S.PROCESSING}), S.READY),
    DossierReturned: (frozenset({S.READY}), S.RETURNED),
    DossierRefused: (OPEN, S.REFUSED),
    DossierWithdrawn: (OPEN, S.WITHDRAWN),
}


class Refusal(StrEnum):
    """Why a dossier is refused; a code, so that refusals can be counted."""

    NOT_ELIGIBLE = "not_eligible"
    NOT_COMPLETED = "not_completed"
    NOT_COMPETENT = "not_competent"
    FALSE_PAPERS = "false_papers"


class DossierError(OneStopError):
    """The root of what a dossier refuses; nothing changed."""


class DossierStateError(DossierError):
    """The dossier is in a state in which this cannot be done."""

    def __init__(self, state: DossierState, what: str) -> None:
        super().__init__(f"the dossier is {state}: no {what} now")
        self.state = state
        self.what = what


class ChecklistError(DossierError):
    """Papers are missing, or none of the procedure's; `items` names them."""

    def __init__(self, code: str, items: Sequence[str]) -> None:
        super().__init__(f"{code}: {', '.join(items)}")
        self.code = code
        self.items = items


class Part(BaseModel):
    """A part of a dossier: unchangeable."""

    model_config = ConfigDict(frozen=True)


class Pause(Part):
    """A time in which the applicant owed something; `until` is None while it lasts."""

    since: datetime
    until: datetime | None = None


class Dossier(Part):
    """A dossier as its steps make it.

    Attributes:
        code: The short code; with the day it is the number.
        snapshot: What everybody may need of it.
        sequence: The number of its latest event.
        present: Papers of the checklist that are there.
        missing: Those that were asked for and are not there yet.
        pauses: When the clock stood.
    """

    code: str
    snapshot: DossierSnapshot
    sequence: int = 0
    present: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def state(self) -> DossierState:
        """Where it stands."""
        return self.snapshot.state


@dataclass(frozen=True)
class Circumstances:
    """Who, when, by which procedure and calendar."""

    actor: str
    now: datetime
    procedure: Procedure
    calendar: Calendar


@dataclass(frozen=True)
class Step:
    """A dossier after a step, its event, and the words that stay with the dossier."""

    dossier: Dossier
    event: DossierEvent
    words: Mapping[str, Any]


@dataclass(frozen=True)
class HandIn:
    """What is known of a dossier that is handed in."""

    code: str
    number: str
    through: str
    papers: tuple[str, ...]
    applicant: ReporterId | None
    language: Language


def submit(given: HandIn, about: Circumstances) -> Step:
    """Open a dossier. Papers may be missing: then a clerk asks for them.

    Raises:
        ChecklistError: a paper that the procedure does not know.
    """
    _require_known(given.papers, about.procedure)
    limit = timedelta(hours=about.procedure.limit_hours)
    start = about.now.replace(microsecond=0)  # limits are kept to the second
    snapshot = DossierSnapshot(
        number=given.number,
        procedure=about.procedure.id,
        desk=about.procedure.desk,
        state=S.SUBMITTED,
        through=given.through,
        submitted_at=start,
        due_at=counted(start, limit, about.calendar),
        limit_s=int(limit.total_seconds()),
        calendar=about.calendar.version,
        applicant=given.applicant,
        language=given.language,
    )
    opened = Dossier(code=given.code, snapshot=snapshot, sequence=1, present=_unique(given.papers))
    event = DossierSubmitted(at=about.now, actor=about.actor, dossier=snapshot)
    return Step(opened, event, {"papers": list(opened.present)})


def receive(dossier: Dossier, papers: Sequence[str], text: str, about: Circumstances) -> Step:
    """Find it complete and give the receipt.

    Raises:
        ChecklistError: a required paper is missing.
    """
    _require(dossier, DossierReceived, "receive")
    _require_known(papers, about.procedure)
    present = _unique((*dossier.present, *papers))
    if missing := lacking(present, about.procedure):
        raise ChecklistError("incomplete", missing)
    return _go(dossier, DossierReceived, about, text=text, parts={"present": present})


def ask_supplement(dossier: Dossier, items: Sequence[str], text: str, about: Circumstances) -> Step:
    """Ask for what is missing: the clock stands until it is there."""
    _require(dossier, DossierSupplementAsked, "supplement")
    _require_known(items, about.procedure)
    asked = _unique(items) or lacking(dossier.present, about.procedure)
    parts = {
        "missing": asked,
        "present": tuple(each for each in dossier.present if each not in asked),
        "pauses": (*dossier.pauses, Pause(since=about.now)),
    }
    seen = {"paused_at": about.now}
    return _go(
        dossier, DossierSupplementAsked, about, text=text, parts=parts, seen=seen, items=asked
    )


def supply(dossier: Dossier, items: Sequence[str], text: str, about: Circumstances) -> Step:
    """Bring what was missing; the clock goes on, and its due date has moved.

    Raises:
        ChecklistError: not all of what was asked for.
    """
    _require(dossier, DossierSupplemented, "supply")
    _require_known(items, about.procedure)
    brought = _unique(items) or dossier.missing
    if missing := [each for each in dossier.missing if each not in brought]:
        raise ChecklistError("incomplete", missing)
    pauses = _resumed(dossier.pauses, about.now)
    start = dossier.snapshot.submitted_at
    limit = timedelta(seconds=dossier.snapshot.limit_s)
    seen = {"paused_at": None, "due_at": counted(start, limit, about.calendar, pauses)}
    parts = {
        "missing": (),
        "present": _unique((*dossier.present, *brought)),
        "pauses": pauses,
    }
    return _go(
        dossier, DossierSupplemented, about, text=text, parts=parts, seen=seen, items=brought
    )


def process(dossier: Dossier, text: str, about: Circumstances) -> Step:
    """Hand it to who examines it."""
    _require(dossier, DossierProcessing, "process")
    return _go(dossier, DossierProcessing, about, text=text)


def make_ready(dossier: Dossier, text: str, about: Circumstances) -> Step:
    """Say that the result waits; within the due second is on time."""
    _require(dossier, DossierReady, "ready")
    on_time = about.now.replace(microsecond=0) <= dossier.snapshot.due_at
    seen = {"ready_at": about.now, "on_time": on_time}
    return _go(dossier, DossierReady, about, text=text, seen=seen)


def hand_out(dossier: Dossier, text: str, about: Circumstances) -> Step:
    """Give the result to the applicant."""
    _require(dossier, DossierReturned, "return")
    return _go(dossier, DossierReturned, about, text=text)


def refuse(dossier: Dossier, reason: Refusal, text: str, about: Circumstances) -> Step:
    """Refuse it, with a reason that is counted and words that are read."""
    _require(dossier, DossierRefused, "refuse")
    on_time = about.now.replace(microsecond=0) <= dossier.snapshot.due_at
    seen = {"paused_at": None, "on_time": on_time}
    return _go(dossier, DossierRefused, about, text=text, seen=seen, reason=reason.value)


def withdraw(dossier: Dossier, text: str, about: Circumstances) -> Step:
    """Take it back."""
    _require(dossier, DossierWithdrawn, "withdraw")
    return _go(dossier, DossierWithdrawn, about, text=text, seen={"paused_at": None})


def lacking(present: Sequence[str], procedure: Procedure) -> tuple[str, ...]:
    """Return the required papers that are not there."""
    return tuple(
        each.id for each in procedure.checklist if each.required and each.id not in present
    )


def counted(
    start: datetime, limit: timedelta, calendar: Calendar, pauses: Sequence[Pause] = ()
) -> datetime:
    """Return when a limit of working time is used up, without the pauses that have ended; UTC.

    Past the announced years the last known week goes on, as for every promise.
    """
    spans = [(each.since, each.until) for each in pauses if each.until]
    try:
        found = due_at(start, limit, calendar, spans)
    except CalendarEndsError:
        found = due_at(start, limit, calendar.provisional(), spans)
    return found.astimezone(UTC)


def _resumed(pauses: Sequence[Pause], now: datetime) -> tuple[Pause, ...]:
    return tuple(each if each.until else each.model_copy(update={"until": now}) for each in pauses)


def _unique(items: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(items))


def _require(dossier: Dossier, event: type[DossierEvent], what: str) -> None:
    if dossier.state not in TRANSITIONS[event][0]:
        raise DossierStateError(dossier.state, what)


def _require_known(items: Sequence[str], procedure: Procedure) -> None:
    known = {each.id for each in procedure.checklist}
    if unknown := [each for each in items if each not in known]:
        raise ChecklistError("unknown_paper", unknown)


def _go(
    dossier: Dossier,
    event: type[DossierEvent],
    about: Circumstances,
    *,
    text: str = "",
    parts: Mapping[str, Any] | None = None,
    seen: Mapping[str, Any] | None = None,
    **fields: Any,
) -> Step:
    snapshot = dossier.snapshot.model_copy(update={"state": TRANSITIONS[event][1], **(seen or {})})
    after = dossier.model_copy(
        update={"snapshot": snapshot, "sequence": dossier.sequence + 1, **(parts or {})}
    )
    said = event(at=about.now, actor=about.actor, dossier=snapshot, **fields)
    words = {"text": text} if text else {}
    return Step(after, said, words)
