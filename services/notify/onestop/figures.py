"""The counter's figures: the newest board of every desk's day, the newest snapshot of a dossier.

An event carries its figures, so whoever heard only the last one shows the same as who heard all.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from shared.events import Received
from shared.events.onestop import Board, DossierEvent, DossierSnapshot, TicketEvent
from shared.mongo import Change, Database, Documents, Index
from shared.vocabulary import DossierState

DESKS = "onestop_desks"
DOSSIERS = "onestop_dossiers"
MOST_DESKS = 200
OPEN = [
    each.value
    for each in (
        DossierState.SUBMITTED,
        DossierState.RECEIVED,
        DossierState.SUPPLEMENT,
        DossierState.PROCESSING,
    )
]


class OnestopFigures:
    """Figures in MongoDB, by desk and day, and by dossier."""

    def __init__(self, base: Database) -> None:
        self.desks = Documents(base, DESKS, (Index(("board.on",)),))
        self.dossiers = Documents(base, DOSSIERS, (Index(("dossier.state", "dossier.due_at")),))

    async def note(self, received: Received) -> None:
        """Keep what an event says of a desk's day or a dossier, unless newer news is there."""
        match received.event:
            case TicketEvent(board=board):
                await self.desks.update_each([_newest(received, "board", board)], upsert=True)
            case DossierEvent(dossier=dossier):
                await self.dossiers.update_each(
                    [_newest(received, "dossier", dossier)], upsert=True
                )
            case _:
                return

    async def boards(self, on: date) -> list[Board]:
        """Return the newest board of each desk for a working day."""
        found = await self.desks.find(
            {"board.on": on.isoformat()}, sort=[("_id", 1)], limit=MOST_DESKS
        )
        return [Board.model_validate(each["board"]) for each in found]

    async def newest_boards(self) -> list[tuple[int, Board]]:
        """Return the boards of the newest days, each with its version, the oldest first."""
        found = await self.desks.find({}, sort=[("board.on", -1)], limit=MOST_DESKS)
        newest: dict[str, tuple[int, Board]] = {}
        for each in reversed(found):
            board = Board.model_validate(each["board"])
            newest[board.desk] = (each["sequence"], board)
        return list(newest.values())

    async def latest_day(self) -> date | None:
        """Return the newest day of which a board is known."""
        found = await self.desks.find({}, sort=[("board.on", -1)], limit=1)
        return date.fromisoformat(found[0]["board"]["on"]) if found else None

    async def dossier_figures(self, now: datetime) -> dict[str, Any]:
        """Count dossiers: open, overdue, standing, on time and late, in all and by desk."""
        is_open = {"$in": ["$dossier.state", OPEN]}
        paused = {"$eq": ["$dossier.state", DossierState.SUPPLEMENT.value]}
        overdue = {"$and": [is_open, {"$not": [paused]}, {"$lt": ["$dossier.due_at", now]}]}
        figures = {
            "total": {"$sum": 1},
            "open": _many(is_open),
            "overdue": _many(overdue),
            "waiting_for_papers": _many(paused),
            "on_time": _many({"$eq": ["$dossier.on_time", True]}),
            "late": _many({"$eq": ["$dossier.on_time", False]}),
        }
        facets = {
            "all": [{"$group": {"_id": None, **figures}}],
            "by_desk": [{"$group": {"_id": "$dossier.desk", **figures}}, {"$sort": {"_id": 1}}],
            "by_state": [{"$group": {"_id": "$dossier.state", "total": {"$sum": 1}}}],
        }
        async for found in self.dossiers.aggregate([{"$facet": facets}]):
            return _plain(found, figures)
        return _plain({}, figures)


def _newest(received: Received, name: str, said: Board | DossierSnapshot) -> Change:
    query = {"_id": received.subject, "sequence": {"$lt": received.sequence}}
    # instants stay instants, so that they compare; a day has no type of its own in MongoDB
    plain = said.model_dump(mode="json" if isinstance(said, Board) else "python")
    return query, {"$set": {"sequence": received.sequence, name: plain}}


def _many(condition: Mapping[str, Any]) -> dict[str, Any]:
    return {"$sum": {"$cond": [condition, 1, 0]}}


def _plain(found: Mapping[str, Sequence[Mapping[str, Any]]], names: Mapping[str, Any]) -> Any:
    totals = found.get("all") or [dict.fromkeys(names, 0)]
    return {
        **{name: totals[0][name] for name in names},
        "by_state": {each["_id"]: each["total"] for each in found.get("by_state", ())},
        "by_desk": [
            {"desk": each["_id"], **{name: each[name] for name in names}}
            for each in found.get("by_desk", ())
        ],
    }
