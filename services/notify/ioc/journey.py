"""What the figures need of a case: one step per event, folded from the stream. Pure.

A step is where the case stood after an event, with what has added up until then, so that any past
moment is the last step before it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from shared.events import (
    CaseAssigned,
    CaseEvent,
    CaseForwarded,
    CaseRated,
    CaseRecategorised,
    CaseResolved,
    CaseSnapshot,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    EvidenceAdded,
)
from shared.vocabulary import State

Step: TypeAlias = dict[str, Any]
# Time on the clock of a case between two instants: working time, or plain for an elapsed limit.
Worked: TypeAlias = Callable[[CaseSnapshot, datetime, datetime], timedelta]

DONE = frozenset({State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN})
LATE_SHARE = 0.5  # who forwards after half of the limit leaves the next unit less than they had
EDITS = (CaseRecategorised, CoordinationProposed, CoordinationApproved, CoordinationMoved)


def begun() -> Step:
    """Return what has added up before the first event."""
    return {
        "results": 0,
        "outcome": None,
        "work_s": None,
        "forwards": 0,
        "forwarded_late": 0,
        "edited_late": 0,
        "score": None,
    }


def step(
    before: Mapping[str, Any],
    sequence: int,
    event: CaseEvent | None,
    case: CaseSnapshot,
    *,
    at: datetime,
    worked: Worked,
) -> Step:
    """Return the step after an event.

    Args:
        before: The last step, or `begun()`.
        sequence: The event's number.
        event: What happened; None for a type that this version does not know.
        case: The snapshot after it.
        at: When it happened; aware.
        worked: Time on the case's clock.
    """
    return {
        **{name: before[name] for name in begun()},
        **_added(before, event, case, at=at, worked=worked),
        "n": sequence,
        "at": at,
        "state": case.state.value,
        "open": case.state not in DONE,
        "category": case.category,
        "area": case.area,
        "unit": case.unit,
        "channel": case.channel.value,
        "due_at": case.counts_at,
        "place": [case.place.lat, case.place.lon] if case.place else None,
        "on_time": case.on_time if case.resolved_at else None,
        "disputes": case.disputes,
        "directives_open": case.directives_open,
        "directive_due_at": case.directive_due_at,
    }


def _added(
    before: Mapping[str, Any],
    event: CaseEvent | None,
    case: CaseSnapshot,
    *,
    at: datetime,
    worked: Worked,
) -> Step:
    """Return what an event adds to what has added up."""
    match event:
        case CaseResolved(outcome=outcome):
            start = case.counted_from or case.received_at
            spent = round(worked(case, start, at).total_seconds())
            return {"results": before["results"] + 1, "outcome": outcome, "work_s": spent}
        case CaseForwarded():
            used = worked(case, case.counted_from or case.received_at, at).total_seconds()
            late = used > LATE_SHARE * case.limit_s
            return {
                "forwards": before["forwards"] + 1,
                "forwarded_late": before["forwarded_late"] + late,
            }
        case CaseRated(score=score):
            return {"score": score}
        case _ if event and event.by is not None and _edits(before, event, case):
            # the date before the event: a stricter category's date was nobody's deadline yet
            late = at > before.get("due_at", case.counts_at)
            return {"edited_late": before["edited_late"] + late}
        case _:
            return {}


def _edits(before: Mapping[str, Any], event: CaseEvent, case: CaseSnapshot) -> bool:
    """Say whether an official changed what a case is judged by: category, dates or the evidence.

    The photos of a result go in before it: only those beside a result that stands are an edit.
    """
    match event:
        case CaseAssigned():
            return before.get("category", case.category) != case.category
        case EvidenceAdded():
            return before.get("on_time") is not None
        case _:
            return isinstance(event, EDITS)
