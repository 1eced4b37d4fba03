"""Messages that were in hand when their process ended: one of them may have ended it.

The broker's own count says only that: the killer and up to a prefetch of innocents come to its
limit together. So whoever was there more than once is handled alone, and that it is being handled
is written down first. The one that is found written down again and again did it.
"""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

from aio_pika.abc import AbstractIncomingMessage

from shared.errors import OutageError, PermanentError
from shared.events import Received
from shared.messaging import limits
from shared.mongo import Documents, Index

Handler = Callable[[Received], Awaitable[None]]

INDEXES = (Index(("at",), lasts=timedelta(days=1)),)  # of what a process left and nobody met again
DELIVERIES = "x-delivery-count"  # of quorum queues; absent the first time


def is_suspect(message: AbstractIncomingMessage) -> bool:
    """Say whether a message came back so often that it may be what ends the process."""
    times = message.headers.get(DELIVERIES)
    return isinstance(times, int) and times >= limits.SUSPECT_AFTER


def named(queue: str, body: bytes) -> str:
    """Return what stands for a message: copies of an event have one name."""
    return f"{queue} {hashlib.sha256(body).hexdigest()}"


class Suspects:
    """Lets the suspects of a process be handled one at a time, over all its queues.

    Args:
        documents: One row for each that is being handled, with the tries that have not ended.
    """

    def __init__(self, documents: Documents) -> None:
        self.documents = documents
        self._turns = asyncio.Lock()

    def alone(self, queue: str, message: AbstractIncomingMessage, handler: Handler) -> Handler:
        """Return the handler for a suspect: it waits for its turn, and is counted while it works.

        Whoever comes out of it alive is no suspect any more. It raises what the handler raises, and
        OutageError when the database is away or the turn does not come in time, PermanentError
        when the message has ended its process too often.
        """
        identifier = named(queue, message.body)

        async def handle(received: Received) -> None:
            async with self._turn(queue), self._counted(identifier):
                await handler(received)

        return handle

    @asynccontextmanager
    async def _turn(self, queue: str) -> AsyncGenerator[None, None]:
        try:
            async with asyncio.timeout(limits.OUTAGE_PATIENCE_S):
                await self._turns.acquire()
        except TimeoutError as error:
            raise OutageError(f"{queue}: others are handled alone") from error
        try:
            yield
        finally:
            self._turns.release()

    @asynccontextmanager
    async def _counted(self, identifier: str) -> AsyncGenerator[None, None]:
        await self._write_down(identifier)
        try:
            yield
        finally:
            with suppress(OutageError):  # then it only has a try less
                await self.documents.delete(identifier)

    async def _write_down(self, identifier: str) -> None:
        row = await self.documents.load(identifier)
        tries: int = row["tries"] if row else 0
        if tries >= limits.SUSPECT_TRIES:
            raise PermanentError(f"it ended its process {tries} times when it was handled alone")
        change = {"$inc": {"tries": 1}, "$set": {"at": datetime.now(UTC)}}
        await self.documents.update_each([({"_id": identifier}, change)], upsert=True)
