"""Webhooks against a real receiver and a real database, with a clock that the test moves."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notify.admission import unauthenticated
from services.notify.answers import people as out
from services.notify.domain import Outcome
from services.notify.webhooks import api, post
from services.notify.webhooks.api import Hooks
from services.notify.webhooks.domain import JITTER, LASTS, SECRET_BYTES, new_secret
from services.notify.webhooks.post import GuardedPost
from services.notify.webhooks.sender import WebhookSender
from services.notify.webhooks.store import Endpoint, EndpointStore, MessageStore
from shared import mongo, problems
from shared.events import CaseAccepted, Received
from shared.lockbox import Lockbox
from shared.outbound import Rules
from shared.sessions import Visitor
from shared.vocabulary import Role, UnitId
from tests.builders import received
from tests.conforms import differences
from tests.doubles.server import CUT, SILENT, Asked, Said, serving
from tests.doubles.webhooks import Receiver
from tests.unit.notify_events import SAID, WARD, case

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
GAPS_S = (5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
PUBLIC = "https://dalat.example"


@dataclass
class World:
    """The webhooks of one process, with receivers beside them."""

    endpoints: EndpointStore
    messages: MessageStore
    post: GuardedPost
    stack: AsyncExitStack
    # the library that receives compares with the real time, so the clock begins there
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    told: list[tuple[str, str, str]] = field(default_factory=list[tuple[str, str, str]])
    count: int = 0
    ticks: float = 0.0

    def __post_init__(self) -> None:
        self.sender = self.another()

    def another(self) -> WebhookSender:
        """One more process of the same service."""
        return WebhookSender(
            self.endpoints,
            self.messages,
            self.post,
            tell_owner=self._tell,
            public_url=PUBLIC,
            clock=lambda: self.now,
        )

    async def _tell(self, endpoint: Endpoint, reason: str, cause: str, _now: datetime) -> None:
        self.told.append((endpoint.owner, reason, cause))

    async def receiver(
        self, answer: Any = None, types: Sequence[str] = ("case.*",)
    ) -> tuple[Endpoint, Receiver]:
        """An endpoint, registered an hour ago, and what it receives."""
        self.count += 1
        secret = new_secret(bytes([self.count]) * SECRET_BYTES)
        double = Receiver(secret)
        url = await self.stack.enter_async_context(serving(answer or double))
        endpoint = Endpoint(
            id=f"wh_{self.count}",
            url=f"{url}/hook",
            types=tuple(types),
            description="",
            owner="u_owner",
            unit=None,
            created_at=self.now - timedelta(hours=1),
            active=True,
            off_at=None,
            off_reason=None,
            secrets=(secret,),
        )
        await self.endpoints.add(endpoint)
        return endpoint, double

    def event(self, sequence: int = 3) -> Received:
        said = CaseAccepted(**{**SAID, "at": self.now}, unit=WARD)
        return received(said, case(), sequence)

    async def round(self, sender: WebhookSender | None = None) -> int:
        sender = sender or self.sender
        made = await sender.send_due()
        await sender.idle()
        return made

    async def row(self, endpoint: Endpoint) -> dict[str, Any]:
        [found] = await self.messages.of(endpoint.id, None, 10)
        return found

    async def rows(self) -> list[dict[str, Any]]:
        return await self.messages.documents.find({}, limit=1000)


@pytest.fixture
async def world(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    base = mongo.database(client, f"{database_prefix}_notify")
    guarded = GuardedPost(Rules(frozenset({"127.0.0.1"})))
    async with AsyncExitStack() as stack:
        endpoints = EndpointStore(base, Lockbox(KEY, "webhooks"), lambda: made.ticks)
        made = World(endpoints, MessageStore(base), guarded, stack)
        await made.messages.documents.ensure_indexes()
        yield made
    await guarded.stop()
    client.close()


# Success


async def test_a_receiver_verifies_what_it_gets_with_the_reference_library(world: World):
    endpoint, double = await world.receiver()

    await world.sender.owe(world.event())
    await world.round()

    [event] = double.events
    assert event["type"] == "case.accepted.v1"
    assert set(event["data"]) == {
        *("event", "sequence", "code", "state", "channel", "due_at", "link")
    }
    assert double.calls[0].headers["content-type"] == "application/json"
    row = await world.row(endpoint)
    assert (row["state"], row["attempts"], row["reason"]) == ("delivered", 1, "http_204")


async def test_an_event_heard_five_times_is_sent_once(world: World):
    _, double = await world.receiver()
    event = world.event()

    await asyncio.gather(*(world.sender.owe(event) for _ in range(5)))
    await world.round()
    await world.sender.owe(event)
    await world.round()

    assert len(double.calls) == 1


async def test_two_processes_never_send_the_same_message_at_once(world: World):
    _, double = await world.receiver()
    for sequence in range(1, 21):
        await world.sender.owe(world.event(sequence))

    other = world.another()
    while any(await asyncio.gather(world.round(), world.round(other))):
        pass

    assert len(double.ids) == len(set(double.ids)) == 20


async def test_what_happened_before_an_endpoint_was_registered_is_not_told(world: World):
    _, double = await world.receiver()
    early = received(
        CaseAccepted(**{**SAID, "at": world.now - timedelta(hours=2)}, unit=WARD), case(), 3
    )

    await world.sender.owe(early)
    await world.round()

    assert double.calls == []


async def test_an_event_of_the_second_of_the_registration_is_told(world: World):
    """The time of an event has whole seconds, that of a registration has not."""
    endpoint, double = await world.receiver()
    registered = world.now + timedelta(milliseconds=700)
    await world.endpoints.documents.update_one(
        {"_id": endpoint.id}, {"$set": {"created_at": registered}}
    )
    world.ticks += 10

    await world.sender.owe(world.event())
    await world.round()

    assert len(double.calls) == 1


async def test_the_secret_is_nowhere_in_the_database(world: World):
    endpoint, _ = await world.receiver()

    stored = repr(await world.endpoints.documents.find({}))

    assert endpoint.secrets[0].removeprefix("whsec_") not in stored
    assert endpoint.secrets[0] not in repr(endpoint)


# The schedule


async def test_the_whole_schedule_to_the_end_then_off_and_the_owner_told(world: World):
    async def broken(_asked: Asked) -> Said:
        return Said(500)

    endpoint, _ = await world.receiver(broken)
    await world.sender.owe(world.event())
    waits: list[float] = []
    for attempt in range(1, 10):
        assert await world.round() == 1
        row = await world.row(endpoint)
        assert (row["state"], row["attempts"]) == ("pending", attempt)
        waits.append((row["next_at"] - world.now).total_seconds())
        world.now = row["next_at"] - timedelta(milliseconds=1)
        assert await world.round() == 0  # not a moment early
        world.now = row["next_at"]
    assert world.told == []

    await world.round()

    row = await world.row(endpoint)
    assert (row["state"], row["attempts"], row["next_at"]) == ("failed", 10, None)
    assert [each["attempt"] for each in row["log"]] == list(range(1, 11))
    for wait, gap in zip(waits, GAPS_S, strict=True):
        assert gap <= wait <= gap * (1 + JITTER)
    assert world.told == [("u_owner", "exhausted", row["_id"])]
    off = await world.endpoints.load(endpoint.id, world.now)
    assert off
    assert (off.active, off.off_reason, off.off_at) == (False, "exhausted", world.now)


async def test_a_receiver_that_recovers_gets_the_same_message_under_the_same_id(world: World):
    endpoint, double = await world.receiver()
    double.say = Said(503)
    await world.sender.owe(world.event())
    await world.round()
    double.say = Said(200)

    world.now = (await world.row(endpoint))["next_at"]
    await world.round()

    assert len(double.ids) == 2
    assert len(set(double.ids)) == 1
    assert double.calls[0].body == double.calls[1].body
    assert double.calls[0].headers != double.calls[1].headers  # signed anew, for its own time
    assert (await world.row(endpoint))["state"] == "delivered"


async def test_a_receiver_with_another_secret_takes_nothing_and_is_asked_again(world: World):
    """Its reference library refuses the signature; with the right secret the same call is taken."""
    endpoint, double = await world.receiver()
    right, double.secret = double.secret, new_secret(bytes(SECRET_BYTES))
    await world.sender.owe(world.event())
    await world.round()

    assert (double.forged, double.events) == (1, [])
    assert (await world.row(endpoint))["state"] == "pending"
    double.secret = right
    world.now = (await world.row(endpoint))["next_at"]
    await world.round()

    assert (len(double.events), len(set(double.ids))) == (1, 1)
    assert (await world.row(endpoint))["state"] == "delivered"


async def test_retry_after_is_honoured(world: World):
    async def busy(_asked: Asked) -> Said:
        return Said(429, headers={"Retry-After": "600"})

    endpoint, _ = await world.receiver(busy)
    await world.sender.owe(world.event())

    await world.round()

    assert (await world.row(endpoint))["next_at"] == world.now + timedelta(minutes=10)


async def test_a_wait_that_no_calendar_knows_ends_no_message(world: World):
    hostile = {"Retry-After": f"Mon, 01 Jan 2020 00:00:00 +{'9' * 20}"}

    async def answer(_: Asked) -> Said:
        return Said(503, headers=hostile)

    endpoint, _ = await world.receiver(answer)
    await world.sender.owe(world.event())
    await world.round()

    row = await world.row(endpoint)
    assert (row["state"], row["reason"], len(row["log"])) == ("pending", "http_503", 1)


async def test_a_failure_of_ours_counts_as_an_attempt(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    endpoint, _ = await world.receiver()

    async def fail(self: GuardedPost, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        del self, url, headers, body
        raise OverflowError

    monkeypatch.setattr(GuardedPost, "__call__", fail)
    await world.sender.owe(world.event())
    await world.round()

    row = await world.row(endpoint)
    assert (row["state"], row["attempts"], row["reason"]) == ("pending", 1, "not_posted")
    assert row["next_at"] > world.now


async def test_an_answer_that_was_lost_is_sent_again_under_the_same_id(world: World):
    seen: list[str] = []

    async def cut(asked: Asked) -> Said:
        seen.append(asked.headers["webhook-id"])
        return CUT if len(seen) == 1 else Said(200)

    endpoint, _ = await world.receiver(cut)
    await world.sender.owe(world.event())
    await world.round()
    first = await world.row(endpoint)
    world.now = first["next_at"]
    await world.round()

    assert first["log"][0]["outcome"] == "ambiguous"
    assert len(seen) == 2
    assert len(set(seen)) == 1
    assert (await world.row(endpoint))["state"] == "delivered"


# Off


async def test_a_silent_receiver_is_left_and_asked_again_under_the_same_id(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(post, "TIMEOUT_S", 0.4)
    seen: list[str] = []

    async def answer(asked: Asked) -> Said:
        seen.append(asked.headers["webhook-id"])
        return SILENT if len(seen) == 1 else Said(204)

    endpoint, _ = await world.receiver(answer)
    await world.sender.owe(world.event())
    await world.round()
    first = await world.row(endpoint)
    world.now = first["next_at"]
    await world.round()

    assert (first["state"], first["log"][0]["outcome"]) == ("pending", "ambiguous")
    assert (len(seen), len(set(seen))) == (2, 1)
    assert (await world.row(endpoint))["state"] == "delivered"


async def test_410_ends_it_and_cancels_what_was_waiting(world: World):
    async def gone(_asked: Asked) -> Said:
        return Said(410)

    endpoint, _ = await world.receiver(gone)
    for sequence in range(1, 9):
        await world.sender.owe(world.event(sequence))

    while await world.round():
        pass
    world.ticks += 10
    await world.sender.owe(world.event(99))

    states = [each["state"] for each in await world.rows()]
    assert len(states) == 8  # nothing is owed to an endpoint that is off
    assert set(states) <= {"failed", "cancelled"}
    assert {(owner, reason) for owner, reason, _ in world.told} == {("u_owner", "gone")}
    off = await world.endpoints.load(endpoint.id, world.now)
    assert off
    assert not off.active


async def test_a_redirect_is_a_failure_and_is_not_followed(world: World):
    _, elsewhere = await world.receiver(types=("deadline.*",))
    there = (await world.endpoints.all(world.now))[0].url

    async def away(_asked: Asked) -> Said:
        return Said(307, headers={"Location": there})

    endpoint, _ = await world.receiver(away)
    await world.sender.owe(world.event())
    await world.round()

    row = await world.row(endpoint)
    assert (row["state"], row["reason"]) == ("pending", "http_307")
    assert elsewhere.calls == []


# Neighbours


async def test_a_dead_receiver_holds_up_nobody_else(world: World):
    stuck = asyncio.Event()

    async def slow(_asked: Asked) -> Said:
        await stuck.wait()
        return Said(200)

    await world.receiver(slow)
    _, double = await world.receiver()
    for sequence in range(1, 41):
        await world.sender.owe(world.event(sequence))

    async with asyncio.timeout(20):
        while len(double.calls) < 40:
            await world.sender.send_due()
            await asyncio.sleep(0.01)

    assert not stuck.is_set()
    stuck.set()
    await world.sender.idle()


async def test_a_huge_answer_is_not_read_to_its_end(world: World):
    async def huge(_asked: Asked) -> Said:
        return Said(200, b"x" * 50_000_000)

    endpoint, _ = await world.receiver(huge)
    await world.sender.owe(world.event())

    async with asyncio.timeout(20):
        await world.round()

    assert (await world.row(endpoint))["state"] == "delivered"


async def test_what_a_dead_process_had_in_hand_is_sent_by_another(world: World):
    _, double = await world.receiver()
    await world.another().owe(world.event())  # claimed with the write, and never sent

    assert await world.round() == 0
    world.now += timedelta(seconds=61)
    await world.round()

    assert len(double.calls) == 1


async def test_what_waits_in_a_process_that_stops_is_sent_by_another_at_once(world: World):
    endpoint, double = await world.receiver()
    other = world.another()
    await other.owe(world.event())
    await other.stop()

    await world.round()

    assert len(double.calls) == 1
    assert (await world.row(endpoint))["attempts"] == 1


async def test_a_backlog_of_one_receiver_does_not_hide_what_is_due_to_another(world: World):
    async def broken(_asked: Asked) -> Said:
        return Said(500)

    await world.receiver(broken, types=("case.*",))
    await asyncio.gather(*(world.sender.owe(world.event(each)) for each in range(300)))
    await world.round()
    world.now += timedelta(seconds=10)  # all of them are due again, and older than what comes
    _, double = await world.receiver(types=("case.*",))
    world.ticks += 10
    await world.another().owe(world.event(999))
    world.now += timedelta(seconds=61)

    await world.round()

    assert len(double.calls) == 1


async def test_a_receiver_that_has_failed_for_the_whole_schedule_is_switched_off(world: World):
    async def broken(_asked: Asked) -> Said:
        return Said(500)

    endpoint, _ = await world.receiver(broken)
    await world.sender.owe(world.event(1))
    await world.round()
    world.now += LASTS
    await world.sender.owe(world.event(2))

    await world.round()

    off = await world.endpoints.load(endpoint.id, world.now)
    assert off
    assert (off.active, off.off_reason) == (False, "exhausted")
    assert [reason for _, reason, _ in world.told] == ["exhausted"]


# Secrets


async def test_while_a_secret_changes_both_verify_and_after_a_day_only_the_new_one(world: World):
    endpoint, double = await world.receiver()
    fresh = new_secret(bytes(SECRET_BYTES))
    await world.endpoints.rotate(endpoint.id, fresh, world.now)

    await world.sender.owe(world.event(3))
    await world.round()
    assert double.forged == 0
    double.secret = fresh
    await world.sender.owe(world.event(4))
    await world.round()
    assert double.forged == 0

    later = await world.endpoints.load(endpoint.id, world.now + timedelta(hours=24))
    assert later
    assert later.secrets == (fresh,)


async def test_endpoints_are_sealed_again_under_a_new_master_key(
    world: World, mongo_url: str, database_prefix: str
):
    endpoint, _ = await world.receiver()
    new = "MTEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
    client = mongo.connect(mongo_url)
    base = mongo.database(client, f"{database_prefix}_notify")

    await EndpointStore(base, Lockbox(f"{new},{KEY}", "webhooks")).reseal()

    found = await EndpointStore(base, Lockbox(new, "webhooks")).load(endpoint.id, world.now)
    client.close()
    assert found
    assert found.secrets == endpoint.secrets


# Over HTTP


@dataclass
class Door:
    """Lets one token in, as somebody with a role."""

    role: Role

    async def official(self, authorization: str) -> Visitor:
        if authorization != "Bearer good":
            raise unauthenticated("", "")
        return Visitor("u_1", self.role, UnitId("ioc"), must_change=False, until=datetime.now(UTC))


def _client(world: World, role: str = "ioc_operator") -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    rules = Rules(frozenset({"127.0.0.1"}))
    hooks = Hooks(world.endpoints, world.messages, rules, lambda: world.now)
    app.include_router(api.create_router(hooks, Door(Role(role))))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://notify",
        headers={"Authorization": "Bearer good"},
    )


async def test_the_secret_is_shown_once_and_the_same_key_makes_the_same_endpoint(world: World):
    async with _client(world) as client:
        body = {"url": "http://127.0.0.1:1/hook", "types": ["case.assigned.v1"]}
        key = {"Idempotency-Key": "k-1"}
        made = await client.post("/webhooks", json=body, headers=key)
        again = await client.post("/webhooks", json=body, headers=key)
        other = await client.post("/webhooks", json={**body, "types": ["*"]}, headers=key)
        listed = await client.get("/webhooks")

    assert made.status_code == again.status_code == 201
    assert made.json()["secret"].startswith("whsec_")
    assert made.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert other.status_code == 422
    assert differences(out.WebhookMade, made.json()) == []
    assert differences(out.WebhookList, listed.json()) == []
    [item] = listed.json()["items"]
    assert "secret" not in item
    assert item["id"] == made.json()["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"url": "http://example.com/hook"}, "url"),
        ({"url": "https://localhost/hook"}, "url"),
        ({"url": "https://10.0.0.1/hook"}, "url"),
        ({"url": "https://[::1]/hook"}, "url"),
        ({"url": "https://169.254.169.254/latest"}, "url"),
        ({"url": "https://user:pass@example.com/"}, "url"),
        ({"url": ""}, "url"),
        ({"types": []}, "types"),
        ({"types": ["case.unknown.v1"]}, "types[0]"),
        ({"types": ["deadline.set.v1"]}, "types[0]"),
        ({"secret": "mine"}, "secret"),
    ],
)
async def test_what_is_wrong_is_named_and_nothing_is_stored(
    world: World, changes: dict[str, Any], field: str
):
    async with _client(world) as client:
        answer = await client.post("/webhooks", json={"url": "http://127.0.0.1:1/", **changes})

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [field]
    assert await world.endpoints.all(world.now) == []


@pytest.mark.parametrize("role", ["officer", "unit_head", "office_clerk", "leader"])
async def test_others_may_not_register(world: World, role: str):
    async with _client(world, role) as client:
        answer = await client.post("/webhooks", json={"url": "http://127.0.0.1:1/"})
        strangers = await client.get("/webhooks", headers={"Authorization": "Bearer bad"})

    assert answer.status_code == 403
    assert strangers.status_code == 401


async def test_an_endpoint_is_removed_with_all_that_was_owed_to_it(world: World):
    endpoint, double = await world.receiver()
    await world.sender.owe(world.event())

    async with _client(world) as client:
        removed = await client.delete(f"/webhooks/{endpoint.id}")
        again = await client.delete(f"/webhooks/{endpoint.id}")
    await world.round()

    assert (removed.status_code, again.status_code) == (204, 404)
    assert double.calls == []
    assert [each["state"] for each in await world.rows()] == ["cancelled"]


async def test_an_endpoint_that_is_switched_on_again_hears_what_comes_next(world: World):
    endpoint, double = await world.receiver()
    await world.endpoints.switch_off(endpoint.id, "gone", world.now)

    async with _client(world) as client:
        answer = await client.post(f"/webhooks/{endpoint.id}/enable")
    await world.sender.owe(world.event())
    await world.round()

    assert differences(out.WebhookOut, answer.json()) == []
    assert answer.json()["active"] is True
    assert len(double.calls) == 1


async def test_each_attempt_can_be_read(world: World):
    endpoint, _ = await world.receiver()
    await world.sender.owe(world.event())
    await world.round()

    async with _client(world) as client:
        answer = await client.get(f"/webhooks/{endpoint.id}/messages")

    assert differences(out.WebhookMessagePage, answer.json()) == []
    [item] = answer.json()["items"]
    assert item["state"] == "delivered"
    assert [each["outcome"] for each in item["log"]] == ["accepted"]


async def test_pages_leave_out_no_message_of_the_same_moment(world: World):
    endpoint, _ = await world.receiver()
    for sequence in range(1, 8):
        await world.sender.owe(world.event(sequence))
    path, seen, before = f"/webhooks/{endpoint.id}/messages", list[str](), ""

    async with _client(world) as client:
        while True:
            # as who does not escape the plus of the zone sends it
            answer = await client.get(f"{path}?limit=3&before={before}")
            page = answer.json()
            assert differences(out.WebhookMessagePage, page) == []
            seen += [each["id"] for each in page["items"]]
            if (before := page["next"]) is None:
                break
        bare = await client.get(path, params={"before": world.now.isoformat()})
        later = (world.now + timedelta(seconds=1)).isoformat()
        whole = await client.get(path, params={"before": later})
        refused = await client.get(path, params={"before": "9999-12-31T23:59:59-12:00"})

    assert len(seen) == len(set(seen)) == 7
    assert (len(bare.json()["items"]), len(whole.json()["items"])) == (0, 7)
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "before"


async def test_a_rotated_secret_is_shown_once(world: World):
    endpoint, _ = await world.receiver()

    async with _client(world) as client:
        answer = await client.post(f"/webhooks/{endpoint.id}/secret")

    body = answer.json()
    assert differences(out.WebhookRotated, body) == []
    assert body["secret"] != endpoint.secrets[0]
    found = await world.endpoints.load(endpoint.id, world.now)
    assert found
    assert found.secrets == (body["secret"], endpoint.secrets[0])
