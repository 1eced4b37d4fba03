"""Where a client goes on in the ring of the newest events."""

import random

import pytest

from services.notify.ioc.tail import IocTail
from shared.stream import StreamEvent


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
