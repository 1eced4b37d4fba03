"""The live streams of people, over HTTP: one's own report, one's own inbox, and nobody else's."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any, Self

import httpx
import pytest

from tests.e2e.client import City, eventually, report


@pytest.fixture
def city(stack: dict[str, Any]) -> Iterator[City]:
    opened = City(stack)
    yield opened
    opened.close()


class Listener:
    """Somebody who follows a stream in a thread of their own."""

    def __init__(self, city: City, path: str, token: str, **headers: str) -> None:
        self.frames: list[dict[str, Any]] = []
        self.opened = threading.Event()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._headers = {"Authorization": f"Bearer {token}", **named}
        self._url = f"{city.stack['notify']}/api/v1{path}"
        self._client = httpx.Client(timeout=httpx.Timeout(10, read=30))
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self.opened.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._client.close()

    def about(self, code: str) -> list[dict[str, Any]]:
        return [each for each in self.frames if each["data"].get("code") == code]

    def _read(self) -> None:
        try:
            with self._client.stream("GET", self._url, headers=self._headers) as answer:
                assert answer.status_code == 200
                found: dict[str, Any] = {}
                for line in answer.iter_lines():
                    self.opened.set()
                    name, _, value = line.partition(": ")
                    if not line and found:
                        self.frames.append(found)
                        found = {}
                    elif name in {"id", "event", "data"}:
                        found[name] = json.loads(value) if name == "data" else value
        except (httpx.HTTPError, httpx.StreamError, OSError, ValueError):
            assert self._over


def sent(city: City, **changes: Any) -> dict[str, Any]:
    answer = city.send(report(**changes))
    assert answer.status_code == 201, answer.text
    return answer.json()


def status_of(city: City, path: str, token: str | None) -> int:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with city.notify.stream("GET", path, headers=headers) as answer:
        return answer.status_code


def test_a_reporter_sees_the_status_at_once_and_every_change(city: City):
    receipt = sent(city)
    case = city.in_state(receipt, "assigned")
    path = f"/reports/{receipt['code']}/stream"

    with Listener(city, path, receipt["tracking_token"]) as mine:
        eventually(lambda: mine.frames and mine.frames[-1]["data"]["state"] == "assigned")
        city.official(case["unit"]).act(receipt["code"], "accept")
        eventually(lambda: mine.frames[-1]["data"]["state"] == "accepted")

    assert {frozenset(each["data"]) for each in mine.frames} == {
        frozenset({"code", "state", "version", "due_at"})
    }
    versions = [int(each["id"]) for each in mine.frames]
    assert versions == sorted(set(versions))
    with Listener(city, path, receipt["tracking_token"], Last_Event_ID=str(versions[-1])) as again:
        time.sleep(0.5)
    assert again.frames == []


def test_nobody_follows_a_report_without_its_own_token(city: City):
    mine, other = sent(city), sent(city)
    path = f"/reports/{mine['code']}/stream"
    clerk = city.office().headers["Authorization"].removeprefix("Bearer ")

    assert status_of(city, path, None) == 401
    assert status_of(city, path, other["tracking_token"]) == 401
    assert status_of(city, path, clerk) == 401
    assert status_of(city, f"{path}?token={mine['tracking_token']}", None) == 401
    assert status_of(city, "/reports/DL-2222-2222/stream", mine["tracking_token"]) in {401, 404}


def test_an_inbox_hears_its_own_cases_and_of_those_that_it_loses(city: City):
    receipt = sent(city)
    case = city.in_state(receipt, "assigned")
    unit = city.official(case["unit"])
    stranger = next(
        each for each in city.units("ward") if each not in {case["unit"], case["monitoring_unit"]}
    )
    tokens = {
        name: each.headers["Authorization"].removeprefix("Bearer ")
        for name, each in (
            ("unit", unit),
            ("office", city.office()),
            ("stranger", city.official(stranger)),
        )
    }

    with (
        Listener(city, "/desk/stream", tokens["unit"]) as mine,
        Listener(city, "/desk/stream", tokens["office"]) as office,
        Listener(city, "/desk/stream", tokens["stranger"]) as foreign,
    ):
        unit.act(receipt["code"], "accept")
        unit.act(receipt["code"], "forward", text="Không thuộc thẩm quyền của đơn vị")
        eventually(lambda: any(each["event"] == "gone" for each in mine.about(receipt["code"])))
        eventually(
            lambda: any(
                each["data"]["state"] == "at_office" for each in office.about(receipt["code"])
            )
        )

    heard = mine.about(receipt["code"])
    assert [each["event"] for each in heard][-1] == "gone"
    assert heard[0]["data"]["state"] == "accepted"
    assert set(heard[0]["data"]) == {"code", "state", "version", "due_at"}
    assert set(heard[-1]["data"]) == {"code"}
    assert foreign.about(receipt["code"]) == []
    first = int(heard[0]["id"])
    with Listener(city, "/desk/stream", tokens["unit"], Last_Event_ID=str(first)) as again:
        eventually(lambda: any(each["event"] == "gone" for each in again.about(receipt["code"])))
    with Listener(city, "/desk/stream", tokens["unit"], Last_Event_ID="99999999999") as lost:
        eventually(lambda: lost.frames and lost.frames[0]["event"] == "reset")


def test_a_desk_stream_needs_an_officials_valid_token(city: City):
    receipt = sent(city)
    ended = city.of_role("leader")
    form = {"username": ended.account["username"], "password": ended.account["password"]}
    signed_in = city.intake.post("/auth/token", data=form).json()
    headers = {"Authorization": f"Bearer {signed_in['access_token']}"}
    operator = city.of_role("ioc_operator").headers["Authorization"].removeprefix("Bearer ")

    assert status_of(city, "/desk/stream", signed_in["access_token"]) == 200
    assert city.intake.post("/auth/logout", headers=headers).status_code < 300
    assert status_of(city, "/desk/stream", signed_in["access_token"]) == 401
    assert status_of(city, "/desk/stream", signed_in["refresh_token"]) == 401
    assert status_of(city, "/desk/stream", receipt["tracking_token"]) == 401
    assert status_of(city, "/desk/stream", None) == 401
    assert status_of(city, "/desk/stream", operator) == 403


def test_pages_of_our_own_origin_may_read_and_no_others(city: City):
    ours = city.stack["intake"]
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "authorization,last-event-id",
    }

    allowed = city.notify.options("/desk/stream", headers={"Origin": ours, **asked})
    refused = city.notify.options(
        "/desk/stream", headers={"Origin": "https://evil.example", **asked}
    )
    denied = city.notify.get("/desk/stream", headers={"Origin": ours})

    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == ours
    assert "authorization" in allowed.headers["access-control-allow-headers"].lower()
    assert "access-control-allow-origin" not in refused.headers
    assert denied.status_code == 401
    assert denied.headers["access-control-allow-origin"] == ours
