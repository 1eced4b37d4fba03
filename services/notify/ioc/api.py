"""The operations centre's HTTP: pull, live stream, and how a broken cursor is answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BeforeValidator

from services.notify import sse
from services.notify.admission import Admission, Standing
from services.notify.answers import answers, streams
from services.notify.answers.centre import EventPage
from services.notify.ioc.cursor import START, Cursor, CursorGoneError, read_cursor
from services.notify.ioc.fanout import Fanout, as_frame, as_item, frames
from services.notify.ioc.tail import IocTail
from shared.instant import with_plus
from shared.problems import FieldError, Problem, invalid
from shared.runtime import utc_now

After = Annotated[str | None, Query(max_length=40, description="a cursor: `next`, or an offset")]
# However long ago: the stream is read from its beginning then.
AnyInstant = Annotated[AwareDatetime, BeforeValidator(with_plus)]
Since = Annotated[AnyInstant | None, Query(description="instead: everything from this moment on")]


@dataclass(frozen=True)
class Feed:
    """What the stream's routes are made of."""

    tail: IocTail
    admission: Admission

    async def start(self, text: str | None, since: datetime | None, default: int) -> int:
        """Return the offset behind which a client wants to read.

        Raises:
            Problem: the cursor is none.
            CursorGoneError: nothing continues it.
            OutageError: the stream cannot be read.
        """
        if text:
            cursor = read_cursor(text)
            if cursor is None:
                raise invalid(
                    FieldError("after", "bad_cursor", "a cursor of this stream: 123.0a1b2c3d")
                )
            return await self.tail.place(cursor.offset, cursor.epoch)
        if since is not None and since > utc_now():
            return self.tail.newest  # the broker would wait for the next event and give that
        if since is not None:
            return await self.tail.since(since)
        return default


def create_router(feed: Feed) -> APIRouter:
    """Return the routes of the stream below `/ioc`."""
    tail, live = feed.tail, Fanout(feed.tail, as_frame)

    async def allowed(authorization: Annotated[str, Header()] = "") -> Standing:
        await feed.admission.ioc(authorization)
        return Standing(feed.admission.ioc, authorization)

    router = APIRouter(prefix="/ioc", tags=["IOC"], dependencies=[Depends(allowed)])

    @router.get(
        "/events",
        summary="Events after a cursor, or since a moment",
        responses=answers(EventPage),
    )
    async def events(
        after: After = None,
        since: Since = None,
        limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    ) -> Response:
        """Pull: CloudEvents in stream order; `next` is the `after` of the next call.

        410 when nothing continues the cursor: the stream was made anew, or is no longer kept so
        far back. The problem says in `restart` where reading goes on without a further gap.
        """
        try:
            start = await feed.start(after, since, START)
            found = await tail.after(start, limit)
        except CursorGoneError as error:
            raise gone(error, tail.epoch) from error
        items = b",".join(as_item(each, tail.epoch) for each in found)
        following = Cursor(found[-1].offset if found else start, tail.epoch)
        body = b'{"items":[' + items + b'],"next":' + orjson.dumps(str(following)) + b"}"
        return Response(body, media_type="application/json", headers={"Cache-Control": "no-store"})

    @router.get(
        "/stream",
        summary="Live events (Server-Sent Events)",
        response_class=StreamingResponse,
        responses=streams(
            "`id`: cursor; `event`: type of the event, `reset` or `expired`; `data`: CloudEvent"
        ),
    )
    async def stream(
        request: Request,
        last_event_id: Annotated[str, Header(max_length=40)] = "",
        after: After = None,
        since: Since = None,
        *,
        standing: Annotated[Standing, Depends(allowed)],
    ) -> StreamingResponse:
        """Follow: `id` is the cursor; a reconnect with `Last-Event-ID` misses nothing.

        Where nothing continues the cursor the first event is `reset`: what was folded up is to be
        thrown away, and the stream goes on from `restart`. `expired` is the last one: the token is
        over, come back with a new one.
        """
        del request
        try:
            start: int | CursorGoneError = await feed.start(
                last_event_id or after, since, tail.newest
            )
        except CursorGoneError as error:
            start = error
        return sse.answer("sse", frames(live, tail, start, standing=standing))

    return router


def gone(error: CursorGoneError, epoch: str) -> Problem:
    """Return the problem of a cursor that nothing continues, with the way to start again."""
    restart = Cursor(error.restart, epoch)
    return Problem(
        410,
        "cursor_gone",
        vi=f"Dòng sự kiện không nối tiếp được từ vị trí này. Hãy đọc lại với after={restart}.",
        en=(
            f"Nothing continues this cursor ({error.reason}). Throw away what you have folded up, "
            f"and read again with after={restart}."
        ),
        errors=(FieldError("after", error.reason, str(restart)),),
    )
