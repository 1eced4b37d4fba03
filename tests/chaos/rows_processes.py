"""Rows 1 to 4, 23 and 24: processes that end, by accident, at the worst point, or in turn."""

import asyncio
import signal
import time
from random import Random

from deploy.local.process import identify
from deploy.local.services import SERVICES
from shared import failpoints
from tests.chaos.load import STALE
from tests.chaos.nemesis import Nemesis

STATEFUL = (
    failpoints.AFTER_INSERT,
    failpoints.BEFORE_PUBLISH,
    failpoints.AFTER_PUBLISH,
    failpoints.AFTER_CONFIRM,
    failpoints.BEFORE_ACK,
)
POINTS = {
    "intake": (failpoints.AFTER_OBJECT_PUT, *STATEFUL),
    "router": STATEFUL,
    "sla": STATEFUL,
    "notify": (failpoints.AFTER_INSERT, failpoints.AFTER_SEND, failpoints.BEFORE_ACK),
}
ROUNDS = 50  # of each point of each service: the matrix
REACH_S = 20.0  # for the load to come by a point
STOP_S = 15.0


async def intake_killed(nemesis: Nemesis) -> None:
    """Its worker; one time in ten the parent too, and then its code is loaded anew."""
    while nemesis.goes_on():
        whole = nemesis.result.faults % 10 == 9
        took = await nemesis.world.restart("intake", signal.SIGKILL, whole=whole)
        nemesis.fault()
        nemesis.measure("all of it ready again" if whole else "ready again", took, 2.0)
        await asyncio.sleep(nemesis.random.uniform(0.1, 1.0))


async def killed_at_points(nemesis: Nemesis) -> None:
    """Every point of every service, round after round, the four services beside each other."""

    async def rounds(service: str, points: tuple[str, ...], random: Random) -> None:
        for turn in range(ROUNDS):
            for point in random.sample(points, len(points)):
                if turn and not nemesis.goes_on():
                    return
                await _kill_at(nemesis, service, point)
                await asyncio.sleep(random.uniform(0.05, 0.3))

    await asyncio.gather(
        *(rounds(each, points, Random(nemesis.random.random())) for each, points in POINTS.items())
    )


async def _kill_at(nemesis: Nemesis, service: str, point: str) -> None:
    world = nemesis.world
    file = world.failpoints(service) / point
    before = world.pid(service)
    file.touch()

    async def died() -> bool:
        return not file.exists()

    if await world.until(died, REACH_S) is None:
        file.unlink(missing_ok=True)
        nemesis.wrong(f"{service} never came by {point}")
        return
    began = time.monotonic()
    nemesis.fault()

    async def back() -> bool:
        return world.pid(service) != before and await world.is_ready(service)

    found = await world.until(back)
    nemesis.measure("ready again", None if found is None else time.monotonic() - began, None)


async def consumers_killed(nemesis: Nemesis) -> None:
    """The three beside each other, each at its own moments."""

    async def kills(service: str, random: Random) -> None:
        while nemesis.goes_on():
            took = await nemesis.world.restart(service, signal.SIGKILL)
            nemesis.fault()
            nemesis.measure("ready again", took, None)
            await asyncio.sleep(random.uniform(0.1, 1.0))

    services = ("router", "sla", "notify")
    await asyncio.gather(*(kills(each, Random(nemesis.random.random())) for each in services))


async def power_cut(nemesis: Nemesis) -> None:
    while nemesis.goes_on():
        programs = [*SERVICES, "rabbitmq", "mongo", "s3"]
        nemesis.random.shuffle(programs)
        for program in programs:
            nemesis.world.send(program, signal.SIGKILL)
        nemesis.fault()
        await asyncio.sleep(0.3)
        await nemesis.ready_again("all ready", 30.0)
        await asyncio.sleep(nemesis.random.uniform(2, 5))


async def stream_client_killed(nemesis: Nemesis) -> None:
    """A hundred kills at most; that nothing was missed is for the checker to say."""
    for _ in range(100):
        if not nemesis.goes_on():
            break
        nemesis.sse.kill()
        nemesis.fault()
        await asyncio.sleep(nemesis.random.uniform(0.1, 0.6))


async def rolling_restart(nemesis: Nemesis) -> None:
    """SIGTERM in turn: no request is dropped, and no connection is refused, with one replica."""
    refused = nemesis.load.refused_connections
    began = time.time()
    leaving: list[asyncio.Task[None]] = []  # they finish what they have in hand
    while nemesis.goes_on():
        for service in SERVICES:
            leaving.append(await _end_in_order(nemesis, service))
            await asyncio.sleep(nemesis.random.uniform(0.1, 0.6))
    await asyncio.gather(*leaving)
    broken = [
        each
        for each in nemesis.load.ledger.attempts
        if each.sent_at >= began and each.failure not in ("", "ConnectionRefusedError", STALE)
    ]
    stale = sum(each.sent_at >= began and each.failure == STALE
                for each in nemesis.load.ledger.attempts)  # fmt: skip
    if broken:
        kinds = sorted({each.failure for each in broken})
        nemesis.wrong(f"{len(broken)} requests in hand were dropped: {', '.join(kinds)}")
    if refused := nemesis.load.refused_connections - refused:
        nemesis.wrong(f"{refused} connections were refused")
    nemesis.note(f"{stale} idle connections were found closed, all tried again")


async def _end_in_order(nemesis: Nemesis, service: str) -> "asyncio.Task[None]":
    """Return what waits for its end, once its successor is ready."""
    world = nemesis.world
    before = identify(world.pid(service))
    assert before
    began = time.monotonic()
    before.send(signal.SIGTERM)
    nemesis.fault()

    async def another() -> bool:
        return world.pid(service) != before.pid and await world.is_ready(service)

    async def gone() -> bool:
        return not before.is_alive()

    async def leave() -> None:
        if await world.until(gone, STOP_S + 10) is None:
            nemesis.wrong(f"{service} did not end")
        nemesis.measure("ended", time.monotonic() - began, STOP_S)

    leaving = asyncio.create_task(leave())
    if await world.until(another) is None:
        nemesis.wrong(f"{service} had no successor")
    nemesis.measure("ready again", time.monotonic() - began, None)
    return leaving
