"""A reporter chooses how they are told, and gets out again, on a real database."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.intake.notifications import Choice, Notifications
from shared import mongo
from shared.followers import EVERY_PLACE, Follower, Followers, follower_reference
from shared.identity import Reporter, Seal, Vault
from shared.mongo import Database
from shared.optouts import OptOuts, OptOutTokens
from shared.vocabulary import Language, ReporterId
from tests.builders import CODE
from tests.unit.notify_events import NOON

KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
AN = Reporter(name="An", email="an@example.com", phone="0912345678")


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_identity")
    client.close()


def build(base: Database, *secrets: str) -> tuple[Vault, OptOuts, OptOutTokens, Notifications]:
    vault, tokens = Vault(base, Seal(KEY)), OptOutTokens(secrets)
    followers = Followers(base, Seal(KEY))
    optouts = OptOuts(base, secrets)
    made = Notifications(vault, followers, optouts, tokens, clock=lambda: NOON)
    return vault, optouts, tokens, made


async def test_a_choice_is_kept_with_its_time_and_leaves_the_rest_as_it_was(base: Database):
    vault, _, _, notifications = build(base, "s1")
    reference = await vault.store(AN, NOON)

    await notifications.choose(reference, Choice(["zalo", "email"], language=Language.ENGLISH))

    found = await vault.read(reference)
    assert found == AN.model_copy(
        update={
            "channels": ("zalo", "email"),
            "chosen_at": NOON,
            "language": Language.ENGLISH,
        }
    )
    stored = repr(await base["reporters"].find().to_list(10))
    assert "example.com" not in stored
    assert "zalo" not in stored


async def test_an_opt_out_outlives_the_person_as_a_hash(base: Database):
    vault, _, tokens, notifications = build(base, "s1")
    reference = await vault.store(AN, NOON)

    assert await notifications.opt_out(tokens.issue(reference, "email")) == "email"
    await vault.shred(reference, NOON)

    fresh = OptOuts(base, ["s2", "s1"])  # another process, after the secret was changed
    await fresh.refresh()
    assert fresh.has("email", "An@Example.com")
    assert not fresh.has("email", "binh@example.com")
    assert not fresh.has("sms", "84912345678")
    assert "example" not in repr(await base["optouts"].find().to_list(10))


async def test_who_chooses_a_channel_again_is_told_again(base: Database):
    vault, _, tokens, notifications = build(base, "s1")
    reference = await vault.store(AN, NOON)
    await notifications.opt_out(tokens.issue(reference, "email"))
    await notifications.opt_out(tokens.issue(reference, "sms"))

    later = Notifications(
        vault,
        Followers(base, Seal(KEY)),
        OptOuts(base, ["s1"]),
        tokens,
        clock=lambda: NOON + timedelta(minutes=1),
    )
    await later.choose(reference, Choice(["email"]))

    optouts = OptOuts(base, ["s1"])
    await optouts.refresh()
    assert not optouts.has("email", "an@example.com")
    assert optouts.has("sms", "84912345678")


@pytest.mark.parametrize("token", ["", "a.b", "r_1.email.AAAA", "....", "r_1.email.é"])
async def test_a_link_that_is_not_ours_does_nothing(base: Database, token: str):
    *_, notifications = build(base, "s1")

    assert await notifications.opt_out(token) is None
    assert await base["optouts"].count_documents({}) == 0


async def test_the_token_of_one_channel_ends_no_other(base: Database):
    _, _, tokens, notifications = build(base, "s1")
    reference, channel, signature = tokens.issue(ReporterId("r_1"), "email").split(".")

    assert tokens.read(f"{reference}.sms.{signature}") is None
    assert tokens.read(f"r_2.{channel}.{signature}") is None
    assert await notifications.opt_out(f"{reference}.sms.{signature}") is None


async def test_who_was_erased_chooses_nothing(base: Database):
    vault, _, _, notifications = build(base, "s1")
    reference = await vault.store(AN, NOON)
    await vault.shred(reference, NOON)

    assert await notifications.choose(reference, Choice(["email"])) is None


async def test_the_link_of_a_follower_ends_their_mails_only(base: Database):
    vault, optouts, tokens, notifications = build(base, "s1")
    await vault.store(AN, NOON)
    reference = follower_reference(CODE, "secret of a follower")
    binh = Reporter(email="binh@example.com", channels=("email",))
    await Followers(base, Seal(KEY)).add(Follower(reference, CODE, binh, EVERY_PLACE), NOON)

    ended = await notifications.opt_out(tokens.issue(reference, "email"))

    await optouts.refresh()
    assert ended == "email"
    assert optouts.has("email", "Binh@example.com")
    assert not optouts.has("email", "an@example.com")
    assert "binh" not in repr(await base["followers"].find().to_list(10))
