"""Forgets messages that came to their end long ago: to people, and to integrators' endpoints."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from shared.errors import OutageError
from shared.mongo import Documents

log = structlog.get_logger()

LOOK_EVERY_S = 3600.0


@dataclass(frozen=True)
class Term:
    """Rows of a collection and how long they stay once `done_at` is set; pending ones have none."""

    documents: Documents
    kept: timedelta


class Forgetting:
    """One per process; that several do it does no harm.

    Args:
        terms: By name, for the log.
        clock: The server's time.
    """

    def __init__(self, terms: Mapping[str, Term], clock: Callable[[], datetime]) -> None:
        self._terms = terms
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def forget(self) -> dict[str, int]:
        """Delete what is due; return how many rows of each collection that were."""
        now, gone = self._clock(), dict[str, int]()
        for name, term in self._terms.items():
            done = {"done_at": {"$type": "date", "$lt": now - term.kept}}
            gone[name] = await term.documents.delete_many(done)
        return gone

    async def _look_forever(self) -> None:
        while True:
            try:
                gone = await self.forget()
                if any(gone.values()):
                    log.info("retention.forgot", **gone)
            except OutageError as error:
                log.warning("retention.waits", reason=str(error))
            except Exception:
                log.exception("retention.failed")
            await asyncio.sleep(LOOK_EVERY_S)
