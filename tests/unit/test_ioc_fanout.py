"""Bytes are made once for all who read the same, and forgotten when nobody is near them."""

from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, cast

import pytest

from services.notify.ioc.fanout import BATCH, KEPT, Fanout, as_frame
from shared.stream import StreamEvent

if TYPE_CHECKING:
    from services.notify.ioc.tail import IocTail

BODY = b'{"specversion":"1.0","data":"' + b"x" * 1000 + b'"}'


class QuietTail:
    """A long history, and nothing new."""

    epoch = "0a1b2c3d"

    def __init__(self, events: int) -> None:
        self.newest = events - 1

    async def batches(self, offset: int, limit: int) -> AsyncIterator[Sequence[StreamEvent]]:
        for first in range(offset + 1, self.newest + 1, limit):
            until = min(first + limit, self.newest + 1)
            yield [StreamEvent(each, "case.accepted.v1", BODY) for each in range(first, until)]


class Encoder:
    """Encodes as SSE does, and counts."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, event: StreamEvent, epoch: str) -> bytes:
        self.times += 1
        return as_frame(event, epoch)


def fanout(events: int) -> tuple[Fanout, Encoder]:
    encoder = Encoder()
    return Fanout(cast("IocTail", QuietTail(events)), encoder), encoder


async def replayed(made: Fanout, offset: int = -1) -> bytes:
    return b"".join([each async for each in made.batches(offset)])


async def test_a_replay_of_everything_keeps_no_more_than_a_few_batches() -> None:
    made, _ = fanout(100 * BATCH)

    assert (await replayed(made)).count(b"id: ") == 100 * BATCH

    kept = sum(map(len, made._joined.values()))
    assert kept <= KEPT * BATCH * (len(BODY) + 100)


async def test_those_who_are_at_the_end_get_the_same_bytes_made_once() -> None:
    made, encoder = fanout(50)

    seen = [await replayed(made, 39) for _ in range(500)]

    assert encoder.times == 10
    assert len(set(map(id, seen))) == 1 or set(seen) == {seen[0]}


@pytest.mark.parametrize("replays", [1, KEPT - 2])
async def test_who_replays_does_not_drive_out_what_everybody_reads(replays: int) -> None:
    """As many batches of theirs go between two turns as there are replays."""
    made, encoder = fanout(100 * BATCH)
    newest = 100 * BATCH - 1
    others = [made.batches(-1) for _ in range(replays)]
    await replayed(made, newest - 5)
    begun = encoder.times

    for _ in range(20):
        for each in others:
            await anext(each)
        await replayed(made, newest - 5)

    assert encoder.times - begun <= 20 * BATCH  # of the replays, who read the same; no other


async def test_another_stream_with_the_same_offsets_is_told_apart() -> None:
    made, _ = fanout(10)
    before = await replayed(made)
    made._tail.epoch = "ffffffff"

    assert b"ffffffff" in await replayed(made)
    assert b"ffffffff" not in before
