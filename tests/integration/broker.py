"""What a test asks a real RabbitMQ: events to publish, queues to look into, time to pass."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self
from urllib.parse import urlsplit

import aio_pika
import httpx
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage

from shared import topology
from shared.events import CaseSubmitted, Received, event_id, to_wire
from shared.messaging import (
    ConsumerWatchdog,
    Consumption,
    Handler,
    Publisher,
    Suspects,
    consumer,
    subscribe,
)
from shared.mongo import Entry
from shared.topology import QueueSpec
from tests.builders import CODE, RECEIVED, snapshot


def submitted(sequence: int) -> Entry:
    """Return a new case's event as an outbox holds it."""
    event = CaseSubmitted(at=RECEIVED, actor="reporter")
    body = to_wire(event, subject=CODE, sequence=sequence, at=RECEIVED, case=snapshot())
    return Entry(event_id("case", CODE, sequence), event.type, body)


async def eventually(
    condition: Callable[[], Awaitable[bool] | bool], *, within_s: float = 5
) -> None:
    """Wait until a condition holds; fail when it does not in time."""
    async with asyncio.timeout(within_s):
        while True:
            answer = condition()
            if await answer if isinstance(answer, Awaitable) else answer:
                return
            await asyncio.sleep(0.02)


class Heard:
    """A handler that notes what it hears; `failures` are raised first, one per call."""

    def __init__(self, *failures: Exception) -> None:
        self.sequences: list[int] = []
        self._failures = list(failures)

    async def __call__(self, received: Received) -> None:
        self.sequences.append(received.sequence)
        if self._failures:
            raise self._failures.pop(0)


class Look:
    """A look into the queues of a vhost, over a connection of its own."""

    def __init__(self, connection: AbstractConnection) -> None:
        self._connection = connection

    @classmethod
    @asynccontextmanager
    async def into(cls, url: str) -> AsyncGenerator[Self, None]:
        connection = await aio_pika.connect(url)
        async with connection:
            yield cls(connection)

    async def declare(self) -> None:
        async with self._connection.channel() as channel:
            await topology.declare(channel)

    async def waiting(self, queue: str) -> int:
        """Count the messages that nobody holds."""
        async with self._connection.channel() as channel:
            declared = await channel.declare_queue(queue, passive=True)
            return declared.declaration_result.message_count or 0

    async def consumers(self, queue: str) -> int:
        async with self._connection.channel() as channel:
            declared = await channel.declare_queue(queue, passive=True)
            return declared.declaration_result.consumer_count or 0

    async def take(self, queue: str, *, within_s: float = 5) -> AbstractIncomingMessage:
        """Take the next message off a queue."""
        async with self._connection.channel() as channel, asyncio.timeout(within_s):
            taken = await channel.get_queue(queue)
            arrived: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
            await channel.set_qos(prefetch_count=1)
            await taken.consume(arrived.put)
            message = await arrived.get()
            await message.ack()
            return message

    async def put(self, queue: str, body: bytes, headers: dict[str, Any] | None = None) -> None:
        async with self._connection.channel() as channel:
            message = aio_pika.Message(body, headers=headers or {}, delivery_mode=2)
            await channel.default_exchange.publish(message, queue)

    async def publish(self, key: str, body: bytes) -> None:
        """Put anything on the exchange, as whoever may write to it can."""
        async with self._connection.channel() as channel:
            exchange = await channel.get_exchange(topology.EXCHANGE)
            await exchange.publish(aio_pika.Message(body), key)

    async def delete_queue(self, queue: str) -> None:
        async with self._connection.channel() as channel:
            await channel.queue_delete(queue)

    async def delete_exchange(self, exchange: str) -> None:
        async with self._connection.channel() as channel:
            await channel.exchange_delete(exchange)

    async def unbind(self, queue: str, key: str) -> None:
        async with self._connection.channel() as channel:
            bound = await channel.get_queue(queue)
            await bound.unbind(topology.EXCHANGE, key)

    async def settled(self, spec: QueueSpec) -> bool:
        """Say whether nothing of a queue waits anywhere: not there, not for a retry, not dead."""
        names = [spec.name, spec.dead, *map(spec.retry, topology.RETRY_DELAYS_S)]
        return not any([await self.waiting(name) for name in names])


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[Publisher, None]:
    """Run a publisher."""
    publisher = Publisher(url, "test")
    await publisher.start()
    await publisher.connected()
    try:
        yield publisher
    finally:
        await publisher.stop()


@asynccontextmanager
async def hearing(
    url: str,
    handler: Handler,
    publisher: Publisher,
    *,
    prefetch: int = 64,
    spec: QueueSpec = topology.ROUTER_CASES,
    suspects: Suspects | None = None,
) -> AsyncGenerator[ConsumerWatchdog, None]:
    """Run a consumer of one queue."""
    broker = consumer(url, "test", prefetch)
    subscribe(broker, spec, handler, publisher, suspects=suspects)
    watchdog = ConsumerWatchdog(broker, [spec], publisher)
    consumption = Consumption(broker, publisher, watchdog)
    await consumption.start(wait=True)
    try:
        yield watchdog
    finally:
        await consumption.stop()


class Management:
    """RabbitMQ's management API, for one vhost."""

    def __init__(self, address: str, amqp_url: str) -> None:
        parts = httpx.URL(address)
        self._vhost = urlsplit(amqp_url).path.lstrip("/")
        self._client = httpx.AsyncClient(base_url=parts, auth=(parts.username, parts.password))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.aclose()

    async def queues(self) -> dict[str, dict[str, Any]]:
        answer = await self._client.get(f"/api/queues/{self._vhost}")
        return {each["name"]: each for each in answer.raise_for_status().json()}

    async def bindings(self, queue: str) -> list[tuple[str, str]]:
        answer = await self._client.get(f"/api/queues/{self._vhost}/{queue}/bindings")
        found = answer.raise_for_status().json()
        return [(each["source"], each["routing_key"]) for each in found if each["source"]]

    async def connections(self) -> dict[str, str]:
        """Return the name that each connection gave itself, by the broker's own."""
        answer = await self._client.get(f"/api/vhosts/{self._vhost}/connections")
        return {
            each["name"]: each["client_properties"].get("connection_name", "")
            for each in answer.raise_for_status().json()
        }

    async def details(self) -> list[dict[str, Any]]:
        """Return all that the broker knows of our connections."""
        answer = await self._client.get("/api/connections")
        found = answer.raise_for_status().json()
        return [each for each in found if each.get("vhost") == self._vhost]

    async def consumers(self) -> list[dict[str, Any]]:
        answer = await self._client.get(f"/api/consumers/{self._vhost}")
        return answer.raise_for_status().json()

    async def close(self, connection: str) -> None:
        answer = await self._client.delete(
            f"/api/connections/{connection}", headers={"X-Reason": "a test"}
        )
        answer.raise_for_status()
