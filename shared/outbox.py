"""The tail publisher and its sweeper: how an event that is written always reaches the exchange.

The invariant: OF ANY AGGREGATE, THE FIRST OCCURRENCES OF ITS EVENTS REACH THE EXCHANGE IN ORDER.
After a write the writer publishes the whole tail, that is every event of the document that the
broker has not confirmed yet, in order, event n+1 only after the confirm of n, and takes out of the
document what was confirmed. Whoever publishes n+1 has therefore published, or seen confirmed, n.
Copies may follow (a publisher dies between confirm and removal, two publish the same tail); they
are duplicates by `id`, and consumers are idempotent.

Nothing is lost with the memory of a process: the document owes the event until it is confirmed,
and the sweeper of every process looks for documents that have owed for longer than two seconds.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import structlog

from shared import failpoints
from shared.errors import OutageError
from shared.messaging import Publisher
from shared.mongo import Aggregates, Tail
from shared.telemetry import OUTBOX_OLDEST_S, OUTBOX_PENDING, PUBLISHED

log = structlog.get_logger()

BATCH = 256  # tails in hand at once; more confirms outstanding gained nothing here
REMEMBERED = 20_000  # confirmed ids, about 3 MB
PENDING = 20_000  # tails in memory; beyond this the sweeper finds them in the database
OVERDUE = timedelta(seconds=2)  # older than this, and its writer is taken for dead
SETTLE_EVERY_S = 0.8  # well below OVERDUE; the events of one new case are settled in one write
SWEEP_EVERY_S = 1.0
SWEEP_LIMIT = 1000
PAUSE_S = 0.5  # after a failure


class Memory:
    """What this process saw confirmed lately: a tail read before its removal holds it again.

    Forgetting is harmless; it only makes a copy on the stream. Never more than `REMEMBERED` ids.
    """

    def __init__(self) -> None:
        self._ids: OrderedDict[str, None] = OrderedDict()

    def note(self, confirmed: Mapping[str, Sequence[str]]) -> None:
        """Remember what the broker confirmed."""
        for ids in confirmed.values():
            self._ids.update(dict.fromkeys(ids))
        while len(self._ids) > REMEMBERED:
            self._ids.popitem(last=False)

    def without_confirmed(self, tail: Tail) -> Tail:
        """Return what is still to be published of a tail."""
        left = tuple(entry for entry in tail.entries if entry.id not in self._ids)
        return replace(tail, entries=left)

    def confirmed(self, tail: Tail) -> list[str]:
        """Return the ids of a tail that were confirmed lately."""
        return [entry.id for entry in tail.entries if entry.id in self._ids]


class TailPublisher:
    """Publishes the tails of one collection of aggregates; one per process and collection."""

    def __init__(self, aggregates: Aggregates, publisher: Publisher) -> None:
        self._aggregates = aggregates
        self._publisher = publisher
        self._pending: OrderedDict[str, Tail] = OrderedDict()
        self._in_hand: set[str] = set()
        self._memory = Memory()
        self._settled: dict[str, list[str]] = {}
        self._unsettled = asyncio.Event()
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._tasks: list[asyncio.Task[None]] = []

    def soon(self, tail: Tail) -> None:
        """Publish this tail as soon as possible; a later tail of the same aggregate replaces it."""
        if not tail.entries or len(self._pending) >= PENDING:
            return
        self._pending[tail.identifier] = tail
        self._idle.clear()
        self._wake.set()

    async def start(self) -> None:
        """Begin to publish and to sweep."""
        self._tasks = [
            asyncio.create_task(self._publish_forever()),
            asyncio.create_task(self._settle_forever()),
            asyncio.create_task(self._sweep_forever()),
        ]

    async def stop(self, grace_s: float = 5.0) -> None:
        """Publish what is in hand, at most `grace_s` seconds long; the rest is in the database."""
        with suppress(TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._idle.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with suppress(OutageError, TimeoutError):
            async with asyncio.timeout(grace_s):
                await self._settle()

    async def _publish_forever(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                try:
                    await self._publish_batch()
                except Exception:
                    log.exception("outbox.failed")  # a bug must not end all publishing unseen
                    await asyncio.sleep(PAUSE_S)
            self._idle.set()

    async def _publish_batch(self) -> None:
        batch = [
            self._pending.popitem(last=False)[1] for _ in range(min(BATCH, len(self._pending)))
        ]
        self._in_hand = {tail.identifier for tail in batch}
        known = {tail.identifier: self._memory.confirmed(tail) for tail in batch}
        try:
            confirmed = await publish_tails(
                [self._memory.without_confirmed(tail) for tail in batch], self._publisher
            )
            failpoints.reached(failpoints.AFTER_CONFIRM)
            self._memory.note(confirmed)
            for identifier, ids in known.items():
                if settled := [*ids, *confirmed.get(identifier, ())]:
                    self._settled.setdefault(identifier, []).extend(settled)
            self._unsettled.set()
        except OutageError as error:
            log.warning("outbox.waits", reason=str(error), tails=len(batch))
            # What is owed stays in the database, and the sweeper takes it up.
            await asyncio.sleep(PAUSE_S)
        finally:
            self._in_hand = set()

    async def _settle_forever(self) -> None:
        """Take confirmed events out of their documents, many in one write.

        Nobody waits for it: what is confirmed and still stands there is known by `Memory`, and to
        the others it is a duplicate.
        """
        while True:
            await self._unsettled.wait()
            await asyncio.sleep(SETTLE_EVERY_S)
            self._unsettled.clear()
            try:
                await self._settle()
            except OutageError as error:
                log.warning("outbox.settle_waits", reason=str(error))
                await asyncio.sleep(PAUSE_S)
            except Exception:
                log.exception("outbox.settle_failed")

    async def _settle(self) -> None:
        settled, self._settled = self._settled, {}
        if not settled:
            return
        try:
            await self._aggregates.confirm(settled)
        except BaseException:
            for identifier, ids in settled.items():
                self._settled.setdefault(identifier, []).extend(ids)
            self._unsettled.set()
            raise

    async def _sweep_forever(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            try:
                await self._sweep()
            except OutageError as error:
                log.warning("outbox.sweep_failed", reason=str(error))
            except Exception:
                log.exception("outbox.sweep_failed")

    async def _sweep(self) -> None:
        now = datetime.now(UTC)
        # While the broker is away the backlog is only measured: to read it too, a thousand events
        # every second in each process, would slow down those who are still being served.
        up = await self._publisher.is_up()
        owing = await self._aggregates.owing(now - OVERDUE, SWEEP_LIMIT, bodies=up)
        OUTBOX_PENDING.labels(self._aggregates.name).set(len(owing) + len(self._pending))
        since = min((tail.since or now for tail in owing), default=now)
        OUTBOX_OLDEST_S.labels(self._aggregates.name).set((now - since).total_seconds())
        for tail in owing:
            if tail.identifier not in self._in_hand and tail.identifier not in self._pending:
                self.soon(tail)


async def publish_tails(tails: Sequence[Tail], publisher: Publisher) -> dict[str, list[str]]:
    """Publish tails in waves, and return the ids that the broker confirmed, by aggregate.

    Wave n holds the n-th event of every tail that is still whole; a tail whose event was not
    confirmed takes no part in the next wave. So no event overtakes its elder, and the confirms of
    a wave are outstanding together.
    """
    confirmed: dict[str, list[str]] = {}
    whole = [tail for tail in tails if tail.entries]
    position = 0
    while whole:
        wave = [tail.entries[position] for tail in whole]
        answers = await publisher.publish(wave)
        for tail, entry, ok in zip(whole, wave, answers, strict=True):
            if ok:
                confirmed.setdefault(tail.identifier, []).append(entry.id)
                PUBLISHED.labels(entry.key).inc()
        position += 1
        whole = [
            tail
            for tail, ok in zip(whole, answers, strict=True)
            if ok and position < len(tail.entries)
        ]
    return confirmed
