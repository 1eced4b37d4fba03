"""The live end of the IOC stream, in memory, and a way back to any offset behind it.

One reader per process follows the stream; every browser and every pull is served from the ring of
the newest events. A client whose cursor is older than the ring reads the stream itself until it
has caught up. Nothing is queued per client, so a slow one costs nothing and loses nothing.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

import structlog

from services.notify.ioc.arrivals import Arrivals
from services.notify.ioc.cursor import START, CursorGoneError
from services.notify.ioc.epoch import LOOK_S, Epochs, first_event
from shared.errors import OutageError
from shared.runtime import utc_now
from shared.stream import OPEN_S, StreamEvent, StreamMissingError, StreamReader

log = structlog.get_logger()

RETRY_S = 1.0
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
IDLE_S = 15.0  # below the idle limit of common proxies
REACH_S = 1.0  # how far one replica may be behind another
# Many watchers are woken less often: each wake costs the process about 40 us per watcher.
LINGER_PER_WATCHER_S = 0.0001
LINGER_MAX_S = 0.1
READ_BACK_AT_ONCE = 8  # the others wait: of fifty channels opened at once some come too late


class IocTail:
    """Follows the stream and answers from any offset.

    Args:
        reader: Opens the stream.
        epochs: Tell a stream that was made anew.
        capacity: Events kept in memory.
        missing: Called when the stream is not there; it is to be declared.
        clock: The server's time.
    """

    def __init__(
        self,
        reader: StreamReader,
        epochs: Epochs,
        capacity: int,
        *,
        missing: Callable[[], None] = lambda: None,
        clock: Callable[[], datetime] = utc_now,
    ) -> None:
        self._reader = reader
        self._missing = missing
        self._epochs = epochs
        self._ring: deque[StreamEvent] = deque(maxlen=capacity)
        self._clock = clock
        self._arrivals = Arrivals(capacity)
        self._end = START  # an offset that the stream had when it was opened
        self._opened = 0.0  # when that was, by the monotonic clock
        self._moved = asyncio.Event()
        self._back = asyncio.Semaphore(READ_BACK_AT_ONCE)
        self._waking: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._following = False
        self._listeners: list[Callable[[StreamEvent], None]] = []
        self.epoch = ""  # of what is in the ring; empty until it is known
        self.watchers = 0

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

    def behind(self, offset: int) -> int | None:
        """Return how many offsets of the stream follow this one; None while that is not known.

        Not known while the stream is not followed, or what it held when it was opened, or what
        another replica has seen, is not here yet. One that shows nothing for long is empty.
        """
        if not self._following or self.newest < max(self._end, offset):
            return None
        if not self._ring and time.monotonic() < self._opened + LOOK_S:
            return None
        return self.newest - offset

    async def place(self, offset: int, epoch: str | None) -> int:
        """Return the offset of a client's cursor, if the stream can be read on from there.

        Raises:
            CursorGoneError: it cannot.
            OutageError: it is not known yet.
        """
        if not self.epoch:
            await self.following()
        if epoch is not None and epoch != self.epoch:
            raise CursorGoneError("another_stream")
        if offset > self.newest:
            await self._reach(offset)
            if epoch is None and offset > self.newest:
                await self.following()
            await self._require_reached(offset)
        return offset

    async def since(self, moment: datetime) -> int:
        """Return the offset behind which is everything that the broker took from `moment` on.

        A few events from just before it may be among them: the stream is cut in chunks.

        Raises:
            OutageError: RabbitMQ is away, or does not show in time what may lie behind the moment.
        """
        moment = max(moment, BEGINNING)  # AMQP counts seconds since 1970, unsigned
        before = self._arrivals.before(moment)
        async with self._reader.read(moment) as events:
            try:
                async with asyncio.timeout(OPEN_S if before is None else REACH_S):
                    return (await anext(events)).offset - 1
            except TimeoutError as late:
                if before is not None or self.behind(START) == 0:  # before it, or nothing at all
                    return START if before is None else before
                raise OutageError("RabbitMQ: the IOC stream shows nothing in time") from late

    async def after(self, offset: int, limit: int) -> Sequence[StreamEvent]:
        """Return at most `limit` events with a greater offset, in order; none at the end.

        Raises:
            CursorGoneError: the stream no longer holds what comes next.
            OutageError: an old offset was asked for and RabbitMQ is away.
        """
        if offset >= self.newest:
            return []
        if offset + 1 >= self._ring[0].offset:
            # by index: a deque reaches its right end at once, and most readers are there
            skipped = min(offset + 1 - self._ring[0].offset, len(self._ring))
            # offsets leap where the reader passed over what is no event, and after a broker's crash
            while skipped and self._ring[skipped - 1].offset > offset:
                skipped -= 1
            end = min(skipped + limit, len(self._ring))
            return [self._ring[place] for place in range(skipped, end)]
        return await self._read_back(offset, limit)

    async def batches(
        self, offset: int, limit: int, idle_s: float = IDLE_S
    ) -> AsyncIterator[Sequence[StreamEvent]]:
        """Yield every event after `offset`, for ever, in batches; an empty one each `idle_s`.

        Raises:
            CursorGoneError: the stream was made anew meanwhile, or no longer holds what comes next.
            OutageError: an old offset is read and RabbitMQ is away.
        """
        epoch, doubtful_at = self.epoch, time.monotonic() + idle_s
        self.watchers += 1
        try:
            while True:
                moved = self._moved
                if self.epoch != epoch:
                    if epoch:
                        raise CursorGoneError("another_stream")
                    epoch = self.epoch
                batch = await self.after(offset, limit)
                if batch:
                    offset = batch[-1].offset
                    yield batch
                    await asyncio.sleep(0)  # who catches up from the ring lets others go between
                    continue
                if offset > self.newest and time.monotonic() > doubtful_at:
                    await self._require_reached(offset)
                try:
                    async with asyncio.timeout(idle_s):
                        await moved.wait()
                except TimeoutError:
                    yield []
        finally:
            self.watchers -= 1

    async def _reach(self, offset: int) -> None:
        """Wait a moment for another replica's newest event."""
        with suppress(TimeoutError):
            async with asyncio.timeout(REACH_S):
                while offset > self.newest:
                    await self._moved.wait()

    async def _require_reached(self, offset: int) -> None:
        """Tell a cursor that nobody gave out from one of a replica that is further on.

        While it is not known where the stream ends, it is taken on trust.

        Raises:
            CursorGoneError: the stream ends before it; who waited there would miss what comes.
        """
        settled = self._following and time.monotonic() >= self._opened + LOOK_S
        if offset <= self.newest or not settled or self.newest < self._end:
            return
        if offset > await self._epochs.reached(self.epoch):
            raise CursorGoneError("beyond_the_end", self.newest)

    async def _read_back(self, offset: int, limit: int) -> Sequence[StreamEvent]:
        found, last = list[StreamEvent](), self.newest
        async with self._back, self._reader.read(offset + 1) as events:
            async for event in events:
                if not found and event.offset > offset + 1 and offset >= 0:
                    await self._require_kept(offset, event.offset)
                found.append(event)
                if len(found) >= limit or event.offset >= last:
                    break
        return found

    async def _require_kept(self, offset: int, following: int) -> None:
        """Tell numbers that the broker left out from events that it no longer keeps.

        Raises:
            CursorGoneError: the stream begins behind the offset.
        """
        async with self._reader.read("first") as events:
            if (await anext(events)).offset > offset:
                raise CursorGoneError("no_longer_kept", following - 1)

    async def _follow_forever(self) -> None:
        while True:
            try:
                await self._agree()
                async with self._reader.read(await self._onwards()) as events:
                    self._opened = time.monotonic()
                    self._following = True
                    async for event in events:
                        self._take(event)
            except StreamMissingError:
                # what was said meanwhile is not in its successor: `republish` says it again
                log.error("ioc.stream_was_deleted")  # noqa: TRY400 - it says all
                self._missing()
            except OutageError as error:
                log.warning("ioc.tail_waits", reason=str(error))
            except Exception:
                log.exception("ioc.tail_failed")
            self._following = False
            await asyncio.sleep(RETRY_S)

    async def _agree(self) -> None:
        """Find out whether this is the stream that was followed before."""
        last = self._ring[-1] if self._ring else None
        epoch = await self._epochs.of(self._reader, self.epoch, last)
        if epoch != self.epoch:
            self._ring.clear()
            self._arrivals.clear()
            self.epoch = epoch
            self._wake()

    async def _onwards(self) -> int | str:
        """Return where to read on, and learn how far that is from the end."""
        known = max(self.newest, self._epochs.mark.offset)
        if known == START:  # nothing was ever heard of
            self._end = START
            return "last"
        last = await first_event(self._reader, "last")
        self._end = last.offset if last else known  # its end may be of others, and not shown
        return self.newest + 1 if self._ring else self._end

    def _take(self, event: StreamEvent) -> None:
        if event.offset <= self.newest:
            return
        self._ring.append(event)
        mark = self._epochs.mark
        seen = mark.seen_at if event.offset <= mark.offset else None
        self._arrivals.note(event.offset, seen or self._clock())
        for listener in self._listeners:
            listener(event)
        if self._waking is None:
            linger = min(self.watchers * LINGER_PER_WATCHER_S, LINGER_MAX_S)
            self._waking = asyncio.get_running_loop().call_later(linger, self._wake)

    def _wake(self) -> None:
        self._waking = None
        self._moved.set()
        self._moved = asyncio.Event()
