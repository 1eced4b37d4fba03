"""The stream over WebSocket: the same events and cursors, one JSON text per event.

Programs send their token as `Authorization: Bearer …`. A browser cannot set that header; its page
offers the subprotocols `civic.ioc.v1` and `bearer.<token>`: a header as well, and no URL.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

from fastapi import APIRouter, Response, WebSocket, WebSocketDisconnect
from pydantic import TypeAdapter, ValidationError

from services.notify.admission import Standing
from services.notify.ioc.api import AnyInstant, Feed
from services.notify.ioc.cursor import CursorGoneError
from services.notify.ioc.fanout import BATCH, as_item, reset
from shared.budget import ANSWER_S, answered_within
from shared.errors import OutageError
from shared.problems import FieldError, Problem, invalid, response, unavailable
from shared.telemetry import WATCHERS
from shared.vocabulary import Language

PROTOCOL = "civic.ioc.v1"
TOKEN = "bearer."  # noqa: S105 - how a subprotocol that carries a token begins
TRY_LATER = 1013
EXPIRED = 4401  # ours: 401 among the numbers that applications may give a meaning
_INSTANT: TypeAdapter[datetime] = TypeAdapter(AnyInstant)


def create_router(feed: Feed) -> APIRouter:
    """Return the WebSocket route; it is no part of an OpenAPI document."""
    router = APIRouter(prefix="/ioc")

    @router.websocket("/ws")
    async def follow(socket: WebSocket) -> None:
        authorization = _authorization(socket)
        try:
            async with answered_within(ANSWER_S, "MongoDB"):  # Patience is for requests alone
                await feed.admission.ioc(authorization)
            start = await _start(socket, feed)  # the stream has bounds of its own
        except Problem as problem:
            await _deny(socket, problem)
            return
        except OutageError:
            await _deny(socket, unavailable())
            return
        offered = socket.scope.get("subprotocols", [])
        await socket.accept(PROTOCOL if PROTOCOL in offered else None)
        with WATCHERS.labels("websocket").track_inprogress():
            await _until_gone(socket, feed, start, Standing(feed.admission.ioc, authorization))

    return router


async def _until_gone(
    socket: WebSocket, feed: Feed, start: int | CursorGoneError, standing: Standing
) -> None:
    """Send until the client leaves or its token is over; what it says is not listened to."""
    sending = asyncio.create_task(_send(socket, feed, start, standing))
    listening = asyncio.create_task(_listen(socket))
    try:
        await asyncio.wait({sending, listening}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (sending, listening):
            task.cancel()
        await asyncio.gather(sending, listening, return_exceptions=True)
    if sending.cancelled():
        return
    failure = sending.exception()
    if failure is None or isinstance(failure, OutageError):
        with suppress(RuntimeError, WebSocketDisconnect):
            await socket.close(EXPIRED if failure is None else TRY_LATER)


async def _send(
    socket: WebSocket, feed: Feed, start: int | CursorGoneError, standing: Standing
) -> None:
    """Send every event; end when the token is over."""
    tail = feed.tail
    while True:
        if isinstance(start, CursorGoneError):
            told = b'{"reset":' + reset(start, tail.epoch) + b"}"
            await socket.send_text(told.decode())
            start = start.restart
        try:
            async for batch in tail.batches(start, BATCH):
                if await standing.is_over():
                    return
                for event in batch:
                    await socket.send_text(as_item(event, tail.epoch).decode())
        except CursorGoneError as error:
            start = error


async def _listen(socket: WebSocket) -> None:
    with suppress(WebSocketDisconnect):
        while (await socket.receive())["type"] != "websocket.disconnect":
            pass


async def _start(socket: WebSocket, feed: Feed) -> int | CursorGoneError:
    query = socket.query_params
    since: datetime | None = None
    if text := query.get("since"):
        try:
            since = _INSTANT.validate_python(text)
        except ValidationError as error:
            raise invalid(FieldError("since", "bad_instant", "an RFC 3339 instant")) from error
    try:
        return await feed.start(query.get("after"), since, feed.tail.newest)
    except CursorGoneError as error:
        return error


def _authorization(socket: WebSocket) -> str:
    offered: list[str] = socket.scope.get("subprotocols", [])
    token = next((each for each in offered if each.startswith(TOKEN)), "")
    if token:
        return f"Bearer {token.removeprefix(TOKEN)}"
    return socket.headers.get("authorization", "")


async def _deny(socket: WebSocket, problem: Problem) -> None:
    """Refuse the handshake with the problem as an HTTP answer."""
    answer: Response = response(problem, Language.VIETNAMESE)
    await socket.send_denial_response(answer)
