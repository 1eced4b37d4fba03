"""A queue that somebody deleted gets back what it should have heard, from the stream."""

from collections.abc import AsyncIterator

import pytest

from shared.messaging import Publisher
from shared.refill import Refill, matches
from shared.stream import StreamReader
from shared.topology import INTAKE_DECISIONS, ROUTER_CASES
from tests.integration.broker import Look, eventually, submitted


@pytest.fixture
async def look(amqp_url: str) -> AsyncIterator[Look]:
    async with Look.into(amqp_url) as opened:
        yield opened


async def running(amqp_url: str) -> tuple[Publisher, StreamReader]:
    publisher, reader = Publisher(amqp_url, "test"), StreamReader(amqp_url, "test refills")
    publisher.on_missing(Refill(reader, publisher.send).fill)
    await publisher.start()
    await publisher.connected()
    return publisher, reader


async def test_what_a_deleted_queue_held_and_missed_is_in_its_successor(amqp_url, look):
    first, its_reader = await running(amqp_url)
    assert await first.publish([submitted(1)]) == [True]
    await look.delete_queue(ROUTER_CASES.name)
    assert await first.publish([submitted(2), submitted(3)]) == [True, True]  # the stream has them

    second, reader = await running(amqp_url)

    async def filled() -> bool:
        return await look.waiting(ROUTER_CASES.name) == 3

    await eventually(filled, within_s=20)
    assert await look.waiting(INTAKE_DECISIONS.name) == 0  # what it does not hear it does not get
    for part in (first, its_reader, second, reader):
        await part.stop()


async def test_a_start_that_finds_every_queue_fills_none(amqp_url, look):
    first, its_reader = await running(amqp_url)
    await first.publish([submitted(1)])

    second, reader = await running(amqp_url)

    assert second._filling is None
    assert await look.waiting(ROUTER_CASES.name) == 1
    for part in (first, its_reader, second, reader):
        await part.stop()


@pytest.mark.parametrize(
    ("binding", "key", "taken"),
    [
        ("case.#", "case.submitted.v1", True),
        ("case.#", "case", True),
        ("case.#", "cases.v1", False),
        ("routing.decided.v1", "routing.decided.v1", True),
        ("routing.decided.v1", "routing.decided.v2", False),
    ],
)
def test_a_binding_takes_what_the_broker_would_give_it(binding, key, taken):
    assert matches(binding, key) is taken
