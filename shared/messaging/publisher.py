"""The confirmed publish."""

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Protocol

import aio_pika
import structlog
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractRobustConnection
from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed, PublishError

from shared import topology
from shared.errors import MisconfiguredError, OutageError
from shared.events import CONTENT_TYPE
from shared.messaging import limits
from shared.messaging.burst import publish_all
from shared.messaging.link import CONNECTION_ERRORS, address, broker_work, is_blocked
from shared.mongo import Entry
from shared.telemetry import PUBLISH_FAILED
from shared.topology import QueueSpec

log = structlog.get_logger()


class Refilling(Protocol):
    """Fills queues that were deleted: what is owed is written down before the queue is declared."""

    async def owe(self, specs: Sequence[QueueSpec]) -> None:
        """Note durably that these queues are to be filled."""

    async def pay(self) -> None:
        """Fill what is owed, until it is done."""


class Publisher:
    """A connection that only publishes: persistent, mandatory, confirmed, with bounded waits."""

    def __init__(self, url: str, name: str) -> None:
        self._url = address(url, f"{name} publishes")
        self._connection: AbstractRobustConnection | None = None
        self._channel: AbstractChannel | None = None
        self._events: AbstractExchange | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._declaring: asyncio.Task[None] | None = None
        self._binding: asyncio.Task[None] | None = None
        self._refilling: Refilling | None = None
        self._filling: asyncio.Task[None] | None = None
        self._settles_at = 0.0  # monotonic; before it no event is published
        self._why = ""  # what a person has to change before it can work

    async def start(self, *, patient: bool = True) -> None:
        """Connect in the background, for as long as it takes; publishing fails fast until then.

        Without `patient`, a queue that exists with other arguments ends the waiting: `connected`
        raises. With it the others' work goes on, and readiness says what is wrong.
        """
        self._connecting = asyncio.create_task(self._connect(patient=patient))

    def refill_by(self, refilling: Refilling) -> None:
        """Have queues filled, in the background, that were deleted and are declared again."""
        self._refilling = refilling

    async def connected(self) -> None:
        """Wait until the connection stands and the topology is declared.

        Raises:
            MisconfiguredError: it can never be declared like this.
        """
        if self._connecting:
            await asyncio.shield(self._connecting)

    async def stop(self) -> None:
        """Close the connection."""
        for task in (self._connecting, self._declaring, self._binding, self._filling):
            if task:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if self._connection:
            await self._connection.close()

    async def is_up(self) -> bool:
        """Say whether a publish can be tried at all: connected, settled, and not blocked."""
        if (channel := self._channel) is None or self._ready() is None:
            return False
        return time.monotonic() >= self._settles_at and not await is_blocked(channel)

    def _came_back(self, *_: object) -> None:
        """Hold events for a moment: a broker that has just started confirms what it then loses.

        Seen on 3.10 after SIGKILL: while the stream has no leader yet, an event that only it hears
        is confirmed as if the queue had been deleted.
        """
        self._settles_at = time.monotonic() + limits.SETTLES_S

    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        """Publish events; say of each whether the broker confirmed it.

        False means "not known": the broker may have taken it all the same.

        Raises:
            OutageError: there is no connection.
        """
        if (channel := self._channel) is None or not await self.is_up():
            raise OutageError("RabbitMQ: not connected, only just, or blocked")
        async with broker_work(limits.CONFIRM_S):
            confirms = await publish_all(await channel.get_underlay_channel(), entries)
        try:
            await asyncio.wait(confirms, timeout=limits.CONFIRM_S)
        finally:
            for each in confirms:
                each.cancel()  # those that are done do not mind
        return [self._is_confirmed(each) for each in confirms]

    async def send(
        self, queue: str, body: bytes, headers: dict[str, Any], *, message_id: str | None = None
    ) -> None:
        """Put a message into one queue, confirmed.

        Raises:
            OutageError: it is not confirmed.
        """
        channel = await self._taking()
        message = Message(
            body,
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=message_id,
            headers=headers,
        )
        try:
            async with broker_work(limits.CONFIRM_S):
                await channel.default_exchange.publish(message, queue)
        except OutageError as error:
            self._declare_if_missing(error.__cause__)
            raise

    async def canary(self) -> None:
        """Prove that the broker takes messages now; a ping does not, while it is blocked.

        Raises:
            OutageError: no confirm within two seconds.
        """
        channel = await self._taking()
        async with broker_work(2):
            exchange = await channel.get_exchange(topology.CANARY, ensure=False)
            await exchange.publish(Message(b""), "", mandatory=False)

    async def _taking(self) -> AbstractChannel:
        """Return the channel if the broker takes anything from it now.

        Raises:
            OutageError: not connected, or blocked.
        """
        if (channel := self._channel) is None or self._ready() is None:
            raise OutageError(self._why or "RabbitMQ: not connected")
        if await is_blocked(channel):
            raise OutageError("RabbitMQ: blocked by a disk or memory alarm, or not connected")
        return channel

    def _ready(self) -> AbstractExchange | None:
        usable = self._channel is not None and not self._channel.is_closed
        # While the topology comes back, a queue without its binding would miss a confirmed event.
        declaring = self._declaring is not None and not self._declaring.done()
        return self._events if usable and not declaring else None

    def _declare_if_missing(self, error: BaseException | None) -> None:
        """Declare the topology again when the exchange or a queue is gone."""
        if isinstance(error, ChannelNotFoundEntity | PublishError):
            self.declare_again()

    def declare_again(self) -> None:
        """Declare the topology in the background: somebody found that a part of it is gone."""
        if self._connection and (self._declaring is None or self._declaring.done()):
            self._declaring = asyncio.create_task(self._declare(self._connection))

    async def _declare(self, connection: AbstractRobustConnection) -> None:
        with suppress(OutageError):  # the next publish that fails tries again
            async with broker_work(limits.CONFIRM_S):
                await self._declare_all(connection)

    async def _declare_all(self, connection: AbstractRobustConnection) -> None:
        missing = await topology.missing(connection)
        if missing:
            log.error("broker.queues_were_deleted", queues=[each.name for each in missing])
        if missing and self._refilling:  # first: once they are there, nobody else would miss them
            await self._refilling.owe(missing)
        async with connection.channel() as channel:
            await topology.declare(channel)
        if self._refilling:  # a process that is gone may owe something too
            self._filling = asyncio.create_task(_pay(self._refilling, self._filling))

    async def _bind_forever(self, connection: AbstractRobustConnection) -> None:
        """Bind again what may have been unbound: nobody is told of a binding that is gone."""
        while True:
            await asyncio.sleep(limits.BIND_EVERY_S)
            if not await self.is_up():
                continue
            try:
                async with broker_work(limits.CONFIRM_S), aio_pika.Channel(connection) as channel:
                    await topology.bind(channel)
            except OutageError as error:
                self._declare_if_missing(error.__cause__)
            except Exception:
                log.exception("broker.bind_failed")  # a bug must not end all binding unseen

    async def _connect(self, *, patient: bool) -> None:
        while True:
            try:
                await self._connect_once()
            except ChannelPreconditionFailed as error:
                self._why = _otherwise(error)
                log.error("broker.misconfigured", reason=self._why)  # noqa: TRY400 - it says all
                if not patient:
                    raise MisconfiguredError(self._why) from error
                await asyncio.sleep(limits.MISCONFIGURED_S)
            except (OutageError, *CONNECTION_ERRORS) as error:
                log.warning("broker.unreachable", reason=type(error.__cause__ or error).__name__)
                self._came_back()  # when it answers, it has only just started
                await asyncio.sleep(limits.RECONNECT_S)
            except Exception:
                log.exception("broker.connect_failed")  # it must not end all publishing unseen
                await asyncio.sleep(limits.RECONNECT_S)
            else:
                if self._settles_at:
                    self._came_back()
                self._why = ""
                return

    async def _connect_once(self) -> None:
        """Connect and declare, or give up in time: a link that dies meanwhile is not reported.

        Raises:
            ChannelPreconditionFailed: a queue exists with other arguments.
            OutageError: it did not work.
        """
        try:
            async with broker_work(limits.CONNECT_S):
                await self._open()
        except OutageError as error:
            if isinstance(error.__cause__, ChannelPreconditionFailed):
                raise error.__cause__ from error
            raise

    async def _open(self) -> None:
        connection = await aio_pika.connect_robust(
            self._url,
            timeout=5,
            reconnect_interval=limits.RECONNECT_S,
        )
        try:
            await self._declare_all(connection)
            self._channel = await connection.channel(on_return_raises=True)
            self._events = await self._channel.get_exchange(topology.EXCHANGE, ensure=False)
        except BaseException:
            with suppress(OutageError):
                async with broker_work(limits.CONFIRM_S):
                    await connection.close()
            raise
        self._connection = connection
        connection.reconnect_callbacks.add(self._came_back)
        self._binding = asyncio.create_task(self._bind_forever(connection))

    def _is_confirmed(self, publish: asyncio.Future[Any]) -> bool:
        """Say whether a publish was confirmed; it may have been cancelled by us, or the library."""
        late = not publish.done() or publish.cancelled()
        error = TimeoutError() if late else publish.exception()
        if isinstance(error, asyncio.CancelledError):  # how the library ends a link that is stuck
            error = TimeoutError()
        if error is None:
            return True
        PUBLISH_FAILED.labels(type(error).__name__).inc()
        if isinstance(error, CONNECTION_ERRORS):
            self._declare_if_missing(error)
            return False
        raise error


async def _pay(refilling: Refilling, before: asyncio.Task[None] | None) -> None:
    """Pay once a payment that is under way has ended: it may not have seen what is owed since."""
    if before:
        await asyncio.gather(before, return_exceptions=True)
    await refilling.pay()


def _otherwise(error: ChannelPreconditionFailed) -> str:
    return (
        f"RabbitMQ: a queue exists with other arguments than ours ({error}). An argument is never "
        "changed in place: give the queue a new name in shared/topology.py, or let the old one run "
        "empty and delete it (rabbitmqctl delete_queue NAME)"
    )
