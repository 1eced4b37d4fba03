"""A line of a list is the same whether its case was read whole or as a row."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.intake.domain.case import Case, Fact, Result
from services.intake.domain.rules import Rules
from services.intake.store import CaseStore, StoredCase
from services.intake.views import desk_row
from shared import mongo
from shared.events import CaseAssigned, CaseSubmitted, MessageAdded
from shared.identity import new_code
from shared.vocabulary import RuleId, State, UnitId
from tests.builders import RECEIVED, dalat, snapshot, state_calendar

LONG = "x" * 10_000
UNIT = UnitId("office")


@pytest.fixture
async def store(mongo_url: str, database_prefix: str) -> AsyncIterator[CaseStore]:
    client = mongo.connect(mongo_url)
    yield CaseStore(mongo.database(client, f"{database_prefix}_intake"))
    client.close()


def facts() -> list[Fact]:
    said = [Fact(MessageAdded(at=RECEIVED, actor="reporter"), {"text": LONG}) for _ in range(20)]
    return [Fact(CaseSubmitted(at=RECEIVED, actor="reporter")), assigned(), *said]


def assigned() -> Fact:
    case = snapshot()
    event = CaseAssigned(
        at=RECEIVED,
        actor="router",
        unit=UNIT,
        monitoring_unit=UNIT,
        rule=RuleId("some"),
        routing_sequence=1,
        category=case.category,
        category_origin=case.category_origin,
        due_at=case.due_at,
        limit_s=case.limit_s,
        clock=case.clock,
    )
    return Fact(event)


def result() -> Result:
    return Result(
        outcome="done", text="Đã sửa", unit=UNIT, at=RECEIVED, on_time=True, evidence=("m1", "m2")
    )


CASES = {
    "assigned, with messages": (Case(snapshot=snapshot()), facts()),
    "with a result": (
        Case(snapshot=snapshot(state=State.RESOLVED), results=(result(),)),
        facts()[:1],
    ),
    "held": (Case(snapshot=snapshot(state=State.HELD)), facts()[:1]),
}


@pytest.mark.parametrize("name", CASES)
async def test_a_row_shows_what_the_whole_case_shows_and_holds_no_words(
    store: CaseStore, name: str
):
    code, (opened, happened) = new_code("DL"), CASES[name]
    content: dict[str, Any] = {
        "text": LONG,
        "location": {"lat": 11.94, "lon": 108.43},
        "media": [{"id": "m1", "from": "reporter"}, {"id": "m2", "from": "unit"}],
        "flagged": [{"kind": "slander", "name": {"vi": "x", "en": "x"}, "from": 300, "to": 310}],
    }
    case = opened.model_copy(update={"snapshot": opened.snapshot.model_copy(update={"code": code})})
    await store.open_case(case, happened, content=content, receipt={}, idempotency={})
    query, sort = {"_id": code}, [("_id", 1)]

    [whole] = await store.search(query, sort=sort, limit=1)
    [row] = await store.rows(query, sort=sort, limit=1)

    assert shown(row) == shown(whole)
    assert all("words" not in each for each in row.history)


def shown(stored: StoredCase) -> dict[str, Any]:
    return desk_row(stored, Rules(dalat(), state_calendar()), RECEIVED)
