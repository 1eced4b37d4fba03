"""Exchanges, queues and bindings. Nobody else spells a queue name or an argument of one.

Every service declares all of it at its start, so that no event can be published before the queues
of those who need it exist. Changing an argument of a queue that exists fails the start
(PRECONDITION_FAILED): give the queue a new name instead.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

from aio_pika import Channel, ExchangeType
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import ChannelNotFoundEntity

from shared import events

EXCHANGE = "civic.events"
CANARY = (
    "civic.canary"  # nothing is bound: a confirmed publish proves that the broker takes messages
)
IOC_STREAM = "ioc.events"
RETRY_DELAYS_S = (1, 10, 60)  # one queue each: a message's own TTL would wait behind its elders'

# The last resort: a message that ends its process is found and buried long before
# (messaging/suspects.py). 4.0 assumes 20, and every restart spends one of each prefetched
# neighbour, so ours is far above both.
DELIVERY_LIMIT = 100

# A person's look at a dead letter counts as a delivery, and 4.0 would drop it after twenty looks.
DEAD_ARGUMENTS: dict[str, Any] = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}


@dataclass(frozen=True)
class QueueSpec:
    """A durable quorum queue of one consumer, and what it hears."""

    name: str
    bindings: tuple[str, ...]

    @property
    def dead(self) -> str:
        """The queue in which its dead letters wait for a person."""
        return f"{self.name}.dead"

    def retry(self, delay_s: int) -> str:
        """Return the queue in which a message waits `delay_s` seconds for its next attempt."""
        return f"{self.name}.retry.{delay_s}s"

    @property
    def arguments(self) -> dict[str, Any]:
        """Alike on RabbitMQ 3.10, 4.0 and 4.3; at-least-once needs reject-publish."""
        return {
            "x-queue-type": "quorum",
            "x-overflow": "reject-publish",
            "x-dead-letter-strategy": "at-least-once",
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": self.dead,
            "x-delivery-limit": DELIVERY_LIMIT,
        }


ROUTER_CASES = QueueSpec("router.cases", (events.CaseSubmitted.type,))
INTAKE_DECISIONS = QueueSpec("intake.decisions", (events.RoutingDecided.type,))
SLA_CASES = QueueSpec("sla.cases", ("case.#",))
NOTIFY_EVENTS = QueueSpec(
    "notify.events",
    (
        "case.#",
        events.DeadlineApproaching.type,
        events.DeadlineMissed.type,
        events.DeadlineEscalated.type,
    ),
)
NOTIFY_ONESTOP = QueueSpec("notify.onestop", ("ticket.#", "dossier.#", "duedate.#"))
SLA_DOSSIERS = QueueSpec("sla.dossiers", ("dossier.#",))
QUEUES = (ROUTER_CASES, INTAKE_DECISIONS, SLA_CASES, SLA_DOSSIERS, NOTIFY_EVENTS, NOTIFY_ONESTOP)

# The stream keeps a year, so that whoever was cut off can catch up and a past moment be rebuilt.
STREAM_ARGUMENTS: dict[str, Any] = {
    "x-queue-type": "stream",
    "x-max-age": "400D",
    "x-stream-max-segment-size-bytes": 50_000_000,
}


async def missing(connection: AbstractConnection) -> list[QueueSpec]:
    """Return the queues that are not there though the stream is: somebody deleted them."""
    if not await _is_there(connection, IOC_STREAM):
        return []
    there = await asyncio.gather(*(_is_there(connection, spec.name) for spec in QUEUES))
    return [spec for spec, found in zip(QUEUES, there, strict=True) if not found]


async def _is_there(connection: AbstractConnection, queue: str) -> bool:
    try:
        # a plain channel: the broker closes it when there is no such queue, and nobody mends it
        async with Channel(connection) as channel:
            await channel.declare_queue(queue, passive=True)
    except ChannelNotFoundEntity:
        return False
    return True


async def declare(channel: AbstractChannel) -> None:
    """Declare every exchange, queue and binding; idempotent."""
    await channel.declare_exchange(EXCHANGE, ExchangeType.TOPIC, durable=True)
    await channel.declare_exchange(CANARY, ExchangeType.FANOUT, durable=True)
    for spec in QUEUES:
        await channel.declare_queue(spec.name, durable=True, arguments=spec.arguments)
        await channel.declare_queue(spec.dead, durable=True, arguments=DEAD_ARGUMENTS)
        for delay_s in RETRY_DELAYS_S:
            await channel.declare_queue(
                spec.retry(delay_s), durable=True, arguments=_waiting(spec, delay_s)
            )
    await channel.declare_queue(IOC_STREAM, durable=True, arguments=STREAM_ARGUMENTS)
    await bind(channel)


async def bind(channel: AbstractChannel) -> None:
    """Make every binding; idempotent.

    Raises:
        ChannelNotFoundEntity: a queue or the exchange is not there.
    """
    for spec in QUEUES:
        queue = await channel.get_queue(spec.name, ensure=False)
        for binding in spec.bindings:
            await queue.bind(EXCHANGE, binding)
    # Last, as it hears everything: before the others are bound no event shall count as routed.
    stream = await channel.get_queue(IOC_STREAM, ensure=False)
    await stream.bind(EXCHANGE, "#")


def _waiting(spec: QueueSpec, delay_s: int) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-strategy": "at-least-once",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": spec.name,
        "x-message-ttl": delay_s * 1000,
    }
