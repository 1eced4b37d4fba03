"""Every channel against a double of its provider, with a real database and a clock of the test."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from services.notify import sender as senders
from services.notify.admission import unauthenticated
from services.notify.answers.people import DeliveryPage, Subscribed
from services.notify.api import callbacks, deliveries, push
from services.notify.api.callbacks import Callbacks
from services.notify.case_view import CaseView
from services.notify.channels import zalo_tokens
from services.notify.channels.base import Channel, Outgoing
from services.notify.channels.push import PushChannel
from services.notify.channels.sms import SmsChannel, SmsSettings
from services.notify.channels.zalo import ZaloChannel, ZaloSettings
from services.notify.channels.zalo_tokens import ZaloApp, ZaloTokens
from services.notify.domain import Delivery, Made, Outcome, QuietHours, delivery_id
from services.notify.messages import Messages
from services.notify.people import People, Vaults
from services.notify.sender import Sender
from services.notify.store import DeliveryStore
from services.notify.subscriptions import Subscription, Subscriptions, subscription_id
from shared import failpoints, mongo, problems
from shared.directory import Contact, Directory, Preferences
from shared.errors import OutageError
from shared.followers import Followers
from shared.identity import Reporter, Seal, TrackingTokens, Vault, new_code
from shared.lockbox import Lockbox
from shared.mongo import Database, Documents
from shared.optouts import OptOuts
from shared.outbound import Rules
from shared.pace import Throttle
from shared.sessions import Visitor
from shared.vocabulary import OFFICE, Clock, Language, Role
from tests.builders import CODE, state_calendar
from tests.conforms import differences
from tests.doubles.providers import Browser, SmsGateway, Zalo
from tests.doubles.server import CUT, Said, serving
from tests.integration.test_deliveries import BOOK, KEY
from tests.unit.notify_events import MORNING, NIGHT, NOON, case

VAPID = base64.urlsafe_b64encode(bytes(range(1, 33))).decode().rstrip("=")
QUIET = QuietHours(time(22), time(6), state_calendar().zone)
PUBLIC = "https://dalat.example"
LOCAL = Rules(frozenset({"127.0.0.1"}))
BUSY = Said(429, headers={"Retry-After": "600"})


class Mailbox:
    """The last channel: takes everything."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []

    async def send(self, message: Outgoing) -> Outcome:
        self.sent.append(message)
        return Outcome("accepted")

    async def stop(self) -> None: ...


@dataclass
class World:
    """Notify with all of its channels, and the providers behind them."""

    base: Database
    stack: AsyncExitStack
    zalo: Zalo = field(default_factory=Zalo)
    gateway: SmsGateway = field(default_factory=SmsGateway)
    browser: Browser = field(default_factory=Browser)
    mails: Mailbox = field(default_factory=Mailbox)
    now: datetime = NOON
    ticks: float = 0.0
    number: int = 0
    zalo_channel: Channel | None = None  # instead of the real one

    async def start(self) -> None:
        """Serve the doubles and build the sender."""
        self.store = DeliveryStore(self.base)
        self.vault = Vault(self.base, Seal(KEY))
        self.followers = Followers(self.base, Seal(KEY))
        ticking = self._ticking
        self.subscriptions = Subscriptions(self.base, Lockbox(KEY, "push"), ticking)
        self.optouts = OptOuts(self.base, ["secret"], ticking)
        self.directory = Directory(self.base, ticking)
        self.view = CaseView(self.base)
        self.messages = Messages(BOOK, TrackingTokens(["secret"]), PUBLIC)
        self.zalo_url = await self.stack.enter_async_context(serving(self.zalo))
        self.sms_url = await self.stack.enter_async_context(serving(self.gateway))
        self.push_url = await self.stack.enter_async_context(serving(self.browser))
        self.browser.audience = self.push_url
        await self.store.documents.ensure_indexes()
        self.sender = self.another()

    def _ticking(self) -> float:
        self.ticks += 10
        return self.ticks

    def tokens(self) -> ZaloTokens:
        app = ZaloApp(self.zalo_url, self.zalo.app_id, self.zalo.secret_key, "refresh-0")
        return ZaloTokens(self.base, Lockbox(KEY, "zalo"), app, self.clock)

    def clock(self) -> datetime:
        return self.now

    def channels(self) -> dict[str, Channel]:
        zalo = ZaloSettings(self.zalo_url, self.zalo.secret_key, {Language.VIETNAMESE: "t1"})
        sms = SmsSettings(self.sms_url, "key", "secret", "UBND DALAT", 1, f"{PUBLIC}/callbacks/sms")
        return {
            "email": self.mails,
            "push": PushChannel(
                VAPID, "mailto:a@dalat.example", self.subscriptions, rules=LOCAL, clock=self.clock
            ),
            "zalo": self.zalo_channel
            or ZaloChannel(zalo, self.tokens(), quiet=QUIET, clock=self.clock),
            "sms": SmsChannel(sms, self.messages.line, self.clock),
        }

    def another(self) -> Sender:
        """One more process of the same service."""
        sender = Sender(
            self.store,
            People(
                Vaults(self.vault, self.followers),
                self.directory,
                self.optouts,
                self.subscriptions,
                clock=self.clock,
            ),
            self.messages,
            self.channels(),
            quiet=QUIET,
            clock=self.clock,
            lease=timedelta(seconds=60),
            batch=20,
        )
        self.stack.push_async_callback(sender.stop)
        return sender

    async def person(self, *channels: str, **changes: Any) -> str:
        plain: dict[str, Any] = {"phone": "0912 345 678", "email": "an@example.com"}
        reporter = Reporter(**{**plain, **changes}, channels=channels or None)
        return await self.vault.store(reporter, NOON)

    async def subscribe(self, subject: str) -> Subscription:
        endpoint = f"{self.push_url}/push/{self.number}"
        one = Subscription(subscription_id(endpoint), endpoint, **self.browser.keys())
        await self.subscriptions.add(subject, one, self.now, code=CODE)
        return one

    async def owe(self, reference: str, **facts: Any) -> str:
        self.number += 1
        recipient, event = f"reporter:{reference}", f"{CODE}.case.{self.number}"
        plain: dict[str, Any] = {
            "regulation": "dalat@2020-1",
            "category": "urban_order",
            "unit": "ward_1",
            "running": True,
            "coordinated": False,
            "from_at": NOON,
            "due_at": NOON + timedelta(hours=2),
            "limit_s": 7200,
            "clock": Clock.WORKING.value,
            "expected_at": None,
            "about": [],
        }
        delivery = Delivery(
            id=delivery_id(event, "email", recipient),
            event=event,
            template="assigned",
            channel="email",
            recipient=recipient,
            language=Language.VIETNAMESE,
            code=CODE,
            next_at=self.now,
            facts={**plain, **facts},
        )
        await self.sender.owe(delivery, self.now)
        return delivery.id

    async def send(self, sender: Sender | None = None) -> None:
        sender = sender or self.sender
        while await sender.send_due():
            await sender.idle()
        await sender.idle()

    async def row(self, identifier: str) -> dict[str, Any]:
        found = await self.store.documents.load(identifier)
        assert found
        return found

    async def sent(self, *channels: str, **changes: Any) -> dict[str, Any]:
        """Tell a new person with these channels, and return the row."""
        identifier = await self.owe(await self.person(*channels, **changes))
        await self.send()
        return await self.row(identifier)

    async def later(self, identifier: str) -> dict[str, Any]:
        """Make the next attempt, at its time."""
        self.now = (await self.row(identifier))["next_at"]
        await self.send()
        return await self.row(identifier)


@pytest.fixture
async def world(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    async with AsyncExitStack() as stack:
        made = World(mongo.database(client, f"{database_prefix}_notify"), stack)
        await made.start()
        yield made
    client.close()


def said(row: dict[str, Any]) -> tuple[str, str, str]:
    return row["channel"], row["state"], row["reason"]


# Zalo


async def test_zalo_takes_a_message_with_its_four_parameters(world: World):
    row = await world.sent("zalo")

    [body] = world.zalo.sent
    assert said(row) == ("zalo", "sent", "")
    assert (body["phone"], body["template_id"]) == ("84912345678", "t1")
    assert body["tracking_id"] == row["_id"]
    assert body["template_data"] == {
        "code": CODE,
        "status": "Đã giao đơn vị xử lý",
        "due": "14:00 12/01",
        "link": f"{PUBLIC}/r/{CODE}",
    }


async def test_an_expired_token_is_replaced_and_the_message_sent_once(world: World):
    await world.sent("zalo")
    world.zalo.expire()

    row = await world.sent("zalo")

    assert said(row) == ("zalo", "sent", "")
    assert (world.zalo.renewals, len(world.zalo.sent)) == (2, 2)


async def test_a_hundred_refreshes_at_once_in_five_processes_use_the_token_once(world: World):
    processes = [world.tokens() for _ in range(5)]

    found = await asyncio.gather(*(each.access() for each in processes for _ in range(20)))

    assert set(found) == {"access-1"}
    assert (world.zalo.renewals, world.zalo.reused) == (1, 0)
    for each in processes:
        await each.stop()


async def test_a_new_process_goes_on_with_the_tokens_of_the_old_one(world: World):
    await world.sent("zalo")
    world.now += timedelta(hours=3)  # past the hour that the token lasts

    fresh = world.tokens()
    assert await fresh.access() == "access-2"
    await fresh.stop()
    assert world.zalo.reused == 0
    stored = repr(await world.base["provider_tokens"].find().to_list(10))
    assert "access-2" not in stored
    assert "refresh-" not in stored


async def test_a_refresh_token_that_is_refused_sends_people_to_their_next_channel(world: World):
    world.zalo.refresh_token = "granted anew, elsewhere"

    row = await world.sent("zalo", "sms")

    assert said(row) == ("sms", "sent", "")
    assert row["tried"] == ["zalo"]


@pytest.mark.parametrize("error", [-114, -118, -134, -132, -125, -115, -147])
async def test_a_refusal_of_zalo_goes_to_the_next_channel(world: World, error: int):
    world.zalo.errors = [error]

    row = await world.sent("zalo", "sms")

    assert said(row) == ("sms", "sent", "")
    assert len(world.gateway.sent) == 1


async def test_a_refusal_without_another_channel_is_the_end_with_its_reason(world: World):
    world.zalo.errors = [-118]

    row = await world.sent("zalo")

    assert said(row) == ("zalo", "undeliverable", "zalo_-118")


async def test_zalos_own_night_is_waited_out_until_six(world: World):
    world.zalo.errors = [-133]
    identifier = await world.owe(await world.person("zalo"), urgent=True)
    world.now = NIGHT

    await world.send()

    row = await world.row(identifier)
    assert (row["state"], row["reason"], row["next_at"]) == ("pending", "zalo_-133", MORNING)
    assert said(await world.later(identifier)) == ("zalo", "sent", "")


async def test_an_emergency_of_the_night_is_told_at_once_on_another_channel(world: World):
    world.zalo.errors = [-133]
    world.now = NIGHT
    identifier = await world.owe(await world.person("zalo", "sms"), urgent=True)

    await world.send()

    row = await world.row(identifier)
    assert (said(row), row["tried"], row["maybe"]) == (("sms", "sent", ""), [], 0)


async def test_an_emergency_that_no_other_channel_takes_waits_for_zalos_morning(world: World):
    world.zalo.errors, world.gateway.say = [-133], ["103"]
    world.now = NIGHT
    identifier = await world.owe(await world.person("zalo", "sms"), urgent=True)

    await world.send()

    row = await world.row(identifier)
    assert (row["channel"], row["state"], row["next_at"]) == ("zalo", "pending", MORNING)
    assert said(await world.later(identifier)) == ("zalo", "sent", "")


async def killed_over(world: World, monkeypatch: pytest.MonkeyPatch, *channels: str) -> str:
    """Send to a new person, by a process that dies as soon as the provider has taken it."""

    def die(point: str) -> None:
        if point == failpoints.AFTER_SEND:
            raise asyncio.CancelledError  # nothing more is written by whoever sends

    reference = await world.person(*channels)
    with monkeypatch.context() as armed:
        armed.setattr(failpoints, "reached", die)
        identifier = await world.owe(reference)
        await world.sender.send_due()
        with pytest.raises(asyncio.CancelledError):
            await world.sender.idle()
    world.now += timedelta(seconds=61)
    return identifier


async def test_what_zalo_took_before_its_sender_was_killed_is_not_sent_again(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    identifier = await killed_over(world, monkeypatch, "zalo", "sms")
    assert (await world.row(identifier))["state"] == "pending"

    await world.send(world.another())

    assert said(await world.row(identifier)) == ("zalo", "uncertain", "interrupted")
    assert (len(world.zalo.sent), world.gateway.calls) == (1, [])


async def test_what_zalo_refused_before_its_sender_was_killed_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    world.zalo.errors = [-118, -118]
    identifier = await killed_over(world, monkeypatch, "zalo", "sms")
    row = await world.row(identifier)
    assert row["state"] == "pending"

    # it dies before it reads the refusal: nobody can say that it was one
    await world.send(world.another())

    assert said(await world.row(identifier)) == ("zalo", "uncertain", "interrupted")


async def test_an_sms_whose_sender_was_killed_is_asked_again_under_its_id(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    identifier = await killed_over(world, monkeypatch, "sms", "email")

    await world.send(world.another())

    assert said(await world.row(identifier)) == ("sms", "sent", "")
    assert (len(world.gateway.calls), len(world.gateway.sent)) == (2, 1)


class Slow:
    """A channel that takes its time; `given` says that somebody is waiting for it."""

    def __init__(self, outcome: Outcome | Exception) -> None:
        self.outcome = outcome
        self.given, self.answers = asyncio.Event(), asyncio.Event()

    async def send(self, message: Outgoing) -> Outcome:
        del message
        self.given.set()
        await self.answers.wait()
        if isinstance(self.outcome, Exception):
            raise self.outcome
        return self.outcome

    async def stop(self) -> None: ...


async def test_a_restart_waits_for_what_is_on_its_way(world: World):
    slow = Slow(Outcome("accepted"))
    world.zalo_channel = slow
    world.sender = world.another()
    identifier = await world.owe(await world.person("zalo"))
    await world.sender.start()
    async with asyncio.timeout(10):
        await slow.given.wait()
        ending = asyncio.create_task(world.sender.stop())
        await asyncio.sleep(0)
        slow.answers.set()
        await ending

    assert said(await world.row(identifier)) == ("zalo", "sent", "")


async def test_a_restart_does_not_wait_for_ever(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(senders, "ENDS_S", 0.2)
    slow = Slow(Outcome("accepted"))
    world.zalo_channel = slow
    world.sender = world.another()
    identifier = await world.owe(await world.person("zalo"))
    await world.sender.start()
    async with asyncio.timeout(10):
        await slow.given.wait()
        await world.sender.stop()
    world.now += timedelta(seconds=61)

    await world.send(world.another())

    assert said(await world.row(identifier)) == ("zalo", "uncertain", "interrupted")


async def test_a_failure_of_ours_over_zalo_sends_nothing_twice(world: World):
    slow = Slow(RuntimeError("a page that nobody thought of"))
    slow.answers.set()
    world.zalo_channel = slow
    world.sender = world.another()

    row = await world.sent("zalo", "sms")

    assert said(row) == ("zalo", "uncertain", "channel_failed")


@pytest.mark.parametrize("lost", [CUT, Said(500), Said(200, b"{"), -100, -129])
async def test_what_zalo_may_have_sent_is_never_sent_again(world: World, lost: Any):
    world.zalo.errors = [lost]

    row = await world.sent("zalo", "sms", "email")

    assert (row["channel"], row["state"]) == ("zalo", "uncertain")
    world.now += timedelta(days=3)
    await world.send()
    assert (world.gateway.calls, world.mails.sent, world.zalo.calls) == ([], [], 1)


async def test_a_throttle_of_zalo_is_honoured(world: World):
    world.zalo.errors = [BUSY]

    row = await world.sent("zalo")

    assert (row["state"], row["next_at"]) == ("pending", NOON + timedelta(minutes=10))
    assert said(await world.later(row["_id"])) == ("zalo", "sent", "")


# Zalo's tokens


async def test_a_token_that_lasts_a_minute_serves_for_most_of_it(world: World):
    world.zalo.lasts_s = "60"
    tokens = world.tokens()

    assert {await tokens.access() for _ in range(3)} == {"access-1"}
    world.now += timedelta(seconds=55)
    assert await tokens.access() == "access-2"
    await tokens.stop()
    assert (world.zalo.renewals, world.zalo.reused) == (2, 0)


async def test_a_throttle_of_the_renewal_is_an_outage_and_refuses_nobody(world: World):
    world.zalo.tokens_say = [Said(429, b'{"error":-32,"message":"too many"}')]

    row = await world.sent("zalo", "sms")
    assert (row["state"], row["reason"], row["tried"]) == ("pending", "unreachable", [])

    assert said(await world.later(row["_id"])) == ("zalo", "sent", "")


async def test_a_pair_that_could_not_be_stored_at_once_is_not_lost(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """The refresh token that paid for it is used up: nobody could send again."""
    monkeypatch.setattr(zalo_tokens, "WRITE_AGAIN_S", 0.01)
    tokens, update, away = world.tokens(), Documents.update_one, True

    async def refuse_pairs(self: Documents, query: Any, change: Any) -> bool:
        if away and "sealed" in change["$set"]:
            raise OutageError("MongoDB: away")
        return await update(self, query, change)

    monkeypatch.setattr(Documents, "update_one", refuse_pairs)
    with pytest.raises(OutageError):
        await tokens.access()
    other = world.tokens()
    monkeypatch.setattr(zalo_tokens, "WAIT_S", 0.3)
    with pytest.raises(OutageError):  # the lock is kept: the old refresh token is used up
        await other.access()
    away = False

    assert await tokens.access() == "access-1"
    assert await other.access() == "access-1"
    assert (world.zalo.renewals, world.zalo.reused) == (1, 0)
    for each in (tokens, other):
        await each.stop()


# SMS


async def test_an_sms_is_one_text_without_accents_under_the_brand_name(world: World):
    row = await world.sent("sms")

    [body] = world.gateway.calls
    assert said(row) == ("sms", "sent", "")
    assert body["Content"] == (f"{CODE}: Da giao don vi xu ly. Han 14:00 12/01. {PUBLIC}/r/{CODE}")
    assert (body["Brandname"], body["Phone"]) == ("UBND DALAT", "84912345678")
    assert (body["RequestId"], body["IsUnicode"]) == (row["_id"], "0")


async def test_an_sms_whose_answer_was_lost_is_asked_again_under_its_id_and_sent_once(
    world: World,
):
    world.gateway.say, world.gateway.swallow = [CUT], True

    row = await world.sent("sms", "email")
    assert (row["state"], row["maybe"]) == ("pending", True)
    row = await world.later(row["_id"])

    assert said(row) == ("sms", "sent", "")
    assert (len(world.gateway.calls), len(world.gateway.sent)) == (2, 1)
    assert world.mails.sent == []


async def test_what_may_have_arrived_by_sms_never_goes_out_by_mail_too(world: World):
    world.gateway.say, world.gateway.swallow = [CUT], False
    row = await world.sent("sms", "email")
    world.gateway.say = ["103"]

    row = await world.later(row["_id"])

    assert said(row) == ("sms", "undeliverable", "sms_103")
    assert world.mails.sent == []


@pytest.mark.parametrize("code", ["101", "104", "118"])  # key, brand name, kind of message
async def test_a_refusal_of_the_gateway_goes_to_the_next_channel(world: World, code: str):
    world.gateway.say = [code]

    row = await world.sent("sms", "email")

    assert said(row) == ("email", "sent", "")
    assert row["tried"] == ["sms"]
    assert (len(world.gateway.calls), world.gateway.sent) == (1, {})
    world.gateway.say = [code]
    assert said(await world.sent("sms")) == ("sms", "undeliverable", f"sms_{code}")


async def test_a_throttle_of_the_gateway_is_honoured(world: World):
    world.gateway.say = [BUSY, "789"]

    row = await world.sent("sms")
    assert row["next_at"] == NOON + timedelta(minutes=10)
    row = await world.later(row["_id"])
    assert (row["reason"], row["next_at"]) == ("sms_789", world.now + timedelta(minutes=1))

    assert said(await world.later(row["_id"])) == ("sms", "sent", "")


async def test_a_provider_that_stays_away_loses_its_turn(world: World):
    world.gateway.say = [BUSY] * 9
    row = await world.sent("sms", "email")
    for _ in range(2):
        row = await world.later(row["_id"])
        assert world.mails.sent == []

    row = await world.later(row["_id"])

    assert said(row) == ("email", "sent", "")
    assert (row["tried"], len(world.gateway.calls)) == (["sms"], 4)


async def test_a_foreign_number_gets_no_sms(world: World):
    row = await world.sent("sms", "email", phone="+1 202 555 0100")

    assert said(row) == ("email", "sent", "")
    assert world.gateway.calls == []


# Web Push


async def test_a_push_is_signed_and_only_the_browser_reads_it(world: World):
    reference = await world.person("push")
    await world.subscribe(f"reporter:{reference}")
    identifier = await world.owe(reference)
    await world.send()

    assert said(await world.row(identifier)) == ("push", "sent", "")
    shown = world.browser.shown[identifier]
    assert shown == {
        "code": CODE,
        "status": "Đã giao đơn vị xử lý",
        "due": "14:00 12/01",
        "link": f"{PUBLIC}/r/{CODE}",
        "title": f"{CODE}: Đã giao đơn vị xử lý",
        "tag": identifier,
    }
    assert CODE.encode() not in world.browser.pushes[0].body


@pytest.mark.parametrize("status", [404, 410])
async def test_a_browser_that_is_gone_is_forgotten_and_the_person_told_elsewhere(
    world: World, status: int
):
    reference = await world.person("push", "email")
    await world.subscribe(f"reporter:{reference}")
    world.browser.say = [Said(status)]
    identifier = await world.owe(reference)

    await world.send()

    assert said(await world.row(identifier)) == ("email", "sent", "")
    assert await world.subscriptions.of(f"reporter:{reference}") == []


async def test_a_push_service_that_is_busy_is_asked_again_later(world: World):
    reference = await world.person("push")
    await world.subscribe(f"reporter:{reference}")
    world.browser.say = [BUSY]
    identifier = await world.owe(reference)

    await world.send()

    assert (await world.row(identifier))["next_at"] == NOON + timedelta(minutes=10)
    assert said(await world.later(identifier)) == ("push", "sent", "")
    assert len(world.browser.shown) == 1


async def test_a_push_whose_host_cannot_be_found_now_waits_for_it(world: World):
    reference = await world.person("push", "email")
    endpoint = "https://push.invalid/a"  # RFC 6761: no such name, ever
    one = Subscription(subscription_id(endpoint), endpoint, **world.browser.keys())
    await world.subscriptions.add(f"reporter:{reference}", one, world.now, code=CODE)
    identifier = await world.owe(reference)

    await world.send()

    row = await world.row(identifier)
    assert said(row) == ("push", "pending", "refused_unknown_host")
    assert row["next_at"] > NOON
    assert world.mails.sent == []


async def test_a_push_whose_answer_was_lost_is_shown_once(world: World):
    reference = await world.person("push", "email")
    await world.subscribe(f"reporter:{reference}")
    world.browser.say = [CUT]
    identifier = await world.owe(reference)
    await world.send()

    row = await world.later(identifier)

    assert said(row) == ("push", "sent", "")
    assert {each.headers["topic"] for each in world.browser.pushes} == {identifier}
    assert world.mails.sent == []


async def test_a_push_that_is_too_large_goes_to_the_next_channel(world: World):
    reference = await world.person("push", "email")
    await world.subscribe(f"reporter:{reference}")
    world.browser.say = [Said(413)]
    identifier = await world.owe(reference)

    await world.send()

    assert said(await world.row(identifier)) == ("email", "sent", "")


# Choice, quiet hours, opt-out


async def test_who_chose_nothing_gets_a_mail_and_nothing_else(world: World):
    row = await world.sent()

    assert said(row) == ("email", "sent", "")
    assert (world.zalo.calls, world.gateway.calls) == (0, [])


async def test_who_gave_no_mail_address_is_told_by_zalo_and_then_by_sms(world: World):
    assert said(await world.sent(email=None)) == ("zalo", "sent", "")
    world.zalo.errors = [-114]
    assert said(await world.sent(email=None)) == ("sms", "sent", "")


@pytest.mark.parametrize("channel", ["zalo", "sms"])
async def test_nobodys_telephone_rings_at_night(world: World, channel: str):
    world.now = NIGHT
    row = await world.sent(channel)

    assert (row["state"], row["next_at"], row["attempts"]) == ("pending", MORNING, 0)
    assert said(await world.later(row["_id"])) == (channel, "sent", "")


async def test_an_emergency_is_told_at_night(world: World):
    world.now = NIGHT
    identifier = await world.owe(await world.person("sms"), urgent=True)

    await world.send()

    assert said(await world.row(identifier)) == ("sms", "sent", "")


async def test_an_address_that_opted_out_is_passed_over(world: World):
    await world.optouts.add("sms", "84912345678", NOON)

    assert said(await world.sent("sms", "email")) == ("email", "sent", "")
    await world.optouts.add("email", "AN@example.com", NOON)
    assert said(await world.sent("sms", "email")) == ("email", "undeliverable", "opted_out")
    await world.optouts.lift("sms", "84912345678", NOON + timedelta(seconds=1))
    assert said(await world.sent("sms", "email")) == ("sms", "sent", "")
    stored = repr(await world.base["optouts"].find().to_list(10))
    assert "84912345678" not in stored
    assert "example.com" not in stored.casefold()


async def test_who_wants_to_hear_nothing_hears_nothing(world: World):
    reference = await world.vault.store(Reporter(email="an@example.com", channels=()), NOON)
    identifier = await world.owe(reference)
    await world.send()

    assert said(await world.row(identifier)) == ("email", "undeliverable", "opted_out")


async def test_a_mail_shows_the_way_out_and_a_text_shows_no_secret(world: World):
    row = await world.sent()
    [mail] = world.mails.sent

    assert f"{PUBLIC}/opt-out#{row['recipient'].partition(':')[2]}.email." in mail.text
    assert "#" not in mail.words["link"]


# Over HTTP


@dataclass
class Door:
    """Lets one token in, as somebody with a role."""

    role: Role

    async def official(self, authorization: str) -> Visitor:
        if authorization != "Bearer good":
            raise unauthenticated("", "")
        return Visitor("u_1", self.role, OFFICE, must_change=False, until=datetime.now(UTC))


def _client(
    world: World, role: Role = Role.OFFICE_CLERK, subscriptions: int = 0
) -> httpx.AsyncClient:
    app = FastAPI()
    problems.install(app)
    signed = Callbacks(world.store, Zalo.app_id, Zalo.oa_secret, "sms-secret", world.clock)
    door, key = Door(role), push.public_key(VAPID)
    tokens = TrackingTokens(["secret"])
    pushing = push.Pushing(
        world.subscriptions,
        world.view,
        tokens,
        door,
        world.followers,
        rules=LOCAL,
        key=key,
        pace=Throttle(subscriptions),
        clock=world.clock,
    )
    app.include_router(callbacks.create_router(signed))
    app.include_router(push.create_router(pushing))
    app.include_router(deliveries.create_router(world.store, door))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://notify")


def receipt(world: World, identifier: str, status: int) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"RequestId": identifier, "SendStatus": status}).encode()
    stamp = str(int(world.now.timestamp()))
    digest = hmac.new(b"sms-secret", f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"X-Timestamp": stamp, "X-Signature": digest}


async def test_a_receipt_of_zalo_counts_once_however_often_it_comes(world: World):
    row = await world.sent("zalo")
    body, headers = world.zalo.callback(row["_id"])

    async with _client(world) as client:
        answers = [
            await client.post("/callbacks/zalo", content=body, headers=headers) for _ in range(3)
        ]

    assert {each.status_code for each in answers} == {200}
    assert said(await world.row(row["_id"])) == ("zalo", "delivered", "")


async def test_an_uncertain_message_is_known_by_its_receipt(world: World):
    world.zalo.errors = [Said(500)]
    row = await world.sent("zalo")
    body, headers = world.zalo.callback(row["_id"])

    async with _client(world) as client:
        await client.post("/callbacks/zalo", content=body, headers=headers)

    assert said(await world.row(row["_id"])) == ("zalo", "delivered", "")
    assert await world.store.undelivered(10) == ([], None)


async def test_a_wrong_signature_changes_nothing(world: World):
    zalo, sms = await world.sent("zalo"), await world.sent("sms")
    body, headers = world.zalo.callback(zalo["_id"])
    text, signed = receipt(world, sms["_id"], 2)
    forged = {**signed, "X-Signature": "0" * 64}
    world_was = world.now

    async with _client(world) as client:
        answers = [
            await client.post("/callbacks/zalo", content=body + b" ", headers=headers),
            await client.post("/callbacks/zalo", content=body),
            await client.post("/callbacks/sms", content=text, headers=forged),
        ]
        world.now += timedelta(minutes=11)
        answers.append(await client.post("/callbacks/sms", content=text, headers=signed))
        world.now = world_was

    assert [each.status_code for each in answers] == [401] * 4
    assert (await world.row(zalo["_id"]))["state"] == "sent"
    assert (await world.row(sms["_id"]))["state"] == "sent"


async def test_an_sms_that_could_not_be_delivered_goes_on_to_the_next_channel_once(world: World):
    row = await world.sent("sms", "email")
    body, headers = receipt(world, row["_id"], 2)

    async with _client(world) as client:
        for _ in range(3):
            await client.post("/callbacks/sms", content=body, headers=headers)
            await world.send()

    assert said(await world.row(row["_id"])) == ("email", "sent", "")
    assert (len(world.mails.sent), len(world.gateway.calls)) == (1, 1)


async def test_a_refusal_that_overtakes_the_gateways_own_answer_is_not_lost(world: World):
    identifier = await world.owe(await world.person("sms", "email"))
    world.now = (await world.row(identifier))["next_at"]
    token, claimed = await world.store.claim(world.now, timedelta(minutes=1), 10)
    assert [each.id for each in claimed] == [identifier]
    body, headers = receipt(world, identifier, 2)

    async with _client(world) as client:
        for _ in range(2):
            await client.post("/callbacks/sms", content=body, headers=headers)
    made = Made("sms", Outcome("accepted"))
    await world.store.settle(token, [(each, made) for each in claimed], world.now)
    await world.send()

    assert said(await world.row(identifier)) == ("email", "sent", "")
    assert len(world.mails.sent) == 1


async def test_a_receipt_that_overtakes_the_gateways_own_answer_is_not_lost(world: World):
    identifier = await world.owe(await world.person("sms", "email"))
    world.now = (await world.row(identifier))["next_at"]
    token, claimed = await world.store.claim(world.now, timedelta(minutes=1), 10)
    body, headers = receipt(world, identifier, 1)

    async with _client(world) as client:
        for _ in range(2):
            await client.post("/callbacks/sms", content=body, headers=headers)
    made = Made("sms", Outcome("ambiguous", "ReadTimeout"))
    await world.store.settle(token, [(each, made) for each in claimed], world.now)
    world.now += timedelta(hours=1)
    await world.send()

    assert said(await world.row(identifier)) == ("sms", "delivered", "")
    assert world.mails.sent == []


async def test_a_browser_subscribes_for_its_report_and_for_an_official(world: World):
    reference = await world.person("push")
    code = new_code("DL")
    await world.view.note(1, case(reporter=reference, code=code))
    body = {"endpoint": f"{world.push_url}/a", "keys": world.browser.keys()}
    token = {"Authorization": f"Bearer {TrackingTokens(['secret']).issue(code)}"}

    async with _client(world) as client:
        own = await client.post("/push/subscriptions", json={**body, "code": code}, headers=token)
        stranger = await client.post("/push/subscriptions", json={**body, "code": code})
        official = await client.post(
            "/push/subscriptions",
            json={**body, "endpoint": f"{world.push_url}/b"},
            headers={"Authorization": "Bearer good"},
        )
        gone = await client.delete(
            f"/push/subscriptions/{own.json()['id']}", params={"code": code}, headers=token
        )

    assert (own.status_code, stranger.status_code, official.status_code) == (201, 404, 201)
    assert differences(Subscribed, own.json()) == []
    assert gone.status_code == 204
    assert len(await world.subscriptions.of("account:u_1")) == 1
    assert await world.subscriptions.of(f"reporter:{reference}") == []


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"endpoint": "https://127.0.0.2/push"}, "endpoint"),
        ({"endpoint": "http://example.com/push"}, "endpoint"),
        ({"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, "keys.p256dh"),
        ({"keys": {"p256dh": Browser().keys()["p256dh"], "auth": "AAAA"}}, "keys.auth"),
    ],
)
async def test_a_wrong_subscription_is_refused_at_its_field(
    world: World, changes: dict[str, Any], where: str
):
    body = {"endpoint": f"{world.push_url}/a", "keys": world.browser.keys(), **changes}

    async with _client(world) as client:
        headers = {"Authorization": "Bearer good"}
        answer = await client.post("/push/subscriptions", json=body, headers=headers)

    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["errors"]] == [where]
    assert await world.subscriptions.of("account:u_1") == []


async def test_who_subscribes_one_browser_after_another_waits(world: World):
    wrong = {"endpoint": "https://127.0.0.2/push", "keys": world.browser.keys()}
    headers = {"Authorization": "Bearer good"}

    async with _client(world, subscriptions=2) as client:
        unknown = await client.post("/push/subscriptions", json=wrong)
        found = [
            await client.post("/push/subscriptions", json=wrong, headers=headers) for _ in range(3)
        ]

    assert [each.status_code for each in (unknown, *found)] == [401, 422, 422, 429]
    assert 0 < int(found[-1].headers["retry-after"]) <= 300


async def test_the_office_reads_what_did_not_arrive_and_why(world: World):
    world.zalo.errors = [-118]
    await world.sent("zalo")
    world.zalo.errors = [Said(500)]
    await world.sent("zalo")
    world.zalo.errors = [-118]
    about = await world.owe(await world.person("zalo"), about=[OFFICE])
    await world.send()

    async with _client(world) as client, _client(world, Role.LEADER) as leader:
        headers = {"Authorization": "Bearer good"}
        found = (await client.get("/deliveries?state=undelivered", headers=headers)).json()
        unsure = (await client.get("/deliveries?state=uncertain", headers=headers)).json()
        above = (await leader.get("/deliveries", headers=headers)).json()
    async with _client(world, Role.OFFICER) as client:
        refused = await client.get("/deliveries", headers=headers)

    assert differences(DeliveryPage, found) == differences(DeliveryPage, unsure) == []
    assert [each["state"] for each in unsure["items"]] == ["uncertain"]
    assert {each["reason"] for each in found["items"]} == {"zalo_-118", "http_500"}
    assert about not in {each["id"] for each in found["items"]}
    assert about in {each["id"] for each in above["items"]}
    assert all(each["why"]["vi"] for each in found["items"])
    assert refused.status_code == 403
    assert "84912345678" not in repr(found)


async def test_no_delivery_is_left_without_an_end(world: World):
    """Whatever a provider says, the row ends in a state that somebody sees."""
    world.zalo.errors = [-114, BUSY, CUT, -133, Said(500), 0, -100, -115] * 3
    world.gateway.say = ["103", BUSY, CUT, "100", Said(500), "99"] * 3
    for _ in range(12):
        await world.owe(await world.person("zalo", "sms", "email"))
    for _ in range(60):
        await world.send()
        waiting = await world.store.documents.find({"state": "pending"}, limit=100)
        if not waiting:
            break
        world.now = max(each["next_at"] for each in waiting)

    rows = await world.store.documents.find({}, limit=100)
    assert {each["state"] for each in rows} <= {"sent", "uncertain", "undeliverable"}
    mailed = [each.id for each in world.mails.sent]
    by_zalo = [each["tracking_id"] for each in world.zalo.sent]
    told = [*mailed, *by_zalo, *world.gateway.sent]
    assert len(told) == len(set(told))  # nobody is told twice


# Officials


async def _to_an_official(world: World, wanted: Preferences, **facts: Any) -> str:
    """Owe a message to an officer with these preferences, and return the row's id."""
    contact = Contact("u_officer", OFFICE, Role.OFFICER, "officer@dalat.example")
    await world.directory.put(contact, version=1)
    await world.directory.prefer("u_officer", wanted)
    identifier = await world.owe("unused", **facts)
    change = {"recipient": "account:u_officer", "unit": OFFICE}
    world.sender = world.another()  # what the first has in hand is left to it
    await world.store.documents.update_one(
        {"_id": identifier}, {"$set": {**change, "next_at": world.now, "claim": None}}
    )
    return identifier


async def test_an_official_is_told_in_their_own_order_and_by_mail_in_the_end(world: World):
    wanted = Preferences(("sms",), "84912345678")
    identifier = await _to_an_official(world, wanted)

    await world.send()
    assert said(await world.row(identifier)) == ("sms", "sent", "")
    world.gateway.say = ["103"]
    identifier = await _to_an_official(world, wanted)
    await world.send()

    assert said(await world.row(identifier)) == ("email", "sent", "")


async def test_an_officials_own_quiet_hours_hold_what_makes_a_noise(world: World):
    wanted = Preferences(("sms",), "84912345678", (time(11), time(14)))  # it is noon
    identifier = await _to_an_official(world, wanted)
    urgent = await _to_an_official(world, wanted, urgent=True)

    await world.send()

    row = await world.row(identifier)
    assert (row["state"], row["reason"]) == ("pending", "quiet_hours")
    assert row["next_at"] == NOON + timedelta(hours=2)
    assert said(await world.row(urgent)) == ("sms", "sent", "")
    assert said(await world.later(identifier)) == ("sms", "sent", "")


async def test_a_reporter_who_works_at_night_chooses_other_hours(world: World):
    world.now = NIGHT
    reference = await world.person("sms", quiet=(time(8), time(16)))
    identifier = await world.owe(reference)

    await world.send()

    assert said(await world.row(identifier)) == ("sms", "sent", "")


async def test_a_closed_account_leaves_neither_address_nor_telephone(world: World):
    await _to_an_official(world, Preferences(("sms",), "84912345678"))

    await world.directory.remove("u_officer", version=2)

    stored = repr(await world.base["contacts"].find().to_list(10))
    assert "84912345678" not in stored
    assert await world.directory.prefer("u_officer", Preferences()) is None
