"""Real answers of notify against what its OpenAPI document says of them, field by field."""

from datetime import UTC, datetime
from typing import Any

import httpx

from services.intake.api.receipt import Receipt
from services.notify.answers import Answer, centre, figures, people
from tests.conforms import differences
from tests.e2e.client import City, eventually, report
from tests.e2e.test_journeys import publish
from tests.hostile import pictures

PATHS: dict[str, type[Answer]] = {
    "/ioc/summary": figures.Summary,
    **{f"/ioc/{path}": model for path, model in figures.TABLES.items()},
    "/ioc/cases": centre.OpenCases,
    "/ioc/events": centre.EventPage,
    "/ioc/incidents": centre.IncidentPage,
    "/ioc/onestop": centre.OnestopDay,
    "/channels": people.ChannelList,
}


def lived(city: City) -> None:
    """A case that is open, one with its result and rating, a number at the counter, a dossier."""
    place = {"lat": 11.9432, "lon": 108.4377}
    receipts = [city.send(report(location=place)).json() for _ in range(2)]
    cases = [city.in_state(each, "assigned") for each in receipts]
    unit, code = city.official(cases[0]["unit"]), receipts[0]["code"]
    unit.act(code, "accept")
    publish(unit, code, [("after.jpg", pictures.photo(), "image/jpeg")])
    city.reporter(receipts[0], "rating", score=5)
    desk = city.intake.get("/onestop/desks").json()["items"][0]["id"]
    assert city.intake.post(f"/onestop/desks/{desk}/tickets", json={}).status_code == 201
    procedure = city.intake.get("/onestop/procedures").json()["items"][0]
    papers = [each["id"] for each in procedure["checklist"]]
    body = {"procedure": procedure["id"], "papers": papers}
    assert city.intake.post("/onestop/dossiers", json=body).status_code == 201


def asked(city: City, path: str, **query: str) -> dict[str, Any]:
    answer: httpx.Response = city.notify.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_answers_of_the_centre_are_what_the_document_says(stack: dict[str, Any]):
    city = City(stack)
    lived(city)
    eventually(lambda: asked(city, "/ioc/summary")["rated"] >= 1)
    eventually(lambda: asked(city, "/ioc/onestop")["dossiers"]["total"] >= 1)
    eventually(lambda: asked(city, "/ioc/onestop")["desks"])
    now = datetime.now(UTC).isoformat()
    query = {"from": "2026-01-01T00:00:00Z", "to": "2099-01-01T00:00:00Z", "at": now}

    for path, model in PATHS.items():
        assert differences(model, asked(city, path)) == [], path
        assert path == "/ioc/incidents" or _rows(asked(city, path)), path
    for path in ("/ioc/summary", *(f"/ioc/{each}" for each in figures.TABLES)):
        then = asked(city, path, **query, channel="web")
        assert differences(PATHS[path], then) == [], path
        assert then["filter"] == {"channel": "web"}
    city.close()


def test_the_receipt_of_a_report_is_what_the_document_says(stack: dict[str, Any]):
    city = City(stack)
    plain = city.send(report(text="Có đám cháy lớn sau chợ")).json()
    held = city.send(report(text="Lấn hết vỉa hè, đm không ai dọn")).json()

    assert plain["emergency"]
    assert held["state"] == "held"
    assert differences(Receipt, {**plain, "reword": None}) == []
    assert differences(Receipt, held) == []
    city.close()


def _rows(body: dict[str, Any]) -> int:
    return len(body.get("items", ()) or body.get("by_unit", ()) or body.get("desks", ()))
