"""The counter's dossiers in figures: where each stood at a moment, and what came out of a period.

A dossier keeps a step for each of its events, so that any past moment is the last step before it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notify.ioc import guard
from services.notify.ioc.guard import Guarded
from shared.events import Received
from shared.events.onestop import DossierSnapshot
from shared.vocabulary import DossierState

OPEN = [
    each.value
    for each in (
        DossierState.SUBMITTED,
        DossierState.RECEIVED,
        DossierState.SUPPLEMENT,
        DossierState.PROCESSING,
    )
]
GUARDED = (Guarded("decided", ("on_time", "late", "on_time_share")),)
COUNTS = ("total", "open", "overdue", "waiting_for_papers", "decided", "on_time", "late")


@dataclass(frozen=True)
class Span:
    """What is asked of dossiers.

    Attributes:
        moment: Aware; how they stood then, and what had come out of them by then.
        since, until: Of what came out (ready or refused), half open; None: no bound.
    """

    moment: datetime
    since: datetime | None = None
    until: datetime | None = None


def step(received: Received, dossier: DossierSnapshot) -> dict[str, Any]:
    """Return what is kept of a dossier's event; `decided_at` is when it was ready or refused."""
    refused = received.time if dossier.state is DossierState.REFUSED else None
    return {
        "n": received.sequence,
        "at": received.time,
        "state": dossier.state.value,
        "desk": dossier.desk,
        "due_at": dossier.due_at,
        "on_time": dossier.on_time,
        "decided_at": dossier.ready_at or refused,
    }


def pipeline(span: Span) -> list[dict[str, Any]]:
    """Return the pipeline whose one answer counts dossiers in all, by desk and by state."""
    until_then = {"$filter": {"input": "$steps", "cond": {"$lte": ["$$this.at", span.moment]}}}
    # of one from before steps were kept only the newest snapshot is known
    lone = {"$mergeObjects": ["$dossier", {"decided_at": "$dossier.ready_at"}]}
    standing = {"$cond": [{"$isArray": "$steps"}, {"$last": until_then}, lone]}
    counted = _counted(span)
    return [
        {"$match": {"dossier.submitted_at": {"$lte": span.moment}}},
        {"$project": {"s": standing}},
        {"$match": {"s": {"$type": "object"}}},
        {
            "$facet": {
                "all": [{"$group": {"_id": None, **counted}}],
                "by_desk": [{"$group": {"_id": "$s.desk", **counted}}, {"$sort": {"_id": 1}}],
                "by_state": [
                    {"$group": {"_id": "$s.state", "total": {"$sum": 1}}},
                    {"$sort": {"_id": 1}},
                ],
            }
        },
    ]


def _counted(span: Span) -> dict[str, Any]:
    is_open = {"$in": ["$s.state", OPEN]}
    paused = {"$eq": ["$s.state", DossierState.SUPPLEMENT.value]}
    bounds: list[dict[str, Any]] = [{"$ne": ["$s.on_time", None]}]
    if span.since or span.until:  # of one from before steps were kept nobody knows when
        bounds.append({"$ne": ["$s.decided_at", None]})
    if span.since:
        bounds.append({"$gte": ["$s.decided_at", span.since]})
    if span.until:
        bounds.append({"$lt": ["$s.decided_at", span.until]})
    late = {"$and": [is_open, {"$not": [paused]}, {"$lt": ["$s.due_at", span.moment]}]}
    return {
        "total": {"$sum": 1},
        "open": _many(is_open),
        "overdue": _many(late),
        "waiting_for_papers": _many(paused),
        "decided": _many({"$and": bounds}),
        "on_time": _many({"$and": [*bounds, {"$eq": ["$s.on_time", True]}]}),
        "late": _many({"$and": [*bounds, {"$eq": ["$s.on_time", False]}]}),
    }


def _many(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def said(found: Mapping[str, Sequence[Mapping[str, Any]]], span: Span, small: int) -> Any:
    """Return what is told of the counts: nothing of what came out of a few."""
    everything = (found.get("all") or [{}])[0]
    desks = [{"desk": each["_id"], **_row(each)} for each in found.get("by_desk", ())]
    return {
        "as_of": span.moment,
        "from": span.since,
        "to": span.until,
        **guard.one(_row(everything), GUARDED, small),
        "by_state": {each["_id"]: each["total"] for each in found.get("by_state", ())},
        "by_desk": guard.table(desks, GUARDED, small),
    }


def _row(group: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: group.get(name, 0) for name in COUNTS}
    decided = counts["decided"]
    share = round(counts["on_time"] / decided, 4) if decided else None
    return {**counts, "on_time_share": share}
