"""Whether events reach the stream now: who hears nothing may have missed nothing, or everything.

A broker in alarm takes nothing from anybody and still hands out what it has, so that whoever reads
the stream is soon at its end while every service owes it events. Only a publish that is confirmed
shows that the way is open.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from shared.errors import OutageError

log = structlog.get_logger()

TRIED_EVERY_S = 1.0
# How long an event may be on its way in calm times: it is published when it is written, or by a
# sweeper within three seconds. After a break the services are given as long to say what they owe.
# A try and its patience take three: a break is noticed before its time is called complete.
ON_ITS_WAY = timedelta(seconds=5)


class Flow:
    """Tries every second whether the broker takes messages.

    Args:
        publish: Has a message confirmed, or raises OutageError.
    """

    def __init__(self, publish: Callable[[], Awaitable[None]]) -> None:
        self._publish = publish
        self._open_from = math.inf  # by the monotonic clock; nothing is known before the start
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to try; what a break of before held up is given its time too."""
        self._shut()
        self._task = asyncio.create_task(self._try_forever())

    async def stop(self) -> None:
        """Stop trying."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def is_open(self) -> bool:
        """Say whether all events get through, and those that a break held up had their time."""
        return time.monotonic() >= self._open_from

    async def _try_forever(self) -> None:
        while True:
            try:
                await self._publish()
            except OutageError as error:
                if self.is_open():
                    log.warning("ioc.nothing_is_published", reason=str(error))
                self._shut()
            except Exception:
                log.exception("ioc.flow_failed")
                self._shut()
            await asyncio.sleep(TRIED_EVERY_S)

    def _shut(self) -> None:
        self._open_from = time.monotonic() + ON_ITS_WAY.total_seconds()
