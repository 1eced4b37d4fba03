"""Many live clients: each gets every event, once and in order, however often it comes back."""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import httpx
import pytest

from tests.integration.notify_world import RING, NotifyWorld, all_ready, publish
from tests.integration.stories import in_order_of_time, now, told

CLIENTS = 24
PATH = "/api/v1/ioc/stream"


async def followed(url: str, last: str, dice: random.Random) -> list[str]:
    """What a client gets up to the event `last`; it loses its connection now and then."""
    seen: list[str] = []
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        while not seen or seen[-1] != last:
            patience = dice.randrange(1, 3 * RING)
            place = {"Last-Event-ID": seen[-1]} if seen else {"Last-Event-ID": "-1"}
            with suppress(httpx.TransportError):  # a browser comes back, and so does this one
                async with client.stream("GET", PATH, headers=place) as answer:
                    async for line in answer.raise_for_status().aiter_lines():
                        if line.startswith("id: "):
                            seen.append(line.removeprefix("id: "))
                            patience -= 1
                        if not patience or seen[-1:] == [last]:
                            break
    return seen


@pytest.mark.timeout(400)
async def test_every_client_of_many_gets_every_event_once_and_in_order(world: NotifyWorld) -> None:
    seed = random.randrange(10**6)
    dice, ended = random.Random(seed), now() - timedelta(minutes=1)
    entries = [e for _, e in in_order_of_time(told(dice, 120, ended - timedelta(days=1), ended))]
    assert len(entries) > 4 * RING  # so that who comes back late reads the stream itself
    notify = world.replica()
    await asyncio.to_thread(all_ready, [notify])
    await asyncio.to_thread(publish, world.amqp, entries[:RING])
    epoch = (await asyncio.to_thread(notify.everything))[0]["cursor"].partition(".")[2]
    wanted = [f"{offset}.{epoch}" for offset in range(len(entries))]

    async with asyncio.timeout(300), asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(followed(notify.url, wanted[-1], random.Random(seed + n)))
            for n in range(CLIENTS)
        ]
        for first in range(RING, len(entries), 40):
            await asyncio.to_thread(publish, world.amqp, entries[first : first + 40])

    for n, task in enumerate(tasks):
        assert task.result() == wanted, f"client {n}, seed {seed}"
