"""The open cases as the wall draws them: pseudonymous, of now or of any past moment."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query

from services.notify.admission import Admission
from services.notify.ioc.api import Instant
from services.notify.ioc.projection import CaseJourneys
from shared.problems import FieldError, invalid

MOST = 5_000  # more open cases than a city of 250,000 ever had; the soonest due come first


def pipeline(moment: datetime, *, past: bool) -> list[dict[str, Any]]:
    """Return the pipeline that yields open cases as they stood at `moment`, soonest due first."""
    until_then = {"$filter": {"input": "$steps", "cond": {"$lte": ["$$this.at", moment]}}}
    standing = {"$last": until_then} if past else {"$last": "$steps"}
    return [
        {"$match": {"received_at": {"$lte": moment}}},
        {"$project": {"s": standing}},
        {"$match": {"s.open": True}},
        {"$sort": {"s.due_at": 1, "_id": 1}},
        {"$limit": MOST},
    ]


def create_router(
    journeys: CaseJourneys, admission: Admission, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the route `/ioc/cases`."""
    router = APIRouter(prefix="/ioc", tags=["IOC"])

    @router.get("/cases", summary="The open cases, coarsely placed")
    async def cases(
        at: Annotated[Instant | None, Query(description="as it was then")] = None,
        *,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """List open cases, the soonest due first: what a map and a list of the late need."""
        await admission.ioc(authorization)
        now = clock()
        if at and at > now:
            raise invalid(FieldError("at", "in_the_future", "must not lie in the future"))
        found = journeys.answer(pipeline(at or now, past=at is not None))
        items = [_shown(each["_id"], each["s"]) async for each in found]
        return {"as_of": at or now, "items": items, "next": None}

    return router


def _shown(code: str, step: dict[str, Any]) -> dict[str, Any]:
    place = step.get("place") or (None, None)
    return {
        "code": code,
        **{name: step[name] for name in ("state", "category", "unit", "area", "due_at")},
        "lat": place[0],
        "lon": place[1],
    }
