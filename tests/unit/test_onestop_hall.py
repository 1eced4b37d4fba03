"""The hall's order of steps: what a race, a retry and a closing time do to a number."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.intake.asked import KeyReusedError
from services.intake.onestop.catalogue import load_catalogue
from services.intake.onestop.domain import calling
from services.intake.onestop.domain.calling import Caller
from services.intake.onestop.domain.queue import (
    Queue,
    Step,
    TicketState,
    TicketStateError,
    board_of,
    queue_id,
)
from services.intake.onestop.hall import Hall
from services.intake.onestop.store import QueueStore, StoredQueue
from services.intake.onestop.taking import Taken, Taking
from services.intake.onestop.views import desk_view
from shared.errors import DuplicateError, StaleVersionError
from shared.vocabulary import Language
from tests.builders import state_calendar
from tests.unit.test_onestop_dossier import FILE

MONDAY = date(2026, 1, 12)
CLERK, OTHER = Caller("a_one"), Caller("a_two")
ONLINE = Taking("online", Language.VIETNAMESE, None, None, None)


class Memory:
    """What `QueueStore` does, in a dictionary; `meanwhile` runs once before a desk is written."""

    def __init__(self) -> None:
        self.queues: dict[str, StoredQueue] = {}
        self.meanwhile: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {}
        self.said: list[str] = []

    async def load(self, desk: str, on: date) -> StoredQueue | None:
        return self.queues.get(queue_id(desk, on))

    async def of_key(self, key: str) -> StoredQueue | None:
        found = [each for each in self.queues.values() if key in [k["key"] for k in each.keys]]
        return found[0] if found else None

    async def of_ticket(self, ticket: str) -> StoredQueue | None:
        here = [each for each in self.queues.values() if ticket in self._open(each)]
        in_hand = [q for q in here if q.queue.ticket(ticket).state is TicketState.SERVING]
        return next(iter(in_hand or here), None)

    def _open(self, stored: StoredQueue) -> list[str]:
        tickets = stored.queue.tickets
        return [each.id for each in tickets if each.state is not TicketState.TRANSFERRED]

    async def save(
        self, stored: StoredQueue, step: Step, at: datetime, keys: Sequence[Mapping[str, str]] = ()
    ) -> None:
        if act := self.meanwhile.pop(stored.queue.desk, None):
            await act()
        now = self.queues.get(step.queue.id)
        if (now.version if now else 0) != stored.version:
            raise StaleVersionError(step.queue.id, stored.version)
        if keys and await self.of_key(keys[0]["key"]):
            raise DuplicateError(step.queue.id, "keys.key")
        after = StoredQueue(step.queue, stored.version + 1, [*stored.keys, *keys])
        self.queues[step.queue.id] = after
        self.said += [each.type for each in step.events(at)]


def _nothing(_: object) -> None:
    """Publish nothing."""


class World:
    """A hall on a morning of work; `at` sets the city's time."""

    def __init__(self) -> None:
        self.store = Memory()
        self.now = datetime.now(UTC)
        self.at("08:00")
        self.hall = self.another()

    def another(self) -> Hall:
        """Another replica over the same store."""

        def calendar_of(_: datetime) -> Any:
            return SimpleNamespace(calendar=state_calendar())

        return Hall(
            cast("QueueStore", self.store),
            cast("Any", SimpleNamespace(soon=_nothing)),
            cast("Any", None),
            catalogue=load_catalogue(FILE),
            shelf=cast("Any", SimpleNamespace(now=calendar_of)),
            clock=lambda: self.now,
        )

    def at(self, time: str, on: date = MONDAY) -> None:
        self.now = datetime.fromisoformat(f"{on}T{time}:00+07:00")

    async def take(self, key: str = "", body: str = "b", **said: Any) -> Taken:
        wanted = Taking(**{**ONLINE.__dict__, **said})
        known = {"key": key, "body": body} if key else {}
        return await self.hall.take(self.hall.desk("land"), wanted, known)

    async def next(self, clerk: Caller = CLERK) -> str:
        _, ticket = await self.hall.call_next(self.hall.desk("land"), clerk)
        assert ticket
        return ticket.id

    async def states(self, ticket: str) -> dict[str, str]:
        found = [each.queue for each in self.store.queues.values()]
        return {
            queue.desk: each.state.value
            for queue in found
            for each in queue.tickets
            if each.id == ticket
        }


def test_a_number_that_was_ended_while_it_was_sent_on_waits_nowhere() -> None:
    async def story() -> None:
        world = World()
        await world.take()
        ticket = await world.next()
        other = world.another()

        def serve(queue: Queue, now: datetime) -> Step:
            return calling.serve(queue, ticket, CLERK, now)

        world.store.meanwhile["land"] = lambda: other.act(ticket, serve)

        with pytest.raises(TicketStateError):
            await world.hall.transfer(ticket, world.hall.desk("results"), CLERK)

        assert await world.states(ticket) == {"land": "served", "results": "transferred"}
        there = world.store.queues["results.2026-01-12"].queue
        assert (board_of(there).arrived, board_of(there).transferred) == (1, 1)
        assert (await world.hall.find(ticket)).queue.desk == "land"

    asyncio.run(story())


def test_two_transfers_at_once_leave_a_number_waiting_at_one_desk() -> None:
    async def story() -> None:
        world = World()
        await world.take()
        ticket = await world.next()
        other = world.another()
        results, social = world.hall.desk("results"), world.hall.desk("social")
        world.store.meanwhile["land"] = lambda: other.transfer(ticket, social, CLERK)

        with pytest.raises(TicketStateError):
            await world.hall.transfer(ticket, results, CLERK)

        wanted = {"land": "transferred", "results": "transferred", "social": "waiting"}
        assert await world.states(ticket) == wanted

    asyncio.run(story())


def test_what_was_called_where_it_arrived_is_not_taken_back() -> None:
    async def story() -> None:
        world = World()
        await world.take()
        ticket = await world.next()
        other = world.another()

        async def meanwhile() -> None:
            await other.call_next(other.desk("results"), OTHER)
            await other.call_next(other.desk("land"), CLERK)  # ends what is in hand

        world.store.meanwhile["land"] = meanwhile

        with pytest.raises(TicketStateError):
            await world.hall.transfer(ticket, world.hall.desk("results"), CLERK)

        assert await world.states(ticket) == {"land": "served", "results": "serving"}

    asyncio.run(story())


@pytest.mark.parametrize("through", ["online", "kiosk"])
def test_a_retry_over_closing_time_gives_the_number_of_before(through: str) -> None:
    async def story() -> None:
        world = World()
        world.at("17:29")
        first = await world.take("k", through=through)
        world.at("17:31")

        again = await world.take("k", through=through)

        assert (again.ticket.id, again.replayed) == (first.ticket.id, True)
        with pytest.raises(KeyReusedError):
            await world.take("k", "another body")
        assert list(world.store.queues) == ["land.2026-01-12"]

    asyncio.run(story())


def test_two_tries_at_once_around_closing_time_give_one_number() -> None:
    async def story() -> None:
        world = World()
        world.at("17:31")
        other = world.another()
        wanted, key = Taking(**ONLINE.__dict__), {"key": "k", "body": "b"}

        async def before_closing() -> None:
            world.at("17:29")
            await other.take(other.desk("land"), wanted, key)

        world.store.meanwhile["land"] = before_closing

        taken = await world.take("k")

        assert (taken.replayed, taken.stored.queue.on) == (True, MONDAY)
        assert list(world.store.queues) == ["land.2026-01-12"]

    asyncio.run(story())


def test_a_number_of_the_evening_before_is_near_and_waits_from_the_opening_on() -> None:
    async def story() -> None:
        world = World()
        world.at("19:00")
        first, second = [await world.take(remind_at=3) for _ in range(2)]
        assert world.store.said == ["ticket.issued.v1"] * 2
        tuesday = date(2026, 1, 13)
        world.at("07:00", tuesday)
        await world.hall.remind()
        assert "ticket.nearing.v1" not in world.store.said

        world.at("07:31", tuesday)
        await world.hall.remind()
        await world.hall.remind()

        assert world.store.said.count("ticket.nearing.v1") == 2
        world.at("07:40", tuesday)
        assert await world.next() == first.ticket.id
        queue = world.store.queues["land.2026-01-13"].queue
        assert queue.ticket(first.ticket.id).waited_s == 600  # not the night
        assert queue.ticket(second.ticket.id).reminded

    asyncio.run(story())


def test_a_desk_says_that_its_next_number_is_for_a_later_day_until_the_first_is_called() -> None:
    async def story() -> None:
        world = World()
        world.at("19:00")
        [await world.take() for _ in range(2)]

        def early() -> bool:
            [stored] = world.store.queues.values()
            desk, found = world.hall.desk("land"), world.hall.opening()
            return desk_view(desk, stored.queue, found, world.now)["early"]

        assert early()
        world.at("07:10", date(2026, 1, 13))  # a clerk who begins before the opening
        assert not early()
        world.at("19:00")
        await world.next()
        assert not early()  # the hall has begun with it

    asyncio.run(story())


def test_calling_tomorrows_queue_tonight_reminds_and_its_night_is_no_service() -> None:
    async def story() -> None:
        world = World()
        world.at("19:00")
        first, _ = [await world.take(remind_at=3) for _ in range(2)]

        await world.next()

        assert world.store.said[2:] == ["ticket.called.v1", "ticket.nearing.v1"]
        world.at("07:45", date(2026, 1, 13))
        await world.next()
        queue = world.store.queues["land.2026-01-13"].queue
        assert queue.ticket(first.ticket.id).state is TicketState.SERVED
        board = board_of(queue)
        assert (board.served, board.served_s) == (1, 0)
        assert board.waited_s == 900  # of the second: from the opening to its call

    asyncio.run(story())
