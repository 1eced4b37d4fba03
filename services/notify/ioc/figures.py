"""The figures of the operations centre: what is counted, and what may be said of it. Pure.

The counting itself is a pipeline that the database runs over the journeys; this module writes it
and reads its answer.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Pipeline = list[dict[str, Any]]
HOUR = timedelta(hours=1)
COUNTS = (
    *("total", "open", "overdue", "due_within_hour", "directives_open", "directives_overdue"),
    *("resolved", "on_time", "late", "answered", "reopened", "forwarded", "forwarded_late"),
    *("edited_after_deadline", "rated"),
)


@dataclass(frozen=True)
class Question:
    """Which cases are counted, and at which moment.

    Attributes:
        moment: Aware; the figures are those of this moment.
        past: Whether `moment` was named: then what came later is not seen.
        since, until: Of receipt, half open; None: no bound.
        only: Of unit, category, area, state: the value that counts; others are left out.
    """

    moment: datetime
    past: bool = False
    since: datetime | None = None
    until: datetime | None = None
    only: Mapping[str, str] | None = None


def pipeline(asked: Question, by: Sequence[str]) -> Pipeline:
    """Return the pipeline whose one answer holds `all`, and a list of groups for each of `by`."""
    received: dict[str, Any] = {"$lte": asked.moment}
    if asked.since:
        received["$gte"] = asked.since
    if asked.until:
        received["$lt"] = asked.until
    until_then = {"$filter": {"input": "$steps", "cond": {"$lte": ["$$this.at", asked.moment]}}}
    standing = {"$last": until_then} if asked.past else {"$last": "$steps"}
    wanted: dict[str, Any] = {"s": {"$type": "object"}}
    wanted |= {f"s.{name}": value for name, value in (asked.only or {}).items()}
    facets = {"all": [{"$group": {"_id": None, **_counted(asked.moment)}}]}
    for name in by:
        group = {"$group": {"_id": f"$s.{name}", **_counted(asked.moment)}}
        facets[name] = [group, {"$sort": {"_id": 1}}]
    return [
        {"$match": {"received_at": received}},
        {"$project": {"s": standing}},
        {"$match": wanted},
        {"$facet": facets},
    ]


def _counted(moment: datetime) -> dict[str, Any]:
    is_open: Any = "$s.open"
    late = {"$lt": ["$s.due_at", moment]}
    soon = {"$and": [{"$not": [late]}, {"$lt": ["$s.due_at", moment + HOUR]}]}
    directed = {"$gt": ["$s.directive_due_at", None]}
    rated = {"$ne": ["$s.score", None]}
    conditions: dict[str, Any] = {
        "open": is_open,
        "overdue": {"$and": [is_open, late]},
        "due_within_hour": {"$and": [is_open, soon]},
        "directives_overdue": {"$and": [directed, {"$lt": ["$s.directive_due_at", moment]}]},
        "resolved": {"$ne": ["$s.on_time", None]},
        "on_time": {"$eq": ["$s.on_time", True]},
        "late": {"$eq": ["$s.on_time", False]},
        "answered": {"$gt": ["$s.results", 0]},
        "reopened": {"$gt": ["$s.disputes", 0]},
        "forwarded": {"$gt": ["$s.forwards", 0]},
        "forwarded_late": {"$gt": ["$s.forwarded_late", 0]},
        "edited_after_deadline": {"$gt": ["$s.edited_late", 0]},
        "rated": rated,
    }
    return {
        "total": {"$sum": 1},
        "directives_open": {"$sum": "$s.directives_open"},
        **{name: {"$sum": {"$cond": [each, 1, 0]}} for name, each in conditions.items()},
        "score": {"$sum": "$s.score"},
        "satisfied": {"$sum": {"$cond": [{"$gte": ["$s.score", 4]}, 1, 0]}},
        "works": {"$push": {"$cond": [conditions["resolved"], "$s.work_s", None]}},
    }


def row(group: Mapping[str, Any], small: int) -> dict[str, Any]:
    """Return what is said of a group: its counts, and what is derived from enough of them.

    A share, a median or a satisfaction of fewer than `small` cases says something of single
    cases, or of single persons: it is null, and named in `withheld`.
    """
    counts = {name: group.get(name, 0) for name in COUNTS}
    works = sorted(each for each in group.get("works", ()) if each is not None)
    resolved, answered, rated = counts["resolved"], counts["answered"], counts["rated"]
    derived = {
        "on_time_share": (resolved, lambda: counts["on_time"] / resolved),
        "median_work_s": (len(works), lambda: statistics.median(works)),
        "p90_work_s": (len(works), lambda: works[math.ceil(0.9 * len(works)) - 1]),
        "reopened_share": (answered, lambda: counts["reopened"] / answered),
        "satisfaction": (rated, lambda: group["score"] / rated),
        "satisfied_share": (rated, lambda: group["satisfied"] / rated),
    }
    said = {
        name: round(value(), 4) if count >= small else None
        for name, (count, value) in derived.items()
    }
    withheld = [name for name, (count, _) in derived.items() if 0 < count < small]
    return {**counts, **said, "withheld": withheld}


def rows(groups: Sequence[Mapping[str, Any]], name: str, small: int) -> list[dict[str, Any]]:
    """Return one row per group, its key under `name`."""
    return [{name: each["_id"], **row(each, small)} for each in groups]
