"""The counter's figures for the operations centre, and the board of the hall for everybody."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from services.notify import sse
from services.notify.admission import Admission
from services.notify.onestop.board import HallBoard
from services.notify.onestop.figures import OnestopFigures
from shared.events.onestop import Board


@dataclass(frozen=True)
class Onestop:
    """What these routes are made of."""

    figures: OnestopFigures
    board: HallBoard
    admission: Admission
    zone: ZoneInfo
    clock: Callable[[], datetime]

    async def day(self, on: date | None) -> date:
        """Return the day that is meant: the one asked for, else the newest with numbers."""
        today = self.clock().astimezone(self.zone).date()
        if on:
            return on
        newest = await self.figures.latest_day()
        return max(newest, today) if newest else today


def create_router(onestop: Onestop) -> APIRouter:
    """Return `GET /ioc/onestop` and `GET /onestop/stream`."""
    router = APIRouter(tags=["One-stop"])

    @router.get("/ioc/onestop", summary="Figures of the one-stop counter", tags=["IOC"])
    async def figures(
        on: Annotated[date | None, Query(description="a working day; the newest if absent")] = None,
        authorization: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """Count waiting, serving, waits and ratings by desk and day, and dossiers on time."""
        await onestop.admission.ioc(authorization)
        now = onestop.clock()
        day = await onestop.day(on)
        boards = await onestop.figures.boards(day)
        return {
            "as_of": now,
            "on": day,
            "all": _all(boards),
            "desks": [_desk(each) for each in boards],
            "dossiers": await onestop.figures.dossier_figures(now),
        }

    @router.get("/onestop/stream", summary="The board of the hall, live (SSE)")
    async def stream(
        desk: Annotated[list[str] | None, Query(max_length=20)] = None,
    ) -> StreamingResponse:
        """Follow the numbers of some desks, or of all: where each stands, then every change.

        Event `board`: `{desk, on, waiting, issued, served, now_serving, average_wait_s,
        called: {number, position, calls} | null, version}`.
        """
        return sse.answer("board", onestop.board.frames(desk or ()))

    return router


def _desk(board: Board) -> dict[str, Any]:
    scores = sum(board.ratings)
    total = sum(score * many for score, many in enumerate(board.ratings, 1))
    return {
        **board.model_dump(mode="json"),
        "average_wait_s": _mean(board.waited_s, board.called),
        "average_service_s": _mean(board.served_s, board.served),
        "average_score": round(total / scores, 2) if scores else None,
    }


def _all(boards: list[Board]) -> dict[str, Any]:
    names = ("issued", "waiting", "serving", "served", "skipped", "left", "expired")
    called = sum(each.called for each in boards)
    ratings = [sum(each.ratings[place] for each in boards) for place in range(5)]
    return {
        **{name: sum(getattr(each, name) for each in boards) for name in names},
        "average_wait_s": _mean(sum(each.waited_s for each in boards), called),
        "ratings": ratings,
    }


def _mean(total: int, many: int) -> int | None:
    return round(total / many) if many else None
