"""A zombie consumer and its twins: one message in many processes at once leaves one effect."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from services.intake.domain.receive import Arrival, receive
from services.intake.domain.report import ReportIn
from services.intake.handlers import on_routing_decided
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.notify.case_view import CaseView
from services.notify.domain import QuietHours
from services.notify.handlers import Reach, on_event
from services.notify.people import People, Vaults
from services.notify.store import DeliveryStore
from services.notify.subscriptions import Subscriptions
from services.router.handlers import on_case_submitted
from services.router.maps import Maps
from services.router.store import RoutingStore
from services.sla.handlers import on_case_event
from services.sla.store import DeadlineStore
from shared import mongo
from shared.directory import Contact, Directory
from shared.errors import StaleVersionError
from shared.events import CaseSubmitted, Received, RoutingDecided, event_id, to_wire
from shared.followers import Followers
from shared.identity import Seal, Vault
from shared.lockbox import Lockbox
from shared.mongo import Database, Tail
from shared.optouts import OptOuts
from shared.rulebook import load_rulebook
from shared.screening import load_screening, screen
from shared.settings import RULES
from shared.vocabulary import Role
from tests.builders import CODE, RECEIVED, decision, received, snapshot, state_calendar
from tests.unit.notify_events import NOON, WARD, assigned, case

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
                    maps=Maps(),
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


async def _opened(store: CaseStore) -> None:
    shelf = Shelf(BOOK)
    report = ReportIn.model_validate(
        {
            "text": "Đèn đường bị hỏng trước số nhà 12",
            "category": "urban_order",
            "terms": True,
            "reporter": {"anonymity": "anonymous"},
        }
    )
    words = screen(report.text, load_screening(RULES / "regulations" / "screening-vi.yaml"))
    receipt = receive(report, Arrival(CODE, RECEIVED, (), None, None), shelf.now(RECEIVED), words)
    await store.open_case(
        receipt.case, receipt.facts, content={}, receipt=receipt.answer, idempotency={}
    )


async def test_twins_of_intake_assign_a_case_once(bases: Callable[[str], list[Any]]) -> None:
    stores = [CaseStore(base) for base in bases("intake")]
    await _opened(stores[0])
    said = Published()
    event = decision()
    heard = Received(
        id=event_id("routing", CODE, 1),
        type=event.type,
        subject=CODE,
        sequence=1,
        time=RECEIVED,
        event=RoutingDecided.model_validate(event.model_dump()),
        case=None,
    )

    await asyncio.gather(
        *(
            settled(
                lambda store=store: on_routing_decided(
                    heard, store, said, shelf=Shelf(BOOK), clock=lambda: RECEIVED
                )
            )
            for store in stores
        )
    )

    stored = await stores[0].load(CODE)
    assert stored is not None
    assert [each["type"] for each in stored.history] == ["case.submitted.v1", "case.assigned.v1"]
    assert (stored.case.state, stored.version) == ("assigned", 2)
    assert len(set(said.ids)) == len({each["sequence"] for each in stored.history})


KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="


def reach(base: Database) -> Reach:
    """Who can be told, as one process of notify knows it."""
    directory, subscriptions = Directory(base), Subscriptions(base, Lockbox(KEY, "push"))
    vaults = Vaults(Vault(base, Seal(KEY)), Followers(base, Seal(KEY)))
    optouts = OptOuts(base, ["secret"])
    people = People(vaults, directory, optouts, subscriptions, clock=lambda: NOON)
    return Reach(directory, people)


class Post:
    """A sender that only owes, and hooks that nobody has."""

    def __init__(self, store: DeliveryStore) -> None:
        self._store = store
        self.new = 0

    async def owe(self, delivery: Any, now: Any = None) -> None:
        if now is not None:
            is_new = await self._store.add(delivery, now)
            self.new += is_new


async def test_twins_of_notify_owe_one_delivery_to_each_person(
    bases: Callable[[str], list[Any]],
) -> None:
    reached = bases("notify")
    reaches = [reach(base) for base in reached]
    for name in ("officer", "head"):
        contact = Contact(name, WARD, Role.UNIT_HEAD, f"{name}@example.com")
        await reaches[0].directory.put(contact, version=1)
    posts = [Post(DeliveryStore(base)) for base in reached]
    message = received(assigned(), case(reporter=None), 2)
    quiet = QuietHours(NOON.time(), NOON.time(), state_calendar().zone)

    def hear(post: Any, base: Any, known: Reach) -> Any:
        return on_event(
            message,
            CaseView(base),
            reach=known,
            quiet=quiet,
            sender=post,
            hooks=post,
            subscriptions=post,
            clock=lambda: NOON,
        )

    await asyncio.gather(*map(hear, posts, reached, reaches))

    rows = await DeliveryStore(reached[0]).documents.find({})
    assert sorted(each["recipient"] for each in rows) == ["account:head", "account:officer"]
    assert sum(post.new for post in posts) == 2
    assert await CaseView(reached[0]).standing(CODE) == (2, message.case)
