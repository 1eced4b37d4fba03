"""The operations centre's HTTP: pull, live stream, figures."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse

from services.notify import sse
from services.notify.admission import Admission
from services.notify.ioc.tail import IocTail
from services.notify.store import CaseView
from shared.problems import Problem
from shared.stream import StreamEvent

BATCH = 200
FIGURES = (
    "total",
    "open",
    "overdue",
    "due_within_hour",
    "directives_open",
    "directives_overdue",
)


def create_router(
    tail: IocTail, view: CaseView, *, admission: Admission, clock: Callable[[], datetime]
) -> APIRouter:
    """Return the routes below `/ioc`."""

    async def allowed(authorization: Annotated[str, Header()] = "") -> None:
        await admission.ioc(authorization)

    router = APIRouter(prefix="/ioc", tags=["IOC"], dependencies=[Depends(allowed)])

    @router.get("/events", summary="Events after an offset")
    async def events(
        after: Annotated[int, Query(ge=-1, le=2**62)] = -1,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Pull: CloudEvents in stream order; `next` is the `after` of the next call."""
        found = await tail.after(after, limit)
        return Response(_page(found, after), media_type="application/json")

    @router.get("/stream", summary="Live events (Server-Sent Events)")
    async def stream(
        last_event_id: Annotated[str, Header()] = "",
        after: Annotated[int | None, Query(ge=-1, le=2**62)] = None,
    ) -> StreamingResponse:
        """Follow: `id` is the stream offset; a reconnect with `Last-Event-ID` misses nothing."""
        start = _start(last_event_id, after, tail.newest)
        return sse.answer("sse", _frames(tail, start))

    @router.get("/summary", summary="Figures of now")
    async def summary() -> dict[str, Any]:
        """Count open, overdue and soon due cases; `newest_offset` is the end of the stream."""
        newest = tail.newest
        now = clock()
        found = await view.summary(now)
        return {"as_of": now, "newest_offset": newest, **_figures(found)}

    return router


def _page(found: Sequence[StreamEvent], after: int) -> bytes:
    """Join the events as they came: their bytes are JSON already."""
    items = b",".join(
        b'{"offset":' + str(each.offset).encode() + b"," + each.body[1:] for each in found
    )
    following = found[-1].offset if found else after
    return b'{"items":[' + items + b'],"next":' + orjson.dumps(following) + b"}"


def _start(last_event_id: str, after: int | None, newest: int) -> int:
    if last_event_id:
        if not last_event_id.isdecimal() or len(last_event_id) > 18:  # noqa: PLR2004 - 64 bits
            raise _bad_cursor()
        return int(last_event_id)
    return newest if after is None else after


async def _frames(tail: IocTail, start: int) -> AsyncIterator[bytes]:
    async for batch in tail.batches(start, BATCH):
        yield b"".join(map(_frame, batch)) or sse.HEARTBEAT


def _frame(event: StreamEvent) -> bytes:
    return sse.frame(event.key, event.body, str(event.offset))


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    totals = found.get("all") or [dict.fromkeys(FIGURES, 0)]
    overall = {name: value for name, value in totals[0].items() if name != "_id"}
    return {
        **overall,
        "by_state": {each["_id"]: each["total"] for each in found.get("by_state", [])},
        "by_unit": [_named("unit", each) for each in found.get("by_unit", [])],
        "by_category": [_named("category", each) for each in found.get("by_category", [])],
    }


def _named(name: str, row: dict[str, Any]) -> dict[str, Any]:
    return {name: row["_id"], **{key: value for key, value in row.items() if key != "_id"}}


def _bad_cursor() -> Problem:
    return Problem(
        400,
        "bad_cursor",
        vi="Last-Event-ID không phải là vị trí của dòng sự kiện.",
        en="Last-Event-ID is not an offset of the stream.",
    )
