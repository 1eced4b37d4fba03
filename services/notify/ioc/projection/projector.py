"""Takes the stream into the projections, and moves the watermark behind them.

One projector of all replicas works at a time, by a lease; should two overlap, every write is
guarded by a sequence, so that the result is the same.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta

import structlog

from services.notify.ioc.cursor import CursorGoneError
from services.notify.ioc.epoch import identity
from services.notify.ioc.marks import SHAPE, Mark, Marks
from services.notify.ioc.projection.base import Heard, Projection
from services.notify.ioc.tail import IocTail
from shared.errors import OutageError, PermanentError
from shared.events import Received
from shared.stream import StreamEvent

log = structlog.get_logger()

BATCH = 500
LINGER_S = 0.1  # one write for what comes within it; far below the second that the IOC is promised
LEASE = timedelta(seconds=10)
RETRY_S = 1.0


class Projector:
    """Follows the stream from the watermark on; `clock` is the server's time."""

    def __init__(
        self,
        tail: IocTail,
        marks: Marks,
        projections: Sequence[Projection],
        clock: Callable[[], datetime],
        *,
        after: Callable[[Sequence[Heard]], Awaitable[None]] | None = None,
    ) -> None:
        self._tail = tail
        self._marks = marks
        self._projections = projections
        self._clock = clock
        self._after = after
        self._holder = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._work_forever())

    async def stop(self) -> None:
        """Stop, and let another replica go on at once."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            try:
                await self._marks.release(self._holder)
            except OutageError as error:
                log.warning("projector.lease_kept", reason=str(error))

    async def _work_forever(self) -> None:
        while True:
            try:
                if await self._leads():
                    await self._work(await self._current())
            except CursorGoneError as error:  # the mark names the new stream, or soon will
                log.warning("projector.stream_ended", reason=error.reason)
            except OutageError as error:
                log.warning("projector.waits", reason=str(error))
            except Exception:
                log.exception("projector.failed")
            await asyncio.sleep(RETRY_S)

    async def _current(self) -> Mark:
        """Return the mark; what an older version has built is built anew."""
        mark = await self._marks.read()
        if mark.shape >= SHAPE:
            return mark
        log.warning("projector.rebuilds", shape=mark.shape)
        return await self._marks.rebuild()

    async def _leads(self) -> bool:
        return await self._marks.lease(self._holder, self._clock(), LEASE)

    async def _work(self, mark: Mark) -> None:
        """Go on from the mark until the lease, the epoch or the generation is another's."""
        if mark.epoch != self._tail.epoch:
            raise OutageError("the tail has not found the stream of the mark yet")
        loop = asyncio.get_running_loop()
        renew_at = loop.time() + LEASE.total_seconds() / 3
        async for batch in self._tail.batches(mark.offset, BATCH, idle_s=2.0):
            if loop.time() > renew_at:
                current = await self._marks.read()
                same = (current.epoch, current.generation) == (mark.epoch, mark.generation)
                if not same or not await self._leads():
                    return
                renew_at = loop.time() + LEASE.total_seconds() / 3
            if not batch:
                continue
            heard = list(filter(None, map(_read, batch)))
            await self._take(heard, mark.generation)
            newest = batch[-1]
            now = self._clock()
            at = heard[-1].received.time if heard else mark.at or now
            moved = await self._marks.advance(
                mark, newest.offset, identity(newest), at=at, seen_at=now
            )
            if moved is None:
                return
            mark = moved
            await asyncio.sleep(LINGER_S)

    async def _take(self, heard: Sequence[Heard], generation: int) -> None:
        for each in self._projections:
            mine = [one for one in heard if each.concerns(one.received.type)]
            if mine:
                await each.apply(mine, generation)
        if self._after:
            await self._after(heard)


def _read(event: StreamEvent) -> Heard | None:
    try:
        return Heard(event.offset, Received.from_wire(event.body))
    except PermanentError as error:
        log.warning("projector.unreadable", offset=event.offset, reason=str(error))
        return None
