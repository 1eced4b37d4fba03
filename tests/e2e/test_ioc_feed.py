"""The IOC's stream over HTTP: cursors, moments, WebSocket, and what is no longer there."""

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import websockets

from tests.e2e.client import City, eventually, report


@pytest.fixture
def city(stack: dict[str, Any]) -> Iterator[City]:
    opened = City(stack)
    yield opened
    opened.close()


def sent(city: City) -> str:
    answer = city.send(report())
    assert answer.status_code == 201, answer.text
    city.in_state(answer.json(), "assigned")
    return answer.json()["code"]


def pulled(city: City, **query: Any) -> dict[str, Any]:
    answer = city.notify.get("/ioc/events", params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_pages_follow_each_other_without_a_gap(city: City):
    sent(city)
    eventually(lambda: city.newest() >= 3)

    offsets: list[int] = []
    after = "-1"
    while page := pulled(city, after=after, limit=3)["items"]:
        offsets += [each["offset"] for each in page]
        after = page[-1]["cursor"]

    assert offsets == list(range(len(offsets)))


def test_a_moment_gives_everything_from_then_on(city: City):
    sent(city)
    moment = datetime.now(UTC).isoformat()
    later = sent(city)

    found = pulled(city, since=moment, limit=1000)

    assert {"case.submitted.v1", "case.assigned.v1"} <= {
        each["type"] for each in found["items"] if each["subject"] == later
    }
    for long_ago in ("1969-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00"):
        assert pulled(city, since=long_ago, limit=1)["items"]
    nothing = pulled(city, since="2099-01-01T00:00:00Z")
    assert nothing["items"] == []
    assert int(nothing["next"].partition(".")[0]) >= found["items"][-1]["offset"]


def test_a_cursor_of_another_stream_is_gone_and_says_where_to_start(city: City):
    sent(city)
    answer = city.notify.get("/ioc/events", params={"after": "3.00000000"})
    beyond = city.notify.get("/ioc/events", params={"after": str(10**9)})

    assert (answer.status_code, beyond.status_code) == (410, 410)
    error = answer.json()["errors"][0]
    assert error["code"] == "another_stream"
    assert pulled(city, after=error["detail"])["items"][0]["offset"] == 0
    assert beyond.json()["errors"][0]["code"] == "beyond_the_end"
    assert pulled(city, after=beyond.json()["errors"][0]["detail"])["items"] == []


def test_a_cursor_behind_the_end_is_gone_though_it_names_the_right_stream(city: City):
    sent(city)
    epoch = pulled(city, limit=1)["next"].partition(".")[2]
    nowhere = f"{10**9}.{epoch}"

    pull = city.notify.get("/ioc/events", params={"after": nowhere})
    headers = {"Last-Event-ID": nowhere}
    with city.notify.stream("GET", "/ioc/stream", headers=headers) as stream:
        named = next(each for each in stream.iter_lines() if each.startswith("event: "))

    assert pull.status_code == 410
    error = pull.json()["errors"][0]
    assert error["code"] == "beyond_the_end"
    assert city.notify.get("/ioc/events", params={"after": error["detail"]}).status_code == 200
    assert named == "event: reset"


def test_a_stream_with_such_a_cursor_says_reset_and_goes_on(city: City):
    sent(city)
    headers = {"Last-Event-ID": "3.00000000"}
    with city.notify.stream("GET", "/ioc/stream", headers=headers) as stream:
        lines = stream.iter_lines()
        named = [next(each for each in lines if each.startswith("event: ")) for _ in range(2)]

    first = pulled(city, after="-1", limit=1)["items"][0]["type"]
    assert named == ["event: reset", f"event: {first}"]


def follow(city: City, query: str, count: int) -> list[dict[str, Any]]:
    async def run() -> list[dict[str, Any]]:
        url = f"{city.stack['notify']}/api/v1/ioc/ws{query}".replace("http", "ws", 1)
        async with (
            asyncio.timeout(10),
            websockets.connect(url, max_queue=None, close_timeout=1) as socket,
        ):
            return [json.loads(await socket.recv()) for _ in range(count)]

    return asyncio.run(run())


def test_a_websocket_gives_the_same_events_as_a_pull(city: City):
    sent(city)
    expected = pulled(city, after=-1, limit=4)["items"]

    assert follow(city, "?after=-1", 4) == expected
    assert follow(city, f"?after={expected[1]['cursor']}", 2) == expected[2:]


def test_a_websocket_with_a_cursor_of_another_stream_is_reset(city: City):
    sent(city)
    first, second = follow(city, "?after=9.00000000", 2)

    assert first["reset"]["reason"] == "another_stream"
    assert second["offset"] == 0


def test_a_websocket_with_a_senseless_cursor_is_refused_with_a_problem(city: City):
    with pytest.raises(websockets.InvalidStatus) as refused:
        follow(city, "?after=x", 1)

    assert refused.value.response.status_code == 422
    assert json.loads(refused.value.response.body or b"")["errors"][0]["field"] == "after"
