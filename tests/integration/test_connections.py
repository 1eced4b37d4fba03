"""How we stand at the broker, as the broker itself sees it."""

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import pytest
from aio_pika import DeliveryMode
from aio_pika.exceptions import DeliveryError, PublishError
from aiormq import spec

from shared import topology
from shared.errors import OutageError
from shared.messaging import limits
from shared.mongo import Entry
from shared.topology import ROUTER_CASES
from tests.integration.broker import (
    Heard,
    Look,
    Management,
    connected,
    eventually,
    hearing,
    submitted,
)


@pytest.fixture(autouse=True)
def _one_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))


async def seen(management: Management, *names: str) -> dict[str, dict[str, Any]]:
    """What the broker says of our connections, by the names that they gave themselves."""
    found: dict[str, dict[str, Any]] = {}

    async def all_there() -> bool:
        found.update({each["user_provided_name"]: each for each in await management.details()})
        return set(names) <= set(found) and all("timeout" in found[name] for name in names)

    await eventually(all_there, within_s=20)
    return found


async def test_publishing_and_consuming_have_connections_of_their_own_with_short_heartbeats(
    amqp_url: str, servers: dict[str, Any]
) -> None:
    async with (
        connected(amqp_url) as publisher,
        hearing(amqp_url, Heard(), publisher, prefetch=64),
        Management(servers["management"], amqp_url) as management,
    ):
        found = await seen(management, "test publishes", "test consumes")
        found_consumers: list[dict[str, Any]] = []

        async def told() -> bool:  # the broker counts them apart, some seconds later
            found_consumers[:] = await management.consumers()
            return bool(found_consumers)

        await eventually(told, within_s=20)
        (consumer,) = found_consumers

    assert {name: each["timeout"] for name, each in found.items()} == {
        "test publishes": 5,
        "test consumes": 5,
    }
    assert consumer["queue"]["name"] == ROUTER_CASES.name
    assert consumer["channel_details"]["connection_name"] == found["test consumes"]["name"]
    assert consumer["ack_required"]
    assert consumer["prefetch_count"] == 64


async def test_what_is_published_outlives_the_broker(amqp_url: str) -> None:
    async with Look.into(amqp_url) as look, connected(amqp_url) as publisher:
        assert await publisher.publish([submitted(1)]) == [True]
        await publisher.send(ROUTER_CASES.name, b"{}", {})
        first = await look.take(ROUTER_CASES.name)
        second = await look.take(ROUTER_CASES.name)

    assert first.delivery_mode == second.delivery_mode == DeliveryMode.PERSISTENT


async def test_an_event_that_no_queue_takes_is_not_confirmed(amqp_url: str) -> None:
    """Mandatory, and a return counts as a failure: without that it would be lost in silence."""
    async with Look.into(amqp_url) as look, connected(amqp_url) as publisher:
        await look.delete_queue(ROUTER_CASES.name)
        await look.delete_queue(topology.IOC_STREAM)

        assert await publisher.publish([submitted(1)]) == [False]


async def test_a_publish_that_is_never_confirmed_is_given_up_in_time(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONFIRM_S", 0.3)

    async def never(_: Any, entries: Sequence[Entry]) -> list[asyncio.Future[Any]]:
        return [asyncio.get_running_loop().create_future() for _ in entries]

    async with connected(amqp_url) as publisher:
        monkeypatch.setattr("shared.messaging.publisher.publish_all", never)
        began = time.monotonic()

        assert await publisher.publish([submitted(1), submitted(2)]) == [False, False]
        assert time.monotonic() - began < 5


async def test_nothing_is_written_to_a_broker_that_is_blocked(amqp_url: str) -> None:
    """What is written lies in the socket, and each try of it would arrive when the alarm ends."""
    async with Look.into(amqp_url) as look, connected(amqp_url) as publisher:
        assert publisher._channel
        underlay: Any = (await publisher._channel.get_underlay_channel()).connection
        alarm = spec.Connection.Blocked(reason="low on disk")
        await underlay._Connection__handle_connection_blocked(alarm)  # as the broker would say

        assert not await publisher.is_up()
        for _ in range(3):
            with pytest.raises(OutageError, match="blocked"):
                await publisher.publish([submitted(1)])
            with pytest.raises(OutageError, match="blocked"):
                await publisher.send(ROUTER_CASES.name, b"{}", {})
        with pytest.raises(OutageError, match="blocked"):
            await publisher.canary()

        await underlay._Connection__handle_connection_unblocked(spec.Connection.Unblocked())
        assert await publisher.publish([submitted(1)]) == [True]
        assert await look.waiting(ROUTER_CASES.name) == 1


async def test_a_letter_to_a_queue_that_is_gone_is_an_outage_and_not_lost(amqp_url: str) -> None:
    async with Look.into(amqp_url) as look, connected(amqp_url) as publisher:
        await look.delete_queue(ROUTER_CASES.dead)

        with pytest.raises(OutageError) as caught:
            await publisher.send(ROUTER_CASES.dead, b"{}", {})

    assert isinstance(caught.value.__cause__, DeliveryError | PublishError)
