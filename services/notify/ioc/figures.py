"""The figures of the operations centre: what is counted, and what may be said of it. Pure.

The counting itself is a pipeline that the database runs over the journeys; this module writes it
and reads its answer.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.notify.ioc import guard
from services.notify.ioc.guard import Guarded

Pipeline = list[dict[str, Any]]
HOUR = timedelta(hours=1)
WORKS = "works"  # how many results have a working time; not shown
COUNTED_ONLY = frozenset({"state", "outcome"})  # tables that say nothing of working times
# What says how a case ended, and what its reporter thought of it.
GUARDED = (
    Guarded("resolved", ("on_time", "late", "on_time_share")),
    Guarded(WORKS, ("median_work_s", "p90_work_s"), adds_up=False),
    Guarded("answered", ("reopened", "reopened_share")),
    Guarded("rated", ("satisfaction", "satisfied_share")),
)
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
        only: Of unit, category, area, channel, state: the value that counts; others are left out.
    """

    moment: datetime
    past: bool = False
    since: datetime | None = None
    until: datetime | None = None
    only: Mapping[str, str] | None = None


# All working times of a group, and what is said of them: the list itself never leaves the database,
# whose documents end at 16 MB. What has no result pushes nothing.
PUSHED: dict[str, Any] = {
    WORKS: {
        "$push": {
            "$cond": [
                {"$and": [{"$ne": ["$s.on_time", None]}, {"$gt": ["$s.work_s", None]}]},
                "$s.work_s",
                "$$REMOVE",
            ]
        }
    }
}


def _at(place: Any) -> dict[str, Any]:
    return {"$arrayElemAt": [f"${WORKS}", {"$toInt": place}]}


_MANY = {"$size": f"${WORKS}"}
_HALVES = [
    {"$floor": {"$divide": [{"$subtract": [_MANY, 1]}, 2]}},
    {"$floor": {"$divide": [_MANY, 2]}},
]
MIDDLES: Pipeline = [
    {"$set": {WORKS: {"$sortArray": {"input": f"${WORKS}", "sortBy": 1}}}},
    {
        "$set": {
            WORKS: _MANY,
            "median_work_s": {"$avg": [_at(each) for each in _HALVES]},
            "p90_work_s": _at({"$subtract": [{"$ceil": {"$multiply": [0.9, _MANY]}}, 1]}),
        }
    },
]


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
    counted = _counted(asked.moment)
    facets = {"all": [{"$group": {"_id": None, **counted, **PUSHED}}, *MIDDLES]}
    for name in by:
        few = name in COUNTED_ONLY
        group = {"$group": {"_id": f"$s.{name}", **counted, **({} if few else PUSHED)}}
        facets[name] = [group, *([] if few else MIDDLES), {"$sort": {"_id": 1}}]
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
    }


def whole(group: Mapping[str, Any], small: int) -> dict[str, Any]:
    """Return what is said of all: its counts, and what is derived from enough of them.

    What a few cases stand behind is null, and named in `withheld`.
    """
    return _plain(guard.one(_row(group), GUARDED, small))


def rows(groups: Sequence[Mapping[str, Any]], name: str, small: int) -> list[dict[str, Any]]:
    """Return one row per group, its key under `name`, beside which only `whole` is shown."""
    return [_plain(each) for each in guard.table(_rows(groups, name), GUARDED, small)]


def together(
    found: Mapping[str, Sequence[Mapping[str, Any]]], names: Sequence[str], small: int
) -> dict[str, Any]:
    """Return what one answer says of all, in a table `by_<name>` for each name, and by outcome.

    Where a table has a row of a few, the names that come first go on telling what became of cases.
    """
    everything = whole((found.get("all") or [{}])[0], small)
    tables = [_rows(found.get(name, ()), name) for name in names]
    ended = [
        {"outcome": each["_id"], "resolved": each["resolved"], "on_time": each["on_time"]}
        for each in found.get("outcome", ())
        if each["resolved"]
    ]
    if 0 < sum(each["resolved"] for each in ended) < small:
        everything["withheld"].append("by_outcome")
        ended = []
    *shown, outcomes = guard.together([*tables, ended], GUARDED, small)
    return {
        **everything,
        "by_outcome": {
            each["outcome"]: {"total": each["resolved"], "on_time": each["on_time"]}
            for each in outcomes
            if each["outcome"]
        },
        **{f"by_{name}": list(map(_plain, each)) for name, each in zip(names, shown, strict=True)},
    }


def _rows(groups: Sequence[Mapping[str, Any]], name: str) -> list[dict[str, Any]]:
    return [{name: each["_id"], **_row(each)} for each in groups]


def _row(group: Mapping[str, Any]) -> dict[str, Any]:
    counts = {name: group.get(name, 0) for name in COUNTS}
    resolved, answered, rated = counts["resolved"], counts["answered"], counts["rated"]
    return {
        **counts,
        "on_time_share": round(counts["on_time"] / resolved, 4) if resolved else None,
        "median_work_s": group.get("median_work_s"),
        "p90_work_s": group.get("p90_work_s"),
        "reopened_share": round(counts["reopened"] / answered, 4) if answered else None,
        "satisfaction": round(group["score"] / rated, 4) if rated else None,
        "satisfied_share": round(group["satisfied"] / rated, 4) if rated else None,
        WORKS: group.get(WORKS, 0),
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != WORKS}
