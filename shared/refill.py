"""Filling a queue that was deleted: what it heard lately is read again from the IOC stream.

A queue that somebody deletes takes its messages along, and until it is declared again the exchange
drops what it would have heard: an event that reaches the stream counts as routed, and its outbox
forgets it. The stream has it all. Handlers are idempotent, so more than was lost does no harm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
import structlog

from shared.errors import OutageError
from shared.stream import StreamEvent, StreamReader
from shared.topology import QueueSpec

log = structlog.get_logger()

# Ten seconds at most until the loss is seen, some until a successor has declared the queue, and
# what lay in it: a healthy consumer's queue is empty. An older backlog is what `since` is for.
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

    Args:
        reader: Opens the stream.
        send: How a message gets into a queue.
    """

    def __init__(self, reader: StreamReader, send: Send) -> None:
        self._reader = reader
        self._send = send

    async def fill(self, specs: Sequence[QueueSpec], since: datetime | None = None) -> None:
        """Put into each queue what it should have heard since then (aware); until it works."""
        declared_at = datetime.now(UTC)
        for spec in specs:
            while True:
                try:
                    sent = await self._fill(spec, since or declared_at - BACK, declared_at)
                except OutageError as error:
                    log.warning("refill.waits", queue=spec.name, reason=str(error))
                    await asyncio.sleep(AGAIN_S)
                else:
                    log.warning("refill.done", queue=spec.name, events=sent)
                    break

    async def _fill(self, spec: QueueSpec, since: datetime, until: datetime) -> int:
        sent, batch = 0, list[StreamEvent]()
        async with self._reader.read(since) as events:
            async for event in _until_silence(events):
                # Said after the queue was declared: it, and all behind it, was heard there.
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
