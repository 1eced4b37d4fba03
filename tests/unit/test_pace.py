"""How much one sender may ask for: windows, networks, and what the middleware answers."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Response, WebSocket

from shared import pace, web
from shared.pace import WINDOW_S, Paces, Throttle, network


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_who_asks_too_often_waits_until_the_window_ends():
    ticks = Ticks()
    brake = Throttle(3, ticks)
    for _ in range(3):
        assert brake.wait_s("one") == 0
        brake.count("one")

    assert brake.wait_s("one") == WINDOW_S
    assert brake.wait_s("other") == 0
    ticks.now = WINDOW_S
    assert brake.wait_s("one") == 0


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        pytest.param("2001:db8::1", "2001:db8::ffff", True, id="the same /64"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="another /64"),
        pytest.param("fe80::1%eth0", "fe80::2%eth1", True, id="a scope is no part of it"),
        pytest.param("192.0.2.1", "::ffff:192.0.2.1", True, id="IPv4 in IPv6"),
        pytest.param("192.0.2.1", "192.0.2.2", False, id="neighbours"),
        pytest.param("testclient", "", True, id="no address at all"),
    ],
)
def test_what_one_person_holds_counts_as_one_address(one: str, other: str, together: bool):  # noqa: FBT001
    assert (network(one) == network(other)) is together


def test_the_brake_can_be_switched_off_and_forgets_the_oldest(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "REMEMBERED", 100)
    off, on = Throttle(0, Ticks()), Throttle(1, Ticks())
    off.count("one")
    for number in range(101):
        on.count(str(number))

    assert off.wait_s("one") == 0
    assert on.wait_s("0") == 0
    assert on.wait_s("1") > 0


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncGenerator[None, None]:
    yield


def city(**allowed: int) -> FastAPI:
    app = web.create("Test", nothing, Paces(creating=("/reports",), **{"requests": 0, **allowed}))

    @app.post("/reports", status_code=201)
    async def send() -> str:
        return "taken"

    @app.post("/steps")
    async def step() -> str:
        return "done"

    return app


def person(app: FastAPI, address: str = "192.0.2.1", token: str = "") -> httpx.AsyncClient:
    headers: dict[str, Any] = {"Authorization": f"Bearer {token}"} if token else {}
    transport = httpx.ASGITransport(app, client=(address, 1))
    return httpx.AsyncClient(transport=transport, base_url="http://city", headers=headers)


async def test_one_report_too_many_from_an_address_is_told_when_to_come_back():
    app = city(creations=2)
    async with person(app) as one, person(app, "192.0.2.2") as other:
        found = [(await one.post("/reports")).status_code for _ in range(2)]
        refused = await one.post("/reports")

        assert found == [201, 201]
        assert refused.status_code == 429
        assert 0 < int(refused.headers["retry-after"]) <= WINDOW_S
        assert refused.json()["type"] == "urn:civic:problem:too_many_requests"
        assert "default-src 'none'" in refused.headers["content-security-policy"]
        assert (await one.post("/steps")).status_code == 200
        assert (await other.post("/reports")).status_code == 201


async def test_a_token_is_counted_wherever_it_is_used_from():
    app = city(steps=2)
    async with person(app, "192.0.2.1", "a") as here, person(app, "192.0.2.9", "a") as there:
        assert (await here.post("/steps")).status_code == 200
        assert (await there.post("/steps")).status_code == 200
        assert (await here.post("/steps")).status_code == 429
    async with person(app, "192.0.2.1", "b") as other:
        assert (await other.post("/steps")).status_code == 200


async def test_another_address_of_the_same_network_is_the_same_sender():
    app = city(creations=1)
    async with person(app, "2001:db8::1") as one, person(app, "2001:db8::2") as same:
        assert (await one.post("/reports")).status_code == 201
        assert (await same.post("/reports")).status_code == 429


async def test_pages_of_other_origins_get_safe_headers_and_may_read_a_refusal():
    app = web.create(
        "Test", nothing, Paces(requests=1, creations=0), readers="https://wall.example"
    )
    asked = {"Origin": "https://wall.example", "Access-Control-Request-Method": "GET"}
    async with person(app) as one:
        before = await one.options("/nowhere", headers=asked)
        found = [await one.get("/nowhere", headers=asked) for _ in range(2)]

    assert before.status_code == 200
    assert "default-src 'none'" in before.headers["content-security-policy"]
    assert [each.status_code for each in found] == [404, 429]
    assert found[1].headers["access-control-allow-origin"] == "https://wall.example"


async def test_an_answer_that_no_page_asked_for_is_kept_for_none_by_a_cache():
    app = web.create("Test", nothing, readers="https://wall.example")

    @app.get("/kept")
    async def kept(response: Response) -> None:
        response.headers["Vary"] = "Accept-Language"

    async with person(app) as one:
        found = await one.get("/kept")
        stranger = await one.get("/kept", headers={"Origin": "https://elsewhere.example"})

    assert found.headers["vary"] == "Accept-Language, Origin"
    assert stranger.headers["vary"] == "Accept-Language, Origin"
    for each in (found, stranger):
        assert "access-control-allow-origin" not in each.headers


@pytest.mark.parametrize("extensions", [{"websocket.http.response": {}}, {}])
async def test_the_handshake_of_a_websocket_counts_like_a_request(extensions: dict[str, Any]):
    app, sent = city(requests=1), list[dict[str, Any]]()

    @app.websocket("/ws")
    async def follow(socket: WebSocket) -> None:
        await socket.accept()

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    scope: dict[str, Any] = {
        "type": "websocket",
        "path": "/ws",
        "scheme": "wss",
        "client": ("192.0.2.1", 1),
        "headers": [],
        "query_string": b"",
        "extensions": extensions,
        "subprotocols": [],
    }
    for _ in range(2):
        await app(dict(scope), receive, send)

    accepted, refused, *_ = sent
    assert accepted["type"] == "websocket.accept"
    if not extensions:
        assert refused == {"type": "websocket.close", "code": 1013}
        return
    assert (refused["type"], refused["status"]) == ("websocket.http.response.start", 429)
    headers = dict(refused["headers"])
    assert 0 < int(headers[b"retry-after"]) <= WINDOW_S
    assert b"default-src 'none'" in headers[b"content-security-policy"]
    assert b"strict-transport-security" in headers


async def test_without_a_limit_nobody_waits():
    async with person(city()) as one:
        found = {(await one.post("/reports")).status_code for _ in range(50)}

    assert found == {201}
