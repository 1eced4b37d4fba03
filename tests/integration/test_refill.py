"""A queue that somebody deleted gets back what it should have heard, from the stream."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared import mongo
from shared.messaging import Publisher
from shared.mongo import Documents
from shared.refill import Refill, Send, matches
from shared.stream import StreamReader
from shared.topology import INTAKE_DECISIONS, ROUTER_CASES
from tests.integration.broker import Look, eventually, submitted


@pytest.fixture
async def look(amqp_url: str) -> AsyncIterator[Look]:
    async with Look.into(amqp_url) as opened:
        yield opened


@pytest.fixture
async def owed(mongo_url: str, database_prefix: str) -> AsyncIterator[Documents]:
    client = mongo.connect(mongo_url)
    yield Documents(mongo.database(client, f"{database_prefix}_operations"), "owed_refills")
    client.close()


async def running(
    amqp_url: str, owed: Documents, send: Send | None = None
) -> tuple[Publisher, StreamReader]:
    publisher, reader = Publisher(amqp_url, "test"), StreamReader(amqp_url, "test refills")
    publisher.refill_by(Refill(reader, send or publisher.send, owed))
    await publisher.start()
    await publisher.connected()
    return publisher, reader


async def test_what_a_process_owed_that_ended_while_it_filled_is_paid_by_the_next(
    amqp_url, look, owed
):
    first, its_reader = await running(amqp_url, owed)
    assert await first.publish([submitted(1), submitted(2)]) == [True, True]
    await look.delete_queue(ROUTER_CASES.name)
    began = asyncio.Event()

    async def never(*_: object, **__: object) -> None:
        began.set()
        await asyncio.Event().wait()

    mortal, reader = await running(amqp_url, owed, never)  # it declares the queue
    await asyncio.wait_for(began.wait(), 20)
    await mortal.stop()
    assert await look.waiting(ROUTER_CASES.name) == 0

    third, another = await running(amqp_url, owed)  # to which no queue is missing

    async def filled() -> bool:
        return await look.waiting(ROUTER_CASES.name) == 2 and await owed.count({}) == 0

    await eventually(filled, within_s=20)
    for part in (first, its_reader, reader, third, another):
        await part.stop()


async def test_what_a_deleted_queue_held_and_missed_is_in_its_successor(amqp_url, look, owed):
    first, its_reader = await running(amqp_url, owed)
    assert await first.publish([submitted(1)]) == [True]
    await look.delete_queue(ROUTER_CASES.name)
    assert await first.publish([submitted(2), submitted(3)]) == [True, True]  # the stream has them

    second, reader = await running(amqp_url, owed)

    async def filled() -> bool:
        return await look.waiting(ROUTER_CASES.name) == 3

    await eventually(filled, within_s=20)
    assert await look.waiting(INTAKE_DECISIONS.name) == 0  # what it does not hear it does not get
    for part in (first, its_reader, second, reader):
        await part.stop()


async def test_a_start_that_finds_every_queue_fills_none(amqp_url, look, owed):
    first, its_reader = await running(amqp_url, owed)
    await first.publish([submitted(1)])

    second, reader = await running(amqp_url, owed)

    assert second._filling
    await second._filling
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
