"""Every event is encoded once, however many are watching; the same bytes go to all of them."""

from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Sequence

import orjson

from services.notify import sse
from services.notify.admission import Standing
from services.notify.ioc.cursor import Cursor, CursorGoneError
from services.notify.ioc.tail import IocTail
from shared.stream import StreamEvent

BATCH = 200
KEPT = 8  # batches: those who are at the end ask for the same ones, within one turn of the loop

Encode = Callable[[StreamEvent, str], bytes]


class Fanout:
    """Turns batches of the tail into bytes for one kind of transport.

    Args:
        tail: The live end.
        encode: The bytes of one event in an epoch.
    """

    def __init__(self, tail: IocTail, encode: Encode) -> None:
        self._tail = tail
        self._encode = encode
        self._joined: OrderedDict[tuple[str, int, int], bytes] = OrderedDict()

    async def batches(self, offset: int) -> AsyncIterator[bytes]:
        """Yield the bytes of every event after `offset`; empty ones while nothing happens.

        Raises:
            CursorGoneError, OutageError: see IocTail.batches.
        """
        async for batch in self._tail.batches(offset, BATCH):
            yield self._bytes(batch) if batch else b""

    def _bytes(self, batch: Sequence[StreamEvent]) -> bytes:
        key = (self._tail.epoch, batch[0].offset, batch[-1].offset)
        if (known := self._joined.get(key)) is None:
            known = b"".join(self._encode(each, self._tail.epoch) for each in batch)
            self._joined[key] = known
            if len(self._joined) > KEPT:  # who replays asks for each batch once
                self._joined.popitem(last=False)
        else:
            self._joined.move_to_end(key)
        return known


def as_frame(event: StreamEvent, epoch: str) -> bytes:
    """Return an event as Server-Sent Events say it."""
    return sse.frame(event.key, event.body, str(Cursor(event.offset, epoch)))


def as_item(event: StreamEvent, epoch: str) -> bytes:
    """Return an event as pull and WebSocket say it: its place, and the envelope as it came."""
    place = f'{{"offset":{event.offset},"cursor":"{event.offset}.{epoch}",'
    return place.encode() + event.body[1:]


def reset(gone: CursorGoneError, epoch: str) -> bytes:
    """Return what a client is told whose cursor leads nowhere: why, and where it goes on."""
    return orjson.dumps({"reason": gone.reason, "restart": str(Cursor(gone.restart, epoch))})


async def frames(
    fanout: Fanout, tail: IocTail, start: int | CursorGoneError, *, standing: Standing
) -> AsyncIterator[bytes]:
    """Yield frames until the token is over, and say so with `expired`.

    Where the stream breaks off, say `reset` and go on behind it.
    """
    while True:
        if isinstance(start, CursorGoneError):
            restart = Cursor(start.restart, tail.epoch)
            yield sse.frame("reset", reset(start, tail.epoch), str(restart))
            start = start.restart
        try:
            async for each in fanout.batches(start):
                if await standing.is_over():
                    yield sse.frame("expired", b"{}")
                    return
                yield each or sse.HEARTBEAT
        except CursorGoneError as gone:
            start = gone
