"""Rows 1 to 4, 23 and 24: processes that end, by accident, at the worst point, or in turn."""

import asyncio
import signal
import time

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
REACH_S = 20.0  # for the load to come by a point
STOP_S = 15.0


async def intake_killed(nemesis: Nemesis) -> None:
    while nemesis.goes_on():
        took = await nemesis.world.restart("intake", signal.SIGKILL)
        nemesis.fault()
        nemesis.measure("ready again", took, 2.0)
        await asyncio.sleep(nemesis.random.uniform(0.2, 2.0))


async def killed_at_points(nemesis: Nemesis) -> None:
    """Every point of every service once, then more by chance while there is time."""
    todo = [(service, point) for service, points in POINTS.items() for point in points]
    nemesis.random.shuffle(todo)
    while todo or nemesis.goes_on():
        every = [(s, p) for s, points in POINTS.items() for p in points]
        service, point = todo.pop() if todo else nemesis.random.choice(every)
        await _kill_at(nemesis, service, point)


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
    while nemesis.goes_on():
        for service in ("router", "sla", "notify"):
            took = await nemesis.world.restart(service, signal.SIGKILL)
            nemesis.fault()
            nemesis.measure("ready again", took, None)
            await asyncio.sleep(nemesis.random.uniform(0.1, 1.0))


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
    """SIGTERM in turn; with one replica a new connection is refused meanwhile, a request is not."""
    refused = nemesis.load.refused_connections
    began = time.time()
    while nemesis.goes_on():
        for service in SERVICES:
            await _end_in_order(nemesis, service)
            await asyncio.sleep(nemesis.random.uniform(0.3, 1.5))
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
    refused = nemesis.load.refused_connections - refused
    nemesis.note(f"{refused} connections refused and {stale} found closed, all tried again")


async def _end_in_order(nemesis: Nemesis, service: str) -> None:
    world = nemesis.world
    before, began = world.send(service, signal.SIGTERM), time.monotonic()
    nemesis.fault()

    async def gone() -> bool:
        return world.pid(service) != before

    if await world.until(gone, STOP_S + 10) is None:
        nemesis.wrong(f"{service} did not end")
    nemesis.measure("ended", time.monotonic() - began, STOP_S)
    await nemesis.ready_again("ready again", None, (service,))
