"""A consumer: the broker it consumes from, its queues, its life."""

import asyncio

import structlog
from aio_pika import IncomingMessage
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue

from shared.messaging import limits
from shared.messaging.brake import Brake
from shared.messaging.hand import Hand
from shared.messaging.link import CONNECTION_ERRORS, address
from shared.messaging.publisher import Publisher
from shared.messaging.settling import settle
from shared.messaging.suspects import Handler, Suspects
from shared.messaging.watchdog import ConsumerWatchdog
from shared.topology import QueueSpec

log = structlog.get_logger()


def consumer(url: str, name: str, prefetch: int) -> RabbitBroker:
    """Return a broker that only consumes; every queue has a channel with `prefetch` messages."""
    return RabbitBroker(
        str(address(url, f"{name} consumes")),
        reconnect_interval=limits.RECONNECT_S,
        default_channel=Channel(prefetch_count=prefetch),
        graceful_timeout=10,  # below the stop_grace_period of docker-compose.yml
        apply_types=False,  # handlers take what from_wire() validated
        logger=None,
        app_id=None,
    )


def subscribe(
    broker: RabbitBroker,
    spec: QueueSpec,
    handler: Handler,
    publisher: Publisher,
    *,
    group: int = 16,
    suspects: Suspects | None = None,
) -> Brake:
    """Have `handler` hear the queue; its outcome decides what becomes of each message.

    Args:
        broker: Consumes.
        spec: The queue.
        handler: Handles what it delivers.
        publisher: For what is put off or buried.
        group: Messages that are let in together before their slot of time ends (`Hand`).
        suspects: Handles alone what came back from processes that ended.

    Returns:
        What holds the messages while everything fails.
    """
    heard = broker.subscriber(
        RabbitQueue(spec.name, declare=False), ack_policy=AckPolicy.MANUAL, title=spec.name
    )
    heard(_decoded)
    hand, brake = Hand(group), Brake(spec.name)

    async def consume(msg: IncomingMessage) -> None:
        if heard.running:  # what comes while it stops goes back to the queue
            with heard.lock:
                await settle(
                    msg, spec, handler, publisher, hand=hand, brake=brake, suspects=suspects
                )

    # In the place of FastStream's own way of a message through contexts, parsers and middlewares,
    # none of which we use: it took a fifth of the CPU of a service.
    heard.consume = consume
    return brake


async def _decoded(_message: RabbitMessage) -> None:
    """FastStream consumes only what has a handler; `consume` above stands before it."""


class Consumption:
    """A consumer's life: it starts once the topology stands, and is watched from then on."""

    def __init__(
        self, broker: RabbitBroker, publisher: Publisher, watchdog: ConsumerWatchdog
    ) -> None:
        self._broker = broker
        self._publisher = publisher
        self._watchdog = watchdog
        self._starting: asyncio.Task[None] | None = None

    async def start(self, *, wait: bool) -> None:
        """Begin to consume; without `wait`, in the background, whenever the broker comes."""
        self._starting = asyncio.create_task(self._start())
        if wait:
            await self._starting

    async def stop(self) -> None:
        """Finish the messages in hand and give the others back."""
        await self._watchdog.stop()
        if self._starting and not self._starting.done():
            self._starting.cancel()
            await asyncio.gather(self._starting, return_exceptions=True)
        await self._broker.stop()

    async def _start(self) -> None:
        await self._publisher.connected()
        # Before the first try: a start that hangs, or is cancelled inside the library, is seen too.
        await self._watchdog.start()
        while True:
            try:
                await self._broker.start()
            except CONNECTION_ERRORS as error:
                log.warning("consumer.unreachable", reason=type(error).__name__)
                await asyncio.sleep(limits.RECONNECT_S)
            else:
                break
