"""The written chase on a real database, over HTTP."""

import csv
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Annotated, Any

import httpx
import pytest
from fastapi import FastAPI, Header

from services.intake.accounts.domain import AccountId, Principal, SessionId
from services.intake.api import chase as routes
from services.intake.chase import OverdueCases
from services.intake.domain.case import Case, Fact
from services.intake.refusals import problem_of
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared import mongo, problems
from shared.errors import CivicError
from shared.events import CaseSubmitted
from shared.identity import new_code
from shared.rulebook import load_rulebook
from shared.settings import RULES
from shared.vocabulary import LEADERS, OFFICE, Role, State, UnitId
from tests.builders import RECEIVED, snapshot

NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)
SECRET = "LẤN-CHIẾM-VỈA-HÈ"
WARD, OTHER = UnitId("ward_8"), UnitId("ward_3")

CLERK = f"{Role.OFFICE_CLERK} {OFFICE}"
LEADER = f"{Role.LEADER} {LEADERS}"
HEAD = f"{Role.UNIT_HEAD} {WARD}"
OFFICER = f"{Role.OFFICER} {WARD}"


async def current(who: Annotated[str, Header()]) -> Principal:
    role, unit = who.split()
    return Principal(AccountId("a_1"), "a", Role(role), UnitId(unit), SessionId("s_1"))


class City:
    """Cases in a database of its own, and the route in front of them."""

    def __init__(self, base: mongo.Database) -> None:
        self.cases = CaseStore(base)
        book = load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", RECEIVED)
        self.shelf = Shelf(book)
        app = FastAPI()
        problems.install(app)
        problems.translate(
            app, CivicError, lambda error, language: problem_of(error, language, self.shelf)
        )
        overdue = OverdueCases(self.cases.aggregates)
        chasing = routes.Chasing(overdue, self.shelf, lambda: NOW)
        app.include_router(routes.create_router(chasing, current))
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://intake")

    async def open_case(self, unit: UnitId | None = WARD, **changes: Any) -> str:
        code = new_code("DL")
        standing = {
            "unit": unit,
            "monitoring_unit": UnitId("urban_order_team"),
            "state": State.ASSIGNED,
            "received_at": NOW - timedelta(days=3),
            "due_at": NOW - timedelta(days=2),
            "regulation": self.shelf.book.installed.name,
            **changes,
        }
        case = Case(snapshot=snapshot(code=code).model_copy(update=standing))
        fact = Fact(CaseSubmitted(at=RECEIVED, actor="reporter"))
        content = {"text": SECRET, "media": []}
        await self.cases.open_case(case, [fact], content=content, receipt={}, idempotency={})
        return code

    async def get(self, who: str, **params: str) -> httpx.Response:
        return await self.client.get("/desk/chase", params=params, headers={"who": who})

    async def units(self, who: str, **params: str) -> dict[str, set[str]]:
        """The codes of a chase by unit."""
        answer = await self.get(who, **params)
        assert answer.status_code == 200, answer.text
        return {
            each["unit"]: {case["code"] for case in each["cases"]}
            for each in answer.json()["items"]
        }


@pytest.fixture
async def city(mongo_url: str, database_prefix: str) -> AsyncIterator[City]:
    client = mongo.connect(mongo_url)
    city = City(mongo.database(client, f"{database_prefix}_intake"))
    yield city
    await city.client.aclose()
    client.close()


async def test_the_chase_lists_what_is_overdue_by_whose_move_it_is(city: City):
    ward = await city.open_case()
    other = await city.open_case(OTHER, state=State.IN_PROGRESS)
    held = await city.open_case(state=State.HELD)
    nobodys = await city.open_case(None, state=State.SUBMITTED)
    leaders = await city.open_case(LEADERS)
    waits = NOW - timedelta(hours=1)
    coordinated = await city.open_case(
        expected_at=waits, due_at=NOW + timedelta(days=9), state=State.COORDINATING
    )
    await city.open_case(due_at=NOW)  # in this second: on time
    await city.open_case(state=State.RESOLVED)
    await city.open_case(expected_at=NOW + timedelta(days=2), state=State.COORDINATING)
    about_office = await city.open_case(OTHER, about=(OFFICE,))

    expected = {
        WARD: {ward, coordinated},
        OTHER: {other},
        OFFICE: {held, nobodys},
        LEADERS: {leaders},
    }
    assert await city.units(CLERK) == expected
    assert await city.units(LEADER) == {**expected, OTHER: {other, about_office}}
    for unit, codes in expected.items():
        assert await city.units(CLERK, unit=unit) == {unit: codes}
    assert await city.units(HEAD) == {WARD: expected[WARD]}


@pytest.mark.parametrize(
    ("who", "params", "status"),
    [
        pytest.param(OFFICER, {}, 403, id="an officer"),
        pytest.param(HEAD, {"unit": OTHER}, 403, id="a head another unit"),
        pytest.param(CLERK, {"unit": "ward_88"}, 404, id="a unit that does not exist"),
        pytest.param(CLERK, {"format": "docx"}, 422, id="an unknown format"),
        pytest.param(CLERK, {"report_by": "2020-01-01T00:00:00Z"}, 422, id="a past date"),
    ],
)
async def test_what_is_refused(city: City, who: str, params: dict[str, str], status: int):
    answer = await city.get(who, **params)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


async def test_one_call_gives_the_table_and_the_letters(city: City):
    for _ in range(3):
        await city.open_case()

    table = await city.get(CLERK, format="csv")
    letters = await city.get(CLERK, format="pdf", report_by="2026-12-10T10:00:00Z")

    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    assert len(list(csv.reader(StringIO(table.content.decode("utf-8-sig"))))) == 4
    assert letters.headers["content-type"] == "application/pdf"
    assert letters.headers["content-disposition"] == (
        'attachment; filename="don-doc-tat-ca-20261125-1030.pdf"'
    )
    assert letters.content.startswith(b"%PDF-")


async def test_no_form_of_a_chase_holds_content(city: City):
    await city.open_case()

    for form in ("json", "csv"):
        assert SECRET not in (await city.get(CLERK, format=form)).text
