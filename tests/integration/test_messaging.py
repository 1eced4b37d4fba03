"""Publishing and consuming against a real RabbitMQ: who retries, who buries, who recovers."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from typing import Any

import aiormq
import pytest
from aio_pika import DeliveryMode

from shared import messaging, topology
from shared.errors import OutageError, PermanentError, StaleVersionError
from shared.events import CONTENT_TYPE, Received
from shared.messaging import ATTEMPT_HEADER, REASON_HEADER, Consumption, Publisher, limits
from shared.topology import IOC_STREAM, ROUTER_CASES
from tests.integration.broker import (
    Heard,
    Look,
    Management,
    connected,
    eventually,
    hearing,
    submitted,
)
from tests.integration.proxy import Link, link

ALL_QUEUES = topology.QUEUES


@pytest.fixture(autouse=True)
def _small_and_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """One queue, not everybody's each time; and no second between two attempts."""
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))
    monkeypatch.setattr(limits, "RECONNECT_S", 0.2)
    monkeypatch.setattr(limits, "RETURN_S", 0.2)


@pytest.fixture
async def publisher(amqp_url: str) -> AsyncIterator[Publisher]:
    async with connected(amqp_url) as running:
        yield running


@pytest.fixture
async def look(amqp_url: str, publisher: Publisher) -> AsyncIterator[Look]:
    assert publisher  # the topology stands
    async with Look.into(amqp_url) as opened:
        yield opened


@pytest.fixture
async def wire(amqp_url: str) -> AsyncIterator[Link]:
    async with link(amqp_url) as opened:
        yield opened


@pytest.fixture
async def management(servers: dict[str, Any], amqp_url: str) -> AsyncIterator[Management]:
    async with Management(servers["management"], amqp_url) as opened:
        yield opened


@pytest.fixture
def _quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    """Milliseconds instead of seconds between the attempts."""
    original = topology._waiting
    monkeypatch.setattr(
        topology,
        "_waiting",
        lambda spec, delay: {**original(spec, delay), "x-message-ttl": delay},
    )


@pytest.fixture
def kills(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Signals that would have been sent; the watchdog looks twenty times a second."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(limits, "LOOK_EVERY_S", 0.05)
    return sent


# Topology


async def test_the_topology_can_be_declared_again_and_by_many_at_once(
    look: Look,
) -> None:
    await asyncio.gather(look.declare(), look.declare(), look.declare())


async def test_every_queue_is_replicated_and_bounds_its_deliveries(
    amqp_url: str, management: Management, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "QUEUES", ALL_QUEUES)

    async with connected(amqp_url):
        queues = await management.queues()

    assert all(each["durable"] for each in queues.values())
    for spec in topology.QUEUES:
        arguments = queues[spec.name]["arguments"]
        assert arguments["x-queue-type"] == "quorum"
        assert arguments["x-delivery-limit"] == topology.DELIVERY_LIMIT
        assert arguments["x-dead-letter-routing-key"] == spec.dead
        assert arguments["x-dead-letter-strategy"] == "at-least-once"
        assert arguments["x-overflow"] == "reject-publish"
        # looks of a person count as deliveries, and RabbitMQ 4 would drop after twenty of them
        assert queues[spec.dead]["arguments"] == topology.DEAD_ARGUMENTS
        assert sorted(
            queues[spec.retry(delay)]["arguments"]["x-message-ttl"]
            for delay in topology.RETRY_DELAYS_S
        ) == [1_000, 10_000, 60_000]
        assert sorted(await management.bindings(spec.name)) == sorted(
            (topology.EXCHANGE, key) for key in spec.bindings
        )
    assert queues[IOC_STREAM]["arguments"]["x-queue-type"] == "stream"
    assert await management.bindings(IOC_STREAM) == [(topology.EXCHANGE, "#")]


async def test_a_message_that_keeps_killing_its_consumer_ends_dead(
    amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topology, "DELIVERY_LIMIT", 2)
    async with connected(amqp_url), Look.into(amqp_url) as look:
        await look.put(ROUTER_CASES.name, b"poison")

        for _ in range(3):
            async with look._connection.channel() as channel:
                queue = await channel.get_queue(ROUTER_CASES.name)
                message = await queue.get(timeout=5)
                assert message
                await message.reject(requeue=True)

        dead = await look.take(ROUTER_CASES.dead)
        deaths: Any = dead.headers["x-death"]
        assert dead.body == b"poison"
        assert deaths[0]["reason"] == "delivery_limit"


# Publishing


async def test_an_event_is_persistent_and_says_what_it_is(publisher: Publisher, look: Look) -> None:
    event = submitted(1)

    assert await publisher.publish([event]) == [True]

    message = await look.take(ROUTER_CASES.name)
    assert message.delivery_mode == DeliveryMode.PERSISTENT
    assert message.body == event.body
    assert message.routing_key == event.key == message.type
    assert message.message_id == event.id
    assert message.content_type == CONTENT_TYPE


async def test_many_events_are_confirmed_together(publisher: Publisher, look: Look) -> None:
    assert await publisher.publish([submitted(n) for n in range(1, 301)]) == [True] * 300

    assert await look.waiting(ROUTER_CASES.name) == 300


async def test_an_event_that_reaches_no_queue_is_not_confirmed_and_the_queues_come_back(
    publisher: Publisher, look: Look
) -> None:
    await look.unbind(IOC_STREAM, "#")
    await look.unbind(ROUTER_CASES.name, "case.submitted.v1")

    assert await publisher.publish([submitted(1)]) == [False]

    await eventually(lambda: _confirmed(publisher))


async def test_a_queue_that_was_unbound_hears_again_without_a_restart(
    amqp_url: str, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stream still takes the event, so that the publisher is told that it was routed."""
    monkeypatch.setattr(limits, "BIND_EVERY_S", 0.2)
    async with connected(amqp_url) as publisher:
        await look.unbind(ROUTER_CASES.name, "case.submitted.v1")

        async def hears() -> bool:
            await publisher.publish([submitted(1)])
            return await look.waiting(ROUTER_CASES.name) > 0

        await eventually(hears)


async def _confirmed(publisher: Publisher) -> bool:
    try:
        return await publisher.publish([submitted(1)]) == [True]
    except OutageError:
        return False


async def test_a_deleted_exchange_is_declared_again(publisher: Publisher, look: Look) -> None:
    await look.delete_exchange(topology.EXCHANGE)

    assert await publisher.publish([submitted(1)]) == [False]

    await eventually(lambda: _confirmed(publisher))
    assert await look.waiting(ROUTER_CASES.name) >= 1


async def test_a_message_for_a_missing_queue_is_an_outage(publisher: Publisher) -> None:
    with pytest.raises(OutageError):
        await publisher.send("no.such.queue", b"", {})


async def test_without_a_connection_a_publish_fails_at_once(wire: Link, amqp_url: str) -> None:
    await wire.close()
    publisher = Publisher(wire.url(amqp_url), "test")
    await publisher.start()
    await asyncio.sleep(0.05)
    began = time.monotonic()

    assert not await publisher.is_up()
    for refused in (publisher.publish([submitted(1)]), publisher.send("q", b"", {})):
        with pytest.raises(OutageError):
            await refused
    with pytest.raises(OutageError):
        await publisher.canary()

    assert time.monotonic() - began < 0.1
    await publisher.stop()


async def test_a_broker_that_comes_later_is_found(wire: Link, amqp_url: str) -> None:
    await wire.close()
    publisher = Publisher(wire.url(amqp_url), "test")
    await publisher.start()
    await asyncio.sleep(0.05)

    await wire.open()

    async with asyncio.timeout(5):
        await publisher.connected()
    # one that has only just started confirms what its stream then loses
    with pytest.raises(OutageError):
        await publisher.publish([submitted(1)])
    await eventually(lambda: _confirmed(publisher))
    await publisher.stop()


async def test_every_wait_for_a_silent_broker_is_bounded(
    wire: Link, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "CONFIRM_S", 1.0)
    async with connected(wire.url(amqp_url)) as publisher:
        wire.freeze()
        began = time.monotonic()

        published, sent, proven = await asyncio.gather(
            publisher.publish([submitted(1), submitted(2)]),
            publisher.send(ROUTER_CASES.dead, b"", {}),
            publisher.canary(),
            return_exceptions=True,
        )

        assert published == [False, False]
        assert isinstance(sent, OutageError)
        assert isinstance(proven, OutageError)
        assert 1 <= time.monotonic() - began < 2.3
        wire.thaw()


async def test_a_link_given_up_as_stuck_cancels_nobody_and_is_replaced(
    wire: Link, amqp_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The library cancels what waits on such a link; the publishing task must outlive that."""
    monkeypatch.setattr(limits, "HEARTBEAT_S", 1)
    monkeypatch.setattr(aiormq.Connection, "HEARTBEAT_GRACE_MULTIPLIER", 1)  # instead of three
    monkeypatch.setattr(limits, "CONFIRM_S", 30.0)
    async with connected(wire.url(amqp_url)) as publisher:
        wire.freeze()

        async with asyncio.timeout(10):
            answers = await asyncio.gather(
                publisher.publish([submitted(1), submitted(2)]),
                publisher.send(ROUTER_CASES.dead, b"", {}),
                return_exceptions=True,
            )

        assert answers[0] == [False, False]
        assert isinstance(answers[1], OutageError)
        wire.thaw()
        await eventually(publisher.is_up)
        assert await publisher.publish([submitted(1)]) == [True]


async def test_the_canary_sings_while_the_broker_works_and_leaves_nothing(
    publisher: Publisher, management: Management
) -> None:
    for _ in range(3):
        await publisher.canary()

    assert not any(each.get("messages", 0) for each in (await management.queues()).values())


async def test_a_publisher_outlives_its_connection(wire: Link, amqp_url: str) -> None:
    async with connected(wire.url(amqp_url)) as publisher:
        on_its_way = asyncio.create_task(publisher.publish([submitted(1)]))
        await asyncio.sleep(0)
        wire.cut()

        assert await on_its_way in ([True], [False])
        await eventually(lambda: _confirmed(publisher))


# Consuming


async def test_a_handled_message_is_gone(amqp_url: str, publisher: Publisher, look: Look) -> None:
    heard = Heard()
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(n) for n in range(1, 51)])
        await eventually(lambda: len(heard.sequences) == 50)

    assert sorted(heard.sequences) == list(range(1, 51))
    assert await look.settled(ROUTER_CASES)


@pytest.mark.parametrize(
    ("body", "failures", "reason"),
    [
        pytest.param(submitted(1).body, [PermanentError("not for us")], "not for us", id="refused"),
        pytest.param(b"\xff\x00 no JSON", [], "not JSON: JSONDecodeError", id="garbage"),
        pytest.param(b"", [], "not JSON: JSONDecodeError", id="empty"),
        pytest.param(b"[]", [], "schema: envelope: model_type", id="JSON, but no envelope"),
        pytest.param(
            submitted(1).body.replace(b'"actor"', b'"sender"'),
            [],
            "schema: actor: missing",
            id="of another schema",
        ),
    ],
)
async def test_what_no_retry_can_help_is_buried_once_with_its_reason(
    amqp_url: str,
    publisher: Publisher,
    look: Look,
    *,
    body: bytes,
    failures: list[Exception],
    reason: str,
) -> None:
    async with hearing(amqp_url, Heard(*failures), publisher):
        await look.put(ROUTER_CASES.name, body)

        dead = await look.take(ROUTER_CASES.dead)

    assert dead.body == body
    assert dead.headers[REASON_HEADER] == reason
    assert dead.delivery_mode == DeliveryMode.PERSISTENT
    assert await look.settled(ROUTER_CASES)


@pytest.mark.usefixtures("_quick_retries")
async def test_a_failing_message_is_tried_seven_times_and_then_buried(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(*(ValueError("a bug") for _ in range(100)))
    event = submitted(1)
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([event])
        dead = await look.take(ROUTER_CASES.dead)

    assert heard.sequences == [1] * limits.ATTEMPTS
    assert dead.headers[REASON_HEADER] == f"ValueError, after {limits.ATTEMPTS} attempts"
    assert dead.body == event.body
    assert dead.message_id == event.id  # the same in every log line of its life
    assert await look.settled(ROUTER_CASES)


@pytest.mark.usefixtures("_quick_retries")
async def test_a_message_that_fails_twice_and_then_works_leaves_nothing(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(ValueError("a bug"), KeyError("another"))
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(1)])
        await eventually(lambda: len(heard.sequences) == 3)

    assert await look.settled(ROUTER_CASES)


async def test_between_two_attempts_a_message_waits_outside_the_queue_with_its_count(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(ValueError("a bug"))
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(1), submitted(2)])

        waiting = await look.take(ROUTER_CASES.retry(1))

        assert waiting.headers[ATTEMPT_HEADER] == 1
        assert waiting.headers[REASON_HEADER] == "ValueError"
        await eventually(lambda: sorted(heard.sequences) == [1, 2])  # its neighbour went on


async def test_a_foreign_attempt_count_does_not_wedge_the_message(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    async with hearing(amqp_url, Heard(ValueError("a bug")), publisher):
        await look.put(ROUTER_CASES.name, submitted(1).body, {ATTEMPT_HEADER: "many"})

        waiting = await look.take(ROUTER_CASES.retry(1))

    assert waiting.headers[ATTEMPT_HEADER] == 1


async def test_our_own_outage_is_waited_out_in_hand_and_not_counted(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(OutageError("MongoDB"), OutageError("MongoDB"))
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(1)])
        await eventually(lambda: len(heard.sequences) == 2)
        assert await look.settled(ROUTER_CASES)  # neither redelivered nor waiting: in hand
        await eventually(lambda: len(heard.sequences) == 3)

    assert await look.settled(ROUTER_CASES)


async def test_an_outage_longer_than_our_patience_gives_the_message_back(
    amqp_url: str, publisher: Publisher, look: Look, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Into a waiting queue, with the attempts that it had: a nack would count at the broker."""
    monkeypatch.setattr(limits, "OUTAGE_PATIENCE_S", 0.0)
    heard = Heard(OutageError("MongoDB"))
    async with hearing(amqp_url, heard, publisher):
        await look.put(ROUTER_CASES.name, submitted(1).body, {ATTEMPT_HEADER: 3})
        waiting = await look.take(ROUTER_CASES.retry(60))

    assert waiting.headers[ATTEMPT_HEADER] == 3
    assert heard.sequences == [1]
    assert await look.settled(ROUTER_CASES)


async def test_who_is_given_back_while_the_broker_takes_nothing_goes_back_to_the_queue(
    amqp_url: str, wire: Link, publisher: Publisher, look: Look, *, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "OUTAGE_PATIENCE_S", 0.0)
    heard = Heard(OutageError("MongoDB"))
    async with connected(wire.url(amqp_url)) as shaky, hearing(amqp_url, heard, shaky):
        await wire.close()
        await publisher.publish([submitted(1)])
        await eventually(lambda: len(heard.sequences) == 2)

    assert await look.settled(ROUTER_CASES)


async def test_a_lost_race_is_tried_again_at_once(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(*(StaleVersionError("case", n) for n in range(20)))
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(1)])
        await eventually(lambda: len(heard.sequences) == 21, within_s=1)

    assert await look.settled(ROUTER_CASES)


async def test_losing_every_race_is_a_failure_like_another(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard(*(StaleVersionError("case", n) for n in range(21)))
    async with hearing(amqp_url, heard, publisher):
        await publisher.publish([submitted(1)])
        waiting = await look.take(ROUTER_CASES.retry(1))

    assert waiting.headers[ATTEMPT_HEADER] == 1


async def test_a_message_that_cannot_be_buried_is_kept(
    amqp_url: str, wire: Link, publisher: Publisher, look: Look
) -> None:
    """The publishing connection is away, so the dead-letter queue is out of reach."""
    heard = Heard(*(PermanentError("no") for _ in range(1000)))
    async with connected(wire.url(amqp_url)) as shaky, hearing(amqp_url, heard, shaky):
        await wire.close()
        await publisher.publish([submitted(1)])
        await eventually(lambda: len(heard.sequences) == 1)
        await asyncio.sleep(3 * limits.RETURN_S)
        assert await look.waiting(ROUTER_CASES.dead) == 0
        await wire.open()

        dead = await look.take(ROUTER_CASES.dead)

    assert dead.headers[REASON_HEADER] == "no"
    assert heard.sequences == [1]  # in hand all the time: a nack would count at the broker
    assert await look.settled(ROUTER_CASES)


async def test_no_more_messages_are_in_hand_than_the_prefetch_says(
    amqp_url: str, publisher: Publisher
) -> None:
    in_hand, most = 0, 0

    async def handler(_: Received) -> None:
        nonlocal in_hand, most
        in_hand += 1
        most = max(most, in_hand)
        await asyncio.sleep(0.02)
        in_hand -= 1
        done.append(1)

    done: list[int] = []
    async with hearing(amqp_url, handler, publisher, prefetch=3):
        await publisher.publish([submitted(n) for n in range(1, 13)])
        await eventually(lambda: len(done) == 12)

    assert most == 3


async def test_stopping_finishes_what_is_in_hand_and_gives_the_rest_back(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    begun, done = asyncio.Event(), []

    async def handler(received: Received) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        done.append(received.sequence)

    async with hearing(amqp_url, handler, publisher, prefetch=1):
        await publisher.publish([submitted(1), submitted(2), submitted(3)])
        await begun.wait()

    assert done == [1]
    await eventually(lambda: _is(look, 2))


async def _is(look: Look, count: int) -> bool:
    return await look.waiting(ROUTER_CASES.name) == count


async def test_a_consumer_starts_when_the_broker_comes(
    amqp_url: str, wire: Link, look: Look
) -> None:
    await wire.close()
    publisher = Publisher(wire.url(amqp_url), "test")
    broker = messaging.consumer(wire.url(amqp_url), "test", 8)
    heard = Heard()
    messaging.subscribe(broker, ROUTER_CASES, heard, publisher)
    watchdog = messaging.ConsumerWatchdog(broker, [ROUTER_CASES], publisher)
    consumption = Consumption(broker, publisher, watchdog)
    await publisher.start()
    await consumption.start(wait=False)
    await look.put(ROUTER_CASES.name, submitted(1).body)
    with pytest.raises(OutageError):
        await watchdog.consuming()

    await wire.open()

    await eventually(lambda: heard.sequences == [1])
    await watchdog.consuming()
    await consumption.stop()
    await publisher.stop()


async def test_a_consumer_that_never_started_can_be_stopped(amqp_url: str, wire: Link) -> None:
    await wire.close()
    publisher = Publisher(wire.url(amqp_url), "test")
    broker = messaging.consumer(wire.url(amqp_url), "test", 8)
    consumption = Consumption(broker, publisher, messaging.ConsumerWatchdog(broker, []))
    await publisher.start()
    await consumption.start(wait=False)
    await asyncio.sleep(0.05)

    async with asyncio.timeout(1):
        await consumption.stop()
        await publisher.stop()


# Recovery


async def test_both_sides_recover_when_the_broker_closes_their_connections(
    amqp_url: str, publisher: Publisher, management: Management
) -> None:
    heard = Heard()
    async with hearing(amqp_url, heard, publisher) as watchdog:

        async def known() -> bool:
            return set((await management.connections()).values()) == {
                "test publishes",
                "test consumes",
            }

        await eventually(known, within_s=10)
        for name in await management.connections():
            await management.close(name)

        await eventually(lambda: _confirmed(publisher))
        await eventually(lambda: set(heard.sequences) == {1})
        await eventually(lambda: _consumed(watchdog))


async def test_a_message_in_hand_when_the_link_is_cut_is_handled_again(
    amqp_url: str, wire: Link, publisher: Publisher, look: Look
) -> None:
    begun = asyncio.Event()
    done: list[int] = []

    async def handler(received: Received) -> None:
        begun.set()
        await asyncio.sleep(0.3)
        done.append(received.sequence)

    async with hearing(wire.url(amqp_url), handler, publisher):
        await publisher.publish([submitted(1)])
        await begun.wait()
        begun.clear()
        wire.cut()
        await begun.wait()
        await eventually(lambda: len(done) >= 1)

    assert set(done) == {1}
    assert await look.settled(ROUTER_CASES)


async def test_a_queue_deleted_under_its_consumer_is_missed_and_consumed_again_when_it_is_back(
    amqp_url: str, publisher: Publisher, look: Look
) -> None:
    heard = Heard()
    async with hearing(amqp_url, heard, publisher) as watchdog:
        await look.delete_queue(ROUTER_CASES.name)
        with pytest.raises(OutageError):
            await watchdog.consuming()
        # RabbitMQ 3.10 gives nothing to a consumer that comes back within the same second.
        await asyncio.sleep(1)

        await look.declare()

        await eventually(lambda: _consumed(watchdog), within_s=10)
        await publisher.publish([submitted(1)])
        await eventually(lambda: heard.sequences == [1])


async def _consumed(watchdog: messaging.ConsumerWatchdog) -> bool:
    try:
        await watchdog.consuming()
    except OutageError:
        return False
    return True


# The watchdog


async def test_the_watchdog_is_content_with_a_consumer(
    amqp_url: str, publisher: Publisher, kills: list[tuple[int, int]]
) -> None:
    async with hearing(amqp_url, Heard(), publisher) as watchdog:
        await watchdog.consuming()
        kills.clear()  # a start that takes longer than two looks, as short as they are here
        await asyncio.sleep(0.3)
        assert kills == []

    with pytest.raises(OutageError):
        await watchdog.consuming()


async def test_another_replica_on_the_queue_does_not_hide_that_we_lost_ours(
    amqp_url: str, publisher: Publisher
) -> None:
    async with (
        hearing(amqp_url, Heard(), publisher) as ours,
        hearing(amqp_url, Heard(), publisher) as theirs,
    ):
        [subscriber] = ours._broker.subscribers
        await subscriber.stop()

        with pytest.raises(OutageError):
            await ours.consuming()
        await theirs.consuming()


async def test_a_queue_that_stays_without_a_consumer_ends_the_process(
    amqp_url: str, publisher: Publisher, look: Look, kills: list[tuple[int, int]]
) -> None:
    async with hearing(amqp_url, Heard(), publisher):
        await look.delete_queue(ROUTER_CASES.name)

        await eventually(lambda: bool(kills))

    assert kills[0] == (os.getpid(), signal.SIGTERM)


async def test_a_broker_that_is_away_ends_no_process(
    amqp_url: str, wire: Link, kills: list[tuple[int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Intake goes on accepting reports meanwhile."""
    async with (
        connected(wire.url(amqp_url)) as publisher,
        hearing(wire.url(amqp_url), Heard(), publisher) as watchdog,
    ):
        await wire.close()
        kills.clear()  # of a start that took longer than two looks
        await asyncio.sleep(0.5)

        with pytest.raises(OutageError):
            await watchdog.consuming()
        assert kills == []
        monkeypatch.setattr(limits, "LOOK_EVERY_S", 10.0)
        await wire.open()
        await eventually(lambda: _consumed(watchdog))


async def test_a_look_at_a_slow_broker_does_not_give_back_what_is_in_hand(
    amqp_url: str, wire: Link, publisher: Publisher, look: Look
) -> None:
    finish = asyncio.Event()
    calls: list[int] = []

    async def handler(received: Received) -> None:
        calls.append(received.sequence)
        await finish.wait()

    async with hearing(wire.url(amqp_url), handler, publisher) as watchdog:
        await publisher.publish([submitted(1)])
        await eventually(lambda: calls == [1])
        wire.freeze()
        with pytest.raises(OutageError):
            await watchdog.consuming()
        wire.thaw()
        await eventually(lambda: _consumed(watchdog))
        finish.set()
        await asyncio.sleep(0.3)

    assert calls == [1]
    assert await look.settled(ROUTER_CASES)
