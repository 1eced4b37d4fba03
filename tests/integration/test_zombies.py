"""A zombie consumer and its twin: the same message in two processes at once leaves one effect."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.router.handlers import on_case_submitted
from services.router.store import RoutingStore
from services.sla.handlers import on_case_event
from services.sla.store import DeadlineStore
from shared import mongo
from shared.errors import StaleVersionError
from shared.events import CaseSubmitted, Received, to_wire
from shared.mongo import Tail
from shared.rulebook import load_rulebook
from shared.settings import RULES
from tests.builders import CODE, RECEIVED, snapshot

TWINS = 8
BOOK = load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", RECEIVED)


class Published:
    """What a process would publish."""

    def __init__(self) -> None:
        self.ids: list[str] = []

    def soon(self, tail: Tail) -> None:
        self.ids += [entry.id for entry in tail.entries]


@pytest.fixture
async def bases(mongo_url: str, database_prefix: str) -> AsyncIterator[Callable[[str], list[Any]]]:
    """The same database as each of the twins reaches it: over a connection of its own."""
    clients = [mongo.connect(mongo_url) for _ in range(TWINS)]
    yield lambda name: [mongo.database(each, f"{database_prefix}_{name}") for each in clients]
    for each in clients:
        each.close()


def message() -> Received:
    event = CaseSubmitted(at=RECEIVED, actor="reporter")
    body = to_wire(event, subject=CODE, sequence=1, at=RECEIVED, case=snapshot())
    return Received.from_wire(body)


async def settled(handle: Callable[[], Any]) -> None:
    """Handle as the settling does: a lost race is tried again."""
    for _ in range(20):
        try:
            return await handle()
        except StaleVersionError:
            continue
    raise AssertionError("twenty lost races")


async def test_twins_of_the_router_decide_once(bases: Callable[[str], list[Any]]) -> None:
    stores = [RoutingStore(base) for base in bases("router")]
    said = Published()

    await asyncio.gather(
        *(
            settled(
                lambda store=store: on_case_submitted(
                    message(),
                    store,
                    said,
                    boundaries=None,
                    book=BOOK,
                    clock=lambda: RECEIVED,
                )
            )
            for store in stores
        )
    )

    assert await stores[0].aggregates.count({}) == 1
    assert len(said.ids) == 1


async def test_twins_of_sla_begin_one_deadline(bases: Callable[[str], list[Any]]) -> None:
    stores = [DeadlineStore(base) for base in bases("sla")]
    said = Published()

    await asyncio.gather(
        *(
            settled(
                lambda store=store: on_case_event(
                    message(),
                    store,
                    said,
                    book=BOOK,
                    clock=lambda: RECEIVED,
                )
            )
            for store in stores
        )
    )

    (deadline,) = await stores[0].aggregates.find({})
    assert deadline["version"] == 1
    assert len(said.ids) == len(set(said.ids))
