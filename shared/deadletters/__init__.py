"""The dead-letter queues, for operators: look into them, send letters back, drop them.

A look takes nothing: what is read goes back, in its order, when the connection closes. A letter
that is sent back is published to its queue, confirmed, and only then taken out; a crash between
leaves it in both places, and consumers are idempotent.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
from aio_pika import DeliveryMode, Message
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage, AbstractQueue
from aio_pika.exceptions import ChannelNotFoundEntity

from shared import topology
from shared.deadletters.letter import Letter, chosen, named, read_letter, replay_headers
from shared.errors import CivicError
from shared.events import CONTENT_TYPE
from shared.messaging import address, broker_work, limits
from shared.topology import QueueSpec

MOST = 10_000  # letters in one look, about 30 MB; the rest is seen when these are gone

Note = Callable[[Letter], Awaitable[None]]


class NoSuchQueueError(CivicError):
    """No queue of the house has this name."""


@dataclass(frozen=True)
class _Held:
    letter: Letter
    message: AbstractIncomingMessage


class DeadLetters:
    """The dead letters of a broker, over a connection of their own.

    The first look takes them in hand, so that what was shown is what is acted on; whatever is
    still in hand at the end goes back to its queue.
    """

    def __init__(self, channel: AbstractChannel, queues: Sequence[QueueSpec]) -> None:
        self._channel = channel
        self._queues = queues
        self._held: list[_Held] | None = None

    @classmethod
    @asynccontextmanager
    async def at(cls, url: str, queue: str | None = None) -> AsyncGenerator["DeadLetters", None]:
        """Open the dead letters of one queue (with or without `.dead`), or of all.

        Raises:
            NoSuchQueueError: no queue has this name.
            OutageError: RabbitMQ cannot be reached.
        """
        specs = _specs(queue)
        async with broker_work(limits.CONFIRM_S):
            connection = await aio_pika.connect(
                address(url, "dead letters"), timeout=limits.CONFIRM_S
            )
        async with connection:
            channel = await connection.channel(on_return_raises=True)
            yield cls(channel, specs)

    async def counts(self) -> dict[str, int]:
        """Return how many letters each queue holds, by the queue in which they failed."""
        return {spec.name: await self._count(spec) for spec in self._queues}

    async def letters(self) -> list[Letter]:
        """Return the letters, at most `MOST`, in the order of their burial."""
        return [held.letter for held in await self._in_hand()]

    async def replay(self, ids: Iterable[str] | None = None) -> list[Letter]:
        """Send letters back to the queues in which they failed; None stands for all.

        Events of one case go in their order, elder ones along; their attempts begin anew.

        Raises:
            OutageError: the broker did not confirm; what was not confirmed stays dead.
        """
        return await self._each(lambda letters: chosen(letters, ids), self._send_back)

    async def drop(self, note: Note, ids: Iterable[str] | None = None) -> list[Letter]:
        """Remove letters for good, each after `note` has recorded it; None stands for all."""
        return await self._each(lambda letters: named(letters, ids), note)

    async def _each(
        self, choose: Callable[[Sequence[Letter]], list[Letter]], act: Note
    ) -> list[Letter]:
        """Act on the chosen letters one by one, each taken out once its act is done."""
        held = await self._in_hand()
        messages = {id(each.letter): each.message for each in held}
        done = choose([each.letter for each in held])
        for letter in done:
            await act(letter)
            async with broker_work(limits.CONFIRM_S):
                await messages[id(letter)].ack()
        acted = set(map(id, done))
        self._held = [each for each in held if id(each.letter) not in acted]
        return done

    async def _send_back(self, letter: Letter) -> None:
        message = Message(
            letter.body,
            content_type=CONTENT_TYPE,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=letter.id,
            headers=replay_headers(letter),
        )
        async with broker_work(limits.CONFIRM_S):
            await self._channel.default_exchange.publish(message, letter.queue)

    async def _in_hand(self) -> list[_Held]:
        if self._held is None:
            self._held = await self._hold()
        return self._held

    async def _hold(self) -> list[_Held]:
        """Take what lies there now in hand, without taking it away."""
        held: list[_Held] = []
        for spec in self._queues:
            left = min(await self._count(spec), MOST - len(held))
            if left <= 0:
                continue
            queue = await self._channel.get_queue(spec.dead, ensure=False)
            while left and (message := await self._get(queue)):
                left -= 1
                headers: dict[str, Any] = dict(message.headers)
                letter = read_letter(spec.name, message.message_id, message.body, headers)
                held.append(_Held(letter, message))
        return held

    @staticmethod
    async def _get(queue: AbstractQueue) -> AbstractIncomingMessage | None:
        async with broker_work(limits.CONFIRM_S):
            return await queue.get(fail=False)

    async def _count(self, spec: QueueSpec) -> int:
        async with broker_work(limits.CONFIRM_S):
            try:
                declared = await self._channel.declare_queue(spec.dead, passive=True)
            except ChannelNotFoundEntity:  # a broker that no service has seen yet
                await self._channel.reopen()
                return 0
        return declared.declaration_result.message_count or 0


def _specs(name: str | None) -> Sequence[QueueSpec]:
    if name is None:
        return topology.QUEUES
    found = [spec for spec in topology.QUEUES if name in (spec.name, spec.dead)]
    if not found:
        known = ", ".join(spec.name for spec in topology.QUEUES)
        raise NoSuchQueueError(f"no queue is called {name}; there are {known}")
    return found
