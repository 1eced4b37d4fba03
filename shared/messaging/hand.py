"""The messages of one queue that are in our hand: taken in groups, acknowledged in groups.

A message alone costs a turn of the loop, a write, a confirm and an acknowledgement of its own in
four processes; messages that are handled together share all of them.
"""

import asyncio
from collections import OrderedDict
from contextlib import suppress

from aio_pika.abc import AbstractIncomingMessage
from aiormq.abc import AbstractChannel

from shared.errors import OutageError
from shared.messaging import limits
from shared.messaging.link import CONNECTION_ERRORS, broker_work


class Hand:
    """Lets messages in, and acknowledges what was handled.

    At rest a message passes at once. When the one before passed less than `slot_s` ago, it waits
    until then, and all that came meanwhile pass together: so the size follows the load.

    Args:
        group: So many pass before the slot ends; below the prefetch, or nothing would fill it.
        slot_s: Between two groups.
    """

    def __init__(self, group: int, slot_s: float = limits.SLOT_S) -> None:
        self._group = group
        self._slot_s = slot_s
        self._passed_at = 0.0
        self._waiting: list[asyncio.Future[None]] = []
        self._timer: asyncio.TimerHandle | None = None
        self._channels: dict[AbstractChannel, Deliveries] = {}
        self._flushes: dict[AbstractChannel, asyncio.Task[None]] = {}

    async def take(self, message: AbstractIncomingMessage) -> None:
        """Take a message in hand, and wait until it may pass."""
        channel = message.channel
        if channel not in self._channels:
            self._channels = {each: d for each, d in self._channels.items() if not each.is_closed}
            self._flushes = {each: f for each, f in self._flushes.items() if not each.is_closed}
            self._channels[channel] = Deliveries()
        self._channels[channel].take(message.delivery_tag or 0)
        loop = asyncio.get_running_loop()
        if not self._waiting and loop.time() - self._passed_at >= self._slot_s:
            self._passed_at = loop.time()
            return
        passes = loop.create_future()
        self._waiting.append(passes)
        if len(self._waiting) >= self._group:
            self._pass()
        elif self._timer is None:
            self._timer = loop.call_at(self._passed_at + self._slot_s, self._pass)
        await passes

    def acknowledge(self, message: AbstractIncomingMessage) -> None:
        """Acknowledge a message, together with the others that are done in this turn."""
        channel = message.channel
        if (deliveries := self._channels.get(channel)) is None:
            return
        deliveries.finish(message.delivery_tag or 0)
        flush = self._flushes.get(channel)
        if flush is None or flush.done():
            self._flushes[channel] = asyncio.create_task(_acknowledge(channel, deliveries))

    def give_up(self, message: AbstractIncomingMessage) -> None:
        """Forget a message that was given back."""
        if deliveries := self._channels.get(message.channel):
            deliveries.drop(message.delivery_tag or 0)

    def _pass(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None
        self._passed_at = asyncio.get_running_loop().time()
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            if not each.done():
                each.set_result(None)


async def _acknowledge(channel: AbstractChannel, deliveries: "Deliveries") -> None:
    """Acknowledge what is done on one channel; a task for each, so that none holds up another.

    The queue of frames of a connection that has ended is emptied by nobody, and whoever puts into
    it when it is full waits for ever. What a dead channel had in hand is delivered again.
    """
    await asyncio.sleep(0)  # whoever else is done in this turn
    with suppress(OutageError, *CONNECTION_ERRORS):
        async with broker_work(limits.CONFIRM_S):
            # again, for what was done while a frame was on its way: no other task comes for it
            while found := deliveries.acknowledgements():
                for tag, multiple in found:
                    await channel.basic_ack(tag, multiple=multiple, wait=False)


class Deliveries:
    """The delivery tags of one channel that are not settled yet."""

    def __init__(self) -> None:
        self._open: OrderedDict[int, bool] = OrderedDict()  # tag → whether it is done
        self._settled = 0  # every tag up to this one is
        self._beyond = set[int]()  # acknowledged alone, behind one that is still being handled
        self._wall: int | None = None  # the first that was given back

    def take(self, tag: int) -> None:
        """Note a delivery; they come in order, from 1."""
        self._open[tag] = False

    def finish(self, tag: int) -> None:
        """Note that a delivery may be acknowledged."""
        if tag in self._open:
            self._open[tag] = True

    def drop(self, tag: int) -> None:
        """Forget a delivery that was settled otherwise; nothing is acknowledged across it."""
        self._open.pop(tag, None)
        self._wall = tag if self._wall is None else min(tag, self._wall)

    def acknowledgements(self) -> list[tuple[int, bool]]:
        """Return what is to be acknowledged: a tag, and whether all before it are meant too.

        Only an unbroken row of tags is acknowledged at once: what was never taken in hand, or is
        still being handled, is not touched.
        """
        row, last = list[int](), self._over(self._settled)
        for tag, done in self._open.items():
            if not done or tag != last + 1:
                break
            row.append(tag)
            last = self._over(tag)
        self._settled = last
        for tag in row:
            del self._open[tag]
        alone = [tag for tag, done in self._open.items() if done]
        for tag in alone:
            del self._open[tag]
        # behind a wall nothing is ever passed over, so nothing need be remembered there
        self._beyond.update(tag for tag in alone if self._wall is None or tag < self._wall)
        whole = [(row[-1], len(row) > 1)] if row else []
        return [*whole, *((tag, False) for tag in alone)]

    def _over(self, tag: int) -> int:
        """Return the last of the unbroken row of settled tags that begins behind `tag`."""
        while tag + 1 in self._beyond:
            tag += 1
            self._beyond.remove(tag)
        return tag
