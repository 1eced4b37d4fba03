"""The outbox: whatever dies, the first occurrences of an aggregate's events arrive in order."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from shared import outbox
from shared.errors import OutageError
from shared.mongo import Entry, Tail
from shared.outbox import TailPublisher, publish_tails
from tests.unit import virtual_time
from tests.unit.outbox_world import Plan, World, live
from tests.unit.virtual_time import EPOCH, Clock

PLANS = st.builds(
    Plan,
    seed=st.integers(0, 2**32 - 1),
    aggregates=st.integers(1, 3),
    processes=st.integers(1, 3),
    writes=st.integers(1, 15),
    kills=st.integers(0, 5),
    unknown=st.sampled_from((0.0, 0.3, 0.8)),
    outages=st.sampled_from((0.0, 0.1, 0.4)),
    remembered=st.sampled_from((0, 1, 3, 1000)),
)


@pytest.fixture(autouse=True)
def _virtual_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "datetime", Clock)


def broken(world: World) -> list[str]:
    """Name every aggregate whose events did not all arrive, first occurrences in order."""
    return [
        f"{identifier}: wrote {world.written[identifier]}, "
        f"arrived {world.first_occurrences(identifier)}"
        for identifier in world.documents
        if world.first_occurrences(identifier) != world.written[identifier]
    ]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(plan=PLANS)
def test_first_occurrences_arrive_in_order_and_complete_whatever_dies(plan: Plan) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "REMEMBERED", plan.remembered)
        world = virtual_time.run(live(plan))

    assert broken(world) == []
    assert world.owed() == []


async def _publish_past_a_failure(tails: Sequence[Tail], publisher: Any) -> dict[str, list[str]]:
    """The mistake that the waves prevent: event n+1 though n is not confirmed."""
    confirmed: dict[str, list[str]] = {}
    for tail in tails:
        answers = await publisher.publish(tail.entries)
        confirmed[tail.identifier] = [
            entry.id for entry, ok in zip(tail.entries, answers, strict=True) if ok
        ]
    return confirmed


async def _publish_the_newest(tails: Sequence[Tail], publisher: Any) -> dict[str, list[str]]:
    """The usual outbox, which knows only its own event."""
    return await publish_tails(
        [Tail(each.identifier, each.entries[-1:]) for each in tails], publisher
    )


@pytest.mark.parametrize("mistake", [_publish_past_a_failure, _publish_the_newest])
def test_the_simulated_world_notices_a_publisher_that_breaks_the_order(
    mistake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox, "publish_tails", mistake)

    worlds = [virtual_time.run(live(Plan(seed=seed, kills=0))) for seed in range(30)]

    assert any(broken(world) for world in worlds)


# publish_tails


def tail(identifier: str, *names: str) -> Tail:
    return Tail(identifier, tuple(Entry(name, "case.submitted.v1", b"") for name in names))


class Exchange:
    """Notes the waves; confirms all but what it is told to refuse."""

    def __init__(self, *refused: str) -> None:
        self.waves: list[list[str]] = []
        self._refused = refused

    async def is_up(self) -> bool:
        return True

    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        self.waves.append([entry.id for entry in entries])
        return [entry.id not in self._refused for entry in entries]


async def test_tails_are_published_in_waves() -> None:
    exchange: Any = Exchange()

    confirmed = await publish_tails(
        [tail("a", "a1", "a2", "a3"), tail("b", "b1"), tail("c", "c1", "c2")], exchange
    )

    assert exchange.waves == [["a1", "b1", "c1"], ["a2", "c2"], ["a3"]]
    assert confirmed == {"a": ["a1", "a2", "a3"], "b": ["b1"], "c": ["c1", "c2"]}


async def test_nothing_follows_an_event_that_was_not_confirmed() -> None:
    exchange: Any = Exchange("a2", "b1")

    confirmed = await publish_tails(
        [tail("a", "a1", "a2", "a3"), tail("b", "b1", "b2"), tail("c", "c1", "c2")], exchange
    )

    assert exchange.waves == [["a1", "b1", "c1"], ["a2", "c2"]]
    assert confirmed == {"a": ["a1"], "c": ["c1", "c2"]}


# TailPublisher


class Store:
    """Notes what is cleared; owes what it is told to."""

    name = "shelf"

    def __init__(self, *owing: Tail) -> None:
        self.cleared: list[Mapping[str, Sequence[str]]] = []
        self._owing = owing
        self.read: list[bool] = []  # of each look, whether it read the events too

    async def confirm(self, confirmed: Mapping[str, Sequence[str]]) -> None:
        self.cleared.append(confirmed)

    async def owing(self, _before: object, _limit: int, *, bodies: bool = True) -> Sequence[Tail]:
        self.read.append(bodies)
        return [each if bodies else replace(each, entries=()) for each in self._owing]


class Faulty(Exchange):
    """Fails as it is told, one publish after the other; then works."""

    def __init__(self, *failures: BaseException) -> None:
        super().__init__()
        self._failures = list(failures)

    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        if self._failures:
            raise self._failures.pop(0)
        return await super().publish(entries)


class Slow(Exchange):
    async def publish(self, entries: Sequence[Entry]) -> list[bool]:
        await asyncio.sleep(2)
        return await super().publish(entries)


async def _tails_of(
    publisher: Any, store: Any, *soon: Tail, wait_s: float = 1, grace_s: float = 0
) -> None:
    tails = TailPublisher(store, publisher)
    await tails.start()
    for each in soon:
        tails.soon(each)
    await asyncio.sleep(wait_s)
    await tails.stop(grace_s=grace_s)


def test_what_the_broker_confirmed_is_cleared() -> None:
    exchange, store = Exchange("b1"), Store()

    virtual_time.run(_tails_of(exchange, store, tail("a", "a1", "a2"), tail("b", "b1")))

    assert store.cleared == [{"a": ["a1", "a2"]}]


def test_a_later_tail_of_the_same_aggregate_replaces_the_earlier_one() -> None:
    exchange, store = Exchange(), Store()

    virtual_time.run(_tails_of(exchange, store, tail("a", "a1"), tail("a", "a1", "a2"), tail("b")))

    assert exchange.waves == [["a1"], ["a2"]]


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(OutageError("away"), id="an outage"),
        pytest.param(ValueError("a bug"), id="a bug"),
    ],
)
def test_after_a_failure_the_sweeper_brings_the_tail_again(failure: Exception) -> None:
    exchange, owed = Faulty(failure), tail("a", "a1")

    virtual_time.run(_tails_of(exchange, Store(owed), owed, wait_s=3.5))

    assert exchange.waves[0] == ["a1"]


def test_a_failing_sweep_is_not_the_last_one() -> None:
    failures = [OutageError("away"), ValueError("a bug")]

    class Shy(Store):
        async def owing(self, before: object, limit: int, *, bodies: bool = True) -> Sequence[Tail]:
            if failures:
                raise failures.pop(0)
            return await super().owing(before, limit, bodies=bodies)

    exchange = Exchange()

    virtual_time.run(_tails_of(exchange, Shy(tail("a", "a1")), wait_s=3.5))

    assert exchange.waves == [["a1"]]


def test_what_is_on_its_way_is_not_swept_a_second_time() -> None:
    exchange, owed = Slow(), tail("a", "a1")

    virtual_time.run(_tails_of(exchange, Store(owed), owed, wait_s=2.1))

    assert exchange.waves == [["a1"]]


def test_what_this_process_saw_confirmed_is_cleared_and_not_published_again() -> None:
    """The document still held it when it was read: the removal was on its way."""
    exchange, store = Exchange(), Store(tail("a", "a1", "a2"))

    virtual_time.run(_tails_of(exchange, store, tail("a", "a1"), wait_s=3.5))

    assert exchange.waves == [["a1"], ["a2"]]
    assert store.cleared[0] == {"a": ["a1"]}
    assert {"a": ["a1", "a2"]} in store.cleared


def test_a_removal_that_failed_is_made_again() -> None:
    failures = [OutageError("away"), ValueError("a bug")]

    class Shy(Store):
        async def confirm(self, confirmed: Mapping[str, Sequence[str]]) -> None:
            if failures:
                raise failures.pop(0)
            await super().confirm(confirmed)

    store = Shy()

    virtual_time.run(_tails_of(Exchange(), store, tail("a", "a1"), wait_s=3))

    assert store.cleared == [{"a": ["a1"]}]


def test_many_confirms_are_one_removal() -> None:
    exchange: Any = Exchange()
    store: Any = Store()

    async def main() -> None:
        tails = TailPublisher(store, exchange)
        await tails.start()
        for number in range(10):
            tails.soon(tail(f"n{number}", f"e{number}"))
            await asyncio.sleep(0.01)
        await asyncio.sleep(1)
        await tails.stop()

    virtual_time.run(main())

    assert store.cleared == [{f"n{number}": [f"e{number}"] for number in range(10)}]


def test_stopping_clears_what_was_confirmed_last() -> None:
    store = Store()

    virtual_time.run(_tails_of(Exchange(), store, tail("a", "a1"), wait_s=0.01, grace_s=1))

    assert store.cleared == [{"a": ["a1"]}]


def test_nothing_is_swept_while_the_broker_is_away() -> None:
    class Away(Exchange):
        async def is_up(self) -> bool:
            return False

    exchange, store = Away(), Store(tail("a", "a1"))

    virtual_time.run(_tails_of(exchange, store, wait_s=3.5))

    assert exchange.waves == []
    assert store.read == [False] * 3  # and its size is known without reading it


def test_the_memory_is_bounded_and_what_does_not_fit_is_left_to_the_sweeper(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "PENDING", 2)
    exchange = Exchange()

    virtual_time.run(
        _tails_of(exchange, Store(), tail("a", "a1"), tail("b", "b1"), tail("c", "c1"))
    )

    assert exchange.waves == [["a1", "b1"]]


@pytest.mark.parametrize(("grace_s", "cleared"), [(5, [{"a": ["a1"]}]), (1, [])])
def test_stopping_waits_for_what_is_in_hand_but_not_for_ever(
    grace_s: float, cleared: list[Mapping[str, Sequence[str]]]
) -> None:
    exchange: Any = Slow()
    store: Any = Store()

    async def main() -> float:
        tails = TailPublisher(store, exchange)
        await tails.start()
        tails.soon(tail("a", "a1"))
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        await tails.stop(grace_s=grace_s)
        return asyncio.get_running_loop().time() - began

    took = virtual_time.run(main())

    assert store.cleared == cleared
    assert took <= grace_s + 0.1


def test_the_metric_tells_how_old_the_oldest_debt_is() -> None:
    old = Tail("a", tail("a", "a1").entries, EPOCH - timedelta(seconds=59))
    young = Tail("b", tail("b", "b1").entries, EPOCH - timedelta(seconds=3))

    virtual_time.run(_tails_of(Exchange("a1", "b1"), Store(young, old), wait_s=1.5))

    labels = {"collection": "shelf"}
    assert REGISTRY.get_sample_value("civic_outbox_oldest_seconds", labels) == pytest.approx(60)
    assert REGISTRY.get_sample_value("civic_outbox_pending", labels) == 2
