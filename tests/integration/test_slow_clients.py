"""Clients that are slow, endless or no HTTP at all: each one ends in our own time."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Annotated, Any

import pytest
import uvicorn
from fastapi import Body, FastAPI
from fastapi.responses import StreamingResponse

from shared import server, web

PATIENCE_S = 0.5  # what the bounds are set to here


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


def application() -> FastAPI:
    app = web.create("Test", nothing)

    @app.post("/echo")
    async def echo(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        return body

    @app.get("/large")
    async def large() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(2_000):
                yield bytes(65_536)

        return StreamingResponse(body())

    return app


@pytest.fixture
async def port(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[int]:
    monkeypatch.setattr(server, "HEAD_S", PATIENCE_S)
    monkeypatch.setattr(web, "SILENCE_S", PATIENCE_S)
    monkeypatch.setattr(web, "TAKEN_S", PATIENCE_S)
    config = uvicorn.Config(
        application(), port=0, http=server.Protocol, log_config=None, lifespan="off"
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    yield running.servers[0].sockets[0].getsockname()[1]
    running.should_exit = True
    await task


async def talk(port: int, *pieces: bytes, pause_s: float = 0.0) -> bytes:
    """Send pieces and return all that comes back until the server ends the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        async with asyncio.timeout(10):
            for piece in pieces:
                writer.write(piece)
                await asyncio.sleep(pause_s)
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


POST = b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
LAST = b"Connection: close\r\n"

HEADS: dict[str, tuple[Callable[[], list[bytes]], int]] = {
    "says nothing": (lambda: [b""], 408),
    "sends one line": (lambda: [b"GET / HTTP/1.1\r\n"], 408),
    "sends a header now and then": (lambda: [b"GET / HTTP/1.1\r\n", *[b"a: b\r\n"] * 30], 408),
    "a header of a megabyte": (
        lambda: [b"GET / HTTP/1.1\r\na: " + b"x" * 10**6 + b"\r\n\r\n"],
        431,
    ),
    "a million headers": (lambda: [b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 10**5 + b"\r\n"], 431),
    "an address of a megabyte": (lambda: [b"GET /" + b"x" * 10**6], 431),
    "no HTTP": (lambda: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"], 400),
    "two lengths": (lambda: [POST + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}"], 400),
    "both framings": (
        lambda: [POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}"],
        400,
    ),
    "a chunk of no size": (lambda: [POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"], 400),
    "a body shorter than it says": (lambda: [POST + b"Content-Length: 100\r\n\r\n{}"], 408),
    "a body without an end": (
        lambda: [POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n"],
        408,
    ),
}


@pytest.mark.parametrize("name", HEADS)
async def test_what_is_no_request_ends_with_a_problem_and_safe_headers(port: int, name: str):
    pieces, status = HEADS[name]

    answer = await talk(port, *pieces(), pause_s=0.05 if name.startswith("sends") else 0)

    assert answer == b"" or answer.startswith(f"HTTP/1.1 {status} ".encode()), answer[:200]
    if answer:
        assert b"content-security-policy: default-src 'none'" in answer
        assert b'"type":"urn:civic:problem:' in answer


async def test_an_honest_request_passes_between_hostile_ones(port: int):
    hostile = [asyncio.create_task(talk(port, b"GET / HTTP/1.1\r\n")) for _ in range(50)]

    answer = await talk(port, POST + LAST + b"Content-Length: 9\r\n\r\n", b'{"a":"b"}', pause_s=0.1)

    assert answer.endswith(b'{"a":"b"}')
    assert all(each.startswith(b"HTTP/1.1 408") for each in await asyncio.gather(*hostile))


async def test_a_second_request_of_a_connection_is_bounded_as_the_first(port: int):
    whole = POST + b"Content-Length: 2\r\n\r\n{}"

    answer = await talk(port, whole, whole, b"POST /echo HTTP/1.1\r\n", pause_s=0.1)

    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert answer.count(b"HTTP/1.1 408 ") == 1


async def test_a_client_that_takes_nothing_of_a_long_answer_is_left(port: int):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1024)
    writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.sleep(4 * PATIENCE_S)

    taken = 0
    async with asyncio.timeout(10):
        try:
            while piece := await reader.read(2**20):
                taken += len(piece)
        except ConnectionError:
            pass
    writer.close()

    assert taken < 2_000 * 65_536
