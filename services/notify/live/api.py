"""What moves, while it moves: a reporter's own case, and an official's inbox.

Tokens come in the Authorization header and never in the URL: URLs are logged on the way.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated

import orjson
from fastapi import APIRouter, Header
from fastapi.responses import StreamingResponse

from services.notify import sse
from services.notify.admission import Admission, bearer, unauthenticated
from services.notify.answers import streams
from services.notify.ioc.tail import IocTail
from services.notify.live.board import Board, Move
from shared.identity import TrackingTokens, read_code
from shared.parties import DESK, parties_of
from shared.problems import Problem, not_found
from shared.sessions import Visitor
from shared.vocabulary import CaseCode

Authorization = Annotated[str, Header(description="Bearer <token>")]
LastEventId = Annotated[str, Header(max_length=64, description="`id` of the last event seen")]


@dataclass(frozen=True)
class Live:
    """What the live streams are made of."""

    board: Board
    tail: IocTail
    tokens: TrackingTokens
    admission: Admission


def create_router(live: Live) -> APIRouter:
    """Return the routes of the live streams."""
    router = APIRouter(tags=["Live"])

    @router.get(
        "/reports/{code}/stream",
        summary="The status of your report, live (SSE)",
        response_class=StreamingResponse,
        responses=streams("`event`: status; `data`: code, state, version and due_at"),
    )
    async def report(
        code: str, *, authorization: Authorization = "", last_event_id: LastEventId = ""
    ) -> StreamingResponse:
        """Follow one report with its tracking token: where it stands, then every change.

        `id` is the version of the case: a reconnect is told where it stands if that is newer.
        """
        known = read_code(code)
        token = bearer(authorization)
        if known is None:
            raise not_found("phản ánh này", "this report")
        if not token or not live.tokens.valid(known, token):
            raise unauthenticated(
                "Mã theo dõi không đúng với phản ánh này.",
                "This is not the tracking token of this report.",
            )
        seen = int(last_event_id) if _is_number(last_event_id) else 0
        return sse.answer("report", _of_report(live.board, known, seen))

    @router.get(
        "/desk/stream",
        summary="What moves in your inbox, live (SSE)",
        response_class=StreamingResponse,
        responses=streams("`event`: case, gone, reset or expired; `data`: JSON"),
    )
    async def desk(
        *, authorization: Authorization = "", last_event_id: LastEventId = ""
    ) -> StreamingResponse:
        """Follow the cases in which the caller has a part.

        `case`: one moved; `gone`: the caller has no part in it any more; `reset`: read the inbox
        again, moves were missed; `expired`: the token is over, come back with a new one.
        """
        visitor = await live.admission.official(authorization)
        if visitor.role not in DESK:
            raise _no_desk()
        start = int(last_event_id) if _is_number(last_event_id) else None
        frames = _Desk(live, visitor, bearer(authorization)).frames(start)
        return sse.answer("desk", frames)

    return router


async def _of_report(board: Board, code: CaseCode, seen: int) -> AsyncIterator[bytes]:
    watcher = board.watch(code)  # before the first look: no move falls between
    try:
        standing = await board.standing(code)
        while True:
            if standing and standing.version > seen:
                seen = standing.version
                yield sse.frame("status", standing.told(), str(seen))
            try:
                async with asyncio.timeout(sse.HEARTBEAT_S):
                    await watcher.wait()
            except TimeoutError:
                yield sse.HEARTBEAT
            watcher.clear()
            standing = board.known(code)
    finally:
        board.unwatch(code, watcher)


class _Desk:
    """One official who follows their inbox."""

    def __init__(self, live: Live, visitor: Visitor, token: str) -> None:
        self._live = live
        self._visitor = visitor
        self._token = token

    async def frames(self, start: int | None) -> AsyncIterator[bytes]:
        """Yield what moved behind `start`, or from now on, for as long as the token is valid."""
        board, newest = self._live.board, self._live.tail.newest
        if start is not None and (start > newest or not board.holds(start)):
            yield sse.frame("reset", b'{"reason":"too_old"}', str(newest))
            start = None
        place = newest if start is None else start
        loop = asyncio.get_running_loop()
        check_at = loop.time() + sse.HEARTBEAT_S
        while True:
            moved = board.moved
            for move in board.after(place):
                place = move.offset
                if told := self._told(move):
                    yield told
            try:
                async with asyncio.timeout_at(check_at):
                    await moved.wait()
            except TimeoutError:
                check_at = loop.time() + sse.HEARTBEAT_S
                if not await self._live.admission.still(self._visitor, self._token):
                    yield sse.frame("expired", b"{}")
                    return
                yield sse.HEARTBEAT

    def _told(self, move: Move) -> bytes | None:
        """Return what this official may know of a move."""
        who, case = self._visitor, move.after
        if parties_of(case, who.role, who.unit):
            return sse.frame("case", move.after.told(), str(move.offset))
        if move.before and parties_of(move.before, who.role, who.unit):
            return sse.frame("gone", orjson.dumps({"code": case.code}), str(move.offset))
        return None


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 18  # noqa: PLR2004 - 64 bits


def _no_desk() -> Problem:
    return Problem(
        403,
        "forbidden",
        vi="Tài khoản của bạn không có hộp việc.",
        en="Your account has no inbox.",
    )
