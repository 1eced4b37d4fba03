"""From an event to the mailboxes: rows on a real database, mails through a real mail server."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from services.notify.case_view import CaseView, NotHeardYetError
from services.notify.channels.email import EmailChannel
from services.notify.domain import QuietHours
from services.notify.handlers import TELL_WITHIN, Reach, on_event
from services.notify.messages import Messages
from services.notify.people import People, Vaults
from services.notify.sender import Sender
from services.notify.store import BadCursorError, DeliveryStore
from services.notify.subscriptions import Subscriptions
from services.notify.webhooks.owner import Owners
from services.notify.webhooks.sender import WebhookSender
from services.notify.webhooks.store import Endpoint, EndpointStore, MessageStore
from shared import mongo
from shared.directory import FRESH_S, Contact, Directory
from shared.events import CaseAccepted, CaseEvent, DeadlineMissed, DeadlineSet, Received
from shared.followers import EVERY_PLACE, Follower, Followers, follower_reference
from shared.identity import Reporter, Seal, TrackingTokens, Vault
from shared.lockbox import Lockbox
from shared.mongo import Database
from shared.optouts import OptOuts, OptOutTokens
from shared.rulebook import Edition, Rulebook
from shared.settings import RULES
from shared.vocabulary import OFFICE, Language, ReporterId, Role, State, UnitId
from tests.builders import CODE, RECEIVED, dalat, received, state_calendar
from tests.unit.notify_events import (
    HELPER,
    LEAD,
    MORNING,
    NIGHT,
    NOON,
    RESOLVED,
    SAID,
    WARD,
    assigned,
    case,
    deadline,
    heard_deadline,
)

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
BOOK = Rulebook(
    Edition(dalat(), state_calendar(), "", dalat().valid_from, RECEIVED, "file"),
    RULES / "calendars",
)
HEAD, CLERK = Role.UNIT_HEAD, Role.OFFICE_CLERK


@dataclass
class World:
    """Notify without its queue: what it hears is handed to it."""

    store: DeliveryStore
    view: CaseView
    directory: Directory
    vault: Vault
    followers: Followers
    people: People
    sender: Sender
    hooks: WebhookSender
    subscriptions: Subscriptions
    mail: Path
    suffix: str
    now: datetime = NOON
    elapsed_s: float = 0.0

    async def hear(self, message: Received) -> None:
        await on_event(
            message,
            self.view,
            reach=Reach(self.directory, self.people),
            quiet=QuietHours(time(22), time(6), state_calendar().zone),
            sender=self.sender,
            hooks=self.hooks,
            subscriptions=self.subscriptions,
            clock=lambda: self.now,
        )

    async def hear_case(self, event: CaseEvent, sequence: int = 2, **changes: Any) -> None:
        await self.hear(received(event, case(**{"reporter": None, **changes}), sequence))

    async def employ(
        self, account: str, role: Role = Role.OFFICER, unit: UnitId | None = WARD, **changes: Any
    ) -> None:
        plain: dict[str, Any] = {"email": self.address(account)}
        contact = Contact(account, unit, role, **{**plain, **changes})
        await self.directory.put(contact, version=1)

    def address(self, name: str) -> str:
        return f"{name}.{self.suffix}@example.com"

    async def rows(self) -> dict[str, dict[str, Any]]:
        found = await self.store.documents.find({}, limit=1000)
        return {each["recipient"]: each for each in found}

    async def send(self) -> None:
        while await self.sender.send_due():
            pass

    def mails(self) -> dict[str, str]:
        """Subjects by who got them; nobody gets two."""
        found: dict[str, str] = {}
        for path in sorted(self.mail.glob("*.eml")):
            mail = message_from_bytes(path.read_bytes(), policy=policy.default)
            name, _, suffix = str(mail["To"]).partition("@")[0].partition(".")
            if suffix == self.suffix:
                assert name not in found
                found[name] = mail["Subject"]
        return found


async def _nobody(*_: Any) -> Any:
    raise AssertionError("no endpoint is registered here")


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_notify")
    client.close()


@pytest.fixture
async def world(
    base: Database, servers: dict[str, Any], database_prefix: str
) -> AsyncIterator[World]:
    email = EmailChannel(servers["smtp"], "Notify <notify@dalat.example>", 2)
    store, vault = DeliveryStore(base), Vault(base, Seal(KEY))
    subscriptions = Subscriptions(base, Lockbox(KEY, "push"))
    directory = Directory(base, clock=lambda: made.elapsed_s)
    followers = Followers(base, Seal(KEY))
    optouts = OptOuts(base, ["secret"])
    people = People(
        Vaults(vault, followers), directory, optouts, subscriptions, clock=lambda: made.now
    )
    made = World(
        store=store,
        followers=followers,
        people=people,
        view=CaseView(base),
        directory=directory,
        vault=vault,
        sender=Sender(
            store,
            people,
            Messages(BOOK, TrackingTokens(["secret"]), "https://dalat.example"),
            {"email": email},
            quiet=QuietHours(time(22), time(6), state_calendar().zone),
            clock=lambda: made.now,
            lease=timedelta(seconds=60),
            batch=10,
        ),
        subscriptions=subscriptions,
        hooks=WebhookSender(
            EndpointStore(base, Lockbox(KEY, "webhooks")),
            MessageStore(base),
            _nobody,
            tell_owner=_nobody,
            public_url="https://dalat.example",
            clock=lambda: made.now,
        ),
        mail=Path(servers["mail"]),
        suffix=database_prefix,
    )
    await store.documents.ensure_indexes()
    await directory.documents.ensure_indexes()
    yield made
    await email.stop()


# Rows


async def test_an_assignment_is_mailed_to_the_whole_unit_and_to_nobody_else(world: World):
    await world.employ("officer")
    await world.employ("head", HEAD)
    await world.employ("elsewhere", unit=HELPER)

    await world.hear_case(assigned())
    await world.send()

    subject = f"[{CODE}] Phản ánh mới giao cho đơn vị bạn"
    assert world.mails() == {"officer": subject, "head": subject}
    assert {each["state"] for each in (await world.rows()).values()} == {"sent"}


async def test_everybody_reads_their_own_language(world: World):
    await world.employ("officer", language=Language.ENGLISH)

    await world.hear_case(assigned())
    await world.send()

    assert world.mails() == {"officer": f"[{CODE}] A new report for your unit"}


async def test_rows_hold_accounts_and_no_address(world: World):
    await world.employ("officer")

    await world.hear_case(assigned())
    await world.send()

    rows = await world.rows()
    assert list(rows) == ["account:officer"]
    assert "example.com" not in repr(rows)


async def test_the_same_event_heard_again_is_told_once(world: World):
    await world.employ("officer")

    await asyncio.gather(*(world.hear_case(assigned()) for _ in range(5)))
    await world.send()
    await world.hear_case(assigned())
    await world.send()

    assert len(await world.rows()) == 1
    assert list(world.mails()) == ["officer"]


async def test_a_reporter_is_told_beside_the_unit(world: World):
    await world.employ("officer")
    reference = await world.vault.store(Reporter(email=world.address("an")), NOON)

    await world.hear_case(assigned(), reporter=reference)
    await world.send()

    assert set(await world.rows()) == {f"reporter:{reference}", "account:officer"}
    assert set(world.mails()) == {"an", "officer"}


async def test_a_reporter_who_was_erased_meanwhile_gets_nothing(world: World):
    reference = await world.vault.store(Reporter(email=world.address("an")), NOON)
    await world.hear_case(RESOLVED, reporter=reference)
    await world.vault.shred(reference, NOON)

    await world.send()

    row = (await world.rows())[f"reporter:{reference}"]
    assert (row["state"], row["reason"]) == ("undeliverable", "erased")
    assert world.mails() == {}


# Deadlines


async def test_a_missed_deadline_reaches_head_monitor_and_office(world: World):
    await world.employ("officer")
    await world.employ("head", HEAD)
    await world.employ("watcher", unit=LEAD)
    await world.employ("clerk", CLERK, OFFICE)
    await world.hear_case(CaseAccepted(**SAID, unit=WARD))

    await world.hear(heard_deadline(deadline(DeadlineMissed)))

    rows = await world.rows()
    assert {recipient: each["template"] for recipient, each in rows.items()} == {
        "account:head": "desk_missed",
        "account:watcher": "desk_missed_elsewhere",
        "account:clerk": "desk_missed_elsewhere",
    }


async def test_a_reminder_of_a_report_about_a_unit_never_reaches_that_unit(world: World):
    await world.employ("watcher", unit=LEAD)
    await world.employ("head", HEAD)
    await world.hear_case(CaseAccepted(**SAID, unit=WARD), about=(LEAD,))

    await world.hear(heard_deadline(deadline(DeadlineMissed)))

    assert set(await world.rows()) == {"account:head", "unit:office"}


async def test_nobody_is_chased_for_a_case_whose_result_was_heard_of_first(world: World):
    await world.employ("head", HEAD)
    await world.hear_case(RESOLVED, 5, state=State.RESOLVED)
    await world.hear_case(CaseAccepted(**SAID, unit=WARD), 3)  # late, and older

    await world.hear(heard_deadline(deadline(DeadlineMissed)))

    assert await world.rows() == {}


async def test_a_reminder_of_a_case_that_was_not_heard_of_yet_is_tried_again(world: World):
    with pytest.raises(NotHeardYetError):
        await world.hear(heard_deadline(deadline(DeadlineMissed)))

    assert await world.rows() == {}


async def test_what_nobody_is_told_of_costs_no_look_up(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    def refuse(*_: Any) -> None:
        raise AssertionError("looked up for nothing")

    monkeypatch.setattr(world.directory, "of", refuse)
    monkeypatch.setattr(world.view, "newest", refuse)
    proof = {"start": NOON, "limit_s": 7200, "clock": case().clock, "calendar": "", "intervals": ()}

    await world.hear_case(CaseAccepted(**SAID, unit=WARD))
    await world.hear(heard_deadline(deadline(DeadlineSet, **proof, approaching_at=NOON)))

    assert await world.rows() == {}


# History that is said again, after a restore


@pytest.mark.parametrize(
    ("age", "told"),
    [
        pytest.param(TELL_WITHIN - timedelta(hours=12), {"officer"}, id="of this week"),
        pytest.param(TELL_WITHIN + timedelta(seconds=1), set[str](), id="a second too old"),
        pytest.param(timedelta(days=400), set[str](), id="of last year"),
    ],
)
async def test_who_came_since_is_not_told_of_what_is_older_than_a_week(
    world: World, age: timedelta, told: set[str]
):
    await world.employ("officer")
    world.now = RECEIVED + age

    await world.hear_case(assigned())
    world.now += timedelta(days=1)  # whatever the hour, it is no longer quiet
    await world.send()

    assert set(world.mails()) == told
    assert len(await world.rows()) == len(told)
    # the figures know the case all the same
    assert (await world.view.newest(CODE)).state is State.ASSIGNED


async def test_what_a_person_sends_back_from_the_dead_letters_is_told_however_old(world: World):
    await world.employ("officer")
    world.now = RECEIVED + TELL_WITHIN + timedelta(days=2)

    heard = received(assigned(), case(reporter=None), 2)
    await world.hear(replace(heard, replayed=True))
    world.now += timedelta(days=1)
    await world.send()

    assert set(world.mails()) == {"officer"}


# Quiet hours


async def test_a_mail_of_the_night_leaves_at_six(world: World):
    await world.employ("officer")
    world.now = NIGHT
    await world.hear_case(assigned())

    await world.send()
    world.now = MORNING - timedelta(seconds=1)
    await world.send()
    assert world.mails() == {}

    world.now = MORNING
    await world.send()
    assert list(world.mails()) == ["officer"]


async def test_an_emergency_wakes_people(world: World):
    await world.employ("officer")
    world.now = NIGHT

    await world.hear_case(assigned(), flags=("emergency",))
    await world.send()

    assert list(world.mails()) == ["officer"]


# Nobody there


async def test_a_unit_without_contacts_is_listed_for_somebody_to_see(world: World):
    await world.hear_case(assigned())
    await world.send()

    (lost,), cursor = await world.store.undelivered(10)
    assert (lost.recipient, lost.unit, lost.reason) == ("unit:ward_1", WARD, "no_contact")
    assert (lost.code, lost.template, lost.given_up_at) == (CODE, "desk_assigned", NOON)
    assert cursor is None


async def test_the_list_of_what_nobody_got_goes_on_behind_its_cursor(world: World):
    for sequence in range(2, 9):
        world.now = NOON + timedelta(minutes=sequence // 3)  # some at the same moment
        await world.hear_case(assigned(), sequence)

    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await world.store.undelivered(2, cursor)
        seen += [each.event for each in page]
        if cursor is None:
            break

    assert len(seen) == len(set(seen)) == 7
    assert seen[0] in {f"{CODE}.case.{each}" for each in (6, 7, 8)}  # the latest first
    with pytest.raises(BadCursorError):
        await world.store.undelivered(2, "somewhere")


async def test_no_query_reads_the_whole_collection(world: World, base: Database):
    await base.command("profile", 2)
    await world.employ("officer")
    await world.hear_case(assigned())
    await world.hear_case(assigned(unit=HELPER), 3, unit=HELPER)
    await world.send()
    await world.store.undelivered(10)
    await base.command("profile", 0)

    done = await base["system.profile"].find({"ns": f"{base.name}.deliveries"}).to_list(100)
    plans = {each["planSummary"] for each in done if "planSummary" in each}
    assert any("given_up_at" in each for each in plans)
    assert any("next_at" in each for each in plans)
    assert "COLLSCAN" not in plans


async def test_who_left_the_unit_before_the_mail_went_out_does_not_get_it(world: World):
    await world.employ("officer")
    world.now = NIGHT
    await world.hear_case(assigned())
    await world.directory.put(Contact("officer", HELPER, HEAD, world.address("officer")), version=2)

    world.now = MORNING
    await world.send()

    row = (await world.rows())["account:officer"]
    assert (row["state"], row["reason"]) == ("undeliverable", "moved")
    assert world.mails() == {}


async def test_whose_account_was_closed_before_the_mail_went_out_does_not_get_it(world: World):
    await world.employ("officer")
    world.now = NIGHT
    await world.hear_case(assigned())
    await world.directory.remove("officer", version=2)

    world.now = MORNING
    await world.send()

    row = (await world.rows())["account:officer"]
    assert (row["state"], row["reason"]) == ("undeliverable", "no_contact")


async def test_a_message_that_cannot_be_written_does_not_hold_up_its_neighbours(world: World):
    await world.employ("officer")
    await world.employ("helper", unit=HELPER)
    await world.hear_case(assigned())
    [(at, in_hand)] = world.sender._own
    world.sender._own[:] = [(at, replace(in_hand, template="of_tomorrow"))]
    await world.hear_case(assigned(unit=HELPER), 3, unit=HELPER)

    await world.send()

    rows = await world.rows()
    assert rows["account:helper"]["state"] == "sent"
    assert (rows["account:officer"]["state"], rows["account:officer"]["reason"]) == (
        "pending",
        "not_written",
    )
    assert rows["account:officer"]["next_at"] == NOON + timedelta(seconds=5)


# The directory


async def test_the_directory_knows_who_of_a_unit_has_a_role(world: World):
    await world.employ("b")
    await world.employ("a", HEAD)
    await world.employ("c", unit=HELPER)

    everybody = await world.directory.of(WARD, {Role.OFFICER, HEAD})
    heads = await world.directory.of(WARD, {HEAD})

    assert [each.account for each in everybody] == ["a", "b"]
    assert [each.account for each in heads] == ["a"]
    assert await world.directory.of(LEAD, {HEAD}) == []


async def test_a_look_up_stays_fresh_for_a_few_seconds(world: World):
    await world.directory.of(WARD, {Role.OFFICER})
    await world.employ("officer")

    assert await world.directory.of(WARD, {Role.OFFICER}) == []
    world.elapsed_s = FRESH_S
    assert [each.account for each in await world.directory.of(WARD, {Role.OFFICER})] == ["officer"]


async def test_an_earlier_version_of_an_account_never_replaces_a_later_one(world: World):
    later = Contact("officer", HELPER, HEAD, "later@example.com")
    earlier = Contact("officer", WARD, Role.OFFICER, "earlier@example.com")

    await world.directory.put(later, version=3)
    await world.directory.put(earlier, version=2)
    assert await world.directory.find("officer") == later

    await world.directory.remove("officer", version=4)
    await world.directory.put(later, version=3)
    assert await world.directory.find("officer") is None
    assert await world.directory.of(HELPER, {HEAD}) == []

    await world.directory.put(earlier, version=5)
    assert await world.directory.find("officer") == earlier


async def test_a_closed_account_leaves_no_address_behind(world: World):
    await world.employ("officer")

    await world.directory.remove("officer", version=1)

    document = await world.directory.documents.load("officer")
    assert "example.com" not in repr(document)


async def test_a_contact_does_not_print_its_address():
    assert "example.com" not in repr(Contact("a", WARD, HEAD, "an.nguyen@example.com"))


async def test_a_reference_is_read_from_the_collection_that_it_names(world: World):
    """An official whose account id looks like a reporter's reference stays an official."""
    await world.employ("reporter_r_1")
    await world.hear_case(assigned(), reporter=ReporterId("r_unknown"))
    await world.send()

    rows = await world.rows()
    assert rows["account:reporter_r_1"]["state"] == "sent"
    assert rows["reporter:r_unknown"]["reason"] == "erased"


async def test_what_a_dead_sender_had_in_hand_is_sent_by_another(world: World):
    await world.employ("officer")
    await world.hear_case(assigned())
    world.sender._own.clear()  # the process that held it is gone

    await world.send()
    before = (await world.rows())["account:officer"]["state"]
    world.now += timedelta(seconds=61)
    await world.send()

    assert before == "pending"
    assert (await world.rows())["account:officer"]["state"] == "sent"


async def test_the_owner_of_an_endpoint_that_was_switched_off_gets_one_mail(world: World):
    await world.employ("operator", Role.IOC_OPERATOR, UnitId("ioc"))
    at = NOON
    endpoint = Endpoint(
        *("wh_1", "https://example.com/", ("*",), "", "operator", "ioc", at, True, None, None, ())
    )
    owners = Owners(world.sender, BOOK)

    await owners.tell(endpoint, "exhausted", "msg_1", NOON)
    await owners.tell(endpoint, "exhausted", "msg_1", NOON)
    await world.send()

    assert world.mails() == {"operator": "[Webhook wh_1] Đã ngừng gửi"}


async def test_an_administrator_without_a_unit_can_be_told(world: World):
    await world.employ("admin", Role.ADMINISTRATOR, None)
    endpoint = Endpoint(
        *("wh_1", "https://example.com/", ("*",), "", "admin", None, NOON, True, None, None, ())
    )

    await Owners(world.sender, BOOK).tell(endpoint, "gone", "msg_1", NOON)
    await world.send()

    assert list(world.mails()) == ["admin"]


async def test_what_another_process_owed_is_sent_although_new_mails_keep_coming(world: World):
    await world.employ("officer")
    await world.hear_case(assigned())
    world.sender._own.clear()  # its process died with the claim
    recipient, row = (await world.rows()).popitem()
    free = {"$set": {"claim": None, "next_at": world.now - timedelta(seconds=1)}}
    await world.store.documents.update_one({"_id": row["_id"]}, free)
    await world.employ("clerk", CLERK, OFFICE)
    await world.hear_case(assigned(), 3, unit=OFFICE)
    assert world.sender._own  # a new one is in hand

    await world.sender.send_due()

    assert (await world.rows())[recipient]["state"] == "sent"


# Followers


async def _follow(world: World, who: str, **changes: Any) -> str:
    """Somebody follows the case, with a mail address of their own if no other is given."""
    plain: dict[str, Any] = {"email": world.address(who), "channels": ("email",)}
    reference = follower_reference(CODE, who)
    person = Reporter(**{**plain, **changes})
    await world.followers.add(Follower(reference, CODE, person, EVERY_PLACE), NOON)
    return reference


async def test_followers_hear_each_change_as_the_reporter_does_each_of_them_once(world: World):
    await _follow(world, "first")
    await _follow(world, "second", language=Language.ENGLISH)
    changes = {"state": State.RESOLVED, "followers": 2}

    for _ in range(3):
        await world.hear_case(RESOLVED, **changes)
    await world.send()

    assert world.mails() == {
        "first": f"[{CODE}] Phản ánh bạn theo dõi đã có kết quả",
        "second": f"[{CODE}] The report you follow has a result",
    }


async def test_who_is_told_already_does_not_hear_it_as_a_follower_too(world: World):
    """The reporter, an official of the unit, and one person who follows twice."""
    address = world.address("reporter")
    reporter = await world.vault.store(Reporter(email=address), NOON)
    await world.employ("officer")
    await _follow(world, "again", email=address.upper())
    await _follow(world, "clerk", email=world.address("officer"))
    await _follow(world, "twice")
    await _follow(world, "thrice", email=world.address("twice"))

    await world.hear_case(assigned(), reporter=reporter, followers=4)
    await world.send()

    assert set(world.mails()) == {"reporter", "officer", "twice"}


async def test_a_follower_gets_no_key_to_the_case_and_a_way_out_by_one_click(world: World):
    reference = await _follow(world, "follower")
    await world.hear_case(assigned(), followers=1)
    await world.send()

    [path] = [p for p in world.mail.glob("*.eml") if world.address("follower") in p.read_text()]
    mail = message_from_bytes(path.read_bytes(), policy=policy.default)
    text = mail.get_content()
    assert f"https://dalat.example/r/{CODE}\n" in text.replace("\r", "")
    assert TrackingTokens(["secret"]).issue(CODE) not in text
    token = OptOutTokens(["secret"]).issue(ReporterId(reference), "email")
    address = f"https://dalat.example/api/v1/notifications/opt-out/{token}"
    assert mail["List-Unsubscribe"] == f"<{address}>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"https://dalat.example/opt-out#{token}" in text


async def test_an_officials_mail_has_no_way_out(world: World):
    await world.employ("officer")
    await world.hear_case(assigned())
    await world.send()

    [path] = [p for p in world.mail.glob("*.eml") if world.address("officer") in p.read_text()]
    assert "List-Unsubscribe" not in path.read_text()


@pytest.mark.parametrize("changes", [{"state": State.HELD}, {"restricted": True}])
async def test_followers_hear_nothing_of_what_is_not_public(world: World, changes: dict[str, Any]):
    await _follow(world, "follower")
    await world.employ("clerk", CLERK, OFFICE)

    await world.hear_case(assigned(), followers=1, **changes)

    assert not any(name.startswith("follower:") for name in await world.rows())


async def test_who_chose_no_channel_or_left_before_the_mail_went_out_hears_nothing(world: World):
    await _follow(world, "silent", channels=())
    reference = await _follow(world, "gone")
    await world.hear_case(assigned(), followers=2)
    owed = {name for name in await world.rows() if name.startswith("follower:")}
    assert owed == {f"follower:{reference}"}
    await world.followers.erase(ReporterId(reference))

    await world.send()

    row = (await world.rows())[f"follower:{reference}"]
    assert (row["state"], row["reason"]) == ("undeliverable", "erased")
    assert world.mails() == {}
