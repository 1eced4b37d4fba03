"""A message of somebody else on the exchange: every subscriber goes on, with the same state."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta

import httpx
import orjson
import pytest

from deploy.bench.subscribers import TRANSPORTS
from shared.fold import State, fold
from tests.e2e.client import eventually
from tests.integration.broker import Look
from tests.integration.notify_world import NotifyWorld, all_ready, publish, state_of
from tests.integration.stories import in_order_of_time, now, told

FOREIGN = (b"no JSON", b'{"a":\n1}', b"[]", b"", b'{\r"specversion":"1.0"}', b'{"specversion":1}')

COUNTER = "civic_stream_foreign_total"


def say_foreign(amqp_url: str, bodies: Sequence[bytes]) -> None:
    async def run() -> None:
        async with Look.into(amqp_url) as look:
            for each in bodies:
                await look.publish("case.accepted.v1", each)

    asyncio.run(run())


@pytest.mark.timeout(300)
def test_a_foreign_message_stops_no_transport_and_breaks_no_page(world: NotifyWorld) -> None:
    dice, ended = random.Random(7), now() - timedelta(minutes=1)
    entries = [e for _, e in in_order_of_time(told(dice, 20, ended - timedelta(days=1), ended))]
    notify = world.replica()
    all_ready([notify])
    clients = [world.follow(each, notify) for each in TRANSPORTS]

    publish(world.amqp, entries[:10])
    say_foreign(world.amqp, FOREIGN)
    publish(world.amqp, entries[10:])
    wanted: State = {}
    for each in entries:
        fold(wanted, orjson.loads(each.body))

    eventually(lambda: notify.caught_up(len(entries) + len(FOREIGN)), 60)
    for client in clients:
        assert eventually(lambda client=client: state_of(client) == wanted, 60), client.transport
    ids = [each["id"] for each in notify.everything()]
    assert ids == [orjson.loads(each.body)["id"] for each in entries]
    for limit in (1, 7):  # pages that would have begun or ended with one
        assert len(notify.get("events", after="9", limit=limit)["items"]) == limit
    assert counted(notify.url) >= len(FOREIGN)

    say_foreign(world.amqp, FOREIGN)  # and where nothing else is at the stream's end
    notify.end()
    notify.start()
    all_ready([notify])
    mark = eventually(lambda: notify.caught_up(len(entries) + len(FOREIGN)), 60)
    assert mark["offset"] == len(entries) + len(FOREIGN) - 1
    assert len(notify.everything()) == len(entries)


def counted(url: str) -> float:
    lines = httpx.get(f"{url}/metrics", timeout=10).text.splitlines()
    return float(next(each for each in lines if each.startswith(COUNTER)).split()[1])
