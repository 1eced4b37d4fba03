"""When everything fails: the brake, against a real RabbitMQ."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from shared import topology
from shared.errors import MisconfiguredError, OutageError, PermanentError
from shared.events import Received
from shared.messaging import Brake, Consumption, Publisher, consumer, limits, subscribe
from shared.messaging.watchdog import ConsumerWatchdog
from shared.telemetry import BRAKED, DEAD_LETTERS
from shared.topology import ROUTER_CASES
from tests.integration.broker import Look, connected, eventually, submitted

RUN = 5


@pytest.fixture(autouse=True)
def _small_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))
    monkeypatch.setattr(limits, "BRAKE_RUN", RUN)
    monkeypatch.setattr(limits, "BRAKE_PAUSE_S", 0.2)
    monkeypatch.setattr(limits, "BRAKE_PAUSE_MOST_S", 0.2)
    monkeypatch.setattr(limits, "LOOK_EVERY_S", 0.1)


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[Publisher]:
    async with connected(amqp_url) as running:
        yield running


@pytest.fixture
async def look(amqp_url: str, publisher: Publisher) -> AsyncIterator[Look]:
    assert publisher  # the topology stands
    async with Look.into(amqp_url) as opened:
        yield opened


class Broken:
    """A handler of a bad deploy: it refuses everything until somebody mends it."""

    def __init__(self, bad: set[int] | None = None) -> None:
        self.mended = False
        self.bad = bad
        self.handled: list[int] = []
        self.tries = 0

    async def __call__(self, received: Received) -> None:
        self.tries += 1
        await asyncio.sleep(0)
        if not self.mended and (self.bad is None or received.sequence in self.bad):
            raise PermanentError("nothing pleases")
        self.handled.append(received.sequence)


class Consumer:
    """One queue with its brake, from start to stop."""

    def __init__(self, url: str, handler: Broken, publisher: Publisher) -> None:
        broker = consumer(url, "test", 64)
        self.brake: Brake = subscribe(broker, ROUTER_CASES, handler, publisher)
        self._life = Consumption(
            broker, publisher, ConsumerWatchdog(broker, [ROUTER_CASES], publisher)
        )

    async def __aenter__(self) -> Brake:
        await self._life.start(wait=True)
        return self.brake

    async def __aexit__(self, *_: object) -> None:
        await self._life.stop()


def braked() -> float:
    return BRAKED.labels(ROUTER_CASES.name)._value.get()


async def test_a_bad_deploy_buries_a_few_and_holds_the_rest_until_it_works_again(
    amqp_url: str, publisher: Publisher, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "BRAKE_PAUSE_S", 1.5)
    monkeypatch.setattr(limits, "BRAKE_PAUSE_MOST_S", 1.5)
    broken = Broken()
    async with Consumer(amqp_url, broken, publisher) as brake:
        await publisher.publish([submitted(n) for n in range(1, 101)])
        await eventually(lambda: brake.engaged)

        with pytest.raises(OutageError, match=r"router\.cases: 5 messages in a row failed"):
            await brake.check()
        assert braked() == 1

        await asyncio.sleep(0.5)
        buried = await look.waiting(ROUTER_CASES.dead)
        assert buried < RUN

        broken.mended = True
        await eventually(lambda: len(broken.handled) >= 100 - RUN, within_s=20)
        await brake.check()

    assert braked() == 0
    assert len(set(broken.handled)) + await look.waiting(ROUTER_CASES.dead) == 100


async def test_an_innocent_message_behind_poison_is_reached_and_the_poison_is_buried(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    poison = set(range(1, 21))
    broken = Broken(poison)
    async with Consumer(amqp_url, broken, publisher):
        await publisher.publish([submitted(n) for n in sorted(poison)])
        await publisher.publish([submitted(n) for n in range(21, 31)])
        await eventually(lambda: len(broken.handled) == 10, within_s=20)
        await eventually(lambda: _all_dead(look, len(poison)), within_s=20)
        await eventually(lambda: DEAD_LETTERS.labels(ROUTER_CASES.name)._value.get() == 20)

    assert sorted(broken.handled) == list(range(21, 31))


async def _all_dead(look: Look, number: int) -> bool:
    return await look.waiting(ROUTER_CASES.dead) == number


async def test_poison_among_healthy_messages_is_buried_at_once_and_brakes_nobody(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    poison = set(range(0, 100, 10))
    broken = Broken(poison)
    async with Consumer(amqp_url, broken, publisher) as brake:
        for first in range(1, 101, 10):
            await publisher.publish([submitted(n) for n in range(first, first + 9)])
            await publisher.publish([submitted(first + 9)])
        await eventually(lambda: len(broken.handled) >= 90, within_s=20)

        assert not brake.engaged

    assert await look.waiting(ROUTER_CASES.dead) == 100 - len(broken.handled)


async def test_the_same_message_failing_again_is_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "BRAKE_RUN", 2)
    brake = Brake("test")

    for _ in range(10):
        brake.failed("m1", "again")
    assert not brake.engaged

    brake.failed("m2", "another")
    assert brake.engaged
    assert await brake.turn()

    brake.handled()
    assert not await brake.turn()


async def test_who_waits_longer_than_the_broker_would_is_given_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "BRAKE_RUN", 1)
    monkeypatch.setattr(limits, "BRAKE_PAUSE_S", 60)
    monkeypatch.setattr(limits, "OUTAGE_PATIENCE_S", 0.05)
    brake = Brake("test")
    brake.failed("m1", "again")

    with pytest.raises(OutageError, match="the brake is on"):
        await brake.turn()


async def test_a_queue_with_other_arguments_ends_the_start_with_a_clear_sentence(
    amqp_url: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert look
    monkeypatch.setattr(topology, "DELIVERY_LIMIT", 7)
    publisher = Publisher(amqp_url, "test")

    await publisher.start(patient=False)
    with pytest.raises(MisconfiguredError, match=r"delivery-limit.*router\.cases.*delete_queue"):
        async with asyncio.timeout(10):
            await publisher.connected()
    await publisher.stop()


async def test_intake_lives_on_beside_such_a_queue_and_finds_it_mended(
    amqp_url: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "DELIVERY_LIMIT", 7)
    monkeypatch.setattr(limits, "MISCONFIGURED_S", 0.2)
    publisher = Publisher(amqp_url, "test")

    await publisher.start()
    try:
        await eventually(lambda: _explains(publisher))
        await look.delete_queue(ROUTER_CASES.name)
        async with asyncio.timeout(10):
            await publisher.connected()
        await publisher.canary()
    finally:
        await publisher.stop()


async def _explains(publisher: Publisher) -> bool:
    try:
        await publisher.canary()
    except OutageError as error:
        return "delete_queue" in str(error)
    return False
