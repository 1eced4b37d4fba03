"""The watermark says how far the figures go, and that nobody knows while no stream is heard."""

import asyncio
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.integration.broker import eventually
from tests.integration.notify_world import NotifyWorld, Replica, publish
from tests.integration.proxy import link
from tests.integration.stories import begun

Mark = dict[str, Any]
SAID = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


async def told(notify: Replica, wanted: Callable[[Mark], bool]) -> Mark:
    """The watermark, once it is as wanted."""
    found: list[Mark] = []

    async def asked() -> bool:
        try:
            summary = await asyncio.to_thread(notify.get, "summary")
        except httpx.TransportError:  # it is still starting
            return False
        found.append(summary["watermark"])
        return wanted(found[-1])

    try:
        await eventually(asked, within_s=60)
    except TimeoutError:
        pytest.fail(f"the last one was {found[-1:]}")
    return found[-1]


def is_complete(offset: int) -> Callable[[Mark], bool]:
    return lambda mark: mark["behind"] == 0 and mark["offset"] == offset


@pytest.mark.timeout(400)
async def test_without_the_broker_nobody_says_that_the_figures_are_complete(
    world: NotifyWorld,
) -> None:
    dice, broker = random.Random(5), world.amqp
    moments = [SAID + timedelta(seconds=n) for n in range(8)]
    entries = [each for at in moments for _, each in begun(dice, at).entries()]
    async with link(broker) as wire:
        world.amqp = wire.url(broker)
        notify = world.replica()
        nothing = await told(notify, is_complete(-1))  # nothing was ever said, and that is known
        assert datetime.fromisoformat(nothing["complete_up_to"]) > SAID
        await asyncio.to_thread(publish, broker, entries[:10])
        complete = await told(notify, is_complete(9))
        assert datetime.fromisoformat(complete["complete_up_to"]) > moments[-1]

        await wire.close()
        await asyncio.to_thread(publish, broker, entries[10:])  # and notify hears none of it
        mark = await told(notify, lambda mark: mark["behind"] is None)
        assert mark["offset"] == 9
        assert datetime.fromisoformat(mark["complete_up_to"]) == moments[4]

        await wire.open()
        mark = await told(notify, is_complete(15))
        assert datetime.fromisoformat(mark["complete_up_to"]) > moments[-1]
