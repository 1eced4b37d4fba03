"""So many requests with a body are worked on at once; one more is told when to come back."""

import asyncio
from typing import Any

import httpx
import pytest
from fastapi import FastAPI, Request

from shared import crowd, problems
from shared.budget import answered_within
from shared.crowd import LEAST, Crowd, Places
from shared.errors import OutageError


class Town:
    """An application whose work waits until the test lets it go."""

    def __init__(self, most: int) -> None:
        self.gate, self.entered = asyncio.Event(), 0
        app = FastAPI()
        problems.install(app)
        app.add_middleware(Crowd, most=most, streamed=["/things/{code}/media"])

        @app.post("/things/x/media")
        @app.post("/things")
        async def make(request: Request) -> dict[str, int]:
            body = await request.body()
            self.entered += 1
            await self.gate.wait()
            return {"bytes": len(body)}

        @app.get("/things")
        async def read() -> dict[str, int]:
            return {}

        transport = httpx.ASGITransport(app=app)
        self.client = httpx.AsyncClient(transport=transport, base_url="http://test")

    def post(
        self, body: Any = b"x", path: str = "/things", kind: str = "text/plain"
    ) -> "asyncio.Task[httpx.Response]":
        headers = {"Content-Type": kind}
        return asyncio.create_task(self.client.post(path, content=body, headers=headers))

    async def until_inside(self, count: int) -> None:
        async with asyncio.timeout(5):
            while self.entered < count:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)


async def test_one_more_than_fits_is_told_when_to_come_back_and_the_others_are_served() -> None:
    town = Town(most=3)
    tasks = [town.post() for _ in range(3)]
    await town.until_inside(3)

    refused = await town.post()
    town.gate.set()
    served = [await each for each in tasks]

    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
    assert refused.json()["type"].endswith(":busy")
    assert [each.status_code for each in served] == [200] * 3
    assert (await town.post()).status_code == 200


async def test_reading_and_uploads_are_not_counted() -> None:
    town = Town(most=1)
    task = town.post()
    await town.until_inside(1)

    read = await town.client.get("/things")
    upload = town.post(path="/things/x/media", kind="multipart/form-data; boundary=b")
    await town.until_inside(2)
    town.gate.set()

    assert read.status_code == (await upload).status_code == (await task).status_code == 200


async def test_who_sends_slowly_keeps_nobody_out_and_waits_like_the_others() -> None:
    town = Town(most=1)
    begun, rest = asyncio.Event(), asyncio.Event()

    async def slowly() -> Any:
        yield b"x"
        begun.set()
        await rest.wait()
        yield b"y"

    slow = town.post(slowly())
    await begun.wait()
    task = town.post()
    await town.until_inside(1)
    rest.set()
    late = await slow
    town.gate.set()

    assert (await task).status_code == 200
    assert (late.status_code, late.headers["Retry-After"]) == (429, "3")


async def test_a_place_is_given_back_when_the_work_is_broken_off() -> None:
    town = Town(most=1)
    task = town.post()
    await town.until_inside(1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    town.gate.set()

    assert (await town.post()).status_code == 200


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [
        pytest.param("/things", "application/json", crowd.LARGEST, id="json"),
        pytest.param("/things", "multipart/form-data; boundary=b", crowd.LARGEST, id="no upload"),
        pytest.param("/things/x/media", "application/json", crowd.LARGEST_STREAMED, id="no form"),
    ],
)
async def test_no_body_is_read_without_an_end(path: str, kind: str, most: int) -> None:
    town = Town(most=1)
    heard = 0

    async def endless() -> Any:
        nonlocal heard
        while True:
            heard += 2**16
            yield bytes(2**16)

    answer = await town.post(endless(), path, kind)

    assert answer.status_code == 413
    assert heard <= most + 2**17


async def test_a_body_that_trickles_ends_in_our_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crowd, "WHOLE_S", 0.05)
    town = Town(most=1)

    async def trickling() -> Any:
        while True:
            yield b"x"
            await asyncio.sleep(0.01)

    async with asyncio.timeout(10):
        answer = await town.post(trickling())

    assert (answer.status_code, answer.headers["Connection"]) == (408, "close")


async def test_what_takes_too_long_is_an_outage_and_what_has_no_bound_is_none() -> None:
    with pytest.raises(OutageError):
        async with answered_within(0.01, "a server"):
            await asyncio.sleep(5)
    async with answered_within(None, "a server"):
        await asyncio.sleep(0.02)


def test_answers_that_come_too_late_make_the_places_fewer_and_timely_ones_bring_them_back() -> None:
    places = Places(256)

    for _ in range(200):
        places.answered(2.0)
    fewest = places.count
    for _ in range(1000):
        places.answered(0.1)

    assert (fewest, places.count) == (LEAST, 256)


def test_a_few_slow_answers_among_many_leave_the_places_as_they_are() -> None:
    places = Places(256)

    for number in range(1000):
        places.answered(2.0 if number % 20 == 0 else 0.1)

    assert places.count > 240


def test_an_operator_who_allows_fewer_than_the_least_gets_these() -> None:
    places = Places(3)

    places.answered(9.0)

    assert places.count == 3


async def test_only_work_that_was_done_makes_the_places_fewer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noted: list[float] = []
    monkeypatch.setattr(Places, "answered", lambda _self, took_s: noted.append(took_s))
    town = Town(most=4)
    town.gate.set()

    done = await town.post()
    refused = await town.client.post("/nowhere", content=b"x")

    assert (done.status_code, refused.status_code) == (200, 404)
    assert len(noted) == 1
