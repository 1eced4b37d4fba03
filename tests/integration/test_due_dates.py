"""Due dates of dossiers on a real database: two replicas of sla, each stage once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.sla.due_dates import DueDateStore
from services.sla.handlers import fire_dossier, on_dossier_event
from services.sla.ticker import Ticker
from shared import mongo
from shared.errors import StaleVersionError
from shared.mongo import Database, Tail
from shared.vocabulary import DossierState
from tests.integration.test_deliveries import BOOK
from tests.unit.test_sla_dossiers import CODE, DUE, START, SUBMITTED, DossierReady, said

REPLICAS = 4


class Publisher:
    """Keeps what is owed, by its identity: a tail holds what was not confirmed yet, too."""

    def __init__(self) -> None:
        self.types: dict[str, str] = {}

    def soon(self, tail: Tail) -> None:
        self.types |= {each.id: each.key for each in tail.entries}


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_sla")
    client.close()


def replicas(base: Database, clock: Any) -> tuple[Publisher, list[DueDateStore], list[Any]]:
    publisher: Any = Publisher()
    stores = [DueDateStore(base) for _ in range(REPLICAS)]
    tickers = [
        Ticker(each, publisher, fire_dossier, clock=clock, every_s=1, batch=10) for each in stores
    ]
    return publisher, stores, tickers


async def test_four_replicas_say_that_a_dossier_is_near_and_late_once_each(base: Database):
    now: list[datetime] = [START]
    publisher, stores, tickers = replicas(base, lambda: now[0])
    await stores[0].aggregates.ensure_indexes()
    twins = await asyncio.gather(
        *(
            on_dossier_event(SUBMITTED, each, publisher, book=BOOK, clock=lambda: now[0])
            for each in stores
        ),
        return_exceptions=True,
    )
    near = (await stores[0].load(CODE)).tracking.approaching_at  # type: ignore[union-attr]

    for at in (
        near - timedelta(seconds=1),
        near,
        DUE,
        DUE + timedelta(seconds=1),
        DUE + timedelta(days=1),
    ):
        now[0] = at
        await asyncio.gather(*(each.tick() for each in tickers))

    assert {type(each) for each in twins} <= {type(None), StaleVersionError}
    assert publisher.types == {
        f"{CODE}.duedate.1": "duedate.approaching.v1",
        f"{CODE}.duedate.2": "duedate.missed.v1",
    }
    late = said(DossierReady, 2, state=DossierState.READY, ready_at=DUE, on_time=False)
    await on_dossier_event(late, stores[0], publisher, book=BOOK, clock=lambda: now[0])
    assert len(publisher.types) == 2
    assert await stores[0].due(DUE + timedelta(days=9), 10) == []
