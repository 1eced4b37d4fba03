"""Cases that an earlier release stored are listed by the date that counts, like all others."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.intake.domain.case import Case, Fact
from services.intake.store import COUNTS, CaseStore
from shared import mongo
from shared.events import CaseSubmitted
from shared.identity import new_code
from shared.mongo import Database
from tests.builders import RECEIVED, snapshot


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_intake")
    client.close()


async def test_cases_without_the_date_that_counts_are_given_it_at_the_start(base: Database):
    store, codes = CaseStore(base), [new_code("DL") for _ in range(3)]
    dates = [None, None, snapshot().due_at + timedelta(days=9)]
    for code, expected_at in zip(codes, dates, strict=True):
        opened = snapshot(code=code).model_copy(update={"expected_at": expected_at})
        await store.open_case(
            Case(snapshot=opened),
            [Fact(CaseSubmitted(at=RECEIVED, actor="reporter"))],
            content={},
            receipt={},
            idempotency={},
        )
    older = {"$unset": {COUNTS: ""}}
    assert await store.aggregates.update_many({"_id": {"$in": codes[1:]}}, older) == 2

    await store.aggregates.ensure_indexes()

    found = await store.aggregates.find({"_id": {"$in": codes}}, sort=[(COUNTS, 1)], limit=3)
    assert found[-1]["_id"] == codes[2]
    assert [each[COUNTS] for each in found] == [
        each["case"]["expected_at"] or each["case"]["due_at"] for each in found
    ]
