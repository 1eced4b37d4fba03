"""Makes the deliveries that are owed: claims rows, sends, writes what became of them."""

import asyncio
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog

from services.notify.channels.base import Channel, Outgoing
from services.notify.domain import (
    DEDUPLICATES,
    EMAIL,
    LOUD,
    QUIET,
    Delivery,
    Made,
    Outcome,
    QuietHours,
    hurries_on,
    routes,
)
from services.notify.messages import Messages
from services.notify.people import People
from services.notify.store import DeliveryStore
from shared import failpoints
from shared.errors import OutageError
from shared.telemetry import DELIVERIES

log = structlog.get_logger()

LINGER_S = 0.05  # a receipt and its assignment go in one batch
OWN = 1000  # deliveries in hand; beyond this they wait in the database like everybody's
APART = 64  # deliveries over providers that are on their way, so that no mail waits for them
ENDS_S = 4.0  # that a stop gives to what is on its way; with the requests' ten it stays below 15
LOOK_EVERY_S = 1.0  # for rows whose time comes, and for those that another process owed

Route = tuple[str, str]


@dataclass(frozen=True)
class Ways:
    """The routes that are left, the first of them next, and when their person is left in peace."""

    routes: list[Route]
    quiet: QuietHours


class Sender:
    """One per process; any number of processes may send, a claim lets one of them win.

    Args:
        store: The deliveries.
        people: How somebody is reached.
        messages: What they are told.
        channels: Those that this installation has, by name.
        quiet: When reporters are told nothing on a channel that makes a noise.
        clock: The server's time.
        lease: How long a claim holds.
        batch: Rows claimed per look.
    """

    def __init__(
        self,
        store: DeliveryStore,
        people: People,
        messages: Messages,
        channels: Mapping[str, Channel],
        *,
        quiet: QuietHours,
        clock: Callable[[], datetime],
        lease: timedelta,
        batch: int,
    ) -> None:
        self._store = store
        self._people = people
        self._messages = messages
        self._channels = channels
        self._quiet = quiet
        self._clock = clock
        self._lease = lease
        self._batch = batch
        self._token = secrets.token_hex(8)
        self._own: list[tuple[float, Delivery]] = []  # with the time at which they were claimed
        self._look_at = 0.0  # monotonic; when others' rows are looked for again
        self._apart: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._ending = False

    async def owe(self, delivery: Delivery, now: datetime) -> None:
        """Store a delivery, and make it at once when its time has come."""
        at_once = delivery.next_at is not None and delivery.next_at <= now
        if not at_once or len(self._own) >= OWN:
            await self._store.add(delivery, now)
            return
        if await self._store.add(delivery, now, claim=self._token, lease=self._lease):
            self._own.append((time.monotonic(), replace(delivery, attempts=1)))
            self._woken.set()

    async def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send_forever())

    async def stop(self) -> None:
        """Stop sending once what is on its way has its answer, within a bound.

        What has none by then is given back when its lease passes, or is uncertain for ever.
        """
        self._ending = True
        self._woken.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(ENDS_S):
                await self._ended()
        tasks = [*self._apart, *([self._task] if self._task else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for channel in self._channels.values():
            await channel.stop()

    async def send_due(self) -> int:
        """Send one batch of what is due; return how many deliveries it held."""
        token, held = await self._held()
        if not held:
            return 0
        await self._people.refresh()
        made = await asyncio.gather(*(self._send(token, delivery) for delivery in held))
        done = [(d, m) for d, m in zip(held, made, strict=True) if m is not None]
        await self._settle(token, done)
        return len(held)

    async def _held(self) -> tuple[str, list[Delivery]]:
        """Take a batch: our own, and at least every second what others and retries have owed.

        Our own alone would starve these for as long as new ones come in.
        """
        # one that has waited for long belongs to its lease: another process may soon have it
        young = time.monotonic() - self._lease.total_seconds() / 4
        self._own = [each for each in self._own if each[0] >= young]
        if self._own and time.monotonic() < self._look_at:
            held = [each for _, each in self._own[: self._batch]]
            del self._own[: self._batch]
            return self._token, held
        self._look_at = time.monotonic() + LOOK_EVERY_S
        token, held = await self._store.claim(self._clock(), self._lease, self._batch)
        claimed = {each.id for each in held}  # ours among them, had it waited longer than its lease
        self._own = [each for each in self._own if each[1].id not in claimed]
        return (token, held) if held or not self._own else await self._held()

    async def idle(self) -> None:
        """Wait until nothing is on its way to a provider."""
        while self._apart:
            await asyncio.gather(*self._apart)

    async def _ended(self) -> None:
        if self._task:  # it may put more on their way until it has seen that this is the end
            await asyncio.wait([self._task])
        while self._apart:
            await asyncio.wait(self._apart)

    async def _settle(self, token: str, done: Sequence[tuple[Delivery, Made]]) -> None:
        await self._store.settle(token, done, self._clock())
        for _, made in done:
            DELIVERIES.labels(made.channel, made.outcome.kind).inc()

    async def _send(self, token: str, delivery: Delivery) -> Made | None:
        """Send one; None: it goes over a provider, apart, and is settled on its own."""
        if delivery.maybe and delivery.channel not in DEDUPLICATES:  # its sender died over it
            return Made(delivery.channel, Outcome("ambiguous", "interrupted"), delivery.tried)
        try:
            found = await self._options(delivery)
        except OutageError:
            return _again(delivery, "outage")
        except Exception:
            log.exception("sender.cannot_reach", template=delivery.template, code=delivery.code)
            return _again(delivery, "not_written")
        if isinstance(found, Made):
            return found
        if found.routes[0][0] == EMAIL or len(self._apart) >= APART:
            return await self._make(token, delivery, found)
        task = asyncio.create_task(self._make_apart(token, delivery, found))
        self._apart.add(task)
        task.add_done_callback(self._apart.discard)
        return None

    async def _options(self, delivery: Delivery) -> Ways | Made:
        """Return the routes that are left; or how it ends without any."""
        reached = await self._people.of(delivery)
        if isinstance(reached, Outcome):
            return Made(delivery.channel, reached, delivery.tried)
        found = routes(reached.chosen, reached.addresses, self._channels)
        if delivery.maybe:  # bound to its channel: a second one might tell the person twice
            left = [each for each in found if each[0] == delivery.channel]
        else:
            left = [each for each in found if each[0] not in delivery.tried]
        if left:
            return Ways(left, self._quiet.chosen(reached.quiet))
        nowhere = "opted_out" if reached.silenced else "no_address"
        reason = delivery.reason if delivery.tried or delivery.maybe else nowhere
        return Made(delivery.channel, Outcome("rejected", reason), delivery.tried)

    async def _make_apart(self, token: str, delivery: Delivery, options: Ways) -> None:
        try:
            await self._settle(token, [(delivery, await self._make(token, delivery, options))])
        except OutageError as error:
            log.warning("sender.waits", reason=str(error))  # its lease gives it back

    async def _make(self, token: str, delivery: Delivery, options: Ways) -> Made:
        """Try one channel after the other until one does not refuse."""
        tried = delivery.tried
        made = _again(delivery, "not_written")
        waits: Made | None = None  # an emergency's, on a channel that wants to do it later
        until = time.monotonic() + self._lease.total_seconds() / 4
        for place, (name, address) in enumerate(options.routes):
            others = place + 1 < len(options.routes)
            if place and time.monotonic() > until:  # the claim would not last for it
                return Made(name, Outcome("retry", "slow"), tried, others)
            pause = self._pause(delivery, name, options.quiet)
            if pause:
                return Made(name, Outcome("retry", QUIET, pause), tried, others)
            outcome = await self._attempt(token, replace(delivery, tried=tried), name, address)
            made = Made(name, outcome, tried, others)
            if hurries_on(outcome.after, urgent=bool(delivery.facts.get("urgent")), others=others):
                waits = waits or replace(made, others=False)
                continue
            if outcome.kind != "rejected":
                return made
            tried = (*tried, name)
            made = replace(made, tried=tried)
        return replace(waits, tried=tried) if waits else made

    def _pause(self, delivery: Delivery, name: str, quiet: QuietHours) -> timedelta:
        """Return how long a person is left in peace by a channel; an emergency waits for nothing.

        An official's rows wait for the end of their hours before a first attempt on any channel;
        later ones wait here, as a citizen's do, where the channel makes a noise.
        """
        if name not in LOUD or delivery.facts.get("urgent"):
            return timedelta()
        now = self._clock()
        return quiet.over_at(now) - now

    async def _attempt(self, token: str, delivery: Delivery, name: str, address: str) -> Outcome:
        """Make one attempt; whatever is wrong with it, its neighbours keep their outcomes.

        Where a repetition is shown twice, that it may have arrived is written before: who dies
        between the provider's answer and ours leaves a row that nobody sends again.
        """
        once = name not in DEDUPLICATES
        hold = partial(self._store.hold, token, delivery, name, tried=delivery.tried)
        try:
            message = self._messages.outgoing(delivery, name, address)
            if once and not await hold(maybe=1):
                return Outcome("retry", "claim_lost")
        except OutageError:
            return Outcome("retry", "outage")
        except Exception:
            log.exception("sender.cannot_write", template=delivery.template, code=delivery.code)
            return Outcome("retry", "not_written")
        outcome = await self._handed_over(message, name)
        if once and outcome.kind in {"rejected", "retry"}:  # the next channel may have its turn
            with suppress(OutageError):
                await hold(maybe=0)
        return outcome

    async def _handed_over(self, message: Outgoing, name: str) -> Outcome:
        try:
            outcome = await self._channels[name].send(message)
        except OutageError:
            return Outcome("retry", "outage")
        except Exception:
            log.exception("sender.channel_failed", channel=name)
            return Outcome("retry" if name in DEDUPLICATES else "ambiguous", "channel_failed")
        failpoints.reached(failpoints.AFTER_SEND)
        return outcome

    async def _send_forever(self) -> None:
        while not self._ending:
            try:
                held = await self.send_due()
            except OutageError as error:
                log.warning("sender.waits", reason=str(error))
                held = 0
            except Exception:
                log.exception("sender.failed")
                held = 0
            if held < self._batch and not (held and self._own):  # after a failure it waits too
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._woken.wait()
                        await asyncio.sleep(LINGER_S)
                self._woken.clear()


def _again(delivery: Delivery, reason: str) -> Made:
    return Made(delivery.channel, Outcome("retry", reason), delivery.tried)
