"""Incidents on a real MongoDB: raised once, extended, closed after an hour of quiet."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from services.notify.ioc.incident_watch import IncidentWatch
from services.notify.ioc.incidents import Asked, IncidentStore, Place
from services.notify.ioc.marks import Marks
from services.notify.ioc.projection import CaseJourneys
from services.notify.ioc.spikes import Thresholds
from shared import mongo
from shared.mongo import Tail

NOW = datetime(2026, 3, 12, 3, 20, tzinfo=UTC)
MINUTE, WEEK = timedelta(minutes=1), timedelta(days=7)


@dataclass
class World:
    """The journeys, the incidents, and a clock that the test moves."""

    base: mongo.Database
    now: datetime = NOW
    said: list[tuple[str, int]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)
    cases: int = 0

    def __post_init__(self) -> None:
        self.journeys = CaseJourneys(self.base, lambda _case, start, end: end - start)
        self.store = IncidentStore(self.base)

    def watch(self) -> IncidentWatch:
        """One more replica."""
        return IncidentWatch(
            self.journeys,
            self.store,
            Marks(self.base),
            publish=self.hear,
            rule=Thresholds(),
            every=timedelta(seconds=30),
            clock=lambda: self.now,
        )

    def hear(self, tail: Tail) -> None:
        event = orjson.loads(tail.entries[-1].body)
        self.events.append(event)
        self.said.append((event["type"], len(event["data"]["codes"])))

    async def receive(
        self, count: int, at: datetime, area: str | None = "ward_1", state: str = "assigned"
    ) -> None:
        for _ in range(count):
            self.cases += 1
            await self.journeys.documents.insert(
                {
                    "_id": f"DL-{self.cases:04}-2222",
                    "received_at": at,
                    "category": "environment",
                    "area": area,
                    "last": {"state": state},
                }
            )


@pytest.fixture
async def world(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    world = World(mongo.database(client, f"{database_prefix}_notify"))
    await world.store.aggregates.ensure_indexes()
    yield world
    client.close()


async def test_replicas_that_look_at_once_raise_one_incident_and_later_cases_join_it(
    world: World,
) -> None:
    await world.receive(6, NOW - 10 * MINUTE)

    await asyncio.gather(*(world.watch().look() for _ in range(4)))
    await world.receive(2, NOW - MINUTE)
    await world.watch().look()

    [incident] = await world.store.standing()
    assert incident.id == "environment.ward_1.2026-03-12T03"
    assert (len(incident.codes), incident.count, incident.expected) == (8, 8, 0.5)
    assert world.said == [("incident.raised.v1", 6), ("incident.extended.v1", 8)]


async def test_each_case_that_joins_is_said_once_and_events_are_numbered_without_a_gap(
    world: World,
) -> None:
    await world.receive(6, NOW - 10 * MINUTE)
    watch = world.watch()
    await watch.look()
    for minute in (1, 2, 3):
        world.now = NOW + minute * MINUTE
        if minute != 2:
            await world.receive(minute, world.now)
        await asyncio.gather(*(world.watch().look() for _ in range(3)))
    for minutes in (175, 190, 251):
        world.now = NOW + minutes * MINUTE
        await watch.look()

    kinds = [each["type"].split(".")[1] for each in world.events]
    assert kinds == ["raised", "extended", "extended", "closed"]
    assert [each["sequence"] for each in world.events] == [1, 2, 3, 4]
    raised, first, second, closed = (each["data"] for each in world.events)
    assert [len(each["joined"]) for each in (first, second)] == [1, 3]
    assert raised["codes"] + first["joined"] == first["codes"]
    assert first["codes"] + second["joined"] == second["codes"] == closed["codes"]
    assert [each["count"] for each in (raised, first, second)] == [6, 7, 10]


async def test_one_that_was_raised_before_joining_was_said_goes_on_with_its_second_event(
    world: World,
) -> None:
    await world.receive(6, NOW - 10 * MINUTE)
    await world.watch().look()
    every = {"$unset": {"said": ""}}
    await world.store.aggregates.update_each([({"_id": "environment.ward_1.2026-03-12T03"}, every)])
    await world.receive(1, NOW)

    await world.watch().look()

    assert [each["sequence"] for each in world.events] == [1, 2]


async def test_it_is_closed_after_an_hour_below_and_names_all_that_it_linked(world: World) -> None:
    await world.receive(6, NOW - 10 * MINUTE)
    watch = world.watch()
    await watch.look()
    for minutes in (175, 200, 234):  # the window of three hours has let them go at 170
        world.now = NOW + minutes * MINUTE
        await watch.look()
        assert len(await world.store.standing()) == 1

    world.now = NOW + 235 * MINUTE
    await watch.look()
    await watch.look()

    assert world.said == [("incident.raised.v1", 6), ("incident.closed.v1", 6)]
    [closed] = (await world.store.page(Asked(is_open=False, limit=10)))[0]
    assert closed.closed_at == world.now


@pytest.mark.parametrize(
    ("counts", "raised"),
    [
        pytest.param({0: 4}, 0, id="below the floor"),
        pytest.param({0: 6, 1: 6, 2: 5, 3: 7, 4: 6}, 0, id="as every week"),
        pytest.param({0: 6, 5: 1}, 1, id="four known weeks of silence"),
    ],
)
async def test_a_count_is_held_against_the_same_hours_of_the_weeks_before(
    world: World, counts: dict[int, int], raised: int
) -> None:
    for weeks, count in counts.items():
        await world.receive(count, NOW - weeks * WEEK - 10 * MINUTE)
    await world.receive(1, NOW - 60 * timedelta(days=1), area="ward_2")

    await world.watch().look()

    assert len(await world.store.standing()) == raised


async def test_cases_of_no_area_and_withdrawn_ones_raise_nothing(world: World) -> None:
    await world.receive(9, NOW - 10 * MINUTE, area=None)
    await world.receive(9, NOW - 10 * MINUTE, state="withdrawn")

    await world.watch().look()

    assert await world.store.standing() == []


async def listed(world: World, at: datetime, **asked: bool | None) -> list[tuple[int, int, bool]]:
    found, _ = await world.store.page(Asked(asked.get("is_open"), 10, at))
    return [(len(each.codes), each.count, each.closed_at is None) for each in found]


async def test_an_incident_of_a_past_moment_is_as_it_was_then(world: World) -> None:
    await world.receive(6, NOW - 10 * MINUTE)
    watch = world.watch()
    await watch.look()
    world.now = NOW + 5 * MINUTE
    await world.receive(2, world.now - MINUTE)
    await watch.look()
    for minutes in (175, 240):
        world.now = NOW + minutes * MINUTE
        await watch.look()

    assert await listed(world, NOW - MINUTE) == []
    assert await listed(world, NOW) == [(6, 6, True)]
    assert await listed(world, NOW + 6 * MINUTE) == [(8, 8, True)]
    assert await listed(world, NOW + 6 * MINUTE, is_open=False) == []
    assert await listed(world, world.now) == [(8, 2, False)]
    assert await listed(world, NOW + 6 * MINUTE, is_open=True) == [(8, 8, True)]
    assert await listed(world, world.now, is_open=True) == []


async def test_pages_of_incidents_follow_each_other_without_a_gap(world: World) -> None:
    for number in range(5):
        await world.receive(6, NOW - 10 * MINUTE, area=f"ward_{number}")
    await world.watch().look()  # all at the same moment

    pages: list[list[str]] = []
    place: Place | None = None
    while not pages or place:
        found, following = await world.store.page(Asked(is_open=True, limit=2, after=place))
        pages.append([each.id for each in found])
        place = Place.read(following) if following else None

    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({identifier for page in pages for identifier in page}) == 5


async def test_what_incidents_have_said_is_said_again_in_order(world: World) -> None:
    await world.receive(6, NOW - 10 * MINUTE)
    watch = world.watch()
    await watch.look()
    identifier = "environment.ward_1.2026-03-12T03"
    aggregates = world.store.aggregates
    first = (await aggregates.load(identifier) or {})["outbox"]
    await aggregates.confirm({identifier: [first[0]["id"]]})
    for minutes in (175, 240):
        world.now = NOW + minutes * MINUTE
        await watch.look()

    assert await aggregates.owe_all(NOW) == 2

    again = (await aggregates.load(identifier) or {})["outbox"]
    assert [each["id"].rpartition(".")[2] for each in again] == ["1", "2"]
    assert bytes(again[0]["body"]) == bytes(first[0]["body"])
