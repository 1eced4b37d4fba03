"""Closes what nobody disputed: resolved cases whose window for a dispute has passed."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from services.intake.domain.reporting import close_undisputed
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared.errors import CivicError, StaleVersionError
from shared.outbox import TailPublisher
from shared.vocabulary import State

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
BATCH = 200


class Closer:
    """One per process; any number may run, the version of a case lets one of them win."""

    def __init__(
        self,
        store: CaseStore,
        publisher: TailPublisher,
        shelf: Shelf,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._shelf = shelf
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look, once a minute."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def close_due(self) -> int:
        """Close at most one batch; return how many were closed."""
        now = self._clock()
        window = timedelta(days=self._shelf.now(now).regulation.procedures.dispute_days)
        found = await self._store.search(
            {"case.state": State.RESOLVED.value, "parts.results.at": {"$lt": now - window}},
            sort=[("case.due_at", 1)],
            limit=BATCH,
        )
        closed = 0
        for stored in found:
            facts = close_undisputed(stored.case, self._shelf.of(stored.case.snapshot), now)
            if not facts:
                continue
            try:
                self._publisher.soon(await self._store.save(stored, facts))
            except StaleVersionError:  # disputed, rated or closed by another process just now
                continue
            closed += 1
        return closed

    async def _look_forever(self) -> None:
        while True:
            try:
                await self.close_due()
            except CivicError as error:
                log.warning("closer.waits", reason=str(error))
            except Exception:
                log.exception("closer.failed")  # a bug must not end all looking unseen
            await asyncio.sleep(LOOK_EVERY_S)
