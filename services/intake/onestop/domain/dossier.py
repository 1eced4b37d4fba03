"""A dossier: handed in, checked, examined, ready, handed out. Pure.

The limit is the procedure's, in working time from the hand-in. While the applicant owes something
the clock stands, and the due date moves by that much: the same engine counts it as for a report.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.onestop.catalogue import Procedure
from services.intake.onestop.domain.dossier_parts import (
    TRANSITIONS,
    ChecklistError,
    Circumstances,
    Dossier,
    DossierStateError,
    HandIn,
    Pause,
    PromisedError,
    PromiseError,
    Refusal,
    S,
    Step,
)
from shared.calendar import Calendar, due_at, working_time
from shared.deadline import lasting
from shared.events.onestop import (
    DossierEvent,
    DossierPostponed,
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

FARTHEST = timedelta(days=366)  # a new date beyond it is a mistyped year


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
    """Ask for what is missing: the clock stands until it is there.

    With the papers that the clerk names go the required ones that are not there, so that the
    applicant comes once.

    Raises:
        ChecklistError: neither papers nor words say what is asked for.
    """
    _require(dossier, DossierSupplementAsked, "supplement")
    _require_known(items, about.procedure)
    present = tuple(each for each in dossier.present if each not in items)
    asked = _unique((*items, *lacking(present, about.procedure)))
    if not asked and not text:
        raise ChecklistError("missing", ())
    parts = {
        "missing": asked,
        "present": present,
        "pauses": (*dossier.pauses, Pause(since=about.now)),
    }
    seen = {"paused_at": about.now}
    return _go(
        dossier, DossierSupplementAsked, about, text=text, parts=parts, seen=seen, items=asked
    )


def supply(dossier: Dossier, items: Sequence[str], text: str, about: Circumstances) -> Step:
    """Bring what was missing; when nothing lacks, the clock goes on and the due date has moved.

    Until then it keeps waiting, for what still lacks.

    Raises:
        ChecklistError: no paper is named though papers were asked for, or none of those.
    """
    _require(dossier, DossierSupplemented, "supply")
    _require_known(items, about.procedure)
    brought = _unique(items)
    if not brought and (dossier.missing or not text):
        raise ChecklistError("missing", dossier.missing)
    present = _unique((*dossier.present, *brought))
    owed = [each for each in dossier.missing if each not in brought]
    owed = _unique((*owed, *lacking(present, about.procedure)))
    if owed and not set(brought) & {*dossier.missing, *lacking(dossier.present, about.procedure)}:
        raise ChecklistError("incomplete", owed)
    parts: dict[str, Any] = {"missing": owed, "present": present}
    seen: dict[str, Any] = {"state": S.SUPPLEMENT}
    if not owed:
        parts["pauses"], seen = _resumed(dossier, about)
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
    """Refuse it, with a reason that is counted and words that are read.

    An open pause ends here: the time in which the applicant owed something makes nothing late.
    """
    _require(dossier, DossierRefused, "refuse")
    pauses, moved = _resumed(dossier, about)
    seen = {**moved, "on_time": about.now.replace(microsecond=0) <= moved["due_at"]}
    parts = {"pauses": pauses}
    return _go(
        dossier, DossierRefused, about, text=text, parts=parts, seen=seen, reason=reason.value
    )


def withdraw(dossier: Dossier, text: str, about: Circumstances) -> Step:
    """Take it back."""
    _require(dossier, DossierWithdrawn, "withdraw")
    pauses, seen = _resumed(dossier, about)
    return _go(dossier, DossierWithdrawn, about, text=text, parts={"pauses": pauses}, seen=seen)


def postpone(dossier: Dossier, to: datetime, text: str, about: Circumstances) -> Step:
    """Tell a new date, once, for a result that cannot be there in time; the words say why.

    Whether it was on time goes by the first promise all the same.

    Raises:
        PromisedError: there is a new date already.
        PromiseError: the date is over, no later than the old one, or more than a year away.
    """
    _require(dossier, DossierPostponed, "postpone")
    if dossier.snapshot.promised_at is not None:
        raise PromisedError(dossier.code)
    to = to.replace(microsecond=0).astimezone(UTC)
    if to <= max(about.now, dossier.snapshot.due_at):
        raise PromiseError("too_early")
    if to > about.now + FARTHEST:
        raise PromiseError("too_late")
    return _go(dossier, DossierPostponed, about, text=text, seen={"promised_at": to})


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
    found = lasting(calendar, lambda known: due_at(start, limit, known, spans))
    return found.astimezone(UTC)


def _resumed(dossier: Dossier, about: Circumstances) -> tuple[tuple[Pause, ...], dict[str, Any]]:
    """Return the pauses, the open one ended, and what moves by them: the dates."""
    before = dossier.snapshot
    if before.paused_at is None:
        return dossier.pauses, {"due_at": before.due_at}
    pauses = tuple(
        each if each.until else each.model_copy(update={"until": about.now})
        for each in dossier.pauses
    )
    limit = timedelta(seconds=before.limit_s)
    since, promised = before.paused_at, before.promised_at
    if promised:
        stood = lasting(about.calendar, lambda known: working_time(since, about.now, known))
        promised = counted(promised, stood, about.calendar)
    return pauses, {
        "paused_at": None,
        "due_at": counted(before.submitted_at, limit, about.calendar, pauses),
        "promised_at": promised,
    }


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
    state = TRANSITIONS[event][1] or dossier.state
    snapshot = dossier.snapshot.model_copy(update={"state": state, **(seen or {})})
    after = dossier.model_copy(
        update={"snapshot": snapshot, "sequence": dossier.sequence + 1, **(parts or {})}
    )
    said = event(at=about.now, actor=about.actor, dossier=snapshot, **fields)
    words = {"text": text} if text else {}
    return Step(after, said, words)
