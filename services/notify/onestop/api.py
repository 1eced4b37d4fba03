"""The counter's figures for the operations centre, and the board of the hall for everybody."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from services.notify import sse
from services.notify.admission import Admission
from services.notify.answers import answers, streams
from services.notify.answers.centre import OnestopDay
from services.notify.ioc import guard
from services.notify.ioc.guard import Guarded
from services.notify.onestop.board import HallBoard, is_busy
from services.notify.onestop.dossiers import Span
from services.notify.onestop.figures import OnestopFigures
from shared.events.onestop import Board
from shared.instant import AskedInstant, Day
from shared.problems import FieldError, invalid

# a single rating is that of one visitor, and says which clerk got it
RATED = (Guarded("rated", ("ratings", "average_score")),)
RATED_ALL = (Guarded("rated", ("ratings",)),)


@dataclass(frozen=True)
class Onestop:
    """What these routes are made of.

    Attributes:
        small: Of the small-number guard.
        watermark: Returns how far the figures of a moment go.
    """

    figures: OnestopFigures
    board: HallBoard
    admission: Admission
    zone: ZoneInfo
    small: int
    clock: Callable[[], datetime]
    watermark: Callable[[datetime], Awaitable[dict[str, Any]]]

    async def day(self, on: date | None, at: datetime | None = None) -> date:
        """Return the day that is meant: the one asked for, else the one that is worked off, then.

        That is today while anybody waits or is served, else the newest with numbers: after closing
        they are the next working day's.
        """
        if on:
            return on
        today = (at or self.clock()).astimezone(self.zone).date()
        if any(is_busy(each) for each in await self.figures.boards(today, at)):
            return today
        newest = await self.figures.latest_day(today, at)
        return max(newest, today) if newest else today


def create_router(onestop: Onestop) -> APIRouter:
    """Return `GET /ioc/onestop` and `GET /onestop/stream`."""
    router = APIRouter(tags=["One-stop"])

    @router.get(
        "/ioc/onestop",
        summary="Figures of the one-stop counter",
        tags=["IOC"],
        responses=answers(OnestopDay),
    )
    async def figures(
        on: Annotated[
            Day | None, Query(description="a working day; if absent, the one worked off")
        ] = None,
        from_: Annotated[
            AskedInstant | None, Query(alias="from", description="dossiers' results")
        ] = None,
        to: Annotated[AskedInstant | None, Query(description="dossiers' results before")] = None,
        at: Annotated[
            AskedInstant | None, Query(description="as it was then: desks and dossiers")
        ] = None,
        *,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """Count waiting, serving, waits and ratings by desk and day, and dossiers on time.

        The desks are those of `at` on their day (`on`, else the one worked off then). Dossiers are
        those of `at`, with the results of a period; of the day, when only `on` is named; else of
        now, with all results.
        """
        await onestop.admission.ioc(authorization)
        now = onestop.clock()
        span = _span(now, (from_, to, at), _day(on, onestop.zone) if on else None)
        watermark = await onestop.watermark(at or now)  # before what it speaks of
        day = await onestop.day(on, at)
        boards = await onestop.figures.boards(day, at)
        return {
            "as_of": at or now,
            "on": day,
            "watermark": watermark,
            "small_number": onestop.small,
            "all": _all(boards, onestop.small),
            "desks": guard.table([_desk(each) for each in boards], RATED, onestop.small),
            "dossiers": await onestop.figures.dossier_figures(span, onestop.small),
        }

    @router.get(
        "/onestop/stream",
        summary="The board of the hall, live (SSE)",
        response_class=StreamingResponse,
        responses=streams("`event`: board; `data`: where a desk stands"),
    )
    async def stream(
        desk: Annotated[list[str] | None, Query(max_length=20)] = None,
    ) -> StreamingResponse:
        """Follow the numbers of some desks, or of all: where each stands, then every change.

        Event `board`: `{desk, on, waiting, issued, served, now_serving, average_wait_s,
        called: {number, position, calls} | null, version}`. `called` is the latest call as long as
        its number is served; the same `number` and `calls` are the same call.
        """
        return sse.answer("board", onestop.board.frames(desk or ()))

    return router


def _day(on: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a day begins, and when the next one does."""
    start = datetime.combine(on, time.min, zone)
    return start.astimezone(UTC), (start + timedelta(days=1)).astimezone(UTC)


def _span(
    now: datetime,
    times: tuple[datetime | None, datetime | None, datetime | None],
    day: tuple[datetime, datetime] | None,
) -> Span:
    since, until, at = times
    if since and until and until <= since:
        raise invalid(FieldError("to", "before_from", "must be after `from`"))
    if at and at > now:
        raise invalid(FieldError("at", "in_the_future", "must not lie in the future"))
    if day and not any(times):
        return Span(min(now, day[1]), *day)
    return Span(at or now, since, until)


def _desk(board: Board) -> dict[str, Any]:
    rated = sum(board.ratings)
    total = sum(score * many for score, many in enumerate(board.ratings, 1))
    return {
        **board.model_dump(mode="json"),
        "rated": rated,
        "average_wait_s": _mean(board.waited_s, board.called),
        "average_service_s": _mean(board.served_s, board.served),
        "average_score": round(total / rated, 2) if rated else None,
    }


def _all(boards: list[Board], small: int) -> dict[str, Any]:
    names = ("issued", "waiting", "serving", "served", "skipped", "left", "expired")
    called = sum(each.called for each in boards)
    ratings = [sum(each.ratings[place] for each in boards) for place in range(5)]
    everything = {
        **{name: sum(getattr(each, name) for each in boards) for name in names},
        "average_wait_s": _mean(sum(each.waited_s for each in boards), called),
        "rated": sum(ratings),
        "ratings": ratings,
    }
    return guard.one(everything, RATED_ALL, small)


def _mean(total: int, many: int) -> int | None:
    return round(total / many) if many else None
