"""Who waits for a server that is gone is told so; who waits for work is not."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse
from starlette.routing import Route

from shared import patience
from shared.errors import OutageError
from shared.patience import Patience


async def lives() -> None:
    pass


async def hangs() -> None:
    await asyncio.sleep(60)


async def refuses() -> None:
    raise OutageError("away")


GIVEN_UP: list[str] = []


async def slow(request: Request) -> JSONResponse:
    body = await request.body()
    await asyncio.sleep(0.3)
    return JSONResponse({"bytes": len(body)})


async def endless(request: Request) -> JSONResponse:
    await request.body()
    try:
        await asyncio.sleep(60)
    except asyncio.CancelledError:
        GIVEN_UP.append(request.method)
        raise
    return JSONResponse({})


async def stream(_: Request) -> StreamingResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.3)
        yield b"b"

    return StreamingResponse(pieces())


async def deaf(_: Request) -> JSONResponse:
    await asyncio.sleep(0.3)  # and the body, if any, is never read
    return JSONResponse({})


async def breaks(_: Request) -> JSONResponse:
    raise TimeoutError


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    GIVEN_UP.clear()
    monkeypatch.setattr(patience, "LOOK_S", 0.05)
    monkeypatch.setattr(patience, "SIGN_S", 0.05)


def client(check: Callable[[], Awaitable[None]]) -> httpx.AsyncClient:
    routes = [
        Route("/slow", slow, methods=["GET", "POST"]),
        Route("/endless", endless, methods=["GET", "POST"]),
        Route("/stream", stream),
        Route("/deaf", deaf, methods=["POST", "DELETE"]),
        Route("/breaks", breaks),
    ]
    app: Any = Patience(Starlette(routes=routes), check)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test")


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("check", [hangs, refuses])
async def test_a_request_is_given_up_when_the_server_shows_no_life(method: str, check: Any):
    async with client(check) as city:
        answer = await city.request(method, "/endless")

    assert (answer.status_code, answer.json()["type"]) == (503, "urn:civic:problem:unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert [method] == GIVEN_UP


@pytest.mark.parametrize("method", ["POST", "DELETE"])
async def test_a_request_without_a_body_is_whole_from_the_beginning(method: str):
    async with client(hangs) as city:
        assert (await city.request(method, "/deaf")).status_code == 503


async def test_a_request_that_works_while_the_server_lives_takes_as_long_as_it_takes():
    async with client(lives) as city:
        answer = await city.post("/slow", content=b"xyz")

    assert (answer.status_code, answer.json()) == (200, {"bytes": 3})


async def test_a_body_that_is_still_on_its_way_is_not_counted():
    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        await asyncio.sleep(0.2)
        yield b"b"

    asked: list[float] = []

    async def noted() -> None:
        asked.append(asyncio.get_running_loop().time())

    async with client(noted) as city:
        began = asyncio.get_running_loop().time()
        answer = await city.post("/slow", content=body())

    assert answer.json() == {"bytes": 2}
    assert asked[0] - began > 0.2


async def test_an_answer_that_has_begun_is_not_broken_off():
    async with client(hangs) as city:
        answer = await city.get("/stream")

    assert (answer.status_code, answer.content) == (200, b"ab")


async def test_a_timeout_of_the_application_itself_is_none_of_ours():
    async with client(lives) as city:
        with pytest.raises(TimeoutError):
            await city.get("/breaks")


async def test_a_hundred_that_wait_ask_once():
    asked: list[int] = []

    async def counted() -> None:
        asked.append(1)
        await asyncio.sleep(60)

    async with client(counted) as city:
        answers = await asyncio.gather(*(city.get("/endless") for _ in range(100)))

    assert {each.status_code for each in answers} == {503}
    assert len(asked) <= 3
