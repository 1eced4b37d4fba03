"""Tells a stream that was lost and made anew from the one that was followed before.

RabbitMQ gives a stream no identity that a reader can see. The witness is the last event that we
know of, by its offset and its bytes: where the stream holds it, it is the same stream.
"""

import asyncio
import hashlib

import structlog

from services.notify.ioc.marks import Mark, Marks
from shared.errors import OutageError
from shared.stream import StreamEvent, StreamReader

log = structlog.get_logger()

LOOK_S = 3.0  # within which the broker shows an event that it has
SILENT_LOOKS = 3  # of a stream that shows nothing at all, before it is taken for a new one


def identity(event: StreamEvent) -> str:
    """Return what tells one event at an offset from another."""
    return hashlib.sha256(event.body).hexdigest()[:16]


class Epochs:
    """Says which life of the stream this is; all replicas agree through the mark.

    Attributes:
        mark: As it was when that was asked last.
    """

    def __init__(self, marks: Marks) -> None:
        self.mark = Mark("")
        self._marks = marks
        self._silent = 0

    async def of(self, reader: StreamReader, known: str, last: StreamEvent | None) -> str:
        """Return the epoch of the stream as it is now.

        Args:
            reader: Opens the stream.
            known: The epoch that this process has followed; empty at its start.
            last: The last event of that epoch that it has seen.

        Raises:
            OutageError: it cannot be told now.
        """
        mark = self.mark = await self._marks.read()
        witness = (mark.offset, mark.event)
        if last is not None and mark.epoch == known:
            witness = (last.offset, identity(last))
        if witness[0] < 0 or await self._holds(reader, *witness):
            return mark.epoch
        self.mark = await self._marks.renew(mark)
        log.warning("ioc.stream_renewed", before=mark.epoch, now=self.mark.epoch)
        return self.mark.epoch

    async def reached(self, epoch: str) -> int:
        """Return how far the projections of all replicas have come in a life of the stream."""
        self.mark = await self._marks.read()
        return self.mark.offset if self.mark.epoch == epoch else -1

    async def _holds(self, reader: StreamReader, offset: int, event: str) -> bool:
        """Say whether the stream holds this event, or is already cut off behind it."""
        found = await first_event(reader, offset)
        if found is None:
            found = await first_event(reader, "last")
            if found is None:
                self._silent += 1
                if self._silent < SILENT_LOOKS:
                    raise OutageError("RabbitMQ: the IOC stream shows nothing yet")
                self._silent = 0
                return False
            found = await first_event(reader, offset)  # a broker that was slow is no broken promise
        self._silent = 0
        if found is None:
            return False
        return found.offset > offset or identity(found) == event


async def first_event(reader: StreamReader, start: int | str) -> StreamEvent | None:
    """Return what the stream shows first from there on, None when it shows nothing for long.

    Raises:
        OutageError: RabbitMQ is away.
    """
    try:
        async with asyncio.timeout(LOOK_S), reader.read(start) as events:
            return await anext(events)
    except TimeoutError:
        return None
