"""What anybody sees of where things are: the map of public cases, and what is known nearby."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from services.intake.api.answers import json_answer
from services.intake.domain.publicity import (
    NEVER,
    PRECISION_M,
    PUBLIC_DECIMALS,
    SHOWN,
    STILL_OPEN,
    Nearby,
    alike,
    is_public,
    mark_of,
    public_place,
)
from services.intake.domain.rules import Rules
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.views import local
from shared.compressed import CompressedAnswers
from shared.events import CaseSnapshot, Place
from shared.geo import Box, around, read_box
from shared.problems import FieldError, invalid
from shared.suggestion import suggest
from shared.vocabulary import CategoryId, UnitId

MOST = 2000  # features of one answer; a city's half year
SCANNED = 500  # open cases within a kilometre of one place
COARSE = 10.0**-PUBLIC_DECIMALS
CACHE = {"Cache-Control": "public, max-age=10"}

Latitude = Annotated[float, Query(ge=-90, le=90)]
Longitude = Annotated[float, Query(ge=-180, le=180)]


@dataclass(frozen=True)
class PublicMap:
    """What the public map is made of."""

    store: CaseStore
    shelf: Shelf
    clock: Callable[[], datetime]

    async def inside(self, box: Box | None, since: datetime, limit: int) -> list[CaseSnapshot]:
        """Return the newest public cases in a box of coarse places, received since an instant."""
        query: dict[str, Any] = {
            "case.restricted": False,
            "case.state": {"$in": [each.value for each in SHOWN]},
            "case.category": {"$nin": list(NEVER)},
            "case.received_at": {"$gte": since},
            **_within(box),
        }
        found = await self.store.snapshots(query, sort=[("case.received_at", -1)], limit=limit)
        return [each for each in found if is_public(each) and (box is None or _holds(box, each))]

    async def near(self, here: Place, category: CategoryId | None, radius_m: float) -> list[Nearby]:
        """Return the open public cases near a place, the most alike first."""
        box = around(here.lat, here.lon, radius_m + PRECISION_M)
        query = {"case.state": {"$in": [each.value for each in STILL_OPEN]}, **_within(box)}
        return alike(await self.store.snapshots(query, limit=SCANNED), here, category, radius_m)

    def named(self, category: str | None, text: str) -> CategoryId | None:
        """Return the category that is meant: the one named, else the one the text suggests."""
        rules = self.shelf.now(self.clock())
        known = {each.id for each in rules.regulation.categories}
        if category:
            if category not in known:
                raise invalid(FieldError("category", "unknown_category", "see GET /categories"))
            return CategoryId(category)
        guess = suggest(text, rules.regulation) if text else None
        return guess.category if guess else None

    def shown(self, case: CaseSnapshot) -> dict[str, Any]:
        """Return what the map says of a case."""
        rules, now = self.shelf.of(case), self.clock()
        zone = rules.calendar.zone
        return {
            "code": case.code,
            "category": case.category,
            "category_name": _category_name(case, rules),
            "state": case.state.value,
            "mark": mark_of(case, now),
            "area": case.area,
            "unit": case.unit,
            "unit_name": _unit_name(case.unit, rules),
            "received_at": local(case.received_at, zone),
            "due_at": local(case.counts_at, zone),
            "resolved_at": local(case.resolved_at, zone) if case.resolved_at else None,
            "on_time": case.on_time,
            "followers": case.followers,
            "precision_m": PRECISION_M,
        }


def create_router(public: PublicMap) -> APIRouter:
    """Return `GET /map/reports.geojson` and `GET /reports/similar`; anybody may read them."""
    router = APIRouter(tags=["Map"], route_class=CompressedAnswers)

    @router.get(
        "/map/reports.geojson",
        summary="Public cases on the map, coarsely",
        response_class=Response,
        responses={200: {"content": {"application/geo+json": {"schema": {"type": "object"}}}}},
    )
    async def reports(
        bbox: Annotated[str, Query(max_length=100, description="west,south,east,north")] = "",
        days: Annotated[int, Query(ge=1, le=366, description="received within so many days")] = 90,
        limit: Annotated[int, Query(ge=1, le=MOST)] = 500,
    ) -> Response:
        """Give a GeoJSON point for the middle of each case's cell of about 110 m."""
        box = read_box(bbox) if bbox else None
        if bbox and box is None:
            raise invalid(FieldError("bbox", "invalid_box", "west,south,east,north in degrees"))
        found = await public.inside(box, public.clock() - timedelta(days=days), limit)
        features = [_feature(each, public.shown(each)) for each in found]
        body = {"type": "FeatureCollection", "features": features}
        return json_answer(body, 200, {"Content-Type": "application/geo+json", **CACHE})

    @router.get("/reports/similar", summary="Known open cases nearby")
    async def similar(
        lat: Latitude,
        lon: Longitude,
        category: Annotated[str, Query(max_length=64)] = "",
        text: Annotated[str, Query(max_length=5000, description="suggests a category")] = "",
        *,
        radius_m: Annotated[int, Query(ge=50, le=2000)] = 250,
        limit: Annotated[int, Query(ge=1, le=20)] = 3,
    ) -> Response:
        """List what others have reported here: follow one instead of sending a twin.

        The text only suggests the category; it is never compared with what others wrote.
        """
        meant = public.named(category or None, text)
        found = await public.near(Place(lat=lat, lon=lon), meant, radius_m)
        items = [_similar(each, public, meant) for each in found[:limit]]
        return json_answer({"items": items, "next": None, "category": meant}, 200, CACHE)

    return router


def _within(box: Box | None) -> dict[str, Any]:
    """Return the query for exact places whose cell may lie in a box."""
    if box is None:
        return {"case.place": {"$ne": None}}
    return {
        "case.place.lat": {"$gte": box.south - COARSE, "$lte": box.north + COARSE},
        "case.place.lon": {"$gte": box.west - COARSE, "$lte": box.east + COARSE},
    }


def _holds(box: Box, case: CaseSnapshot) -> bool:
    where = public_place(case.place) if case.place else None
    return where is not None and box.holds(where.lat, where.lon)


def _feature(case: CaseSnapshot, shown: dict[str, Any]) -> dict[str, Any]:
    where = public_place(case.place) if case.place else None
    point = {"type": "Point", "coordinates": [where.lon, where.lat]} if where else None
    return {"type": "Feature", "id": case.code, "geometry": point, "properties": shown}


def _similar(near: Nearby, public: PublicMap, meant: CategoryId | None) -> dict[str, Any]:
    return {
        **public.shown(near.case),
        "distance_m": round(near.distance_m, -1),
        "same_category": near.case.category == meant,
        "links": {
            "self": f"/api/v1/reports/{near.case.code}",
            "follow": f"/api/v1/reports/{near.case.code}/follow",
        },
    }


def _category_name(case: CaseSnapshot, rules: Rules) -> dict[str, str] | None:
    if case.category is None:
        return None
    name = rules.regulation.category(case.category).name
    return {"vi": name.vi, "en": name.en}


def _unit_name(unit: UnitId | None, rules: Rules) -> dict[str, str] | None:
    if unit is None:
        return None
    name = rules.regulation.unit(unit).name
    return {"vi": name.vi, "en": name.en}
