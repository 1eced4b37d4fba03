"""Who was cut off for three days ends in the state of one who never was, on every transport."""

import asyncio
import copy
import random
import re
import time
from datetime import datetime, timedelta
from typing import Any

import orjson
import pytest

from deploy.bench.subscribers import TRANSPORTS
from shared.fold import State, fold, missed, state_hash
from shared.stream import StreamReader
from shared.topology import IOC_STREAM
from tests.e2e.client import eventually
from tests.integration.broker import Management
from tests.integration.notify_world import RING, NotifyWorld, all_ready, publish, state_of
from tests.integration.stories import in_order_of_time, now, told

DAYS = timedelta(days=3)


def folded(events: list[dict[str, Any]], onto: State) -> State:
    state = copy.deepcopy(onto)
    for event in events:
        fold(state, event)
    return state


async def kept_for(management: str, amqp_url: str) -> timedelta:
    """How long the stream as the broker has it keeps an event."""
    async with Management(management, amqp_url) as broker:
        arguments = (await broker.queues())[IOC_STREAM]["arguments"]
    assert "x-max-length-bytes" not in arguments
    number, unit = re.fullmatch(r"(\d+)([YMDhms])", arguments["x-max-age"]).groups()
    return int(number) * {"D": timedelta(days=1), "h": timedelta(hours=1)}[unit]


async def by_moment(amqp_url: str, moment: datetime, count: int) -> list[dict[str, Any]]:
    """What AMQP gives from a moment on, until the last event of the stream."""
    reader, found = StreamReader(amqp_url, "test"), list[dict[str, Any]]()
    async with asyncio.timeout(60), reader.read(moment) as events:
        async for event in events:
            found.append(orjson.loads(event.body))
            if event.offset + 1 >= count:
                break
    await reader.stop()
    return found


@pytest.mark.timeout(400)
def test_a_client_that_was_away_for_three_days_catches_up_to_the_same_state(
    world: NotifyWorld, servers: dict[str, Any]
) -> None:
    seed = random.randrange(10**6)
    dice = random.Random(seed)
    notify = world.replica()
    all_ready([notify])
    cut, today = now() - DAYS - timedelta(hours=3), now() - timedelta(minutes=1)
    before = [e for _, e in in_order_of_time(told(dice, 15, cut - timedelta(hours=6), cut))]
    publish(world.amqp, before)

    away = [world.follow(each, notify, f"away-{each}") for each in TRANSPORTS]
    always = world.follow("sse", notify, "always")
    at_the_cut = folded(notify.everything(), {})
    for each in (*away, always):
        eventually(lambda each=each: state_of(each) == at_the_cut, 60)
    for each in away:
        each.kill()
    time.sleep(1.1)  # the broker's clock has whole seconds
    moment = now()

    meanwhile = in_order_of_time(told(dice, 250, cut, today))
    assert meanwhile[-1][0] - meanwhile[0][0] >= DAYS
    assert len(meanwhile) > 5 * RING
    publish(world.amqp, [entry for _, entry in meanwhile])
    total = len(before) + len(meanwhile)
    wanted = folded(notify.everything(), {})
    eventually(lambda: state_of(always) == wanted, 90)
    assert missed(wanted) == 0

    for each in away:
        each.start()
    for each in away:
        assert eventually(lambda each=each: state_of(each) == wanted, 90), each.transport

    since = notify.get("events", since=moment.isoformat(), limit=1000)["items"]
    since += notify.everything(since[-1]["cursor"])
    over_amqp = asyncio.run(by_moment(world.amqp, moment, total))
    for events in (since, over_amqp):
        assert len(events) < total  # what was before the cut is not read again
        assert state_hash(folded(events, at_the_cut)) == state_hash(wanted), f"seed {seed}"
    assert asyncio.run(kept_for(servers["management"], world.amqp)) > DAYS
