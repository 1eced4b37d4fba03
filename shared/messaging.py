"""Publishing and consuming: the confirmed publish, and the one place that retries or buries.

A process has two connections: one only publishes, one only consumes, because a broker in alarm
blocks a publishing connection together with every acknowledgement on it.
"""

import asyncio
import os
import signal
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import aio_pika
import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity, PublishError
from faststream import AckPolicy
from faststream.rabbit import Channel, RabbitBroker, RabbitMessage, RabbitQueue
from yarl import URL

from shared import topology
from shared.errors import OutageError, PermanentError, StaleVersionError
from shared.events import CONTENT_TYPE, Received
from shared.mongo import Entry
from shared.telemetry import HANDLED, HANDLING_S, PUBLISH_FAILED
from shared.topology import QueueSpec

log = structlog.get_logger()

Handler = Callable[[Received], Awaitable[None]]

HEARTBEAT_S = 5  # a half-open link is noticed after three times this, not after three minutes
RECONNECT_S = 1.0  # between two attempts
CONFIRM_S = 5.0  # our own bound: the library's begins only once the connection is unblocked
ATTEMPTS = 7  # 1, 1, 10, 10, 60 and 60 s apart
RETURN_S = 1.0  # before a message is given back
OUTAGE_PATIENCE_S = 600.0  # the broker takes a message back from a consumer after thirty minutes
ATTEMPT_HEADER = "x-civic-attempt"
REASON_HEADER = "x-civic-reason"
LOOK_EVERY_S = 10.0  # two looks in vain end the process: half a minute at most without a consumer
CONNECTION_ERRORS = (AMQPError, ConnectionError, OSError, RuntimeError, TimeoutError)


@asynccontextmanager
async def broker_work(seconds: float) -> AsyncGenerator[None, None]:
    """Bound what is asked of the broker, and say of every failure that we are ill.

    Raises:
        OutageError: the connection failed, or the broker did not answer in time.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except CONNECTION_ERRORS as error:
        raise OutageError(f"RabbitMQ: {type(error).__name__}") from error
    except asyncio.CancelledError as error:
        # When a link is given up as stuck, the library cancels whatever waits on it. Nobody has
        # cancelled us: passed on, it would silently end the task that publishes.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise OutageError("RabbitMQ: the link is stuck") from error


class Publisher:
    """A connection that only publishes: persistent, mandatory, confirmed, with bounded waits."""

    def __init__(self, url: str, name: str) -> None:
        self._url = _url(url, f"{name} publishes")
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._events: AbstractExchange | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._declaring: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Connect in the background, for as long as it takes; publishing fails fast until then."""
        self._connecting = asyncio.create_task(self._connect())

    async def connected(self) -> None:
        """Wait until the connection stands and the topology is declared."""
        if self._connecting:
            await asyncio.shield(self._connecting)

    async def stop(self) -> None:
        """Close the connection."""
        for task in (self._connecting, self._declaring):
            if task:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._connection:
            await self._connection.close()

    async def is_up(self) -> bool:
        """Say whether a publish can be tried at all."""
        return self._ready() is not None

    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        """Publish events; say of each whether the broker confirmed it.

        False means "not known": the broker may have taken it all the same.

        Raises:
            OutageError: there is no connection.
        """
        if (exchange := self._ready()) is None:
            raise OutageError("RabbitMQ: not connected")
        return list(await asyncio.gather(*(self._confirm(exchange, entry) for entry in entries)))

    async def send(
        self, queue: str, body: bytes, headers: dict[str, Any], *, message_id: str | None = None
    ) -> None:
        """Put a message into one queue, confirmed.

        Raises:
            OutageError: it is not confirmed.
        """
        if (channel := self._channel) is None or self._ready() is None:
            raise OutageError("RabbitMQ: not connected")
        message = Message(
            body,
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=message_id,
            headers=headers,
        )
        try:
            async with broker_work(CONFIRM_S):
                await channel.default_exchange.publish(message, queue)
        except OutageError as error:
            self._declare_if_missing(error)
            raise

    async def canary(self) -> None:
        """Prove that the broker takes messages now; a ping does not, while it is blocked.

        Raises:
            OutageError: no confirm within two seconds.
        """
        if (channel := self._channel) is None or self._ready() is None:
            raise OutageError("RabbitMQ: not connected")
        async with broker_work(2):
            exchange = await channel.get_exchange(topology.CANARY, ensure=False)
            await exchange.publish(Message(b""), "", mandatory=False)

    def _ready(self) -> AbstractExchange | None:
        usable = self._channel is not None and not self._channel.is_closed
        # While the topology comes back, a queue without its binding would miss a confirmed event.
        declaring = self._declaring is not None and not self._declaring.done()
        return self._events if usable and not declaring else None

    def _declare_if_missing(self, error: OutageError) -> None:
        """Declare the topology again when the exchange or a queue is gone."""
        missing = isinstance(error.__cause__, ChannelNotFoundEntity | PublishError)
        if missing and self._connection and (self._declaring is None or self._declaring.done()):
            self._declaring = asyncio.create_task(self._declare(self._connection))

    @staticmethod
    async def _declare(connection: AbstractRobustConnection) -> None:
        with suppress(OutageError):  # the next publish that fails tries again
            async with broker_work(CONFIRM_S), connection.channel() as channel:
                await topology.declare(channel)

    async def _connect(self) -> None:
        while True:
            try:
                await self._connect_once()
            except CONNECTION_ERRORS as error:
                log.warning("broker.unreachable", reason=type(error).__name__)
                await asyncio.sleep(RECONNECT_S)
            else:
                return

    async def _connect_once(self) -> None:
        connection = await aio_pika.connect_robust(
            self._url,
            timeout=5,
            reconnect_interval=RECONNECT_S,
        )
        try:
            async with connection.channel() as channel:
                await topology.declare(channel)
            self._channel = await connection.channel(on_return_raises=True)
            self._events = await self._channel.get_exchange(topology.EXCHANGE, ensure=False)
        except BaseException:
            await connection.close()
            raise
        self._connection = connection

    async def _confirm(self, exchange: AbstractExchange, entry: Entry) -> bool:
        message = Message(
            entry.body,
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=entry.id,
            type=entry.key,
        )
        try:
            async with broker_work(CONFIRM_S):
                await exchange.publish(message, entry.key)
        except OutageError as error:
            PUBLISH_FAILED.labels(type(error.__cause__).__name__).inc()
            self._declare_if_missing(error)
            return False
        return True


def consumer(url: str, name: str, prefetch: int) -> RabbitBroker:
    """Return a broker that only consumes; every queue has a channel with `prefetch` messages."""
    return RabbitBroker(
        str(_url(url, f"{name} consumes")),
        reconnect_interval=RECONNECT_S,
        default_channel=Channel(prefetch_count=prefetch),
        graceful_timeout=10,  # below the stop_grace_period of docker-compose.yml
        apply_types=False,  # handlers take what from_wire() validated
        logger=None,
        app_id=None,
    )


def _url(url: str, name: str) -> URL:
    return URL(url).update_query(heartbeat=str(HEARTBEAT_S), name=name)


def subscribe(
    broker: RabbitBroker, spec: QueueSpec, handler: Handler, publisher: Publisher
) -> None:
    """Have `handler` hear the queue; its outcome decides what becomes of each message."""
    queue = RabbitQueue(spec.name, declare=False)

    @broker.subscriber(queue, decoder=_undecoded, ack_policy=AckPolicy.MANUAL)
    async def consume(message: RabbitMessage) -> None:
        await _settle(message, spec, handler, publisher)


async def _undecoded(message: RabbitMessage) -> RabbitMessage:
    return message


async def _settle(
    message: RabbitMessage, spec: QueueSpec, handler: Handler, publisher: Publisher
) -> None:
    """Retry or bury: the only code that acknowledges.

    Handled, or a duplicate → acknowledged. Permanent → the dead-letter queue, with its reason.
    This message failed → a waiting queue, its attempts counted in our own header. We are ill
    (OutageError) → it waits in our hand, uncounted, so that no broker's own count kills it.
    """
    began = time.perf_counter()
    try:
        result, reason = await _attempt(message, handler)
        if result == "failed":
            await _put_off(message, spec, reason, publisher)
        elif result == "buried":
            await _bury(message, spec, reason, publisher)
        async with broker_work(CONFIRM_S):
            await message.ack()
    except OutageError as error:
        result, reason = "returned", str(error)
        await asyncio.sleep(
            RETURN_S
        )  # no hot loop: 2,260 redeliveries in 3 s were measured without
        with suppress(*CONNECTION_ERRORS):
            await message.nack()
    elapsed = time.perf_counter() - began
    HANDLED.labels(spec.name, result).inc()
    HANDLING_S.labels(spec.name).observe(elapsed)
    write = log.info if result == "handled" else log.warning
    write(
        "message",
        queue=spec.name,
        event_id=message.message_id,
        result=result,
        reason=reason or None,
        ms=round(elapsed * 1000, 1),
    )


async def _attempt(message: RabbitMessage, handler: Handler) -> tuple[str, str]:
    """Handle a message, waiting out our own outages; return the result and its reason."""
    patience_ends = time.monotonic() + OUTAGE_PATIENCE_S
    stale = 0
    while True:
        try:
            await handler(Received.from_wire(message.body))
        except PermanentError as error:
            return "buried", str(error)
        except StaleVersionError as error:
            stale += 1
            if stale > 20:  # noqa: PLR2004 - twenty lost races in a row are no race any more
                return "failed", str(error)
        except OutageError as error:
            if time.monotonic() > patience_ends:
                raise
            log.warning("handler.waits", reason=str(error))
            await asyncio.sleep(0.5)
        except Exception as error:
            log.exception("handler.failed")
            return "failed", type(error).__name__
        else:
            return "handled", ""


async def _put_off(
    message: RabbitMessage, spec: QueueSpec, reason: str, publisher: Publisher
) -> None:
    before = message.headers.get(ATTEMPT_HEADER)
    attempt = (before if isinstance(before, int) else 0) + 1
    if attempt >= ATTEMPTS:
        await _bury(message, spec, f"{reason}, after {attempt} attempts", publisher)
        return
    step = min((attempt - 1) // 2, len(topology.RETRY_DELAYS_S) - 1)
    queue = spec.retry(topology.RETRY_DELAYS_S[step])
    headers = {ATTEMPT_HEADER: attempt, REASON_HEADER: reason}
    await publisher.send(queue, message.body, headers, message_id=message.message_id)


async def _bury(message: RabbitMessage, spec: QueueSpec, reason: str, publisher: Publisher) -> None:
    headers = {REASON_HEADER: reason[:500]}
    await publisher.send(spec.dead, message.body, headers, message_id=message.message_id)


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

    async def _watch(self) -> None:
        misses = 0
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                await self.consuming()
            except OutageError as error:
                misses = misses + 1 if await self._broker_works() else 0
                log.warning("watchdog.no_consumer", reason=str(error), misses=misses)
                if misses >= 2:  # noqa: PLR2004 - once may be a reconnect
                    os.kill(os.getpid(), signal.SIGTERM)
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
        while True:
            try:
                await self._broker.start()
            except CONNECTION_ERRORS as error:
                log.warning("consumer.unreachable", reason=type(error).__name__)
                await asyncio.sleep(RECONNECT_S)
            else:
                break
        await self._watchdog.start()
