"""The running parts that every service has, started and stopped in the right order."""

import asyncio
import gc
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Protocol

from shared import failpoints
from shared.errors import OutageError
from shared.health import TRIAL_EVERY_S, Check, seldom
from shared.messaging import (
    Brake,
    ConsumerWatchdog,
    Consumption,
    Handler,
    Publisher,
    Suspects,
    consumer,
    subscribe,
    suspects,
)
from shared.mongo import Aggregates, Database, Documents, connect, database, ping
from shared.outbox import TailPublisher
from shared.refill import Refill
from shared.rulebook import Rulebook
from shared.rulebook_store import RulebookFollower, RulebookStore
from shared.settings import ServiceSettings
from shared.stream import StreamReader
from shared.topology import QueueSpec

# A start that takes longer fails, and the supervisor tries again: while a service starts, uvicorn
# answers no probe and obeys no SIGTERM.
BROKER_S = 15.0


def _calm_the_collector() -> None:
    """Look for garbage cycles less often: what was built at the start stays; 6 % of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def utc_now() -> datetime:
    """Return the time of the server: the clock that the rules are given.

    In whole milliseconds, as MongoDB keeps them: an event that is told again from what was stored
    has the bytes that it had before.
    """
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


class Part(Protocol):
    """Something that lives as long as the service."""

    async def start(self) -> None:
        """Begin."""

    async def stop(self) -> None:
        """End, and give everything back."""


class Runtime:
    """A service's connections: MongoDB, a publishing and a consuming one to RabbitMQ.

    Args:
        name: The service.
        settings: Its settings.
        wait_for_broker: Whether the start waits for RabbitMQ, and fails without it. Intake does
            not: it goes on accepting reports while the broker is away, and after a restart
            meanwhile.
    """

    def __init__(self, name: str, settings: ServiceSettings, *, wait_for_broker: bool) -> None:
        failpoints.arm(settings.failpoint)
        self._wait = wait_for_broker
        self._client = connect(settings.mongo_url)
        self._prefix = settings.database_prefix
        self._name = name
        operations = self.database("operations")
        self._trials = Documents(operations, "trials")
        self._has_room = seldom(self._write, TRIAL_EVERY_S)
        self._collections: list[Documents] = []
        self._parts: list[Part] = []
        self._queues: list[QueueSpec] = []
        self._brakes: list[Brake] = []
        self.publisher = Publisher(settings.amqp_url, name)
        self._refilling = StreamReader(settings.amqp_url, f"{name} refills")
        owed = Documents(operations, "owed_refills")
        self.publisher.refill_by(Refill(self._refilling, self.publisher.send, owed))
        self._suspects = Suspects(Documents(operations, "suspects", suspects.INDEXES))
        self.keep(self._suspects.documents)
        self.broker = consumer(settings.amqp_url, name, settings.prefetch)
        self._group = max(1, settings.prefetch // 2)
        self._watchdog = ConsumerWatchdog(self.broker, self._queues, self.publisher)

    def database(self, name: str) -> Database:
        """Return the database `<prefix>_<name>`."""
        return database(self._client, f"{self._prefix}_{name}")

    def keep(self, collection: Documents) -> None:
        """Create this collection's indexes at the start."""
        self._collections.append(collection)

    def tail_publisher(self, aggregates: Aggregates) -> TailPublisher:
        """Return the publisher of what these aggregates owe; it starts with the service."""
        self.keep(aggregates)
        tail = TailPublisher(aggregates, self.publisher)
        self.alongside(tail)
        return tail

    def alongside(self, part: Part) -> None:
        """Start a part once the connections stand, and stop it before they go."""
        self._parts.append(part)

    def rulebook(self, installed: Rulebook) -> RulebookStore:
        """Have this process follow the editions of the regulation that intake publishes."""
        store = RulebookStore(self.database("rules"), installed)
        self.alongside(RulebookFollower(store))
        return store

    def hear(self, queue: QueueSpec, handler: Handler) -> None:
        """Have `handler` hear a queue from the start on."""
        self._queues.append(queue)
        brake = subscribe(
            self.broker,
            queue,
            handler,
            self.publisher,
            group=self._group,
            suspects=self._suspects,
        )
        self._brakes.append(brake)

    def checks(self) -> Mapping[str, Check]:
        """Return what readiness asks: does each server do its work for us now?"""
        return {
            "mongodb": self._storing,
            "rabbitmq": self.publisher.canary,
            "consumer": self._watchdog.consuming,
            "handling": self._handling,
        }

    async def alive(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            OutageError: there is none.
        """
        await ping(self._client)

    async def _storing(self) -> None:
        await self.alive()
        await self._has_room()

    async def _write(self) -> None:
        """Have the database journal a row: one whose disk is full still answers a ping."""
        change = ({"_id": self._name}, {"$set": {"at": utc_now()}})
        await self._trials.update_each([change], upsert=True)

    async def _handling(self) -> None:
        for brake in self._brakes:
            await brake.check()

    @asynccontextmanager
    async def running(self) -> AsyncGenerator[None, None]:
        """Start everything, and stop it in the opposite order, also after half a start."""
        _calm_the_collector()
        async with AsyncExitStack() as stack:
            stack.callback(self._client.close)
            await self.publisher.start(patient=not self._wait)  # while the database is asked
            stack.push_async_callback(self._refilling.stop)
            stack.push_async_callback(self.publisher.stop)
            await asyncio.gather(*(each.ensure_indexes() for each in self._collections))
            if self._wait:
                await self._find_broker()
            for part in self._parts:
                await part.start()
                stack.push_async_callback(part.stop)
            consuming = Consumption(self.broker, self.publisher, self._watchdog)
            stack.push_async_callback(consuming.stop)
            await consuming.start(wait=self._wait)
            yield

    async def _find_broker(self) -> None:
        try:
            async with asyncio.timeout(BROKER_S):
                await self.publisher.connected()
        except TimeoutError as error:
            raise OutageError(f"RabbitMQ: not reached within {BROKER_S:g} s") from error
