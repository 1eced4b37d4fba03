"""Who may call what: every role against every desk call, in full, as docs/roles.json says."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.intake.domain.decisions import COMMANDS
from tests.e2e.client import City, Official, report

TABLE: dict[str, dict[str, str]] = json.loads(
    (Path(__file__).parents[2] / "docs" / "roles.json").read_text()
)["calls"]
COLUMNS = sorted(next(iter(TABLE.values())))


@pytest.fixture(scope="module")
def city(stack: dict[str, Any]) -> Iterator[City]:
    city = City(stack)
    yield city
    city.close()


@pytest.fixture(scope="module")
def callers(city: City) -> dict[str, Official]:
    return {
        "handling unit": city.official("ward_1", "officer"),
        "handling unit's head": city.official("ward_1", "unit_head"),
        "monitoring unit": city.official("natural_resources", "officer"),
        "another ward": city.official("ward_2", "officer"),
        "Office": city.office(),
        "leader": city.leader(),
        "IOC operator": city.of_role("ioc_operator"),
        "administrator": city.of_role("administrator"),
        "one-stop clerk": city.of_role("onestop_clerk"),
    }


def assigned(city: City) -> str:
    """A new case that lies with ward 1, watched by the environment office."""
    receipt = city.send(report(area="Phường 1", category="environment")).json()
    return city.in_state(receipt, "assigned")["code"]


@pytest.fixture(scope="module")
def untouched(city: City) -> str:
    """A case that only those call who may not."""
    return assigned(city)


def test_the_table_names_every_call_and_every_caller(callers: dict[str, Official]):
    assert set(TABLE) == {"read", *COMMANDS} - {"rating", "reopen", "withdraw"}
    assert set(COLUMNS) == set(callers)


@pytest.mark.parametrize("call", sorted(TABLE))
@pytest.mark.parametrize("who", COLUMNS)
def test_each_role_gets_what_the_table_says(
    city: City, callers: dict[str, Official], untouched: str, who: str, call: str
):
    said = TABLE[call][who]
    code = assigned(city) if said == "allowed" else untouched
    caller = callers[who]

    answer = caller.get(code) if call == "read" else caller.post(code, call, BODIES[call])

    expected = {"allowed": {200, 409, 422}, "403": {403}, "404": {404}}[said]
    assert answer.status_code in expected, answer.text


@pytest.mark.parametrize("call", sorted(TABLE))
def test_without_a_token_nobody_gets_in(city: City, untouched: str, call: str):
    path = f"/desk/cases/{untouched}" + ("" if call == "read" else f"/{call}")

    answer = city.intake.request("GET" if call == "read" else "POST", path, json={})

    assert answer.status_code == 401


def test_the_untouched_case_is_as_it_was(callers: dict[str, Official], untouched: str):
    case = callers["Office"].case(untouched)

    assert (case["state"], case["version"]) == ("assigned", 2)


FUTURE = "2030-01-01T00:00:00Z"
# Complete bodies: whatever is refused is refused for who asks, or for the state of the case.
BODIES: dict[str, dict[str, Any]] = {
    "accept": {},
    "dispatch": {"officer": "Cán bộ trực"},
    "progress": {"text": "Đang xử lý"},
    "forward": {"text": "Không thuộc thẩm quyền"},
    "recategorise": {"category": "urban_order"},
    "coordination": {"units": ["health"], "expected_at": FUTURE, "text": "Cần phối hợp"},
    "coordination/move": {"expected_at": FUTURE, "text": "Chờ kết quả"},
    "coordination/answer": {"text": "Đã làm"},
    "coordination/approve": {},
    "coordination/reject": {"text": "Không cần"},
    "result": {"outcome": "no_violation_found", "text": "Đã kiểm tra, không có vi phạm"},
    "assign": {"unit": "ward_2"},
    "hold": {"reason": "abuse"},
    "release": {},
    "refuse": {"reason": "spam", "text": "Nội dung quảng cáo"},
    "redirect": {"reason": "complaint", "agency": "Thanh tra", "text": "Đơn khiếu nại"},
    "guidance": {"text": "Xin ý kiến"},
    "directives": {"addressee": "ward_1", "due_at": FUTURE, "text": "Xử lý ngay"},
    "directives/acknowledge": {"directive": "d1"},
    "directives/fulfil": {"directive": "d1", "text": "Đã làm"},
    "messages": {"text": "Xin chào"},
}
