"""A world for the outbox: documents and an exchange in memory, processes that die at any step.

Time is virtual. Every step of the servers takes a random while, and each wait is a point at which
the process that waits can be killed: between write, publish, confirm and clear.
"""

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, cast

from shared.errors import OutageError, StaleVersionError
from shared.messaging import Publisher
from shared.mongo import Aggregates, Entry, Swap, Tail
from shared.outbox import TailPublisher
from tests.unit.virtual_time import Clock

QUIET_S = 30.0  # after healing: sweeps run every second and take what is two seconds old


@dataclass(frozen=True)
class Plan:
    """What happens; `seed` decides when, and how each single step ends."""

    seed: int
    aggregates: int = 2
    processes: int = 2
    writes: int = 8
    kills: int = 2
    unknown: float = 0.3  # of all publishes: no confirm comes, and it may arrive all the same
    outages: float = 0.1  # of all calls
    remembered: int = 1000  # confirmed ids that a process keeps in mind


@dataclass
class Document:
    version: int = 1
    outbox: list[tuple[Entry, datetime]] = field(default_factory=list)


class World:
    """The two servers, and what they have seen."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.random = random.Random(plan.seed)
        self.documents = {f"case{number}": Document() for number in range(plan.aggregates)}
        self.written: dict[str, list[str]] = defaultdict(list)
        self.exchange: list[str] = []
        self.calm = False

    async def step(self) -> None:
        """Take a while; whoever is killed meanwhile has not done what comes next."""
        await asyncio.sleep(self.random.choice((0, 0.001, 0.01, 0.3)))

    async def fault(self) -> None:
        await self.step()
        if not self.calm and self.random.random() < self.plan.outages:
            raise OutageError("away")

    def first_occurrences(self, identifier: str) -> list[str]:
        mine = (each for each in self.exchange if each.startswith(f"{identifier}."))
        return list(dict.fromkeys(mine))

    def owed(self) -> list[str]:
        return [entry.id for each in self.documents.values() for entry, _ in each.outbox]


class MemoryAggregates:
    """What the outbox asks of the database; a call that fails may have done its work."""

    name = "things"

    def __init__(self, world: World) -> None:
        self._world = world

    async def load(self, identifier: str) -> int:
        await self._world.fault()
        return self._world.documents[identifier].version

    async def swap(self, swap: Swap) -> Tail:
        await self._world.fault()
        document = self._world.documents[swap.identifier]
        if document.version != swap.version:
            raise StaleVersionError(swap.identifier, swap.version)
        document.version += 1
        document.outbox += [(entry, swap.at) for entry in swap.entries]
        self._world.written[swap.identifier] += [entry.id for entry in swap.entries]
        tail = _tail(swap.identifier, document)
        await self._world.fault()
        return tail

    async def confirm(self, confirmed: Mapping[str, Sequence[str]]) -> None:
        await self._world.fault()
        for identifier, ids in confirmed.items():
            assert set(ids) <= set(self._world.exchange), "cleared without having been published"
            document = self._world.documents[identifier]
            document.outbox = [each for each in document.outbox if each[0].id not in ids]
        await self._world.fault()

    async def owing(self, before: datetime, limit: int, *, bodies: bool = True) -> list[Tail]:
        await self._world.fault()
        old = [
            _tail(identifier, document)
            for identifier, document in self._world.documents.items()
            if document.outbox and document.outbox[0][1] < before
        ]
        await self._world.fault()
        return [each if bodies else replace(each, entries=()) for each in old[:limit]]


def _tail(identifier: str, document: Document) -> Tail:
    since = document.outbox[0][1] if document.outbox else None
    return Tail(identifier, tuple(entry for entry, _ in document.outbox), since)


class MemoryPublisher:
    """What the outbox asks of the broker."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def is_up(self) -> bool:
        return self._world.calm or self._world.random.random() > self._world.plan.outages

    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        if not await self.is_up():
            raise OutageError("not connected")
        return list(await asyncio.gather(*map(self._publish, entries)))

    async def _publish(self, entry: Entry) -> bool:
        await self._world.step()
        if not self._world.calm and self._world.random.random() < self._world.plan.unknown:
            return self._not_known(entry)
        self._world.exchange.append(entry.id)
        await self._world.step()  # killed here: delivered, and nobody knows
        return True

    def _not_known(self, entry: Entry) -> bool:
        """Lose it, deliver it now, or deliver it much later."""
        if fate := self._world.random.choice((None, 0.0, 0.5, 4.0, 20.0)):
            asyncio.get_running_loop().call_later(fate, self._world.exchange.append, entry.id)
        elif fate is not None:
            self._world.exchange.append(entry.id)
        return False


class Process:
    """A service: writers, and the real tail publisher."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._aggregates = MemoryAggregates(world)
        self._tasks: list[asyncio.Task[None]] = []
        self.publisher = self._new_publisher()

    async def start(self) -> None:
        await self.publisher.start()

    def write(self, identifier: str, events: int) -> None:
        self._tasks.append(asyncio.create_task(self._write(identifier, events)))

    async def kill(self) -> None:
        """End at whatever step it is; what only its memory knew is gone."""
        tasks = [*self._tasks, *self.publisher._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._tasks.clear()
        self.publisher = self._new_publisher()

    def _new_publisher(self) -> TailPublisher:
        publisher: Any = MemoryPublisher(self._world)
        return TailPublisher(cast("Aggregates", self._aggregates), cast("Publisher", publisher))

    async def _write(self, identifier: str, events: int) -> None:
        while True:
            try:
                version = await self._aggregates.load(identifier)
                ids = [f"{identifier}.{version:03}.{number}" for number in range(events)]
                entries = [Entry(each, "case.submitted.v1", b"") for each in ids]
                swap = Swap(identifier, version, {}, entries, Clock.now(None))
                tail = await self._aggregates.swap(swap)
            except (StaleVersionError, OutageError):
                await asyncio.sleep(0.01)
                continue
            await self._world.step()  # killed here: written, and nobody was told
            self.publisher.soon(tail)
            return


async def live(plan: Plan) -> World:
    """Let processes write, publish and die; then heal, wait, and return what is left."""
    world = World(plan)
    processes = [Process(world) for _ in range(plan.processes)]
    for process in processes:
        await process.start()
    happenings = ["write"] * plan.writes + ["kill"] * plan.kills
    world.random.shuffle(happenings)
    for happening in happenings:
        await asyncio.sleep(world.random.choice((0, 0.005, 0.2, 3)))
        process = world.random.choice(processes)
        if happening == "write":
            process.write(world.random.choice(list(world.documents)), world.random.randint(1, 3))
        else:
            await process.kill()
            await process.start()
    await asyncio.sleep(1)
    world.calm = True
    await asyncio.sleep(QUIET_S)
    for process in processes:
        await process.kill()
    return world
