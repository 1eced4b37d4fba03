"""What a crash left without a case is removed; what belongs to one, or may yet, is not."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from services.intake.onestop.domain import calling
from services.intake.onestop.domain import dossier as rules
from services.intake.onestop.domain.calling import Wish
from services.intake.onestop.domain.dossier_parts import HandIn
from services.intake.onestop.domain.queue import Queue
from services.intake.onestop.forgetting import people_of
from services.intake.onestop.store import DossierStore, QueueStore, StoredQueue
from services.intake.orphans import Orphans, OrphanSweeper, Swept
from services.intake.store import CaseStore
from shared import mongo
from shared.identity import Reporter, Seal, Vault
from shared.media import MediaSettings, MediaStore
from shared.media_names import original_name, public_name
from shared.mongo import Documents
from shared.vocabulary import DeskId, Language
from tests.unit.test_onestop_dossier import about

KEY = "c2VjcmV0IG9mIHRlc3RzLCAzMiBieXRlcyBsb25nISE="
WHO = Reporter(name="Người Thử Nghiệm", phone=None, email=None, language="vi")
PHOTO, OTHER = "a" * 64, "b" * 64


class World:
    """A store, a bucket and a vault, with their sweeper."""

    def __init__(self, client: Any, prefix: str, s3: dict[str, Any]) -> None:
        self.base = mongo.database(client, f"{prefix}_intake")
        self.cases = CaseStore(self.base)
        self.media = MediaStore(MediaSettings(**s3))
        self.vault = Vault(mongo.database(client, f"{prefix}_identity"), Seal(KEY))
        self.queues, self.dossiers = QueueStore(self.base), DossierStore(self.base)
        counter = partial(people_of, self.queues, self.dossiers)
        self.orphans = Orphans(self.cases, self.media, self.vault, counter)

    async def case(self, code: str, *names: str, reporter: str | None = None) -> None:
        """Store what the sweeper reads of a case."""
        media = [{"variants": {"original": {"object": name}}} for name in names]
        await self.cases.aggregates.insert(
            {"_id": code, "case": {"reporter": reporter}, "content": {"media": media}}
        )

    async def names(self) -> set[str]:
        return {each.name async for each in self.media.objects("")}

    async def reporters(self) -> set[str]:
        documents = Documents(mongo.database(self.base.client, self.vault_name), "reporters")
        return {each["_id"] for each in await documents.find({})}

    @property
    def vault_name(self) -> str:
        return self.base.name.replace("_intake", "_identity")


@pytest.fixture
async def world(mongo_url: str, database_prefix: str, s3: dict[str, Any]) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    made = World(client, database_prefix, s3)
    yield made
    made.media.close()
    client.close()


def later(seconds: float = 5) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=seconds)


async def test_objects_without_a_case_go_and_those_of_a_case_stay(world: World) -> None:
    kept = [original_name("DL-A", PHOTO), public_name("DL-A", PHOTO, "jpg")]
    gone = [original_name("DL-B", PHOTO), original_name("DL-A", OTHER)]
    for name in (*kept, *gone, "elsewhere/foreign"):
        await world.media.put(name, b"x", "image/jpeg")
    await world.case("DL-A", *kept)

    counted = await world.orphans.sweep(later(), apply=False)
    swept = await world.orphans.sweep(later())
    again = await world.orphans.sweep(later())

    assert counted == swept == Swept(objects=2, reporters=0)
    assert again == Swept(0, 0)
    assert await world.names() == {*kept, "elsewhere/foreign"}


async def test_what_is_younger_than_the_grace_is_an_upload_on_its_way(world: World) -> None:
    name = original_name("DL-SLOW", PHOTO)
    await world.media.put(name, b"x", "image/jpeg")
    await world.vault.store(WHO, datetime.now(UTC), "DL-SLOW")

    swept = await world.orphans.sweep(datetime.now(UTC) - timedelta(hours=1))

    assert swept == Swept(0, 0)
    assert await world.names() == {name}
    assert len(await world.reporters()) == 1


async def test_a_file_sent_again_between_two_looks_is_kept(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = original_name("DL-A", PHOTO)
    await world.media.put(name, b"x", "image/jpeg")
    await world.case("DL-A")
    await asyncio.sleep(1.1)  # the bucket tells seconds
    before = datetime.now(UTC)
    original = world.cases.objects_of

    async def and_meanwhile(codes: Any) -> set[str]:
        known = await original(codes)
        await asyncio.sleep(1.1)
        await world.media.put(name, b"x", "image/jpeg")
        return known

    monkeypatch.setattr(world.cases, "objects_of", and_meanwhile)

    assert await world.orphans.sweep(before) == Swept(0, 0)
    assert await world.names() == {name}


async def test_people_of_the_counter_stay_with_their_number_or_dossier(world: World) -> None:
    now = datetime.now(UTC)
    visitor = await world.vault.store(WHO, now, counter="t_held")
    applicant = await world.vault.store(WHO, now, counter="HS-7K3Q-9M2F")
    lost = [await world.vault.store(WHO, now, counter=each) for each in ("t_lost", "HS-LOST")]
    step = calling.issue(
        Queue(desk=DeskId("land"), on=now.date()),
        Wish("t_held", "online", Language.VIETNAMESE, remind_at=3, visitor=visitor),
        "B",
        most=9,
        now=now,
    )
    await world.queues.save(StoredQueue(step.queue, 0), step, now)
    given = HandIn(
        "HS-7K3Q-9M2F", "HS-260112-7K3Q-9M2F", "online", (), applicant, Language.VIETNAMESE
    )
    await world.dossiers.open(rules.submit(given, about(now)), {})

    swept = await world.orphans.sweep(later())

    assert swept == Swept(objects=0, reporters=2)
    assert await world.reporters() == {visitor, applicant}
    assert not set(lost) & await world.reporters()


async def test_reporters_of_a_case_of_something_else_and_tombstones_stay(world: World) -> None:
    now = datetime.now(UTC)
    kept = await world.vault.store(WHO, now, "DL-A")
    await world.case("DL-A", reporter=kept)
    visitor = await world.vault.store(WHO, now)  # of the counter, for no case
    erased = await world.vault.store(WHO, now, "DL-E")
    await world.vault.shred(erased, now)
    lost = await world.vault.store(WHO, now, "DL-LOST")

    swept = await world.orphans.sweep(later())

    assert swept == Swept(objects=0, reporters=1)
    assert await world.reporters() == {kept, visitor, erased}
    assert lost not in await world.reporters()


async def test_of_many_replicas_one_takes_the_turn(world: World) -> None:
    await world.media.put(original_name("DL-B", PHOTO), b"x", "image/jpeg")
    now = datetime.now(UTC)
    sweepers = [
        OrphanSweeper(
            world.orphans,
            Documents(world.base, "turns"),
            lambda: now + timedelta(hours=2),
            grace=timedelta(hours=1),
            every=timedelta(hours=6),
        )
        for _ in range(5)
    ]

    swept = await asyncio.gather(*(each.sweep_if_due() for each in sweepers))

    assert [each for each in swept if each] == [Swept(objects=1, reporters=0)]


async def test_more_orphans_than_a_page_go_in_one_sweep(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.orphans.BATCH", 3)
    for number in range(8):
        await world.media.put(original_name(f"DL-{number}", PHOTO), b"x", "image/jpeg")
        await world.vault.store(WHO, datetime.now(UTC), f"DL-{number}")
    await world.case("DL-3", original_name("DL-3", PHOTO))

    assert await world.orphans.sweep(later()) == Swept(objects=7, reporters=8)
    assert await world.names() == {original_name("DL-3", PHOTO)}
