"""How far the projections have come, and in which stream: one document for all replicas."""

import secrets
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from shared.errors import DuplicateError
from shared.mongo import Database, Document, Documents
from shared.topology import IOC_STREAM

EPOCH_BYTES = 4
PROJECTOR = "projector"
# Of journeys, dossiers' steps, boards. Raise it with a new field or meaning: all is built anew.
SHAPE = 5


@dataclass(frozen=True)
class Mark:
    """The watermark: everything up to `offset` of the stream of `epoch` is in the projections.

    Attributes:
        epoch: Names one life of the stream; a stream that was made anew gets another.
        generation: Rises with every rebuild.
        offset: -1 before the first event.
        event: Identity of the event at the offset; by it a stream made anew is told apart.
        at: When that event happened; None before the first.
        seen_at: When it had been seen at the latest; None before the first.
        shape: Of what the projections were built with.
    """

    epoch: str
    generation: int = 1
    offset: int = -1
    event: str = ""
    at: datetime | None = None
    seen_at: datetime | None = None
    shape: int = SHAPE


class Marks:
    """The mark, and the leases of those who work in turns, in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.documents = Documents(base, "marks")

    async def read(self) -> Mark:
        """Return the mark; the first call makes it."""
        found = await self.documents.load(IOC_STREAM)
        if found is None:
            mark = Mark(secrets.token_hex(EPOCH_BYTES))
            try:
                await self.documents.insert({"_id": IOC_STREAM, **asdict(mark)})
            except DuplicateError:
                return await self.read()
            return mark
        return _mark(found)

    async def advance(
        self, mark: Mark, offset: int, event: str, *, at: datetime, seen_at: datetime
    ) -> Mark | None:
        """Move the mark on; None when it is no longer the one that was read."""
        after = replace(mark, offset=offset, event=event, at=at, seen_at=seen_at)
        return after if await self._swap(mark, after) else None

    async def renew(self, mark: Mark) -> Mark:
        """Begin a new epoch, as the stream was made anew; return the mark as it is then."""
        anew = Mark(secrets.token_hex(EPOCH_BYTES), mark.generation, shape=mark.shape)
        await self._swap(mark, anew)
        return await self.read()

    async def rebuild(self) -> Mark:
        """Have the projectors read the stream from its beginning, in a new generation."""
        while True:
            mark = await self.read()
            if await self._swap(mark, Mark(mark.epoch, mark.generation + 1)):
                return await self.read()

    async def lease(
        self, holder: str, now: datetime, lasts: timedelta, *, turn: str = PROJECTOR
    ) -> bool:
        """Take or keep the lease of a turn; say whether it is held now."""
        until = {"holder": holder, "until": now + lasts}
        try:
            await self.documents.insert({"_id": turn, **until})
        except DuplicateError:
            free = {"$or": [{"holder": holder}, {"until": {"$lt": now}}]}
            return await self.documents.update_one({"_id": turn, **free}, {"$set": until})
        return True

    async def release(self, holder: str, *, turn: str = PROJECTOR) -> None:
        """Give the lease back."""
        await self.documents.update_one({"_id": turn, "holder": holder}, {"$set": {"holder": ""}})

    async def _swap(self, before: Mark, after: Mark) -> bool:
        names = ("epoch", "generation", "offset")
        same: Document = {name: getattr(before, name) for name in names}
        return await self.documents.update_one({"_id": IOC_STREAM, **same}, {"$set": asdict(after)})


def _mark(document: Document) -> Mark:
    names: tuple[str, ...] = ("epoch", "generation", "offset", "event", "at")
    known: dict[str, Any] = {name: document[name] for name in names}
    return Mark(**known, seen_at=document.get("seen_at"), shape=document.get("shape", 1))
