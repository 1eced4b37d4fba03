"""A provider that takes the connection and never answers, on every channel; and mail's refusals.

Whatever happens the row ends in one terminal state, and nobody is told on two channels.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.notify.channels import push, sms, zalo, zalo_tokens
from services.notify.channels.base import Outgoing
from services.notify.channels.email import EmailChannel
from services.notify.domain import Delivery
from services.notify.sender import Sender
from services.notify.webhooks import post as webhook_post
from shared import mongo
from shared.vocabulary import Language
from tests.doubles.mailserver import MailServer, serving_mail
from tests.doubles.server import SILENT, Said
from tests.integration.test_channels import World, said

PATIENCE_S = 0.4  # of the client, in these tests
MAIL = Outgoing("0" * 32, "an@example.com", Language.VIETNAMESE, "x", "y", {})
LEASE_S = 60  # of a claim, as the sender of this file has it


@pytest.fixture
async def world(
    mongo_url: str, database_prefix: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[World]:
    for module in (sms, zalo, zalo_tokens, push, webhook_post):
        monkeypatch.setattr(module, "TIMEOUT_S", PATIENCE_S)
    client = mongo.connect(mongo_url)
    async with AsyncExitStack() as stack:
        made = World(mongo.database(client, f"{database_prefix}_notify"), stack)
        await made.start()
        yield made
    client.close()


@pytest.fixture
async def server(world: World) -> AsyncIterator[MailServer]:
    """Mail goes to a server whose answers the test dictates; the world's sender uses it."""
    double = MailServer()
    async with serving_mail(double) as url:
        channel = EmailChannel(url, "Notify <n@dalat.example>", 2, within_s=PATIENCE_S)
        world.mails = channel  # pyright: ignore[reportAttributeAccessIssue] - a real one instead
        world.sender = world.another()
        yield double


async def to_the_end(world: World, identifier: str) -> dict[str, Any]:
    """Make every attempt that is still due, each at its time."""
    for _ in range(60):
        row = await world.row(identifier)
        if row["state"] != "pending":
            return row
        await world.later(identifier)
    raise AssertionError("no terminal state")


# Silence


async def test_a_silent_zalo_is_uncertain_at_once_and_told_nowhere_else(world: World):
    world.zalo.errors = [SILENT]

    row = await world.sent("zalo", "sms", "email")

    assert said(row) == ("zalo", "uncertain", "ReadTimeout")
    assert (world.zalo.calls, world.gateway.calls, world.mails.sent) == (1, [], [])


async def test_a_zalo_that_gives_no_token_is_not_reached_and_loses_its_turn(world: World):
    world.zalo.silent = True

    row = await world.sent("zalo", "sms")
    assert (row["state"], row["reason"], row["maybe"]) == ("pending", "unreachable", 0)
    row = await to_the_end(world, row["_id"])

    assert said(row) == ("sms", "sent", "")
    assert world.zalo.calls == 0


async def test_a_silent_gateway_is_asked_under_one_id_and_its_person_told_by_nobody_else(
    world: World,
):
    world.gateway.say, world.gateway.swallow = [SILENT] * 3, True

    row = await world.sent("sms", "email")
    assert (row["state"], row["maybe"]) == ("pending", 1)
    row = await to_the_end(world, row["_id"])

    assert said(row) == ("sms", "sent", "")
    assert {each["RequestId"] for each in world.gateway.calls} == {row["_id"]}
    assert (len(world.gateway.sent), world.mails.sent) == (1, [])


async def test_a_gateway_that_never_speaks_again_ends_uncertain(world: World):
    world.gateway.say = [SILENT] * 60
    row = await world.sent("sms", "email")
    world.gateway.say = [Said(500)] * 60  # the same to us, and quicker than waiting fifty times

    row = await to_the_end(world, row["_id"])

    assert (row["channel"], row["state"]) == ("sms", "uncertain")
    assert world.mails.sent == []


async def test_a_silent_push_service_shows_a_push_once(world: World):
    reference = await world.person("push", "email")
    await world.subscribe(f"reporter:{reference}")
    world.browser.say = [SILENT]
    identifier = await world.owe(reference)
    await world.send()
    assert (await world.row(identifier))["maybe"] == 1

    row = await to_the_end(world, identifier)

    assert said(row) == ("push", "sent", "")
    assert {each.headers["topic"] for each in world.browser.pushes} == {identifier}
    assert (len(world.browser.shown), world.mails.sent) == (1, [])


@pytest.mark.parametrize("where", ["greeting", "EHLO", "MAIL", "RCPT"])
async def test_a_mail_server_silent_before_the_mail_was_handed_over_has_sent_nothing(
    world: World, server: MailServer, where: str
):
    server.silent_at = where

    row = await world.sent("email")
    assert (row["state"], row["maybe"], server.mails) == ("pending", 0, [])
    server.silent_at = None
    row = await to_the_end(world, row["_id"])

    assert said(row) == ("email", "sent", "")
    assert len(server.mails) == 1


async def test_a_mail_server_silent_before_that_loses_its_turn(world: World, server: MailServer):
    server.silent_at = "MAIL"

    row = await to_the_end(world, (await world.sent("email", "sms"))["_id"])

    assert said(row) == ("sms", "sent", "")
    assert (server.mails, len(world.gateway.sent)) == ([], 1)


async def test_a_mail_server_silent_after_the_mail_gets_it_thrice_under_one_id_and_no_more(
    world: World, server: MailServer
):
    server.silent_at = "."

    row = await to_the_end(world, (await world.sent("email", "sms"))["_id"])

    assert (row["channel"], row["state"], row["maybe"]) == ("email", "uncertain", 3)
    assert server.ids == [f"<{row['_id']}@dalat.example>"] * 3
    assert world.gateway.calls == []
    world.now += timedelta(days=3)
    await world.send()
    assert len(server.mails) == 3


async def test_a_hundred_mails_at_a_silent_server_end_before_their_claims_do(
    world: World, server: MailServer
):
    """Else another process would take what the first has still in hand, and send it as well."""
    server.silent_at = "greeting"
    for _ in range(40):
        await world.owe(await world.person("email"))
    begun = asyncio.get_running_loop().time()

    await world.sender.send_due()

    assert asyncio.get_running_loop().time() - begun < LEASE_S
    rows = await world.store.documents.find({}, limit=100)
    assert {each["state"] for each in rows} == {"pending"}
    server.silent_at = None
    world.now += timedelta(hours=1)
    await world.send()
    await world.send(world.another())
    assert len(server.ids) == len(set(server.ids)) == 40


async def test_what_has_waited_in_hand_is_left_to_its_lease(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    """A sender that was held up finds rows of its own which another may soon claim."""
    identifier = await world.owe(await world.person("email"))
    aged = [(at - 16, each) for at, each in _own(world.sender)]  # a lease is 60 s here
    monkeypatch.setattr(world.sender, "_own", aged)

    await world.send()
    assert world.mails.sent == []
    world.now += timedelta(seconds=61)
    await world.send(world.another())
    await world.send()

    assert [each.id for each in world.mails.sent] == [identifier]


def _own(sender: Sender) -> list[tuple[float, Delivery]]:
    return sender._own  # pyright: ignore[reportPrivateUsage] - what is in hand


# Mail's refusals, throttle and recovery


@pytest.mark.parametrize(("verb", "answer"), [("RCPT", "550 no such user"), (".", "554 no")])
async def test_a_mail_that_is_refused_goes_to_the_next_channel(
    world: World, server: MailServer, verb: str, answer: str
):
    server.answers = {verb: answer}

    row = await world.sent("email", "sms")

    assert (said(row), row["tried"]) == (("sms", "sent", ""), ["email"])


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        pytest.param({"greeting": "554 no service"}, 554, id="our address is refused"),
        pytest.param({"EHLO": "550 who", "HELO": "550 who"}, 550, id="our name is refused"),
        pytest.param(
            {"EHLO": "250-double\r\n250 AUTH PLAIN", "AUTH": "535 wrong"}, 535, id="our password"
        ),
        pytest.param({"MAIL": "553 not you"}, 553, id="our sender is refused"),
    ],
)
async def test_what_is_refused_to_us_ourselves_is_tried_again(answers: dict[str, str], code: int):
    double = MailServer()
    double.answers = answers
    async with serving_mail(double) as url:
        with_account = url.replace("://", "://us:secret@") if "AUTH" in answers else url
        channel = EmailChannel(with_account, "Notify <n@dalat.example>", 1)

        refused = await channel.send(MAIL)
        double.answers = {"EHLO": answers["EHLO"], "AUTH": "235 ok"} if "AUTH" in answers else {}
        mended = await channel.send(MAIL)

        await channel.stop()
    assert (refused.kind, refused.reason) == ("retry", f"smtp_{code}")
    assert mended.kind == "accepted"
    assert len(double.mails) == 1


UTF8 = {"EHLO": "250-double\r\n250 SMTPUTF8"}


@pytest.mark.parametrize(
    ("address", "answers", "kind", "said_as"),
    [
        pytest.param("an@đàlạt.vn", {}, "accepted", ["<an@xn--lt-iia9qp51l.vn>"], id="a domain"),
        pytest.param("nguyễn@example.com", UTF8, "accepted", ["<nguyễn@example.com>"], id="a name"),
        pytest.param("nguyễn@example.com", {}, "rejected", [], id="a name, to an old server"),
    ],
)
async def test_an_address_of_vietnamese_letters_is_sent_to_or_given_up(
    address: str, answers: dict[str, str], kind: str, said_as: list[str]
):
    double = MailServer()
    double.answers = answers
    async with serving_mail(double) as url:
        channel = EmailChannel(url, "Notify <n@dalat.example>", 1)

        outcome = await channel.send(replace(MAIL, address=address))

        await channel.stop()
    assert outcome.kind == kind
    assert double.recipients == said_as
    assert len(double.mails) == len(said_as)


@pytest.mark.parametrize(("verb", "answer"), [("RCPT", "450 busy"), (".", "451 later")])
async def test_a_mail_server_that_asks_to_come_again_gets_the_mail_once_it_is_ready(
    world: World, server: MailServer, verb: str, answer: str
):
    server.answers = {verb: answer}
    row = await world.sent("email")
    assert (row["state"], row["reason"]) == ("pending", f"smtp_{answer[:3]}")
    assert row["maybe"] == 0

    server.answers = {}
    row = await world.later(row["_id"])

    assert said(row) == ("email", "sent", "")
