"""Filling a queue that was deleted: what it heard lately is read again from the IOC stream.

A queue that somebody deletes takes its messages along, and until it is declared again the exchange
drops what it would have heard: an event that reaches the stream counts as routed, and its outbox
forgets it. The stream has it all. Handlers are idempotent, so more than was lost does no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

import orjson
import structlog

from shared import topology
from shared.errors import OutageError
from shared.mongo import Document, Documents
from shared.stream import StreamEvent, StreamReader
from shared.topology import QueueSpec

log = structlog.get_logger()

# Ten seconds at most until the loss is seen, some until a successor has declared the queue, and
# what lay in it: a healthy consumer's queue is empty.
BACK = timedelta(seconds=120)
SILENCE_S = 2.0  # of the stream: its end
AGAIN_S = 1.0
BATCH = 64  # confirms outstanding


class Send(Protocol):
    """Puts a message into one queue, confirmed."""

    def __call__(
        self, queue: str, body: bytes, headers: dict[str, Any], *, message_id: str | None = None
    ) -> Awaitable[None]:
        """Raise OutageError when it is not confirmed."""
        ...


class Refill:
    """Fills queues from the stream.

    A queue that was declared again is missed by nobody. So that it is owed is written down before,
    and whoever finds that at its start pays for the process that has ended meanwhile.

    Args:
        reader: Opens the stream.
        send: How a message gets into a queue.
        owed: The queues that are to be filled, and since when.
    """

    def __init__(self, reader: StreamReader, send: Send, owed: Documents) -> None:
        self._reader = reader
        self._send = send
        self._owed = owed

    async def owe(self, specs: Sequence[QueueSpec]) -> None:
        """Note that these queues, which are not there now, are to be filled.

        Raises:
            OutageError: it is not noted.
        """
        at = datetime.now(UTC)
        for spec in specs:  # each time a row of its own: a payment clears what it has seen
            await self._owed.insert({"_id": str(uuid4()), "queue": spec.name, "at": at})

    async def pay(self) -> None:
        """Put into each queue what it should have heard; until it works."""
        while True:
            try:
                while rows := await self._owed.find({}, sort=[("at", 1)]):
                    for row in rows:
                        await self._pay(row)
            except OutageError as error:
                log.warning("refill.waits", reason=str(error))
                await asyncio.sleep(AGAIN_S)
            else:
                return

    async def _pay(self, row: Document) -> None:
        for spec in topology.QUEUES:
            if spec.name == row["queue"]:
                sent = await self._fill(spec, row["at"] - BACK, datetime.now(UTC))
                log.warning("refill.done", queue=spec.name, events=sent)
        await self._owed.delete(row["_id"])

    async def _fill(self, spec: QueueSpec, since: datetime, until: datetime) -> int:
        sent, batch = 0, list[StreamEvent]()
        async with self._reader.read(since) as events:
            async for event in _until_silence(events):
                # Said after this began: it, and all behind it, was heard by the queue itself.
                if datetime.fromisoformat(orjson.loads(event.body)["time"]) > until:
                    break
                if any(matches(binding, event.key) for binding in spec.bindings):
                    batch.append(event)
                if len(batch) >= BATCH:
                    sent += await self._send_all(spec, batch)
                    batch = []
        return sent + await self._send_all(spec, batch)

    async def _send_all(self, spec: QueueSpec, batch: Sequence[StreamEvent]) -> int:
        await asyncio.gather(
            *(
                self._send(spec.name, each.body, {}, message_id=orjson.loads(each.body)["id"])
                for each in batch
            )
        )
        return len(batch)


def matches(binding: str, key: str) -> bool:
    """Say whether a topic binding of ours takes a routing key: exact, or `word.#`."""
    head, hash_, _ = binding.partition(".#")
    return key == binding or (bool(hash_) and (key == head or key.startswith(f"{head}.")))


async def _until_silence(events: AsyncIterator[StreamEvent]) -> AsyncIterator[StreamEvent]:
    while True:
        try:
            async with asyncio.timeout(SILENCE_S):
                event = await anext(events)
        except (TimeoutError, StopAsyncIteration):
            return
        yield event
