"""The figures of the operations centre, against what was done by hand over HTTP."""

import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.client import City, eventually, report
from tests.e2e.test_journeys import publish
from tests.hostile import pictures


@pytest.fixture
def city(stack: dict[str, Any]) -> Iterator[City]:
    opened = City(stack)
    yield opened
    opened.close()


def sent(city: City, **changes: Any) -> dict[str, Any]:
    answer = city.send(report(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def fresh_second() -> str:
    """A moment before which nothing was received: receipt has whole seconds."""
    time.sleep(1 - time.time() % 1)
    return datetime.now(UTC).replace(microsecond=0).isoformat()


def row(city: City, table: str, name: str, key: str, **query: str) -> dict[str, Any]:
    answer = city.notify.get(f"/ioc/{table}", params=query)
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    return next((each for each in items if each[name] == key), {"total": 0})


def test_a_period_counts_its_own_cases_and_the_past_stays_as_it_was(city: City):
    start = fresh_second()
    receipts = [sent(city, category="other", area=None) for _ in range(3)]
    until = {"from": start}
    eventually(
        lambda: (
            city.notify.get("/ioc/summary", params=until).json()["by_state"].get("assigned") == 3
        )
    )
    time.sleep(0.05)
    before = datetime.now(UTC).isoformat()
    time.sleep(0.05)
    office = city.office()
    office.act(receipts[0]["code"], "refuse", reason="spam", text="Nội dung quảng cáo")
    city.reporter(receipts[1], "withdraw", text="Đã tự giải quyết")
    eventually(
        lambda: (
            city.notify.get("/ioc/summary", params=until).json()["by_state"]
            == {"assigned": 1, "refused": 1, "withdrawn": 1}
        )
    )

    now = city.notify.get("/ioc/summary", params=until).json()
    then = city.notify.get("/ioc/summary", params={**until, "at": before}).json()
    long_ago = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    empty = city.notify.get("/ioc/summary", params={"at": long_ago})

    assert (now["total"], now["open"]) == (3, 1)
    assert (then["total"], then["open"], then["by_state"]) == (3, 3, {"assigned": 3})
    assert empty.json()["total"] == 0
    assert row(city, "categories", "category", "other", **until)["total"] == 3
    assert row(city, "units", "unit", "office", state="refused", **until)["total"] == 1


def test_the_watermark_says_how_far_the_figures_go(city: City):
    sent(city)
    newest = city.newest()

    def complete() -> dict[str, Any] | None:
        mark = city.notify.get("/ioc/summary").json()["watermark"]
        return mark if mark["offset"] >= newest and mark["behind"] == 0 else None

    mark = eventually(complete)

    assert mark["cursor"] == f"{mark['offset']}.{mark['cursor'][-8:]}"
    assert datetime.fromisoformat(mark["complete_up_to"]) <= datetime.now(UTC)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"from": "2026-01-02T00:00:00+07:00", "to": "2026-01-01T00:00:00+07:00"}, "to"),
        ({"at": (datetime.now(UTC) + timedelta(days=400)).isoformat()}, "at"),
        ({"at": "2026-01-01T00:00:00"}, "at"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_at_its_field(
    city: City, query: dict[str, str], field: str
):
    answer = city.notify.get("/ioc/summary", params=query)

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


FIRST, LAST = "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00"


@pytest.mark.parametrize(
    ("path", "query", "field"),
    [
        ("units", {"from": FIRST}, "from"),
        ("summary", {"to": LAST}, "to"),
        ("onestop", {"on": "9999-12-31"}, "on"),
        ("onestop", {"on": "0001-01-01"}, "on"),
        ("onestop", {"at": FIRST}, "at"),
        ("cases", {"cursor": f"2026-01-12T05:00:00Z~{LAST}~DL-1"}, "cursor"),
        ("cases", {"cursor": f"{FIRST}~{FIRST}~DL-1"}, "cursor"),
        ("incidents", {"cursor": f"{FIRST}~i_1"}, "cursor"),
    ],
)
def test_the_ends_of_the_calendar_are_refused_at_their_field(
    city: City, path: str, query: dict[str, str], field: str
):
    answer = city.notify.get(f"/ioc/{path}", params=query)

    assert answer.status_code == 422, answer.text
    assert [each["field"] for each in answer.json()["errors"]] == [field]


def test_what_became_of_a_few_cases_is_withheld(city: City):
    start = fresh_second()
    receipt = sent(city)
    case = city.in_state(receipt, "assigned")
    unit = city.official(case["unit"])
    unit.act(receipt["code"], "accept")
    publish(unit, receipt["code"], [("after.jpg", pictures.photo(), "image/jpeg")])
    eventually(
        lambda: city.notify.get("/ioc/summary", params={"from": start}).json()["resolved"] == 1
    )

    found = city.notify.get("/ioc/summary", params={"from": start}).json()

    told = {"on_time", "late", "on_time_share", "median_work_s", "reopened", "reopened_share"}
    assert {found[name] for name in told} == {None}
    assert found["by_outcome"] == {}
    assert {*told, "by_outcome"} <= set(found["withheld"])
    for table in ("unit", "category", "area", "channel"):
        assert [each["on_time"] for each in found[f"by_{table}"]] == [None]
    assert (found["total"], found["resolved"], found["open"]) == (1, 1, 0)


def test_an_unknown_filter_value_finds_nothing_and_a_table_has_a_sum(city: City):
    sent(city)
    eventually(lambda: city.notify.get("/ioc/areas").json()["all"]["total"] > 0)

    table = city.notify.get("/ioc/units").json()

    assert table["all"]["total"] == sum(each["total"] for each in table["items"])
    assert city.notify.get("/ioc/units", params={"area": uuid.uuid4().hex}).json()["items"] == []
