"""Rows 5 to 10, 14 and 26: the broker and the database end, freeze, fill up, lose a queue."""

import asyncio
import os
import signal
import time
from pathlib import Path

from shared import topology
from shared.messaging import limits
from tests.chaos.load import STALE
from tests.chaos.nemesis import Nemesis, percentile

NORMAL_S = 8.0  # to measure the answers before the broker goes
SETTLED_S = 3.0  # what was held back is on the stream
FULL = "100000GB"  # more free space than any disk has; 3.10 knows no TB


async def broker_restarted(nemesis: Nemesis) -> None:
    await _broker_ends(nemesis, signal.SIGTERM, limits.RECONNECT_S + 3)


async def broker_killed(nemesis: Nemesis) -> None:
    await _broker_ends(nemesis, signal.SIGKILL, limits.RECONNECT_S + 3)


async def _broker_ends(nemesis: Nemesis, number: signal.Signals, asked: float) -> None:
    world = nemesis.world
    while nemesis.goes_on():
        before = world.send("rabbitmq", number)
        began = time.time()
        nemesis.fault()

        async def listens(before: int = before) -> bool:
            # the API answers once the node has started; then AMQP is open too
            if world.pid("rabbitmq") == before:
                return False
            try:
                return (await world.management("GET", "aliveness-test/%2F")).is_success
            except OSError:
                return False
            except Exception:  # noqa: BLE001 - any failure of the client: not yet
                return False

        took = await world.until(listens)
        nemesis.measure("broker back", took, None)
        await nemesis.ready_again("consumers back", asked)
        _still_accepting(nemesis, began)
        await asyncio.sleep(nemesis.random.uniform(0.3, 1.0))


def _still_accepting(nemesis: Nemesis, began: float) -> None:
    late = [
        each
        for each in nemesis.load.ledger.attempts
        if each.sent_at >= began and each.failure != STALE  # which is the client's to send again
    ]
    refused = [each for each in late if not each.acknowledged]
    if refused:
        first = refused[0]
        words = f"{len(refused)} of {len(late)} reports were not accepted while the broker was away"
        nemesis.wrong(f"{words} (first: {first.status or first.failure})")


async def broker_away(nemesis: Nemesis) -> None:
    """Stop the broker inside its node for the whole window, and watch the backlog drain."""
    world, rate = nemesis.world, nemesis.load.pace.rate
    began = time.time()
    await asyncio.sleep(NORMAL_S)
    normal = percentile(nemesis.answers_since(began + NORMAL_S / 4), 0.99)  # once it has warmed up
    nemesis.fault()
    await world.rabbitmqctl("stop_app")
    began = time.time()
    await asyncio.sleep(nemesis.window_s)
    p99 = percentile(nemesis.answers_since(began), 0.99)
    nemesis.measure("p99 of the answers beside normal", p99 / max(normal, 1.0), 2.0, unit="×")
    _still_accepting(nemesis, began)
    nemesis.load.pace.set(0)  # what drains now is the backlog and nothing else
    owed = (time.time() - began) * rate
    await world.rabbitmqctl("start_app")
    await nemesis.ready_again("consumers back", None)
    drained = await nemesis.quiet()
    if drained is not None:
        speed = owed / max(drained, 0.1) / rate
        nemesis.measure("drained at", speed, 3.0, unit="× arrival", at_least=True)
        # whose half the arrival is: while it drains, only taking reports in costs nothing
        beside = owed / max(drained, 0.1) / max(nemesis.capacity, 1.0)
        nemesis.measure("which is", beside, None, unit="× capacity")
    nemesis.note(f"about {owed:.0f} cases were owed; p99 {p99:.0f} ms, normal {normal:.0f} ms")


async def broker_blocked(nemesis: Nemesis) -> None:
    """A disk alarm: publishers are blocked, and a ping would still be answered."""
    world = nemesis.world
    await world.rabbitmqctl("set_disk_free_limit", FULL)
    began, heard = time.time(), len(nemesis.sse.seen())
    nemesis.fault()

    async def unready() -> bool:
        return not await world.is_ready("intake")

    nemesis.measure("readiness tells", await world.until(unready, 20), 5.0)
    await asyncio.sleep(nemesis.window_s)
    _still_accepting(nemesis, began)
    slowest = max(nemesis.answers_since(began), default=0.0) / 1000
    nemesis.measure("slowest answer", slowest, limits.CONFIRM_S)
    await world.rabbitmqctl("set_disk_free_limit", "200MB")
    await nemesis.ready_again("ready again", None)
    await asyncio.sleep(SETTLED_S)
    ids = [each.id for each in nemesis.sse.seen()[heard:]]
    # what was on its way when the alarm began comes again, by its id; nothing else may
    nemesis.measure("copies on the stream", float(len(ids) - len(set(ids))), None, unit="")


async def database_killed(nemesis: Nemesis) -> None:
    world = nemesis.world
    while nemesis.goes_on():
        began = time.time()
        before = world.send("mongo", signal.SIGKILL)
        nemesis.fault()

        async def back(before: int = before) -> bool:
            return world.pid("mongo") != before and await world.all_ready()

        nemesis.measure("ready again", await world.until(back), None)
        _refused_in_time(nemesis, began, 2.0)
        await asyncio.sleep(nemesis.random.uniform(0.3, 1.0))


def _refused_in_time(nemesis: Nemesis, began: float, asked: float) -> None:
    """Whoever was not served was told so, and soon."""
    refused = [
        each
        for each in nemesis.load.ledger.attempts
        if each.sent_at >= began and not each.acknowledged
    ]
    odd = {each.status or each.failure for each in refused} - {503, STALE}
    if odd:
        nemesis.wrong(f"answers other than 503: {sorted(map(str, odd))}")
    took = [each.answered_at - each.sent_at for each in refused if each.status == 503]
    if took:
        nemesis.measure("503 after", max(took), asked)


async def database_frozen(nemesis: Nemesis) -> None:
    world = nemesis.world
    base = world.memory()
    world.send("mongo", signal.SIGSTOP)
    began = time.time()
    nemesis.fault()
    await asyncio.sleep(nemesis.window_s)
    for service, bytes_ in world.memory().items():
        nemesis.measure("memory beside base", bytes_ / base[service], 2.0, unit="×")
    world.send("mongo", signal.SIGCONT)
    await nemesis.ready_again("ready again", None)
    _refused_in_time(nemesis, began, 2.0)


async def disk_full(nemesis: Nemesis) -> None:
    """The spool, the store's and the database's file system, one after the other."""
    if not nemesis.world.volumes:
        nemesis.result.skipped = "no file system can be mounted here: that takes root and a loop"
        return
    for name in nemesis.world.volumes:
        place = nemesis.world.volumes[name]
        ballast = place / "ballast"
        await asyncio.to_thread(_fill, place, ballast)
        nemesis.fault()
        await asyncio.sleep(nemesis.window_s / len(nemesis.world.volumes))
        ballast.unlink()
        await nemesis.ready_again(f"{name}: ready after space", 30.0)


def _fill(place: Path, ballast: Path) -> None:
    with ballast.open("wb") as file:
        free = os.statvfs(place)
        step = free.f_bavail * free.f_frsize
        while step >= 4096:
            try:
                os.posix_fallocate(file.fileno(), file.seek(0, os.SEEK_END), step)
            except OSError:
                step //= 2


async def queue_deleted(nemesis: Nemesis) -> None:
    world = nemesis.world
    specs = list(topology.QUEUES)
    while nemesis.goes_on():
        spec = nemesis.random.choice(specs)
        await world.delete_queue(spec.name)
        nemesis.fault()

        async def consumed(spec: topology.QueueSpec = spec) -> bool:
            answer = await world.management("GET", f"queues/%2F/{spec.name}")
            return answer.is_success and bool(answer.json().get("consumers"))

        await asyncio.sleep(0.5)
        nemesis.measure("declared and consumed", await world.until(consumed, 60), 30.0)
        await asyncio.sleep(nemesis.random.uniform(1, 3))
