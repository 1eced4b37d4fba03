"""Rows 17, 18 and 20: messages that nobody can handle, that come thrice, that come all at once."""

import asyncio
import json
import time
from contextlib import suppress

import aio_pika
from aio_pika import DeliveryMode, Message

from shared import failpoints, topology
from shared.events import CaseSubmitted, to_wire
from shared.messaging import ATTEMPT_HEADER, REASON_HEADER
from tests.builders import CODE, RECEIVED, snapshot
from tests.chaos.load import Parcel
from tests.chaos.nemesis import Nemesis

POISON_EACH_S = 0.5
MOST_TRIES = 10
KILLER = "killer"
WINDOW = 40  # events that are mixed up with each other
STORM_CLIENTS = 1000
STORM_PATIENCE_S = 2.0
GOODPUT = 0.8


async def poison(nemesis: Nemesis) -> None:
    """Bad JSON, a wrong schema, an event whose handler always fails; then one that kills."""
    injected = dict.fromkeys((spec.name for spec in topology.QUEUES), 0)
    async with await aio_pika.connect(nemesis.world.amqp) as connection:
        channel = await connection.channel()
        while nemesis.goes_on():
            spec = nemesis.random.choice(topology.QUEUES)
            body = nemesis.random.choice(_poisons())
            message = Message(body, delivery_mode=DeliveryMode.PERSISTENT, message_id="poison")
            await channel.default_exchange.publish(message, spec.name)
            injected[spec.name] += 1
            nemesis.fault()
            await asyncio.sleep(POISON_EACH_S)
        await _quarantined(nemesis, channel, injected)
    await _killer(nemesis)


async def _killer(nemesis: Nemesis) -> None:
    """One message that kills whoever handles it: it is found among its neighbours and buried."""
    spec = nemesis.random.choice(topology.QUEUES)
    service = spec.name.partition(".")[0]
    place = nemesis.world.failpoints(service) / f"{failpoints.HANDLING}-{KILLER}"
    place.write_bytes(b"")
    async with await aio_pika.connect(nemesis.world.amqp) as connection:
        channel = await connection.channel()
        event = CaseSubmitted(at=RECEIVED, actor="reporter")  # nothing is wrong with it
        body = to_wire(event, subject=CODE, sequence=1, at=RECEIVED, case=snapshot())
        message = Message(body, message_id=KILLER, delivery_mode=DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, spec.name)
        nemesis.fault()
        dead = await channel.get_queue(spec.dead)

        async def buried() -> bool:
            return bool((await dead.declare()).message_count)

        took = await nemesis.world.until(buried, 90)
        nemesis.measure("the killer in quarantine", took, None)
        letter = await dead.get(timeout=5)
        if letter.message_id != KILLER or REASON_HEADER not in letter.headers:
            nemesis.wrong(f"{spec.dead} holds {letter.message_id}, not the killer alone")
        await letter.ack()
    if not (killed := place.stat().st_size):
        nemesis.wrong("the killer killed nobody")
    nemesis.measure("processes killed", float(killed), MOST_TRIES, unit="")
    place.unlink()


def _poisons() -> list[bytes]:
    wrong = {"id": "x.case.1", "type": "case.submitted.v1", "subject": "x", "sequence": "one"}
    # a routing decision about a case that does not exist: every schema holds, no handler can
    decision = {
        "specversion": "1.0",
        "id": "DL-0000-0000.routing.1",
        "source": "/civic/router",
        "type": "routing.decided.v1",
        "subject": "DL-0000-0000",
        "time": "2026-01-01T00:00:00+00:00",
        "sequence": 1,
        "data": {"code": "DL-0000-0000"},
    }
    return [b"\x00 not json {", json.dumps(wrong).encode(), json.dumps(decision).encode()]


async def _quarantined(
    nemesis: Nemesis, channel: aio_pika.abc.AbstractChannel, injected: dict[str, int]
) -> None:
    began = time.monotonic()
    for spec in topology.QUEUES:
        dead = await channel.get_queue(spec.dead)
        found = 0
        while found < injected[spec.name]:
            with suppress(aio_pika.exceptions.QueueEmpty):
                letter = await dead.get(timeout=5)
                if letter is not None:
                    found += 1
                    _look_at(nemesis, spec.name, letter)
                    await letter.ack()
                    continue
            if time.monotonic() - began > 60:
                break
            await asyncio.sleep(0.2)
        rest = await dead.declare()
        if found != injected[spec.name] or rest.message_count:
            words = f"{found} of {injected[spec.name]} in {spec.dead}, {rest.message_count} others"
            nemesis.wrong(words)
    nemesis.measure("all in quarantine", time.monotonic() - began, None)


def _look_at(nemesis: Nemesis, queue: str, letter: aio_pika.abc.AbstractIncomingMessage) -> None:
    if letter.message_id != "poison":
        nemesis.wrong(f"a good message ended in {queue}.dead: {letter.headers.get(REASON_HEADER)}")
    if REASON_HEADER not in letter.headers:
        nemesis.wrong(f"a message in {queue}.dead has no reason")
    tries = letter.headers.get(ATTEMPT_HEADER, 1)
    nemesis.measure("tries", float(str(tries)), MOST_TRIES, unit="")


async def duplicates(nemesis: Nemesis) -> None:
    """Publish every event of the services twice more, mixed up; the final state must not care."""
    async with await aio_pika.connect(nemesis.world.amqp) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=500)
        exchange = await channel.get_exchange(topology.EXCHANGE, ensure=False)
        tap = await channel.declare_queue(exclusive=True)
        await tap.bind(exchange, "#")
        known: set[str] = set()
        held: list[aio_pika.abc.AbstractIncomingMessage] = []
        while nemesis.goes_on():
            message = await tap.get(fail=False, no_ack=True)
            if message is None:
                await asyncio.sleep(0.02)
                continue
            if (message.message_id or "") in known:
                continue  # a copy of ours
            known.add(message.message_id or "")
            held.append(message)
            if len(held) >= WINDOW:
                await _publish_again(nemesis, exchange, held)
                held.clear()
        await _publish_again(nemesis, exchange, held)


async def _publish_again(
    nemesis: Nemesis,
    exchange: aio_pika.abc.AbstractExchange,
    held: list[aio_pika.abc.AbstractIncomingMessage],
) -> None:
    copies = [each for each in held for _ in range(2)]
    nemesis.random.shuffle(copies)
    for each in copies:
        copy = Message(
            each.body,
            content_type=each.content_type,
            delivery_mode=DeliveryMode.PERSISTENT,
            message_id=each.message_id,
            type=each.type,
        )
        await exchange.publish(copy, each.routing_key or "")
    nemesis.fault(len(copies))


async def retry_storm(nemesis: Nemesis) -> None:
    """A thousand clients without patience: each sends its report again every two seconds."""
    began, ends = time.time(), time.monotonic() + nemesis.window_s
    nemesis.load.pace.set(0)

    async def client(parcel: Parcel) -> None:
        while time.monotonic() < ends:
            attempt = await nemesis.load.attempt(parcel, STORM_PATIENCE_S)
            nemesis.fault()
            if attempt.acknowledged:
                parcel = nemesis.load.next()
            else:
                await asyncio.sleep(nemesis.random.uniform(0, 0.5))
        nemesis.load.begin(parcel)  # whoever was not served is served in the end

    await asyncio.gather(*(client(nemesis.load.next()) for _ in range(STORM_CLIENTS)))
    answered = [each for each in nemesis.load.ledger.attempts if each.sent_at >= began]
    goodput = sum(each.acknowledged for each in answered) / nemesis.window_s
    # intake's own: what follows a report waits in the queues, and is done after the storm
    beside = goodput / max(nemesis.capacity, 1.0)
    nemesis.measure("goodput beside capacity end to end", beside, GOODPUT, unit="×", at_least=True)
    shed = sum(each.status in (429, 503) for each in answered)
    silent = sum(bool(each.failure) for each in answered)
    nemesis.note(f"{len(answered)} attempts, {shed} shed with 429 or 503, {silent} unanswered")
    odd = {each.status for each in answered if each.status >= 500} - {503}
    if odd:
        nemesis.wrong(f"answers {sorted(odd)}")
