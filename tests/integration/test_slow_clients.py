"""Clients that are slow, endless or no HTTP at all: each one ends in our own time."""

import asyncio
import re
import socket
import time
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any, cast

import pytest
import uvicorn
from fastapi import Body, FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from websockets.asyncio.client import connect

from services.notify.admission import Admission
from services.notify.ioc import api as ioc
from services.notify.ioc import websocket
from services.notify.ioc.tail import IocTail
from services.notify.sockets import Socket
from shared import server, web
from shared.stream import StreamEvent

PATIENCE_S = 0.5  # what the bounds are set to here


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


def application() -> FastAPI:
    app = web.create("Test", nothing)

    @app.post("/echo")
    async def echo(body: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        return body

    @app.post("/refused")
    async def refused() -> Response:
        return Response(status_code=401)

    @app.get("/cookies")
    async def cookies(request: Request) -> dict[str, str]:
        return request.cookies

    @app.get("/large")
    async def large() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            for _ in range(2_000):
                yield bytes(65_536)

        return StreamingResponse(body())

    return app


class EndlessTail:
    """A stream with an event at every offset; notes how many each reader was given."""

    epoch = "0a1b2c3d"
    newest = 10**9
    body = b'{"text":"' + b"x" * 20_000 + b'"}'

    def __init__(self) -> None:
        self.given = Counter[int]()  # events, by the reader's first offset
        self.readers = 0

    async def place(self, offset: int, epoch: str) -> int:
        assert epoch == self.epoch
        return offset

    async def batches(self, offset: int, size: int) -> AsyncIterator[Sequence[StreamEvent]]:
        assert size > 1
        first = offset
        self.readers += 1
        try:
            while True:
                await asyncio.sleep(0)
                yield [StreamEvent(offset + n, "case.opened", self.body) for n in range(1, 5)]
                offset += 4
                self.given[first] += 4
        finally:
            self.readers -= 1


class Everybody:
    """Admits everybody."""

    async def ioc(self, authorization: str) -> None:
        del authorization


def with_stream(tail: EndlessTail) -> FastAPI:
    """Return the operations centre's own routes over an endless stream."""
    app = application()
    feed = ioc.Feed(cast("IocTail", tail), cast("Admission", Everybody()))
    app.include_router(ioc.create_router(feed))
    app.include_router(websocket.create_router(feed))
    return app


@asynccontextmanager
async def serving(app: FastAPI) -> AsyncGenerator[uvicorn.Server]:
    config = uvicorn.Config(
        app, port=0, http=server.Protocol, ws=Socket, log_config=None, lifespan="off"
    )
    running = uvicorn.Server(config)
    task = asyncio.create_task(running.serve())
    while not running.started:  # noqa: ASYNC110 - uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield running
    finally:
        running.should_exit = True
        await task


def port_of(running: uvicorn.Server) -> int:
    return running.servers[0].sockets[0].getsockname()[1]


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "HEAD_S", PATIENCE_S)
    monkeypatch.setattr(server, "REST_S", PATIENCE_S)
    monkeypatch.setattr(web, "SILENCE_S", PATIENCE_S)
    monkeypatch.setattr(web, "TAKEN_S", PATIENCE_S)


@pytest.fixture
async def port() -> AsyncIterator[int]:
    async with serving(application()) as running:
        yield port_of(running)


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


@pytest.mark.parametrize(
    "last",
    [
        pytest.param([POST + b"Content-Length: 2\r\n\r\n{}", b"\r\n"], id="an empty line"),
        pytest.param(
            [b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n", b"x"],
            id="one byte of a body that nobody wants",
        ),
        pytest.param(
            [b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n", *[b"x"] * 10],
            id="a byte now and then",
        ),
    ],
)
async def test_what_comes_behind_an_answer_holds_no_connection(port: int, last: list[bytes]):
    answer = await talk(port, *last, pause_s=0.1)

    assert answer.count(b"HTTP/1.1 ") <= 1  # the kernel forgets it when more comes after the end


async def test_a_hostile_cookie_takes_no_time_and_the_others_stay(port: int):
    hostile = b'Cookie: a=b; lang="' + rb"\a" * 15_000 + b'"; c=d\r\n'
    start = time.thread_time()
    answer = await talk(port, b"GET /cookies HTTP/1.1\r\nHost: x\r\n" + LAST + hostile + b"\r\n")

    assert answer.endswith(b'{"a":"b","c":"d"}')
    assert time.thread_time() - start < 0.2


async def test_the_rest_of_a_refused_body_may_be_followed_by_a_request(port: int):
    refused = b"POST /refused HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n"

    answer = await talk(
        port, refused, b"123456789", POST + LAST + b"Content-Length: 2\r\n\r\n{}", pause_s=0.1
    )

    assert [answer.count(b"HTTP/1.1 %d" % status) for status in (401, 200)] == [1, 1]


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


SSE = b"GET /ioc/stream HTTP/1.1\r\nHost: x\r\nLast-Event-ID: %d.0a1b2c3d\r\n\r\n"
UPGRADE = (
    b"GET /ioc/ws?after=%d.0a1b2c3d HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
    b"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
STUCK, OTHER = 1_000, 500_000  # where each begins, so that one is told from the other
MOST = 1_500  # events of 20 kB: what the kernels on both sides may hold for one connection


async def read_a_little(port: int, request: bytes) -> tuple[socket.socket, bytes]:
    """Open a stream, take its beginning, and take nothing more; the connection stays open."""
    stuck = socket.create_connection(("127.0.0.1", port))
    stuck.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(stuck, request)
    taken = b""
    while len(taken) < 100_000:
        taken += await loop.sock_recv(stuck, 65_536)
    return stuck, taken


async def follow(port: int, take: int) -> list[int]:
    """Return the offsets of the next events, as an honest reader of the stream hears them."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    writer.write(SSE % OTHER)
    found: list[int] = []
    while len(found) < take:
        line = await reader.readline()
        if line.startswith(b"id: "):
            found.append(int(line[4:].split(b".")[0]))
    writer.close()
    return found


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - another task, no event
            await asyncio.sleep(0.02)


@pytest.mark.parametrize(
    ("request_", "cursor"),
    [(SSE, rb"id: (\d+)\."), (UPGRADE, rb'"cursor":"(\d+)\.')],
    ids=["SSE", "WebSocket"],
)
async def test_a_reader_that_stops_reading_costs_nothing_delays_nobody_and_is_cut_off(
    request_: bytes, cursor: bytes
):
    tail = EndlessTail()
    async with serving(with_stream(tail)) as running:
        port = port_of(running)
        stuck, taken = await read_a_little(port, request_ % STUCK)
        with stuck:
            # others go on, and nothing more is read or built for this one
            async with asyncio.timeout(20):
                assert await follow(port, 3_000) == list(range(OTHER + 1, OTHER + 3_001))
            # it never reads again, and yet the server lets go of it altogether
            await until(lambda: not tail.readers and not running.server_state.connections)
            assert tail.given[STUCK] < MOST

        # what it read last tells where it goes on, and nothing is missing there
        last = int(re.findall(cursor, taken)[-1])
        async with connect(f"ws://127.0.0.1:{port}/ioc/ws?after={last}.{tail.epoch}") as again:
            assert f'"offset":{last + 1},' in str(await again.recv())
        stuck, taken = await read_a_little(port, SSE % last)
        with stuck:
            assert int(re.findall(rb"id: (\d+)\.", taken)[0]) == last + 1
