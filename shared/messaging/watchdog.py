"""The watch over a consumer: connected and yet consuming nothing is no life."""

import asyncio
import os
import signal
from collections.abc import Sequence
from typing import Any

import aio_pika
import structlog
from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import ChannelNotFoundEntity
from faststream.rabbit import RabbitBroker, RabbitQueue

from shared.errors import OutageError
from shared.messaging import limits
from shared.messaging.link import broker_work
from shared.messaging.publisher import Publisher
from shared.telemetry import DEAD_LETTERS
from shared.topology import QueueSpec

log = structlog.get_logger()


class ConsumerWatchdog:
    """Ends the process when its queue stands without a consumer; the supervisor starts it anew.

    After a fail-over the libraries can be connected and yet consume nothing. A broker that is away
    is no reason: the process that accepts reports meanwhile must live on.

    Args:
        broker: The broker that consumes.
        specs: The queues that it consumes.
        publisher: The witness for the broker; without it every miss counts.
    """

    def __init__(
        self, broker: RabbitBroker, specs: Sequence[QueueSpec], publisher: Publisher | None = None
    ) -> None:
        self._broker = broker
        self._specs = specs
        self._publisher = publisher
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Look every ten seconds."""
        self._task = asyncio.create_task(self._watch())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def consuming(self) -> None:
        """Check that every queue has a consumer, ours among them.

        Raises:
            OutageError: one has none, or the broker does not answer within two seconds.
        """
        if not self._broker.running:
            raise OutageError("RabbitMQ: not consuming yet")
        # A channel of its own: a channel closes when its queue is missing, or when its answer is no
        # longer awaited, and the consumers' channel would give back all that is in hand.
        async with broker_work(2), aio_pika.Channel(await self._broker.connect()) as channel:
            for spec in self._specs:
                await self._look_at(spec, channel)

    async def _look_at(self, spec: QueueSpec, channel: AbstractChannel) -> None:
        queue = await channel.declare_queue(spec.name, passive=True)
        ours = await self._broker.declare_queue(RabbitQueue(spec.name, declare=False))  # known
        underlay: Any = await ours.channel.get_underlay_channel()
        if not queue.declaration_result.consumer_count or not underlay.consumers:
            raise OutageError(f"RabbitMQ: {spec.name} has no consumer")

    async def _count_the_dead(self) -> None:
        """Tell the metrics how many messages wait for a person."""
        async with broker_work(2), aio_pika.Channel(await self._broker.connect()) as channel:
            for spec in self._specs:
                dead = await channel.declare_queue(spec.dead, passive=True)
                DEAD_LETTERS.labels(spec.name).set(dead.declaration_result.message_count or 0)

    async def _watch(self) -> None:
        misses = 0
        while True:
            await asyncio.sleep(limits.LOOK_EVERY_S)
            try:
                await self.consuming()
                await self._count_the_dead()
            except OutageError as error:
                misses = misses + 1 if await self._broker_works() else 0
                log.warning("watchdog.no_consumer", reason=str(error), misses=misses)
                gone = isinstance(error.__cause__, ChannelNotFoundEntity)
                if misses >= 2 or (misses and gone):  # noqa: PLR2004 - once may be a reconnect
                    os.kill(os.getpid(), signal.SIGTERM)
            except Exception:
                log.exception("watchdog.failed")  # a bug must not end all looking unseen
            else:
                misses = 0

    async def _broker_works(self) -> bool:
        if self._publisher is None:
            return True
        try:
            await self._publisher.canary()
        except OutageError:
            return False
        return True
