"""The clock's hand: looks for stages whose time has come and fires them, in batches."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, Protocol, TypeVar

import structlog

from shared.errors import OutageError, StaleVersionError
from shared.events import Event
from shared.mongo import Tail
from shared.outbox import TailPublisher
from shared.telemetry import DEADLINES_FIRED

log = structlog.get_logger()


Row = TypeVar("Row")
Tracked = TypeVar("Tracked")
Said = TypeVar("Said", bound=Event)
Tracked_contra = TypeVar("Tracked_contra", contravariant=True)
Said_contra = TypeVar("Said_contra", bound=Event, contravariant=True)


class Store(Protocol[Row, Tracked_contra, Said_contra]):
    """Where rows with a `next_at` are: deadlines of cases, due dates of dossiers."""

    async def due(self, now: datetime, limit: int) -> list[Row]:
        """Return rows with a stage to fire, the oldest first."""
        ...

    async def save(
        self, stored: Row, after: Tracked_contra, events: Sequence[Said_contra], at: datetime
    ) -> Tail:
        """Write a row after `events`; StaleVersionError when somebody else wrote it."""
        ...


class Ticker(Generic[Row, Tracked, Said]):
    """Fires due stages. Any number of replicas may tick: the version lets one of them win."""

    def __init__(
        self,
        store: Store[Row, Tracked, Said],
        publisher: TailPublisher,
        fire: Callable[[Row, datetime], tuple[Tracked, list[Said]]],
        *,
        clock: Callable[[], datetime],
        every_s: float,
        batch: int,
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._fires = fire
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

    async def _fire(self, stored: Row, now: datetime) -> None:
        try:
            after, events = self._fires(stored, now)
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
