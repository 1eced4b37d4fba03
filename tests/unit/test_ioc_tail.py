"""Where a client goes on in the ring of the newest events, and behind it."""

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from services.notify.ioc.tail import CursorGoneError, IocTail
from shared.stream import StreamEvent

OFFSETS = (10, 11, 12, 20, 21, 22, 23, 40)  # a restart left 13 to 19 and 24 to 39 out


def tail_with(offsets: list[int]) -> IocTail:
    tail = IocTail(None, None, 1000)  # type: ignore[arg-type] - neither is asked for the ring
    tail._ring.extend(StreamEvent(each, "case.submitted.v1", b"") for each in offsets)
    return tail


@pytest.mark.parametrize("leaps", [0, 1, 7])
async def test_no_event_is_passed_over_where_offsets_leap(leaps: int):
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    offsets = sorted(chance.sample(range(100, 300 + leaps), 200))
    tail = tail_with(offsets)
    for offset in range(offsets[0] - 1, offsets[-1] + 2):
        found = [each.offset for each in await tail.after(offset, 10)]
        assert found == [each for each in offsets if each > offset][:10], f"seed {seed}"


class Kept:
    """A stream that holds some offsets."""

    def __init__(self, *offsets: int) -> None:
        self._offsets = offsets

    @asynccontextmanager
    async def read(self, start: int | str) -> AsyncIterator[AsyncIterator[StreamEvent]]:
        first = -1 if start == "first" else int(start)

        async def events() -> AsyncIterator[StreamEvent]:
            for each in self._offsets:
                if each >= first:
                    yield event(each)

        yield events()


def event(offset: int) -> StreamEvent:
    return StreamEvent(offset, "case.submitted.v1", b"{}")


def tail(*kept: int, capacity: int = 100) -> IocTail:
    reader: Any = Kept(*kept)
    epochs: Any = None
    return IocTail(reader, epochs, capacity)


async def read(following: IocTail, offset: int, limit: int) -> list[int]:
    """Read to the end in pages, as a client does."""
    found: list[int] = []
    while page := await following.after(offset, limit):
        found += [each.offset for each in page]
        offset = found[-1]
    return found


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
@pytest.mark.parametrize("cursor", [9, 10, 12, 15, 19, 20, 23, 30, 39])
async def test_no_event_is_skipped_where_the_offsets_have_holes(cursor: int, limit: int) -> None:
    following = tail()
    for offset in OFFSETS:
        following._take(event(offset))

    assert await read(following, cursor, limit) == [each for each in OFFSETS if each > cursor]


async def test_a_hole_behind_the_ring_is_no_lost_event() -> None:
    following = tail(1, 2, 7, 8, *OFFSETS, capacity=3)
    for offset in OFFSETS:
        following._take(event(offset))

    assert await read(following, 2, 2) == [7, 8, *OFFSETS]


async def test_what_the_stream_no_longer_keeps_is_said() -> None:
    following = tail(7, 8, *OFFSETS, capacity=3)
    for offset in OFFSETS:
        following._take(event(offset))

    with pytest.raises(CursorGoneError, match="no_longer_kept"):
        await following.after(2, 10)
