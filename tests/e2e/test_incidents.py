"""Many reports of one category in one area: one incident, on the stream and at the IOC."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.notify.answers.centre import IncidentPage
from tests.conforms import differences
from tests.e2e.client import City, eventually, report

AREA = "Phường 11"  # no other test reports so much from there


@pytest.fixture
def city(stack_file: Path) -> Iterator[City]:
    city = City.at(stack_file)
    yield city
    city.close()


def of_ours(city: City, category: str) -> list[dict[str, Any]]:
    answer = city.notify.get("/ioc/incidents", params={"state": "open"})
    assert answer.status_code == 200, answer.text
    assert differences(IncidentPage, answer.json()) == []
    return [each for each in answer.json()["items"] if each["category"] == category]


def test_six_reports_raise_one_incident_that_lists_them(city: City) -> None:
    category = city.intake.get("/categories").json()["items"][-2]["id"]
    before = city.newest()
    codes: set[str] = set()
    for number in range(6):
        text = f"Sự việc số {number} trên đường, cần xử lý sớm trong ngày"
        answer = city.send(report(text=text, category=category, area=AREA))
        assert answer.status_code in {201, 202}, answer.text
        codes.add(answer.json()["code"])

    def whole() -> dict[str, Any] | None:
        mine = [each for each in of_ours(city, category) if codes <= set(each["codes"])]
        return mine[0] if mine else None

    incident = eventually(whole, wait_s=150)
    assert incident is not None

    assert incident["state"] == "open"
    assert incident["count"] >= 6
    assert incident["expected"] < incident["count"]
    found = city.events_of(incident["id"], before, "incident.raised.v1")
    assert found[0]["type"] == "incident.raised.v1"
    assert {each["type"] for each in found[1:]} <= {"incident.extended.v1"}
    said = found[0]["data"]
    joined = [code for each in found[1:] for code in each["data"]["joined"]]
    assert set(said["codes"]) <= set(incident["codes"])
    assert said["codes"] + joined == incident["codes"][: len(said["codes"]) + len(joined)]
    assert (said["category"], said["area"]) == (category, incident["area"])
    assert set(said) == {"at", "category", "area", "codes", "count", "expected"}
    same = [e for e in of_ours(city, category) if e["area"] == incident["area"]]
    assert [each["id"] for each in same] == [incident["id"]]


def test_an_unknown_state_of_incidents_is_refused_at_its_field(city: City) -> None:
    answer: httpx.Response = city.notify.get("/ioc/incidents", params={"state": "lost"})

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "state"
