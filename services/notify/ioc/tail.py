"""The live end of the IOC stream, in memory, and a way back to any offset behind it.

One reader per process follows the stream; every browser and every pull is served from the ring of
the newest events. A client whose cursor is older than the ring reads the stream itself until it
has caught up. Nothing is queued per client, so a slow one costs nothing and loses nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence

import structlog

from shared.errors import OutageError
from shared.stream import StreamEvent, StreamReader

log = structlog.get_logger()

RETRY_S = 1.0


class IocTail:
    """Follows the stream and answers from any offset.

    Args:
        reader: Opens the stream.
        capacity: Events kept in memory.
    """

    def __init__(self, reader: StreamReader, capacity: int) -> None:
        self._reader = reader
        self._ring: deque[StreamEvent] = deque(maxlen=capacity)
        self._moved = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._following = False
        self._listeners: list[Callable[[StreamEvent], None]] = []

    def listen(self, listener: Callable[[StreamEvent], None]) -> None:
        """Have `listener` told of every event that comes in from now on, in order, once."""
        self._listeners.append(listener)

    async def start(self) -> None:
        """Begin to follow."""
        self._task = asyncio.create_task(self._follow_forever())

    async def stop(self) -> None:
        """Stop following."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._reader.stop()

    async def following(self) -> None:
        """Check that the stream is being followed.

        Raises:
            OutageError: it is not, so nothing here can be called live.
        """
        if not self._following:
            raise OutageError("RabbitMQ: the IOC stream is not followed")

    @property
    def newest(self) -> int:
        """The offset of the newest event, -1 while none is known."""
        return self._ring[-1].offset if self._ring else -1

    async def after(self, offset: int, limit: int) -> Sequence[StreamEvent]:
        """Return at most `limit` events with a greater offset, in order; none at the end.

        Raises:
            OutageError: an old offset was asked for and RabbitMQ is away.
        """
        if offset >= self.newest:
            return []
        if offset + 1 >= self._ring[0].offset:
            skipped = offset + 1 - self._ring[0].offset
            # by index: a deque reaches its right end at once, and most readers are there
            end = min(skipped + limit, len(self._ring))
            return [self._ring[place] for place in range(skipped, end)]
        return await self._read_back(offset, limit)

    async def batches(self, offset: int, limit: int) -> AsyncIterator[Sequence[StreamEvent]]:
        """Yield every event after `offset`, for ever, in batches; an empty one each 15 s."""
        while True:
            moved = self._moved
            batch = await self.after(offset, limit)
            if batch:
                offset = batch[-1].offset
                yield batch
                continue
            try:
                async with asyncio.timeout(15):  # below the idle limit of common proxies
                    await moved.wait()
            except TimeoutError:
                yield []

    async def _read_back(self, offset: int, limit: int) -> Sequence[StreamEvent]:
        found: list[StreamEvent] = []
        last = self.newest
        async with self._reader.read(offset + 1) as events:
            async for event in events:
                found.append(event)
                if len(found) >= limit or event.offset >= last:
                    break
        return found

    async def _follow_forever(self) -> None:
        while True:
            try:
                async with self._reader.read(self.newest + 1 if self._ring else "last") as events:
                    self._following = True
                    async for event in events:
                        self._take(event)
            except OutageError as error:
                log.warning("ioc.tail_waits", reason=str(error))
            except Exception:
                log.exception("ioc.tail_failed")
            self._following = False
            await asyncio.sleep(RETRY_S)

    def _take(self, event: StreamEvent) -> None:
        if event.offset <= self.newest:
            return
        self._ring.append(event)
        for listener in self._listeners:
            listener(event)
        self._moved.set()
        self._moved = asyncio.Event()
