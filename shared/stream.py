"""Reading the IOC stream over AMQP: from any offset or moment, as often as one likes.

A RabbitMQ stream keeps what it delivered; every message carries its offset, which is the cursor
of every reader (`after=`, `Last-Event-ID`).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection, AbstractIncomingMessage
from yarl import URL

from shared import topology
from shared.errors import OutageError
from shared.messaging import CONNECTION_ERRORS, HEARTBEAT_S

PREFETCH = 500  # on its way to one reader; acknowledged in halves
OFFSET_HEADER = "x-stream-offset"
ENVELOPE = b'{"specversion":'  # how to_wire() begins


@dataclass(frozen=True)
class StreamEvent:
    """One message of the stream: its offset, its routing key (the event type), its bytes."""

    offset: int
    key: str
    body: bytes


Events: TypeAlias = AsyncIterator[StreamEvent]


class StreamReader:
    """Opens readers on the IOC stream, each with a channel of its own on one connection.

    The connection is a plain one: a robust one would begin again at the offset of the start.
    """

    def __init__(self, url: str, name: str) -> None:
        self._url = URL(url).update_query(heartbeat=str(HEARTBEAT_S), name=f"{name} reads")
        self._connection: AbstractConnection | None = None
        self._connecting = asyncio.Lock()

    async def stop(self) -> None:
        """Close the connection, and every reader with it."""
        if self._connection:
            await self._connection.close()

    @asynccontextmanager
    async def read(self, start: int | datetime | str) -> AsyncGenerator[Events, None]:
        """Open the stream at an offset, a moment, or `first`, `last` or `next`.

        A reader ends with OutageError when its channel closes; open the next one after the last
        offset that was seen.

        Raises:
            OutageError: RabbitMQ cannot be reached.
        """
        arrived: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()
        try:
            channel = await self._open(arrived, start)
        except CONNECTION_ERRORS as error:
            raise OutageError(f"RabbitMQ: {type(error).__name__}") from error
        try:
            yield _events(arrived, start if isinstance(start, int) else 0)
        finally:
            with suppress(*CONNECTION_ERRORS):
                await channel.close()

    async def _open(
        self,
        arrived: "asyncio.Queue[AbstractIncomingMessage | None]",
        start: int | datetime | str,
    ) -> AbstractChannel:
        connection = await self._connect()
        channel = await connection.channel(publisher_confirms=False)

        def closed(*_: object) -> None:
            arrived.put_nowait(None)

        channel.close_callbacks.add(closed)
        await channel.set_qos(prefetch_count=PREFETCH)
        queue = await channel.get_queue(topology.IOC_STREAM, ensure=False)
        arguments: dict[str, Any] = {OFFSET_HEADER: start}
        await queue.consume(arrived.put, arguments=arguments)
        return channel

    async def _connect(self) -> AbstractConnection:
        async with self._connecting:
            if self._connection is None or self._connection.is_closed:
                self._connection = await aio_pika.connect(self._url, timeout=5)
            return self._connection


async def _events(
    arrived: "asyncio.Queue[AbstractIncomingMessage | None]", first: int
) -> AsyncIterator[StreamEvent]:
    unacknowledged = 0
    while (message := await arrived.get()) is not None:
        unacknowledged += 1
        if unacknowledged >= PREFETCH // 2:
            await message.ack(multiple=True)
            unacknowledged = 0
        offset = int(str(message.headers[OFFSET_HEADER]))
        # a stream is delivered in whole chunks, which may begin before the offset asked for; and
        # what is no event (somebody's test, a foreign publisher) is nobody's business here
        if offset >= first and message.body.startswith(ENVELOPE):
            yield StreamEvent(offset, message.routing_key or "", message.body)
    raise OutageError("RabbitMQ: the stream's channel closed")
