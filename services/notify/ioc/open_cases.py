"""The open cases as the wall draws them: pseudonymous, of now or of any past moment."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Self

from fastapi import APIRouter, Header, Query

from services.notify.admission import Admission
from services.notify.answers import answers
from services.notify.answers.centre import OpenCases
from services.notify.ioc.projection import CaseJourneys
from services.notify.ioc.watermark import Watermarks
from shared.instant import AskedInstant, read_instant
from shared.problems import FieldError, invalid

MOST = 5_000  # of a page: more open cases than a city of 250,000 ever had
SHOWN = ("state", "category", "unit", "area", "channel", "due_at")


@dataclass(frozen=True)
class Place:
    """The last case of a page; the pages behind it are of the same moment as the first."""

    as_of: datetime
    due_at: datetime
    code: str

    def __str__(self) -> str:
        return f"{self.as_of.isoformat()}~{self.due_at.isoformat()}~{self.code}"

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Return the place that a cursor names; ValueError when it is none."""
        as_of, due_at, code = cursor.split("~")
        if not code:
            raise ValueError(cursor)
        return cls(read_instant(as_of), read_instant(due_at), code)


@dataclass(frozen=True)
class Asked:
    """Which open cases: as they stood at `moment`; with `past`, what came later is not seen."""

    moment: datetime
    past: bool
    limit: int
    channel: str | None = None
    after: Place | None = None


def pipeline(asked: Asked) -> list[dict[str, Any]]:
    """Return the pipeline that yields them, the soonest due first, and one more than a page."""
    until_then = {"$filter": {"input": "$steps", "cond": {"$lte": ["$$this.at", asked.moment]}}}
    standing = {"$last": until_then} if asked.past else {"$last": "$steps"}
    wanted: dict[str, Any] = {"s.open": True}
    if asked.channel:
        wanted["s.channel"] = asked.channel
    if asked.after:
        due_at, code = asked.after.due_at, asked.after.code
        wanted["$or"] = [{"s.due_at": {"$gt": due_at}}, {"s.due_at": due_at, "_id": {"$gt": code}}]
    return [
        {"$match": {"received_at": {"$lte": asked.moment}}},
        {"$project": {"s": standing}},
        {"$match": wanted},
        {"$sort": {"s.due_at": 1, "_id": 1}},
        {"$limit": asked.limit + 1},
    ]


def create_router(
    journeys: CaseJourneys,
    marks: Watermarks,
    admission: Admission,
    clock: Callable[[], datetime],
) -> APIRouter:
    """Return the route `/ioc/cases`."""
    router = APIRouter(prefix="/ioc", tags=["IOC"])

    @router.get("/cases", summary="The open cases, coarsely placed", responses=answers(OpenCases))
    async def cases(
        at: Annotated[AskedInstant | None, Query(description="as it was then")] = None,
        channel: Annotated[str | None, Query(max_length=64)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST)] = MOST,
        *,
        cursor: Annotated[str | None, Query(max_length=200, description="`next`")] = None,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """List open cases, the soonest due first: what a map and a list of the late need.

        `next` is the `cursor` of the next page, null on the last one. All pages are of the moment
        of the first, `as_of`.
        """
        await admission.ioc(authorization)
        after, now = _place(cursor, at) if cursor else None, clock()
        for name, moment in (("at", at), ("cursor", after and after.as_of)):
            if moment and moment > now:
                raise invalid(FieldError(name, "in_the_future", "must not lie in the future"))
        past = after.as_of if after else at
        asked = Asked(past or now, past is not None, limit, channel, after)
        watermark = await marks.read(asked.moment)
        found = [each async for each in journeys.answer(pipeline(asked))]
        page = found[:limit]
        more = len(found) > limit
        return {
            "as_of": asked.moment,
            "watermark": watermark,
            "items": [_shown(each["_id"], each["s"]) for each in page],
            "next": str(_last(asked.moment, page[-1])) if more else None,
        }

    return router


def _place(cursor: str, at: datetime | None) -> Place:
    try:
        place = Place.read(cursor)
    except ValueError as error:
        raise invalid(FieldError("cursor", "bad_cursor", "`next` of the page before")) from error
    if at and at != place.as_of:
        raise invalid(FieldError("at", "another_moment", "not the moment of the cursor"))
    return place


def _last(moment: datetime, found: dict[str, Any]) -> Place:
    return Place(moment, found["s"]["due_at"], found["_id"])


def _shown(code: str, step: dict[str, Any]) -> dict[str, Any]:
    place = step.get("place") or (None, None)
    return {
        "code": code,
        **{name: step[name] for name in SHOWN},
        "lat": place[0],
        "lon": place[1],
    }
