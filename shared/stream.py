"""Reading the IOC stream over AMQP: from any offset or moment, as often as one likes.

A RabbitMQ stream keeps what it delivered; every message carries its offset, which is the cursor
of every reader (`after=`, `Last-Event-ID`). Whoever may write to the exchange can put anything on
the stream: what is no event of ours has its offset there, and no reader gets it.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import aio_pika
import orjson
import structlog
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from aio_pika.exceptions import ChannelNotFoundEntity

from shared import topology
from shared.errors import OutageError
from shared.events import Envelope
from shared.messaging import address, broker_work
from shared.telemetry import FOREIGN

log = structlog.get_logger()

PREFETCH = 500  # on its way to one reader; acknowledged in halves
OFFSET_HEADER = "x-stream-offset"
OPEN_S = 5.0

Arrived: TypeAlias = "asyncio.Queue[AbstractIncomingMessage | None]"  # None: the reader has ended
ENVELOPE = b'{"specversion":'  # how to_wire() begins: other bytes are put in front of what follows


class StreamMissingError(OutageError):
    """The broker is there and the stream is not: somebody deleted it."""


@dataclass(frozen=True)
class StreamEvent:
    """One message of the stream: its offset, its routing key (the event type), its bytes."""

    offset: int
    key: str
    body: bytes


Events: TypeAlias = AsyncIterator[StreamEvent]


def is_event(key: str, body: bytes) -> bool:
    """Say whether a message is an event of ours: an envelope on one line, under its own type."""
    if not body.startswith(ENVELOPE) or b"\n" in body or b"\r" in body:
        return False
    try:
        return Envelope.model_validate(orjson.loads(body)).type == key
    except ValueError:  # pydantic's too
        return False


class StreamReader:
    """Opens readers on the IOC stream, each with a channel of its own on one connection."""

    def __init__(self, url: str, name: str) -> None:
        self._url = address(url, f"{name} reads")
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()
        self._told_of_foreign = False

    async def stop(self) -> None:
        """Close the connection, and every reader with it."""
        if self._connection:
            await self._connection.close()

    @asynccontextmanager
    async def read(
        self, start: int | datetime | str
    ) -> AsyncGenerator[AsyncIterator[StreamEvent], None]:
        """Open the stream at an offset, a moment, or `first`, `last` or `next`.

        A reader ends with OutageError when its channel closes or the stream is deleted; open the
        next one after the last offset that was seen.

        Raises:
            OutageError: RabbitMQ cannot be reached.
            StreamMissingError: RabbitMQ has no stream; it was deleted.
        """
        arrived: Arrived = asyncio.Queue()
        async with broker_work(OPEN_S):
            channel = await (await self._connect()).channel(publisher_confirms=False)
        try:
            await _open(channel, start, arrived)
            yield self._ours(_events(arrived, start if isinstance(start, int) else 0))
        finally:
            with suppress(OutageError):
                async with broker_work(OPEN_S):
                    await channel.close()

    async def _ours(self, events: Events) -> Events:
        """Pass over what is no event of ours: it would break every page and frame that it is in."""
        async for event in events:
            if is_event(event.key, event.body):
                yield event
                continue
            FOREIGN.inc()
            if not self._told_of_foreign:  # once: a replay meets the same ones again
                self._told_of_foreign = True
                log.warning("stream.foreign_message", offset=event.offset)

    async def _connect(self) -> AbstractConnection:
        async with self._connecting:
            if self._connection is None or not self._connection.connected.is_set():
                # Not a robust one: that would start its readers again where they once began.
                self._connection = await aio_pika.connect(self._url)
            return self._connection


async def _open(channel: AbstractChannel, start: int | datetime | str, arrived: Arrived) -> None:
    try:
        async with broker_work(OPEN_S):
            await _consume(channel, start, arrived)
    except OutageError as error:
        if isinstance(error.__cause__, ChannelNotFoundEntity):
            raise StreamMissingError("RabbitMQ: the IOC stream is not there") from error
        raise


async def _consume(channel: AbstractChannel, start: int | datetime | str, arrived: Arrived) -> None:
    def ended(*_: object) -> None:
        arrived.put_nowait(None)

    channel.close_callbacks.add(ended)
    underlay: Any = await channel.get_underlay_channel()
    underlay.on_consumer_cancel_callbacks.add(ended)  # the stream was deleted
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(topology.IOC_STREAM, ensure=False)
    arguments: dict[str, Any] = {OFFSET_HEADER: start}
    await queue.consume(arrived.put, arguments=arguments)


async def _events(arrived: Arrived, first: int) -> AsyncIterator[StreamEvent]:
    unacknowledged = 0
    while (message := await arrived.get()) is not None:
        unacknowledged += 1
        if unacknowledged >= PREFETCH // 2:
            async with broker_work(OPEN_S):
                await message.ack(multiple=True)
            unacknowledged = 0
        offset = int(str(message.headers[OFFSET_HEADER]))
        if offset >= first:  # a stream is delivered in whole chunks, which may begin before it
            yield StreamEvent(offset, message.routing_key or "", message.body)
    raise OutageError("RabbitMQ: the stream's channel closed")
