"""An address that a follower typed: asked once, told nothing more until its owner has said yes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.case import RuleBrokenError
from services.intake.followers import FollowerDesk, LinkExpiredError
from services.intake.notifications import Choice
from services.notify.confirming import Confirming
from services.notify.domain import Heard, Person, QuietHours, deliveries, notices
from shared import mongo
from shared.confirmations import MOST_TRIES, AskLedger, ConfirmationTokens
from shared.events import CaseSnapshot
from shared.followers import EVERY_PLACE, Follower, follower_reference
from shared.identity import Reporter, Seal
from shared.vocabulary import CaseCode, Language, ReporterId
from tests.builders import CODE, state_calendar
from tests.integration.test_channels import World as Channels
from tests.integration.test_deliveries import KEY
from tests.unit.notify_events import RESOLVED, case

CODES = ConfirmationTokens(["secret"])
OTHER = CaseCode("DL-2222-2222")
EMAIL, PHONE = "binh@example.com", "0912 345 678"
BY_MAIL = Choice(["email"], email=EMAIL)
DAY = timedelta(hours=24)


class World(Channels):
    """Intake's desk of followers and notify with all channels, on one clock."""

    async def open(self) -> None:
        await self.start()
        ledger = AskLedger(self.base, "secret", 3)
        await ledger.documents.ensure_indexes()
        await self.followers.documents.ensure_indexes()
        self.desk = FollowerDesk(self.followers, ledger, CODES, clock=self.clock, lasts=DAY)
        self.asking = Confirming(self.followers, self.view, self.sender, self.clock)
        await self.hear(CODE)

    async def hear(self, code: CaseCode) -> None:
        await self.view.note(1, self.snapshot(code))

    def snapshot(self, code: CaseCode = CODE) -> CaseSnapshot:
        return case(reporter=None, followers=2).model_copy(update={"code": code})

    async def follow(self, who: str, choice: Choice, code: CaseCode = CODE) -> Follower:
        return await self.desk.follow(follower_reference(code, who), choice, code)

    async def asked(self) -> int:
        """What notify finds is asked and sent; return how many were new to it."""
        found = await self.asking.look()
        await self.send()
        return found

    async def tell(self) -> None:
        """The case has its result: its followers are told."""
        heard = Heard(f"{CODE}.case.9", RESOLVED, self.snapshot())
        people: list[Person] = await self.people.following(heard.case)
        told = [(each, people if each.followers else []) for each in notices(heard)]
        quiet = QuietHours(self.quiet_from, self.quiet_from, state_calendar().zone)
        for each in deliveries(heard, told, now=self.now, quiet=quiet):
            if each.to_follower:
                await self.sender.owe(each, self.now)
        await self.send()

    @property
    def quiet_from(self) -> Any:
        return self.now.time()

    @property
    def people(self) -> Any:
        return self.sender._people

    def to(self, address: str) -> list[str]:
        return [each.subject for each in self.mails.sent if each.address == address]

    def only_ask(self, follower: Follower) -> str:
        [ask] = follower.asks
        return ask.id


@pytest.fixture
async def world(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    async with AsyncExitStack() as stack:
        made = World(mongo.database(client, f"{database_prefix}_notify"), stack)
        await made.open()
        yield made
    client.close()


async def test_a_strangers_address_gets_one_question_and_nothing_else(world: World):
    await world.follow("somebody", BY_MAIL)

    for _ in range(3):
        await world.asked()
    await world.tell()

    [subject] = world.to(EMAIL)
    assert subject.startswith(f"[{CODE}] Mã xác nhận ")
    rows = await world.store.documents.find({}, limit=10)
    assert [each["template"] for each in rows] == ["confirm/follow"]
    assert EMAIL not in repr(rows)


async def test_the_question_shows_code_link_until_when_and_the_way_out(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    await world.asked()

    [mail] = world.mails.sent
    ask = world.only_ask(follower)
    assert CODES.code(ask) in mail.subject
    assert f"https://dalat.example/confirm#{CODES.issue(follower.reference, ask)}\n" in mail.text
    assert "12:00 thứ Ba 13/01/2026" in mail.text
    assert mail.opt_out


@pytest.mark.parametrize("way", ["code", "link"])
async def test_whoever_confirms_is_told(world: World, way: str):
    follower = await world.follow("somebody", BY_MAIL)
    await world.asked()
    ask = world.only_ask(follower)

    if way == "code":
        after = await world.desk.confirm_code(follower.reference, CODES.code(ask))
    else:
        found = await world.desk.confirm_link(CODES.issue(follower.reference, ask))
        assert found
        after = found[0]
    await world.tell()

    assert after.confirmed == {"email"}
    assert len(world.to(EMAIL)) == 2


async def test_a_link_that_is_opened_again_says_the_same(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    token = CODES.issue(follower.reference, world.only_ask(follower))

    answers = [await world.desk.confirm_link(token) for _ in range(3)]

    assert [each and each[1] for each in answers] == ["email"] * 3
    assert await world.desk.confirm_link(f"{token}x") is None


async def test_nothing_confirms_after_a_day_and_the_address_is_forgotten(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    ask = world.only_ask(follower)

    world.now += DAY
    with pytest.raises(LinkExpiredError):
        await world.desk.confirm_link(CODES.issue(follower.reference, ask))
    with pytest.raises(RuleBrokenError, match="nothing_to_confirm"):
        await world.desk.confirm_code(follower.reference, CODES.code(ask))
    changed = await world.desk.forget_unconfirmed()

    assert changed == 1
    assert await world.followers.find(follower.reference) is None
    assert await world.asked() == 0
    assert world.mails.sent == []


async def test_what_was_not_confirmed_goes_and_the_rest_stays(world: World):
    follower = await world.follow("s", Choice(["push", "sms", "email"], email=EMAIL, phone=PHONE))
    mail = follower.ask("email")
    assert mail
    await world.desk.confirm_code(follower.reference, CODES.code(mail.id))

    world.now += DAY
    await world.desk.forget_unconfirmed()

    found = await world.followers.find(follower.reference)
    assert found
    assert (found.person.email, found.person.phone) == (EMAIL, None)
    assert found.person.channels == ("push", "email")


async def test_five_wrong_codes_end_the_code_and_leaving_and_coming_back_gives_no_more(
    world: World,
):
    follower = await world.follow("somebody", BY_MAIL)
    ask = world.only_ask(follower)
    right = CODES.code(ask)
    wrong = "000000" if right != "000000" else "000001"
    for _ in range(MOST_TRIES):
        with pytest.raises(RuleBrokenError, match="wrong_code"):
            await world.desk.confirm_code(follower.reference, wrong)

    await world.desk.unfollow(follower.reference)
    again = await world.follow("somebody", BY_MAIL)

    assert world.only_ask(again) == ask
    with pytest.raises(RuleBrokenError, match="too_many_tries"):
        await world.desk.confirm_code(follower.reference, right)
    assert await world.desk.confirm_link(CODES.issue(follower.reference, ask))


async def test_a_hundred_codes_at_once_get_five_tries(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    right = CODES.code(world.only_ask(follower))
    wrong = [f"{number:06}" for number in range(100) if f"{number:06}" != right]

    answers = await asyncio.gather(
        *(world.desk.confirm_code(follower.reference, each) for each in wrong),
        return_exceptions=True,
    )

    codes = [each.code for each in answers if isinstance(each, RuleBrokenError)]
    assert len(codes) == len(wrong)
    assert codes.count("wrong_code") == MOST_TRIES


async def test_an_address_is_asked_three_times_a_day_whoever_types_it(world: World):
    """A fourth one looks the same to its sender, and no message goes out."""
    codes = [CaseCode(f"DL-2222-222{each}") for each in "3456"]
    for code in codes:
        await world.hear(code)
    followers = [await world.follow("somebody", BY_MAIL, code) for code in codes]
    await world.asked()

    assert len(world.to(EMAIL)) == 3
    assert {each.asks[0].until for each in followers} == {world.now + DAY}
    last = followers[-1]
    with pytest.raises(RuleBrokenError, match="wrong_code"):
        await world.desk.confirm_code(last.reference, CODES.code(world.only_ask(last)))
    world.now += DAY + timedelta(seconds=1)
    await world.desk.forget_unconfirmed()
    await world.follow("somebody", BY_MAIL, codes[-1])
    await world.asked()
    assert len(world.to(EMAIL)) == 4


async def test_two_strangers_who_type_one_address_for_one_case_ask_it_once(world: World):
    await world.follow("first", BY_MAIL)
    second = await world.follow("second", Choice(["email"], email=EMAIL.upper()))
    await world.asked()

    assert len(world.mails.sent) == 1
    assert second.asks[0].withheld


async def test_the_same_wish_sent_ten_times_at_once_asks_once(world: World):
    made = await asyncio.gather(*(world.follow("somebody", BY_MAIL) for _ in range(10)))
    await world.asked()

    assert len({world.only_ask(each) for each in made}) == 1
    assert not any(each.asks[0].withheld for each in made)
    assert len(world.to(EMAIL)) == 1


async def test_two_processes_that_find_a_question_send_it_once(world: World):
    await world.follow("somebody", BY_MAIL)
    second = Confirming(world.followers, world.view, world.sender, world.clock)

    await asyncio.gather(world.asking.look(), second.look())
    await world.send()

    assert len(world.to(EMAIL)) == 1


async def test_a_telephone_gets_its_code_by_sms_and_no_token(world: World):
    follower = await world.follow("somebody", Choice(["sms"], phone=PHONE))
    await world.asked()

    [text] = [each["Content"] for each in world.gateway.sent.values()]
    ask = world.only_ask(follower)
    assert CODES.code(ask) in text
    assert f"/r/{CODE}" in text
    assert ask not in text


async def test_a_telephone_without_zalo_is_asked_by_sms(world: World):
    world.zalo.errors = [-118]
    await world.follow("somebody", Choice(["zalo", "sms"], phone=PHONE))

    await world.asked()

    assert (world.zalo.sent, len(world.gateway.sent)) == ([], 1)


async def test_no_telephone_is_asked_at_night(world: World):
    world.now = world.now.replace(hour=16)  # 23:00 in the city
    await world.follow("somebody", Choice(["sms"], phone=PHONE))

    await world.asked()
    assert world.gateway.calls == []
    world.now += timedelta(hours=7)
    await world.send()
    assert len(world.gateway.sent) == 1


async def test_each_address_is_confirmed_by_itself(world: World):
    follower = await world.follow("s", Choice(["sms", "email"], email=EMAIL, phone=PHONE))
    await world.asked()
    telephone = follower.ask("phone")
    assert telephone

    await world.desk.confirm_code(follower.reference, CODES.code(telephone.id))
    await world.tell()

    assert len(world.gateway.sent) == 2
    assert len(world.to(EMAIL)) == 1


async def test_a_new_address_is_asked_anew_and_the_old_link_confirms_nothing(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    old = CODES.issue(follower.reference, world.only_ask(follower))
    after = await world.follow("somebody", Choice(["email"], email="chi@example.com"))
    await world.asked()

    with pytest.raises(LinkExpiredError):
        await world.desk.confirm_link(old)
    assert world.to(EMAIL) == []
    assert len(world.to("chi@example.com")) == 1
    await world.desk.confirm_code(follower.reference, CODES.code(world.only_ask(after)))
    kept = await world.follow("somebody", Choice(["email", "push"]))
    assert (kept.confirmed, [each.done for each in kept.asks]) == ({"email"}, [True])


async def test_a_confirmed_address_that_is_replaced_is_not_told_any_more(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    await world.desk.confirm_code(follower.reference, CODES.code(world.only_ask(follower)))

    await world.follow("somebody", Choice(["email"], email="chi@example.com"))
    await world.tell()

    assert world.mails.sent == []


async def test_who_typed_the_address_of_another_does_not_stand_in_their_way(world: World):
    """The first one never confirms; the owner follows by themselves and is told."""
    await world.follow("stranger", BY_MAIL)
    owner = Follower(
        follower_reference(CODE, "owner"),
        CODE,
        Reporter(email=EMAIL, channels=("email",)),
        EVERY_PLACE,
    )
    await world.followers.add(owner, world.now)

    await world.tell()

    assert len(world.to(EMAIL)) == 1


async def test_who_followed_before_there_were_questions_is_told_as_before(world: World):
    reference, seal = follower_reference(CODE, "early"), Seal(KEY)
    person = Reporter(email=EMAIL, channels=("email",))
    sealed = seal.close(reference, person)
    await world.followers.documents.insert(
        {"_id": reference, "created_at": world.now, "case": CODE, **sealed}
    )

    assert await world.asked() == 0
    await world.tell()

    assert len(world.to(EMAIL)) == 1
    after = await world.follow("early", Choice(["email"], language=Language.ENGLISH))
    assert (after.confirmed, after.asks) == ({"email"}, ())


async def test_an_address_that_opted_out_is_not_even_asked(world: World):
    await world.optouts.add("email", EMAIL, world.now)
    follower = await world.follow("somebody", BY_MAIL)
    await world.asked()

    assert world.mails.sent == []
    assert world.only_ask(follower)  # and nobody can tell


async def test_a_question_about_a_case_that_notify_does_not_know_yet_waits_for_it(world: World):
    await world.follow("somebody", BY_MAIL, OTHER)
    assert await world.asked() == 0
    world.now += timedelta(minutes=10)

    await world.hear(OTHER)

    assert await world.asked() == 1
    assert len(world.to(EMAIL)) == 1


async def test_a_question_that_was_answered_or_left_meanwhile_is_not_sent(world: World):
    follower = await world.follow("somebody", BY_MAIL)
    await world.asking.look()
    await world.desk.confirm_link(CODES.issue(follower.reference, world.only_ask(follower)))
    gone = await world.follow("gone", Choice(["email"], email="chi@example.com"))
    await world.asking.look()
    await world.desk.unfollow(gone.reference)

    await world.send()

    assert world.mails.sent == []
    rows = await world.store.documents.find({}, limit=10)
    assert sorted(each["reason"] for each in rows) == ["confirmed", "erased"]


async def test_neither_address_nor_code_stands_in_the_database(world: World):
    follower = await world.follow("somebody", Choice(["sms", "email"], email=EMAIL, phone=PHONE))
    await world.asked()

    kept = [
        each
        for name in ("followers", "confirmations", "deliveries")
        for each in await world.base[name].find().to_list(100)
    ]
    assert kept
    for word in ("binh", "912345678", *(CODES.code(each.id) for each in follower.asks)):
        assert word not in repr(kept)


async def test_an_address_is_known_as_asked_for_a_day_and_no_longer(world: World):
    await world.follow("somebody", BY_MAIL)
    world.now += DAY + timedelta(seconds=1)

    await world.desk.forget_unconfirmed()

    assert await world.base["confirmations"].count_documents({}) == 0


def test_a_token_of_another_follower_or_secret_is_none_of_ours():
    token = CODES.issue(ReporterId("f_1"), "a1")
    reference, ask, signature = token.split(".")

    assert CODES.read(token) == ("f_1", "a1")
    assert CODES.read(f"f_2.{ask}.{signature}") is None
    assert CODES.read(f"{reference}.a2.{signature}") is None
    assert ConfirmationTokens(["other"]).read(token) is None
    assert ConfirmationTokens(["new", "secret"]).read(token) == ("f_1", "a1")
    assert ConfirmationTokens(["new", "secret"]).is_code("a1", CODES.code("a1"))
