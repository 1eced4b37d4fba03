"""The map of offices: nearest first, and their hours as the calendar says them of any moment."""

from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.intake.api import places
from services.intake.shelf import Shelf
from shared import problems
from shared.rulebook import Edition, Rulebook
from shared.settings import RULES
from tests.builders import RECEIVED, dalat, state_calendar

BOOK = Rulebook(
    Edition(dalat(), state_calendar(), "", dalat().valid_from, RECEIVED, "file"),
    RULES / "calendars",
)
USUAL = [{"from": "07:30", "until": "11:30"}, {"from": "13:30", "until": "17:30"}]


async def units(at: str, **query: Any) -> httpx.Response:
    app = FastAPI()
    problems.install(app)
    now = datetime.fromisoformat(at)
    outlines = places.load_outlines(None, Path("none.yaml"))
    app.include_router(places.create_router(Shelf(BOOK), outlines, lambda: now))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://intake") as client:
        return await client.get("/units.geojson", params=query)


@pytest.mark.parametrize(
    ("at", "opened", "opens_at", "closes_at"),
    [
        pytest.param("2026-01-12T10:00", True, "12T10:00", "12T11:30", id="a morning"),
        pytest.param("2026-01-12T11:30", False, "12T13:30", "12T17:30", id="lunch begins"),
        pytest.param("2026-01-12T12:59", False, "12T13:30", "12T17:30", id="lunch"),
        pytest.param("2026-01-12T13:30", True, "12T13:30", "12T17:30", id="after lunch"),
        pytest.param("2026-01-12T17:30", False, "13T07:30", "13T11:30", id="closing time"),
        pytest.param("2026-01-10T09:00", True, "10T09:00", "10T11:30", id="a worked saturday"),
        pytest.param("2026-01-17T09:00", False, "19T07:30", "19T11:30", id="another saturday"),
        pytest.param("2026-01-01T09:00", False, "05T07:30", "05T11:30", id="new year"),
    ],
)
async def test_offices_are_open_as_the_calendar_says(
    at: str,
    opened: bool,  # noqa: FBT001 - a column of the table
    opens_at: str,
    closes_at: str,
):
    answer = await units(f"{at}:00+07:00")

    found = answer.json()["features"][0]["properties"]
    assert found["open_now"] is opened
    assert found["opens_at"] == f"2026-01-{opens_at}:00+07:00"
    assert found["closes_at"] == f"2026-01-{closes_at}:00+07:00"


@pytest.mark.parametrize(
    ("at", "hours", "named"),
    [
        pytest.param("2026-01-12T20:00", USUAL, None, id="a working day"),
        pytest.param("2026-01-10T09:00", USUAL, None, id="a worked saturday"),
        pytest.param("2026-01-11T09:00", [], None, id="a sunday has no name"),
        pytest.param("2026-01-02T09:00", [], "vi", id="a day swapped for a saturday"),
        pytest.param("2026-02-17T09:00", [], "vi", id="tet"),
        pytest.param("2026-11-24T09:00", [], "vi", id="a holiday that is new this year"),
    ],
)
async def test_todays_hours_and_holidays_are_said(at: str, hours: Any, named: str | None):
    found = (await units(f"{at}:00+07:00")).json()["features"][0]["properties"]

    assert found["hours_today"] == hours
    assert bool(found["closed_today"]) is (named is not None)
    assert named is None or found["closed_today"][named]


async def test_the_nearest_comes_first_and_who_has_no_place_last():
    features = (await units("2026-01-12T10:00:00+07:00", lat=11.94, lon=108.43)).json()["features"]

    away = [each["properties"]["distance_m"] for each in features]
    known = [each for each in away if each is not None]
    assert known == sorted(known)
    assert away == [*known, *[None] * (len(away) - len(known))]
    assert all(
        (each["geometry"] is None) == (a is None) for each, a in zip(features, away, strict=True)
    )


@pytest.mark.parametrize(
    ("query", "field"),
    [({"lat": 11.9}, "lat"), ({"lat": 91, "lon": 1}, "lat"), ({"lat": "nan", "lon": 1}, "lat")],
)
async def test_half_a_place_or_none_on_earth_is_refused(query: dict[str, Any], field: str):
    answer = await units("2026-01-12T10:00:00+07:00", **query)

    assert answer.status_code == 422, answer.text
    assert field in answer.text
