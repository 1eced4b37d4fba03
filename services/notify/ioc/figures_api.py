"""The figures over HTTP: of now, of a period, and as they were at any past moment."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query

from services.notify.admission import Admission
from services.notify.answers import answers
from services.notify.answers.figures import TABLES as ANSWERS
from services.notify.answers.figures import Summary
from services.notify.ioc.cursor import Cursor
from services.notify.ioc.figures import Question, pipeline, rows, together, whole
from services.notify.ioc.projection import CaseJourneys
from services.notify.ioc.tail import IocTail
from services.notify.ioc.watermark import Watermarks
from shared.instant import AskedInstant
from shared.problems import FieldError, invalid

Json = dict[str, Any]
# by path; the channel is how a report came in: the app, the hotline, the counter, a camera
TABLES = {"units": "unit", "categories": "category", "areas": "area", "channels": "channel"}


@dataclass(frozen=True)
class Figures:
    """What the figures' routes are made of; `small` is that of the small-number guard."""

    tail: IocTail
    marks: Watermarks
    journeys: CaseJourneys
    admission: Admission
    clock: Callable[[], datetime]
    small: int

    async def of(self, asked: Question, by: Sequence[str]) -> tuple[Json, Json]:
        """Return the watermark and the groups."""
        watermark = await self.marks.read(asked.moment)
        async for found in self.journeys.answer(pipeline(asked, by)):
            return watermark, found
        return watermark, {}


def create_router(figures: Figures) -> APIRouter:
    """Return the routes of the figures below `/ioc`."""

    async def allowed(authorization: Annotated[str, Header()] = "") -> None:
        await figures.admission.ioc(authorization)

    router = APIRouter(prefix="/ioc", tags=["IOC"], dependencies=[Depends(allowed)])

    def asked(
        from_: Annotated[
            AskedInstant | None, Query(alias="from", description="received from")
        ] = None,
        to: Annotated[AskedInstant | None, Query(description="received before")] = None,
        at: Annotated[AskedInstant | None, Query(description="as it was then")] = None,
        *,
        unit: Annotated[str | None, Query(max_length=64)] = None,
        category: Annotated[str | None, Query(max_length=64)] = None,
        area: Annotated[str | None, Query(max_length=64)] = None,
        channel: Annotated[str | None, Query(max_length=64)] = None,
        state: Annotated[str | None, Query(max_length=64)] = None,
    ) -> Question:
        only = {"unit": unit, "category": category, "area": area, "state": state}
        only["channel"] = channel
        return _question(figures.clock(), (from_, to, at), only)

    @router.get("/summary", summary="The figures of the whole city", responses=answers(Summary))
    async def summary(question: Annotated[Question, Depends(asked)]) -> Json:
        """Count all cases, and by state, outcome, unit, category, area and channel."""
        names = tuple(TABLES.values())
        watermark, found = await figures.of(question, ("state", "outcome", *names))
        return {
            **_head(question, watermark, figures),
            "newest_offset": figures.tail.newest,
            "cursor": str(Cursor(figures.tail.newest, figures.tail.epoch)),
            "by_state": {each["_id"]: each["total"] for each in found.get("state", ())},
            **together(found, names, figures.small),
        }

    for path, name in TABLES.items():
        _add_table(router, figures, asked, (path, name))
    return router


def _add_table(
    router: APIRouter,
    figures: Figures,
    asked: Callable[..., Question],
    named: tuple[str, str],
) -> None:
    path, name = named

    async def table(question: Question) -> Json:
        watermark, found = await figures.of(question, (name,))
        return {
            **_head(question, watermark, figures),
            "items": rows(found.get(name, ()), name, figures.small),
            "all": whole((found.get("all") or [{}])[0], figures.small),
            "next": None,
        }

    table.__annotations__["question"] = Annotated[Question, Depends(asked)]
    table.__doc__ = f"Give one row for each {name} that has cases in the period, and one for all."
    table.__name__ = path
    router.add_api_route(
        f"/{path}",
        table,
        methods=["GET"],
        summary=f"The figures of each {name}",
        responses=answers(ANSWERS[path]),
    )


def _question(
    now: datetime,
    times: tuple[datetime | None, datetime | None, datetime | None],
    only: Mapping[str, str | None],
) -> Question:
    since, until, at = times
    if since and until and until <= since:
        raise invalid(FieldError("to", "before_from", "must be after `from`"))
    if at and at > now:
        raise invalid(FieldError("at", "in_the_future", "must not lie in the future"))
    named = {name: value for name, value in only.items() if value}
    return Question(at or now, at is not None, since, until, named)


def _head(asked: Question, watermark: Json, figures: Figures) -> Json:
    plain = asdict(asked)
    return {
        "as_of": asked.moment,
        "from": asked.since,
        "to": asked.until,
        "filter": plain["only"],
        "watermark": watermark,
        "small_number": figures.small,
    }
