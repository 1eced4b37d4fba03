"""The map of offices and of the areas ("Bản đồ các cơ quan hành chính"), as GeoJSON."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.intake.api.answers import json_answer
from services.intake.onestop.domain.opening import Opening, opening
from services.intake.shelf import Shelf
from shared.calendar import Calendar
from shared.compressed import CompressedAnswers
from shared.geo import distance_m
from shared.problems import FieldError, invalid
from shared.regulation import Regulation, Unit
from shared.vocabulary import UnitKind

GEOJSON = {"Content-Type": "application/geo+json", "Cache-Control": "public, max-age=60"}

Latitude = Annotated[float | None, Query(ge=-90, le=90)]
Longitude = Annotated[float | None, Query(ge=-180, le=180)]


@dataclass(frozen=True)
class Outlines:
    """The outlines of the areas as a file draws them; `official` or `schematic`."""

    kind: str
    features: Sequence[Mapping[str, Any]]


def load_outlines(official: Path | None, regulation: Path) -> Outlines:
    """Read the official boundaries, else the schematic ones beside the regulation, else none."""
    path = official or regulation.with_name(f"{regulation.stem}-schematic.geojson")
    if not path.exists():
        return Outlines("none", ())
    content = json.loads(path.read_text(encoding="utf-8"))
    return Outlines(content.get("boundaries", "official"), content["features"])


def create_router(shelf: Shelf, outlines: Outlines, clock: Callable[[], datetime]) -> APIRouter:
    """Return `GET /units.geojson` and `GET /areas.geojson`; anybody may read them."""
    router = APIRouter(tags=["Map"], route_class=CompressedAnswers)

    @router.get(
        "/units.geojson",
        summary="The offices on the map, the nearest first",
        response_class=Response,
        responses={200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}}},
    )
    async def units(
        lat: Latitude = None,
        lon: Longitude = None,
        kind: Annotated[UnitKind | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 500,
    ) -> Response:
        """Give each office of today: its place, whether it is open now, and how far it is.

        `open_now`, `opens_at` (the next opening, now when open) and `closes_at` follow the calendar
        with its holidays and worked Saturdays; `hours_today` are today's hours, `{from, until}` in
        local time and none on a closed day, `closed_today` names its holiday. `distance_m` is the
        way as the crow flies. Offices without a known place come last, without geometry.
        """
        if (lat is None) != (lon is None):
            raise invalid(FieldError("lat", "incomplete_position", "lat and lon go together"))
        now = clock()
        rules = shelf.now(now)
        found = Hours(opening(now, rules.calendar), rules.calendar)
        features = [
            _office(each, found, lat, lon)
            for each in rules.regulation.units_on(rules.local_day(now))
            if kind in {None, each.kind}
        ]
        if lat is not None:
            features.sort(key=_distance)
        body = {"type": "FeatureCollection", "features": features[:limit]}
        return json_answer(body, headers=GEOJSON)

    @router.get(
        "/areas.geojson",
        summary="The wards and communes as outlines",
        response_class=Response,
        responses={200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}}},
    )
    async def areas() -> Response:
        """Give the areas of today; `boundaries` says whether they are official or schematic.

        Schematic outlines are for drawing only and decide nowhere in which area a point lies.
        """
        now = clock()
        rules = shelf.now(now)
        features = _areas(outlines, rules.regulation, rules.local_day(now))
        body = {
            "type": "FeatureCollection",
            "boundaries": outlines.kind,
            "features": features,
        }
        return json_answer(body, headers=GEOJSON)

    return router


@dataclass(frozen=True)
class Hours:
    """When offices are open, as the calendar says it of one instant."""

    now: Opening
    calendar: Calendar

    def view(self) -> dict[str, Any]:
        """Return the fields that every office shows."""
        today = self.now.today
        begins = datetime.combine(today, time(), self.calendar.zone)
        named = self.calendar.closures(begins, begins + timedelta(hours=1))
        return {
            "open_now": self.now.open_now,
            "opens_at": self.now.opens_at.isoformat(),
            "closes_at": self.now.closes_at.isoformat(),
            "hours_today": [
                {"from": _clock(opens), "until": _clock(closes)}
                for opens, closes in self.calendar.hours_on(today)
            ],
            "closed_today": {"vi": named[0].name_vi, "en": named[0].name_en} if named else None,
        }


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


def _office(unit: Unit, found: Hours, lat: float | None, lon: float | None) -> dict[str, Any]:
    where = unit.location
    away = None
    if where and lat is not None and lon is not None:
        away = round(distance_m(lat, lon, where.lat, where.lon))
    return {
        "type": "Feature",
        "id": unit.id,
        "geometry": {"type": "Point", "coordinates": [where.lon, where.lat]} if where else None,
        "properties": {
            **unit.model_dump(
                mode="json", include={"kind", "name", "short", "area", "address", "phone", "source"}
            ),
            **found.view(),
            "distance_m": away,
        },
    }


def _distance(feature: Mapping[str, Any]) -> tuple[bool, int]:
    away = feature["properties"]["distance_m"]
    return away is None, away or 0


def _areas(outlines: Outlines, regulation: Regulation, on: date) -> list[dict[str, Any]]:
    drawn = {
        (each["properties"]["code"], str(each["properties"]["valid_from"])): each["geometry"]
        for each in outlines.features
    }
    return [
        {
            "type": "Feature",
            "id": area.id,
            "geometry": drawn.get((area.code, area.valid_from.isoformat())),
            "properties": area.model_dump(mode="json", include={"code", "name", "centre"}),
        }
        for area in regulation.areas_on(on)
    ]
