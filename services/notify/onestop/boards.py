"""Every board of every desk's day, so that the hall of any past moment can be shown."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from shared.events import Received
from shared.events.onestop import Board
from shared.mongo import Change, Database, Documents, Index

BOARDS = "onestop_boards"
KEPT = timedelta(days=400)  # as the stream, from which they can be built again


class PastBoards:
    """One document per event of a number: which board it showed, and when."""

    def __init__(self, base: Database) -> None:
        indexes = (Index(("board.on", "at")), Index(("at",), lasts=KEPT))
        self.documents = Documents(base, BOARDS, indexes)

    async def keep(self, changes: Sequence[Change]) -> None:
        """Keep boards (see `kept`); any of them may be there already."""
        await self.documents.update_each(changes, upsert=True)

    async def of(self, on: date, moment: datetime) -> list[Board]:
        """Return the boards of a working day as they were at a moment, by desk."""
        found = self.documents.aggregate(
            [
                {"$match": {"board.on": on.isoformat(), "at": {"$lte": moment}}},
                {"$sort": {"n": 1}},
                {"$group": {"_id": "$board.desk", "board": {"$last": "$board"}}},
                {"$sort": {"_id": 1}},
            ]
        )
        return [Board.model_validate(each["board"]) async for each in found]

    async def latest_day(self, since: date, moment: datetime) -> date | None:
        """Return the newest day from `since` on of which a board was known at a moment."""
        found = await self.documents.find(
            {"board.on": {"$gte": since.isoformat()}, "at": {"$lte": moment}},
            sort=[("board.on", -1)],
            limit=1,
        )
        return date.fromisoformat(found[0]["board"]["on"]) if found else None


def kept(received: Received, board: Board) -> Change:
    """Return the write that keeps what an event's board was; twice is once."""
    new = {"n": received.sequence, "at": received.time, "board": board.model_dump(mode="json")}
    return {"_id": f"{received.subject}.{received.sequence}"}, {"$setOnInsert": new}
