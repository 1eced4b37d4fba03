"""Who follows the stream of the centre is asked again: a token that is over hears nothing more."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import cast

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from services.notify.admission import Admission, Standing, unauthenticated
from services.notify.ioc import api as ioc
from services.notify.ioc import websocket
from services.notify.ioc.tail import IocTail
from shared.errors import OutageError
from shared.stream import StreamEvent
from tests.integration.test_slow_clients import application, port_of, serving


class Ticking:
    """A stream with an event every few milliseconds, or with nothing but signs of life."""

    epoch, newest = "0a1b2c3d", 0

    def __init__(self, *, busy: bool) -> None:
        self._busy = busy

    async def place(self, offset: int, epoch: str) -> int:
        del epoch
        return offset

    async def batches(self, offset: int, size: int) -> AsyncIterator[Sequence[StreamEvent]]:
        del size
        while True:
            await asyncio.sleep(0.005)
            offset += 1
            yield [StreamEvent(offset, "case.accepted.v1", b'{"a":1}')] if self._busy else []


class Door:
    """Lets everybody in until it is shut; `away`: the sessions cannot be read."""

    def __init__(self) -> None:
        self.shut = self.away = self.silent = False
        self.asked = 0

    async def ioc(self, authorization: str) -> None:
        assert authorization == "Bearer t"
        self.asked += 1
        if self.silent:
            await asyncio.sleep(60)
        if self.away:
            raise OutageError("MongoDB: away")
        if self.shut:
            raise unauthenticated("", "")


@pytest.fixture(params=[True, False], ids=["under load", "at rest"])
async def centre(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Door, int]]:
    monkeypatch.setattr(Standing, "every_s", 0.05)
    app, door = application(), Door()
    feed = ioc.Feed(cast("IocTail", Ticking(busy=request.param)), cast("Admission", door))
    app.include_router(ioc.create_router(feed))
    app.include_router(websocket.create_router(feed))
    async with serving(app) as running:
        yield door, port_of(running)


async def asked_again(door: Door) -> None:
    """Wait until the door was asked twice more."""
    wanted = door.asked + 2
    async with asyncio.timeout(10):
        while door.asked < wanted:  # noqa: ASYNC110 - a counter has no event
            await asyncio.sleep(0.01)


async def test_server_sent_events_end_with_expired_when_the_token_is_over(
    centre: tuple[Door, int],
):
    door, port = centre
    address = f"http://127.0.0.1:{port}/ioc/stream"

    async def follow() -> list[str]:
        async with (
            httpx.AsyncClient(headers={"Authorization": "Bearer t"}, timeout=10) as client,
            client.stream("GET", address) as answer,
        ):
            lines = [each async for each in answer.aiter_lines()]
        return [each.removeprefix("event: ") for each in lines if each.startswith("event: ")]

    following = asyncio.create_task(follow())
    await asked_again(door)
    door.away = True  # no reason to leave the centre without its stream
    await asked_again(door)
    assert not following.done()
    door.away, door.shut = False, True

    async with asyncio.timeout(10):
        heard = await following

    assert heard[-1] == "expired"
    assert heard.count("expired") == 1


async def test_a_websocket_is_refused_in_time_when_the_sessions_are_not_answered(
    centre: tuple[Door, int], monkeypatch: pytest.MonkeyPatch
):
    door, port = centre
    monkeypatch.setattr(websocket, "ANSWER_S", 0.2)
    door.silent = True

    async with asyncio.timeout(10):
        with pytest.raises(InvalidStatus) as refused:
            await connect(
                f"ws://127.0.0.1:{port}/ioc/ws", additional_headers={"Authorization": "Bearer t"}
            )

    answer = refused.value.response
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


async def test_a_websocket_is_closed_with_4401_when_the_token_is_over(centre: tuple[Door, int]):
    door, port = centre
    headers = {"Authorization": "Bearer t"}
    async with connect(f"ws://127.0.0.1:{port}/ioc/ws", additional_headers=headers) as socket:

        async def to_the_end() -> int | None:
            try:
                while True:
                    await socket.recv()
            except ConnectionClosed as closed:
                return closed.rcvd.code if closed.rcvd else None

        ending = asyncio.create_task(to_the_end())
        await asked_again(door)
        door.shut = True

        async with asyncio.timeout(10):
            assert await ending == 4401
