"""The clock's hand: looks for stages whose time has come and fires them, in batches."""

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from services.sla.domain import fire
from services.sla.handlers import rules_of
from services.sla.store import DeadlineStore, StoredTracking
from shared.errors import OutageError, StaleVersionError
from shared.outbox import TailPublisher
from shared.rulebook import Rulebook
from shared.telemetry import DEADLINES_FIRED

log = structlog.get_logger()


class Ticker:
    """Fires due stages. Any number of replicas may tick: the version lets one of them win."""

    def __init__(
        self,
        store: DeadlineStore,
        publisher: TailPublisher,
        book: Rulebook,
        *,
        clock: Callable[[], datetime],
        every_s: float,
        batch: int,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._book = book
        self._clock = clock
        self._every_s = every_s
        self._batch = batch
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to tick."""
        self._task = asyncio.create_task(self._tick_forever())

    async def stop(self) -> None:
        """Stop ticking; a stage on its way is finished or untouched."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def tick(self) -> int:
        """Fire what is due now, at most one batch; return how many deadlines were looked at."""
        now = self._clock()
        due = await self._store.due(now, self._batch)
        await asyncio.gather(*(self._fire(stored, now) for stored in due))
        return len(due)

    async def _fire(self, stored: StoredTracking, now: datetime) -> None:
        try:
            rules = rules_of(self._book, stored.tracking.case)
            after, events = fire(stored.tracking, now, rules)
            self._publisher.soon(await self._store.save(stored, after, events, now))
        except StaleVersionError:  # another replica, or an event of the case, was faster
            return
        for event in events:
            DEADLINES_FIRED.labels(event.type).inc()

    async def _tick_forever(self) -> None:
        while True:
            try:
                looked_at = await self.tick()
            except OutageError as error:
                log.warning("ticker.waits", reason=str(error))
                looked_at = 0
            except Exception:
                log.exception("ticker.failed")
                looked_at = 0
            if looked_at < self._batch:
                await asyncio.sleep(self._every_s)
