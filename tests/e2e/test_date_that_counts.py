"""Of a coordinated case the approved date counts, and everybody says the same of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import MongoClient

from tests.e2e.client import City, Official, eventually, report

FAR = timedelta(days=9)


@pytest.fixture
def city(stack_file: Path) -> Iterator[City]:
    city = City.at(stack_file)
    yield city
    city.close()


def coordinated(city: City, expected: datetime) -> tuple[str, Official]:
    receipt = city.send(report(text="Rác đổ ven hồ, cần nhiều đơn vị cùng dọn")).json()
    unit = city.in_state(receipt, "assigned")["unit"]
    official, code = city.official(unit), receipt["code"]
    helper = next(each for each in city.units("ward") if each != unit)
    asked = {"units": [helper], "text": "Cần phối hợp", "expected_at": expected.isoformat()}
    official.act(code, "coordination", **asked)
    city.office().act(code, "coordination/approve")
    return code, official


def listed(city: City, code: str) -> dict[str, Any]:
    items = city.notify.get("/ioc/cases").json()["items"]
    return next(each for each in items if each["code"] == code)


def due(city: City, code: str) -> datetime:
    return datetime.fromisoformat(listed(city, code)["due_at"])


def overdue(city: City) -> tuple[int, int]:
    """How many are overdue by the figures, and by the list of open cases; of one moment."""
    now = datetime.now(UTC).isoformat()
    figures = city.notify.get("/ioc/summary", params={"at": now}).json()
    items = city.notify.get("/ioc/cases", params={"at": now}).json()["items"]
    dates = [datetime.fromisoformat(each["due_at"]) for each in items]
    return figures["overdue"], sum(each < datetime.fromisoformat(now) for each in dates)


def inbox(official: Official, *, overdue: bool) -> set[str]:
    found, more = set[str](), dict[str, Any]()
    while True:  # the others' cases too: in a common stack there are hundreds
        page = official.page(overdue=overdue, limit=200, **more)
        found |= {each["code"] for each in page["items"]}
        if page["next"] is None:
            return found
        more = {"cursor": page["next"]}


def test_a_case_is_overdue_for_everybody_once_the_approved_date_has_passed(city: City) -> None:
    before = city.newest()
    figures, _ = overdue(city)
    expected = datetime.now(UTC) + timedelta(seconds=4)

    code, official = coordinated(city, expected)

    missed = city.events_of(code, before, "deadline.missed.v1")[-1]
    assert missed["type"] == "deadline.missed.v1"
    assert datetime.fromisoformat(missed["data"]["due_at"]) == due(city, code)
    assert abs(due(city, code) - expected) < timedelta(milliseconds=1)
    assert overdue(city) == (figures + 1, figures + 1)
    assert code in inbox(official, overdue=True)
    assert code not in inbox(official, overdue=False)


def test_a_case_is_overdue_for_nobody_before_the_approved_date(city: City) -> None:
    before = city.newest()
    figures, _ = overdue(city)
    code, official = coordinated(city, datetime.now(UTC) + FAR)
    city.events_of(code, before, "case.coordination_approved.v1")
    eventually(lambda: due(city, code) > datetime.now(UTC) + FAR / 2)
    _promise_passed(city, code)
    # the next word of the case tells everybody that its promise has passed
    official.act(code, "messages", text="Đang dọn cùng đơn vị phối hợp")
    said = city.events_of(code, before, "case.message_added.v1")[-1]
    assert datetime.fromisoformat(said["data"]["case"]["due_at"]) < datetime.now(UTC)
    eventually(lambda: city.notify.get("/ioc/summary").json()["watermark"]["behind"] == 0)

    assert overdue(city) == (figures, figures)
    assert code in inbox(official, overdue=False)
    assert code not in inbox(official, overdue=True)
    kinds = {each["type"] for each in city.events_of(code, before)}
    assert "deadline.missed.v1" not in kinds


def _promise_passed(city: City, code: str) -> None:
    """Time cannot be moved here: the promise is one of an hour ago."""
    client: MongoClient[dict[str, Any]] = MongoClient(city.stack["mongo"])
    with client:
        cases = client["civic_intake"]["cases"]
        passed = datetime.now(UTC) - timedelta(hours=1)
        done = cases.update_one({"_id": code}, {"$set": {"case.due_at": passed}})
        assert done.modified_count == 1


def test_the_inbox_goes_by_the_date_that_counts_from_page_to_page(city: City) -> None:
    far, official = coordinated(city, datetime.now(UTC) + FAR)
    receipts = [city.send(report(text="Rác đổ ven hồ, chờ dọn")).json() for _ in range(2)]
    for receipt in receipts:
        city.in_state(receipt, "assigned")
    ours = {far, *(receipt["code"] for receipt in receipts)}

    soonest = [each for each in pages(official) if each in ours]
    latest = [each for each in pages(official, newest=True) if each in ours]

    assert set(soonest) == ours
    assert soonest[-1] == latest[0] == far
    assert soonest == latest[::-1]


def pages(official: Official, **filters: Any) -> list[str]:
    """All codes of an inbox, seven at a time."""
    page = official.page(limit=7, **filters)
    codes = [each["code"] for each in page["items"]]
    while page["next"]:
        page = official.page(limit=7, **filters, cursor=page["next"])
        codes += [each["code"] for each in page["items"]]
    return codes
