import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest

from shared.messaging.hand import Deliveries, Hand


class Channel:
    """Notes what is acknowledged on it."""

    def __init__(self) -> None:
        self.is_closed = False
        self.acks: list[tuple[int, bool]] = []

    async def basic_ack(self, tag: int, *, multiple: bool, wait: bool) -> None:
        assert not wait
        if self.is_closed:
            raise ConnectionError
        self.acks.append((tag, multiple))


def message(channel: Channel, tag: int) -> Any:
    return SimpleNamespace(channel=channel, delivery_tag=tag)


def deliveries(taken: int, done: list[int]) -> Deliveries:
    found = Deliveries()
    for tag in range(1, taken + 1):
        found.take(tag)
    for tag in done:
        found.finish(tag)
    return found


@pytest.mark.parametrize(
    ("taken", "done", "acknowledged"),
    [
        pytest.param(3, [1, 2, 3], [(3, True)], id="all at once"),
        pytest.param(1, [1], [(1, False)], id="one alone"),
        pytest.param(3, [2, 3], [(2, False), (3, False)], id="the first is still being handled"),
        pytest.param(4, [1, 2, 4], [(2, True), (4, False)], id="one in the middle is"),
        pytest.param(3, [], [], id="none is done"),
    ],
)
def test_what_is_acknowledged(
    taken: int, done: list[int], acknowledged: list[tuple[int, bool]]
) -> None:
    assert deliveries(taken, done).acknowledgements() == acknowledged


def test_after_one_that_took_longer_messages_are_acknowledged_together_again() -> None:
    found = deliveries(9, [2])
    assert found.acknowledgements() == [(2, False)]

    for tag in (1, 3, 4, 5):
        found.finish(tag)
    assert found.acknowledgements() == [(5, True)]
    for tag in (6, 7, 8, 9):
        found.finish(tag)
    assert found.acknowledgements() == [(9, True)]


def test_nothing_is_acknowledged_across_a_message_that_was_given_back() -> None:
    found = deliveries(4, [1, 3, 4])
    found.drop(2)

    assert found.acknowledgements() == [(1, False), (3, False), (4, False)]


def test_nothing_is_acknowledged_across_a_message_that_was_never_taken() -> None:
    found = Deliveries()
    for tag in (1, 3):
        found.take(tag)
        found.finish(tag)

    assert found.acknowledgements() == [(1, False), (3, False)]


def test_whatever_the_order_each_message_is_acknowledged_once_and_only_when_done() -> None:
    seed = random.randrange(10**6)
    print("seed", seed)  # noqa: T201 - to run it again
    chance = random.Random(seed)
    for _ in range(200):
        count = chance.randint(1, 12)
        found, done, acknowledged = deliveries(count, []), set[int](), set[int]()
        for tag in chance.sample(range(1, count + 1), count):
            found.finish(tag)
            done.add(tag)
            if chance.random() < 0.5:
                _apply(found, acknowledged, done)
        _apply(found, acknowledged, done)
        assert acknowledged == set(range(1, count + 1))


def _apply(found: Deliveries, acknowledged: set[int], done: set[int]) -> None:
    for tag, multiple in found.acknowledgements():
        meant = set(range(1, tag + 1)) - acknowledged if multiple else {tag}
        assert meant <= done
        assert meant.isdisjoint(acknowledged)
        acknowledged |= meant


async def test_a_message_at_rest_passes_at_once() -> None:
    hand = Hand(group=8, slot_s=60)

    async with asyncio.timeout(5):
        await hand.take(message(Channel(), 1))


async def test_messages_that_come_often_pass_together() -> None:
    hand, channel, passed = Hand(group=8, slot_s=0.05), Channel(), list[int]()

    async def take(tag: int) -> None:
        await hand.take(message(channel, tag))
        passed.append(tag)

    await take(1)
    waiting = [asyncio.create_task(take(tag)) for tag in (2, 3, 4)]
    await asyncio.sleep(0)
    assert passed == [1]
    async with asyncio.timeout(5):
        await asyncio.gather(*waiting)

    assert passed == [1, 2, 3, 4]


async def test_a_full_group_does_not_wait_for_its_slot() -> None:
    hand, channel = Hand(group=3, slot_s=60), Channel()
    await hand.take(message(channel, 1))

    async with asyncio.timeout(5):
        await asyncio.gather(*(hand.take(message(channel, tag)) for tag in (2, 3, 4)))


async def test_what_is_done_in_one_turn_is_acknowledged_in_one_frame() -> None:
    hand, channel = Hand(group=2, slot_s=0), Channel()
    messages = [message(channel, tag) for tag in (1, 2, 3)]
    for each in messages:
        await hand.take(each)

    for each in messages:
        hand.acknowledge(each)
    await asyncio.sleep(0.01)

    assert channel.acks == [(3, True)]


async def test_a_closed_channel_does_not_stop_the_acknowledgements_of_the_next() -> None:
    hand, gone, fresh = Hand(group=2, slot_s=0), Channel(), Channel()
    await hand.take(message(gone, 1))
    await hand.take(message(fresh, 1))
    gone.is_closed = True

    hand.acknowledge(message(gone, 1))
    hand.acknowledge(message(fresh, 1))
    await asyncio.sleep(0.01)

    assert fresh.acks == [(1, False)]


async def test_a_dead_channel_on_which_nothing_can_be_written_holds_up_no_other() -> None:
    dead, alive, hand = Channel(), Channel(), Hand(group=1, slot_s=0)

    async def full(*_: object, **__: object) -> None:
        await asyncio.Event().wait()  # its queue of frames is emptied by nobody

    dead.basic_ack = full  # type: ignore[method-assign]
    for channel in (dead, alive):
        await hand.take(message(channel, 1))
        hand.acknowledge(message(channel, 1))

    async with asyncio.timeout(2):
        while not alive.acks:  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.01)
    assert alive.acks == [(1, False)]


async def test_what_is_done_while_a_frame_is_on_its_way_is_acknowledged_too() -> None:
    class Slow(Channel):
        async def basic_ack(self, tag: int, *, multiple: bool, wait: bool) -> None:
            await asyncio.sleep(0.01)
            await super().basic_ack(tag, multiple=multiple, wait=wait)

    hand, channel = Hand(group=1), Slow()
    await asyncio.gather(*(hand.take(message(channel, tag)) for tag in (1, 2)))
    hand.acknowledge(message(channel, 1))
    await asyncio.sleep(0.005)  # the first frame is being written
    hand.acknowledge(message(channel, 2))
    await asyncio.sleep(0.1)

    assert channel.acks == [(1, False), (2, False)]
