"""The stream is deleted under live subscribers, and said again: everybody ends with one state."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets.sync.client
from pymongo import MongoClient

from deploy.bench.subscribers import TRANSPORTS, Subscriber, undisturbed
from deploy.examples.ledger import Ledger
from deploy.local import stack as stacks
from deploy.local.layout import Layout, free_port_base
from shared.fold import State, missed
from shared.topology import IOC_STREAM
from tests.e2e.client import City, eventually, report
from tests.integration.test_restore_drill import republish

ARCHIVED = (
    ("civic_intake", "onestop_queues"),
    ("civic_intake", "onestop_dossiers"),
    ("civic_intake", "disclosures"),
    ("civic_sla", "deadlines"),
)


@pytest.fixture
def subscribers() -> Iterator[list[Subscriber]]:
    made: list[Subscriber] = []
    yield made
    for each in made:
        each.kill()


def delete_stream(stack: dict[str, Any]) -> None:
    """As an operator would: through the management API."""
    address = httpx.URL(stack["management"])
    with httpx.Client(base_url=address, auth=(address.username, address.password)) as api:
        assert api.delete(f"/api/queues/%2F/{IOC_STREAM}").status_code in {204, 404}


def busy(city: City) -> None:
    """Something of every entity that intake and sla speak of."""
    receipts = [city.send(report()).json() for _ in range(3)]
    for each in receipts:
        city.in_state(each, "assigned")
    code = receipts[0]["code"]
    city.official(city.in_state(receipts[0], "assigned")["unit"]).act(code, "accept")
    ticket = city.intake.post("/onestop/desks/land/tickets", json={})
    dossier = {
        "procedure": "marital_status",
        "papers": ["form", "identity"],
        "applicant": {"name": "Người Nộp Thử", "phone": "0900000001"},
    }
    handed = city.intake.post("/onestop/dossiers", json=dossier)
    assert (ticket.status_code, handed.status_code) == (201, 201), (ticket.text, handed.text)
    clerk = city.of_role("onestop_clerk")
    number = handed.json()["number"]
    city.intake.post(f"/onestop/dossiers/{number}/receive", json={}, headers=clerk.headers)
    wanted = {
        "recipient": {"organisation": "Công an Phường 1", "contact": "Trực ban"},
        "purpose": "Xác minh",
        "legal_basis": "Công văn 12/CAP",
        "fields": ["text"],
        "expires_at": (datetime.now(UTC) + timedelta(days=7)).isoformat(),
    }
    asked = city.office().post(code, "disclosures", wanted)
    assert asked.status_code == 201, asked.text


def owes_nothing(mongo: str) -> bool:
    client: MongoClient[dict[str, Any]] = MongoClient(mongo)
    owing = {"outbox.0": {"$exists": True}}
    with client:
        return not any(
            client[base][name].count_documents(owing)
            for base, name in (*ARCHIVED, ("civic_intake", "cases"), ("civic_router", "decisions"))
        )


def old_cursors_are_answered(city: City, old: str) -> None:
    """Pull with 410, the live streams with `reset`; each says where to go on."""

    def gone() -> httpx.Response | None:
        answer = city.notify.get("/ioc/events", params={"after": old})
        return answer if answer.status_code == 410 else None

    error = eventually(gone, 120).json()["errors"][0]
    assert (error["code"], error["detail"].partition(".")[0]) == ("another_stream", "-1")
    assert error["detail"].partition(".")[2] != old.partition(".")[2]
    assert city.notify.get("/ioc/events", params={"after": error["detail"]}).status_code == 200
    with city.notify.stream("GET", "/ioc/stream", headers={"Last-Event-ID": old}) as stream:
        named = next(each for each in stream.iter_lines() if each.startswith("event: "))
    assert named == "event: reset"
    url = f"{city.stack['notify']}/api/v1/ioc/ws?after={old}".replace("http", "ws", 1)
    with websockets.sync.client.connect(url) as socket:
        assert json.loads(socket.recv(10))["reset"]["reason"] == "another_stream"


@pytest.mark.timeout(600)
def test_a_deleted_stream_is_said_again_and_all_subscribers_end_with_one_hash(
    tmp_path: Path, subscribers: list[Subscriber]
) -> None:
    layout = Layout(tmp_path / "stack", free_port_base(), unpaced=True)
    with running(layout) as city:
        stack = city.stack
        busy(city)
        eventually(lambda: owes_nothing(stack["mongo"]), 60)
        before = undisturbed(stack["notify"])
        for transport in TRANSPORTS:
            address = stack["amqp" if transport == "amqp" else "notify"]
            made = Subscriber(transport, address, tmp_path / f"{transport}.json")
            subscribers.append(made)
            made.start()
        _all_know(subscribers, before)
        moment = {"at": datetime.now(UTC).isoformat()}
        figures = city.notify.get("/ioc/summary", params=moment).json()
        old = city.notify.get("/ioc/events", params={"after": "-1", "limit": 1000}).json()["next"]

        delete_stream(stack)
        old_cursors_are_answered(city, old)
        late = city.send(report()).json()
        city.in_state(late, "assigned")  # life goes on, and this reaches the new stream
        assert city.events_of(late["code"], -1, "case.submitted.v1", "deadline.set.v1")
        eventually(lambda: owes_nothing(stack["mongo"]), 60)
    republish(layout, before=lambda: delete_stream(stack))

    with running(layout) as city:
        eventually(lambda: owes_nothing(stack["mongo"]), 90)
        after = _grown(stack["notify"], before)
        assert f"case/{late['code']}" in after
        assert {name: after[name] for name in before} == before
        _all_know(subscribers, after)
        again = city.notify.get("/ioc/summary", params=moment).json()
        for name in ("total", "open", "by_state", "by_unit", "by_channel"):
            assert again[name] == figures[name]


@contextmanager
def running(layout: Layout) -> Iterator[City]:
    """The whole stack of a folder that outlives it."""
    supervisor = stacks.start(layout, with_services=True, attached=True, say=print)
    city = City.at(layout.stack_file)
    try:
        yield city
    finally:
        city.close()
        stacks.stop(layout, print)
        supervisor.wait()


def _grown(notify: str, before: State) -> State:
    """What the stream folds up to, once it holds everything of before."""
    until = time.monotonic() + 120
    while True:
        state = undisturbed(notify)
        if set(before) <= set(state) and missed(state) == 0:
            return state
        assert time.monotonic() < until, set(before) - set(state)


def _all_know(subscribers: list[Subscriber], wanted: State) -> None:
    for each in subscribers:

        def knows(each: Subscriber = each) -> bool:
            return each.path.exists() and Ledger(each.path).state == wanted

        until = time.monotonic() + 90
        while not knows():
            assert time.monotonic() < until, (each.transport, Ledger(each.path).cursor)
            time.sleep(0.2)
