"""The outbox between a real MongoDB and a real RabbitMQ: written once, published for certain."""

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from shared import mongo, outbox, topology
from shared import runtime as runtimes
from shared.errors import OutageError, StaleVersionError
from shared.messaging import Publisher, limits
from shared.mongo import Aggregates, Database, Documents, Entry, Swap
from shared.outbox import TailPublisher
from shared.runtime import Runtime
from shared.settings import ServiceSettings
from shared.stream import StreamReader
from shared.topology import ROUTER_CASES
from tests.integration.broker import Heard, Look, connected, eventually, submitted
from tests.integration.proxy import Link, link


@pytest.fixture(autouse=True)
def _small_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One queue, and a sweeper that takes up after a fifth of a second what owes."""
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))
    monkeypatch.setattr(limits, "RECONNECT_S", 0.2)
    monkeypatch.setattr(outbox, "OVERDUE", timedelta(seconds=0.2))
    monkeypatch.setattr(outbox, "SWEEP_EVERY_S", 0.1)


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_outbox")
    client.close()


@pytest.fixture
async def aggregates(base: Database) -> Aggregates:
    made = Aggregates(base, "things")
    await made.ensure_indexes()
    return made


@pytest.fixture
async def wire(amqp_url: str) -> AsyncIterator[Link]:
    async with link(amqp_url) as opened:
        yield opened


def entries(identifier: str, version: int, count: int = 1) -> list[Entry]:
    ids = [f"{identifier}.{version:03}.{number}" for number in range(count)]
    return [Entry(each, "case.submitted.v1", named(each)) for each in ids]


def named(identifier: str) -> bytes:
    """An event's bytes, with no more than its name in them."""
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": identifier,
            "type": "case.submitted.v1",
            "subject": "a",
            "sequence": 1,
            "time": now().isoformat(),
            "data": {},
        }
    )


def now() -> datetime:
    return datetime.now(UTC)


async def owing_nothing(aggregates: Aggregates) -> bool:
    return await aggregates.count(mongo.OWES_EVENTS) == 0


async def arrived(amqp_url: str, count: int) -> list[str]:
    """Return the first `count` different events of the stream, in the order of their arrival."""
    reader = StreamReader(amqp_url, "test")
    found: dict[str, None] = {}
    async with asyncio.timeout(10), reader.read("first") as events:
        async for event in events:
            found[orjson.loads(event.body)["id"]] = None
            if len(found) == count:
                break
    await reader.stop()
    return list(found)


async def test_what_is_written_arrives_in_order_and_is_owed_no_more(
    amqp_url: str, aggregates: Aggregates
) -> None:
    async with connected(amqp_url) as publisher:
        tails = TailPublisher(aggregates, publisher)
        await tails.start()
        tails.soon(await aggregates.create({"_id": "a"}, entries("a", 0, 2), now()))
        for version in range(1, 6):
            swap = Swap("a", version, {}, entries("a", version, version % 3), now())
            tails.soon(await aggregates.swap(swap))

        await eventually(lambda: owing_nothing(aggregates))
        await tails.stop()

    expected = ["a.000.0", "a.000.1", "a.001.0", "a.002.0", "a.002.1", "a.004.0"]
    expected += ["a.005.0", "a.005.1"]
    assert await arrived(amqp_url, len(expected)) == expected


async def test_what_a_dead_writer_owes_is_published_by_another_process(
    amqp_url: str, aggregates: Aggregates
) -> None:
    await aggregates.create({"_id": "a"}, entries("a", 0, 3), now())  # and it told nobody

    async with connected(amqp_url) as publisher:
        tails = TailPublisher(aggregates, publisher)
        await tails.start()
        await eventually(lambda: owing_nothing(aggregates))
        await tails.stop()

    assert await arrived(amqp_url, 3) == ["a.000.0", "a.000.1", "a.000.2"]


async def test_writing_goes_on_while_the_broker_is_away_and_all_of_it_arrives(
    amqp_url: str, aggregates: Aggregates, wire: Link
) -> None:
    async with connected(wire.url(amqp_url)) as publisher:
        tails = TailPublisher(aggregates, publisher)
        await tails.start()
        await wire.close()

        for number in range(20):
            name = f"n{number:02}"
            tails.soon(await aggregates.create({"_id": name}, entries(name, 0, 2), now()))
        await asyncio.sleep(0.5)
        assert await aggregates.count(mongo.OWES_EVENTS) == 20
        await wire.open()

        await eventually(lambda: owing_nothing(aggregates))
        await tails.stop()

    found = await arrived(amqp_url, 40)
    for number in range(20):
        mine = [each for each in found if each.startswith(f"n{number:02}.")]
        assert mine == [f"n{number:02}.000.0", f"n{number:02}.000.1"]


class Process:
    """Writers, and a tail publisher, each over links that the test can cut."""

    def __init__(self, mongo_link: str, amqp_link: str, name: str) -> None:
        self._client = mongo.connect(mongo_link)
        self.aggregates = Aggregates(mongo.database(self._client, name), "things")
        self._publisher = Publisher(amqp_link, "test")
        self._tails = TailPublisher(self.aggregates, self._publisher)

    async def start(self) -> None:
        await self._publisher.start()
        await self._publisher.connected()
        await self._tails.start()

    async def stop(self) -> None:
        await self._tails.stop()
        await self._publisher.stop()
        await asyncio.to_thread(self._client.close)

    async def write(self, identifier: str, writer: int) -> None:
        """Append one event, numbered by the version that it leads to."""
        while True:
            with suppress(StaleVersionError, OutageError):
                document = await self.aggregates.load(identifier)
                assert document
                if f"{writer}" in document.get("writers", ()):  # an unknown outcome was a success
                    return
                version = document["version"]
                swap = Swap(
                    identifier,
                    version,
                    {},
                    entries(identifier, version),
                    now(),
                    push={"writers": [f"{writer}"]},
                )
                self._tails.soon(await self.aggregates.swap(swap))
                return


async def test_nothing_is_lost_or_out_of_order_while_every_link_keeps_breaking(
    amqp_url: str, mongo_url: str, database_prefix: str, aggregates: Aggregates
) -> None:
    """Three processes, three aggregates, 150 writes; each link is cut again and again."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - shown when it fails
    chance = random.Random(seed)
    direct = mongo_url.partition("?")[0] + "?directConnection=true"
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(link(url)) for url in [direct, amqp_url] * 3]
        processes = [
            Process(database.url(direct), broker.url(amqp_url), f"{database_prefix}_outbox")
            for database, broker in zip(wires[::2], wires[1::2], strict=True)
        ]
        await asyncio.gather(*(process.start() for process in processes))
        for name in "abc":
            await aggregates.create({"_id": name}, entries(name, 0), now())

        async def cut_again_and_again() -> None:
            while True:
                await asyncio.sleep(chance.uniform(0, 0.15))
                chance.choice(wires).cut()

        nemesis = asyncio.create_task(cut_again_and_again())
        async with asyncio.timeout(20), asyncio.TaskGroup() as writers:
            for writer in range(150):
                process = chance.choice(processes)
                writers.create_task(process.write(chance.choice("abc"), writer))
                await asyncio.sleep(0.01)
        nemesis.cancel()
        await eventually(lambda: owing_nothing(aggregates), within_s=10)
        await asyncio.gather(*(process.stop() for process in processes))

    by_name: Mapping[str, list[str]] = defaultdict(list)
    for each in await arrived(amqp_url, 153):
        by_name[each[0]].append(each)
    for name in "abc":
        document = await aggregates.load(name)
        assert document
        assert by_name[name] == [f"{name}.{n:03}.0" for n in range(document["version"])]
        assert len(set(document["writers"])) == document["version"] - 1


# The runtime of a service


def settings(amqp_url: str, mongo_url: str, prefix: str) -> ServiceSettings:
    return ServiceSettings(
        profile="dev", amqp_url=amqp_url, mongo_url=mongo_url, database_prefix=prefix
    )


async def failing(runtime: Runtime) -> set[str]:
    """Name the checks of readiness that fail."""
    checks = runtime.checks()
    results: list[Any] = await asyncio.gather(
        *(check() for check in checks.values()), return_exceptions=True
    )
    assert all(each is None or isinstance(each, OutageError) for each in results)
    return {name for name, each in zip(checks, results, strict=True) if each}


async def test_a_service_is_ready_while_it_runs_and_hears_what_it_publishes(
    amqp_url: str, mongo_url: str, database_prefix: str
) -> None:
    runtime = Runtime("test", settings(amqp_url, mongo_url, database_prefix), wait_for_broker=True)
    heard = Heard()
    aggregates = Aggregates(runtime.database("things"), "things")
    tails = runtime.tail_publisher(aggregates)
    runtime.hear(ROUTER_CASES, heard)

    async with runtime.running():
        assert await failing(runtime) == set()
        kept = Documents(runtime.database("operations"), "trials")
        assert await kept.load("test")  # ready is who can write, not who answers
        tails.soon(await aggregates.create({"_id": "a"}, [submitted(1), submitted(2)], now()))
        await eventually(lambda: heard.sequences == [1, 2])
        await eventually(lambda: owing_nothing(aggregates))

    assert await failing(runtime) == {"mongodb", "rabbitmq", "consumer"}


async def test_a_service_that_does_not_wait_starts_without_the_broker_and_finds_it_later(
    amqp_url: str, mongo_url: str, database_prefix: str, wire: Link
) -> None:
    await wire.close()
    chosen = settings(wire.url(amqp_url), mongo_url, database_prefix)
    runtime = Runtime("test", chosen, wait_for_broker=False)
    heard = Heard()
    runtime.hear(ROUTER_CASES, heard)

    async with asyncio.timeout(10), runtime.running():
        assert await failing(runtime) == {"rabbitmq", "consumer"}
        await wire.open()

        async def ready() -> bool:
            return await failing(runtime) == set()

        await eventually(ready)
        async with Look.into(amqp_url) as look:
            await look.put(ROUTER_CASES.name, submitted(1).body)
        await eventually(lambda: heard.sequences == [1])


async def test_a_service_without_its_database_does_not_start(amqp_url: str) -> None:
    chosen = settings(amqp_url, "mongodb://127.0.0.1:1/?replicaSet=rs0", "nowhere")
    runtime = Runtime("test", chosen, wait_for_broker=True)
    runtime.tail_publisher(Aggregates(runtime.database("things"), "things"))
    began = time.monotonic()

    with pytest.raises(OutageError):
        await runtime.running().__aenter__()

    assert time.monotonic() - began < 2


async def test_a_service_that_needs_the_broker_gives_up_its_start_without_it(
    amqp_url: str, mongo_url: str, database_prefix: str, *, wire: Link, monkeypatch: Any
) -> None:
    monkeypatch.setattr(runtimes, "BROKER_S", 0.3)
    await wire.close()
    chosen = settings(wire.url(amqp_url), mongo_url, database_prefix)
    runtime = Runtime("test", chosen, wait_for_broker=True)

    async with asyncio.timeout(1):
        with pytest.raises(OutageError):
            await runtime.running().__aenter__()
