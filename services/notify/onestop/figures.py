"""The counter's figures: the newest board of every desk's day, the newest snapshot of a dossier.

An event carries its figures, so whoever heard only the last one shows the same as who heard all. A
dossier's steps and a desk's boards are kept as well: they say how it stood before.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from services.notify.onestop.boards import PastBoards, kept
from services.notify.onestop.dossiers import Span, pipeline, said, step
from shared.events import Received
from shared.events.onestop import Board, DossierEvent, DossierSnapshot, TicketEvent
from shared.mongo import Change, Database, Documents, Index

DESKS = "onestop_desks"
DOSSIERS = "onestop_dossiers"
MOST_DESKS = 200


class OnestopFigures:
    """Figures in MongoDB, by desk and day, and by dossier."""

    def __init__(self, base: Database) -> None:
        self.desks = Documents(base, DESKS, (Index(("board.on",)),))
        self.past = PastBoards(base)
        self.dossiers = Documents(base, DOSSIERS, (Index(("dossier.state", "dossier.due_at")),))

    async def note(self, received: Received) -> None:
        """Keep what an event says of a desk's day or a dossier, unless newer news is there."""
        await self.note_each([received])

    async def note_each(self, heard: Sequence[Received]) -> None:
        """Keep what events say; any of them may have been heard before."""
        desks: list[Change] = []
        boards: list[Change] = []
        dossiers: list[Change] = []
        steps: list[Change] = []
        for received in sorted(heard, key=lambda each: each.sequence):
            match received.event:
                case TicketEvent(board=board):
                    desks.append(_newest(received, "board", board))
                    boards.append(kept(received, board))
                case DossierEvent(dossier=dossier):
                    dossiers.append(_newest(received, "dossier", dossier))
                    steps.append(_step(received, dossier))
                case _:
                    pass
        await self.desks.update_each(_last_of_each(desks), upsert=True)
        await self.past.keep(boards)
        await self.dossiers.update_each(_last_of_each(dossiers), upsert=True)
        await self.dossiers.update_each(steps)  # the dossiers are there now

    async def boards(self, on: date, at: datetime | None = None) -> list[Board]:
        """Return the newest board of each desk for a working day, or those of a past moment."""
        if at:
            return await self.past.of(on, at)
        found = await self.desks.find(
            {"board.on": on.isoformat()}, sort=[("_id", 1)], limit=MOST_DESKS
        )
        return [Board.model_validate(each["board"]) for each in found]

    async def newest_boards(self) -> list[tuple[int, Board]]:
        """Return the boards of the newest days, each with its version, the oldest first."""
        found = await self.desks.find({}, sort=[("board.on", -1)], limit=MOST_DESKS)
        return [(each["sequence"], Board.model_validate(each["board"])) for each in reversed(found)]

    async def latest_day(self, since: date, at: datetime | None = None) -> date | None:
        """Return the newest day of which a board is known; of a past moment, from `since` on."""
        if at:
            return await self.past.latest_day(since, at)
        found = await self.desks.find({}, sort=[("board.on", -1)], limit=1)
        return date.fromisoformat(found[0]["board"]["on"]) if found else None

    async def dossier(self, code: str) -> DossierSnapshot | None:
        """Return the newest snapshot of a dossier that was heard, by its short code."""
        found = await self.dossiers.load(code)
        return DossierSnapshot.model_validate(found["dossier"]) if found else None

    async def dossier_figures(self, span: Span, small: int) -> dict[str, Any]:
        """Count dossiers as they stood: open, overdue, paused; and on time of what came out."""
        async for found in self.dossiers.aggregate(pipeline(span)):
            return said(found, span, small)
        return said({}, span, small)


def _last_of_each(changes: Sequence[Change]) -> list[Change]:
    return list({change[0]["_id"]: change for change in changes}.values())


def _step(received: Received, dossier: DossierSnapshot) -> Change:
    new = {"_id": received.subject, "steps.n": {"$ne": received.sequence}}
    # two who keep steps may meet: the order is that of the events, not that of the writes
    each = {"$each": [step(received, dossier)], "$sort": {"n": 1}}
    return new, {"$push": {"steps": each}}


def _newest(received: Received, name: str, said: Board | DossierSnapshot) -> Change:
    query = {"_id": received.subject, "sequence": {"$lt": received.sequence}}
    # instants stay instants, so that they compare; a day has no type of its own in MongoDB
    plain = said.model_dump(mode="json" if isinstance(said, Board) else "python")
    return query, {"$set": {"sequence": received.sequence, name: plain}}
