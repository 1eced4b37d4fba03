"""Ends the queues of days that are over, so that the figures say so, and reminds at the opening."""

import asyncio

import structlog

from services.intake.onestop.hall import Hall
from shared.errors import CivicError

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
BATCH = 50


class Daybreak:
    """One per process; any number may run, the version of a queue lets one of them win."""

    def __init__(self, hall: Hall) -> None:
        self._hall = hall
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look, once a minute."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look_forever(self) -> None:
        while True:
            try:
                await self._hall.end_days(BATCH)
                await self._hall.remind()
            except CivicError as error:
                log.warning("daybreak.waits", reason=str(error))
            except Exception:
                log.exception("daybreak.failed")  # a bug must not end all looking unseen
            await asyncio.sleep(LOOK_EVERY_S)
