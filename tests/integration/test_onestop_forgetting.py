"""Addresses left at the counter end with the day or a term after the dossier; the rest stays."""

import asyncio
import base64
import secrets
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.intake.audit import Audit
from services.intake.onestop.domain import calling
from services.intake.onestop.domain import dossier as rules
from services.intake.onestop.domain.calling import Caller, Wish
from services.intake.onestop.domain.dossier_parts import HandIn, Refusal
from services.intake.onestop.domain.queue import Queue, Rating
from services.intake.onestop.forgetting import Due, Forgetting
from services.intake.onestop.store import DossierStore, QueueStore, StoredQueue
from services.intake.privacy.__main__ import main
from shared import mongo
from shared.identity import Reporter, Seal, Vault
from shared.vocabulary import DeskId, Language, ReporterId
from tests.unit.test_onestop_dossier import about

KEY = base64.b64encode(secrets.token_bytes(32)).decode()
WHO = Reporter(name="Người Thử Nghiệm", email="thu@example.vn", language=Language.VIETNAMESE)
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
CLERK = Caller("a_clerk")


def now() -> datetime:
    return datetime.now(UTC)


class World:
    """The counter's collections, the vault and the audit."""

    def __init__(self, client: Any, prefix: str) -> None:
        base = mongo.database(client, f"{prefix}_intake")
        self.queues, self.dossiers = QueueStore(base), DossierStore(base)
        self.vault = Vault(mongo.database(client, f"{prefix}_identity"), Seal(KEY))
        self.audit = Audit(base, now)
        self.forgetting = Forgetting(
            self.queues, self.dossiers, self.vault, self.audit, days=90, clock=now
        )

    async def number(self, desk: str, days_ago: int) -> ReporterId:
        """Let somebody with an address have been served on a day."""
        visitor = await self.vault.store(WHO, now())
        at = now() - timedelta(days=days_ago)
        queue = Queue(desk=DeskId(desk), on=at.astimezone(ZONE).date())
        wish = Wish(f"t_{visitor}", "online", Language.VIETNAMESE, remind_at=3, visitor=visitor)
        issued = calling.issue(queue, wish, "B", most=9, now=at)
        await self.queues.save(StoredQueue(queue, 0), issued, at)
        called = calling.call_next(issued.queue, CLERK, at)
        await self.queues.save(StoredQueue(issued.queue, 1), called, at)
        served = calling.serve(called.queue, wish.id, CLERK, at)
        await self.queues.save(StoredQueue(called.queue, 2), served, at)
        return visitor

    async def dossier(self, code: str, days_ago: int | None) -> ReporterId:
        """Let somebody have handed in a dossier that was refused so long ago, or is open."""
        applicant = await self.vault.store(WHO, now())
        at = now() - timedelta(days=400 if days_ago is None else days_ago)
        given = HandIn(code, f"HS-260112-{code}", "online", (), applicant, Language.VIETNAMESE)
        await self.dossiers.open(rules.submit(given, about(at)), {})
        stored = await self.dossiers.load(code)
        assert stored
        if days_ago is not None:
            step = rules.refuse(stored.dossier, Refusal.NOT_COMPLETED, "Không đủ", about(at))
            await self.dossiers.save(stored, step)
        return applicant

    async def due(self) -> list[Due]:
        return [each async for each in self.forgetting.due(ZONE)]


@pytest.fixture
async def world(mongo_url: str, database_prefix: str) -> AsyncIterator[World]:
    client = mongo.connect(mongo_url)
    yield World(client, database_prefix)
    client.close()


@pytest.fixture
def retain(
    mongo_url: str,
    database_prefix: str,
    s3: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Any:
    """Run `python -m services.intake.privacy retain` in this process."""
    settings = {
        "PROFILE": "dev",
        "MONGO_URL": mongo_url,
        "DATABASE_PREFIX": database_prefix,
        "SEALING_KEY": KEY,
        **{f"S3_{name.upper()}": value for name, value in s3.items()},
    }
    for name, value in settings.items():
        monkeypatch.setenv(f"INTAKE_{name}", value)

    async def run(*words: str) -> str:
        assert await asyncio.to_thread(main, ("retain", *words)) == 0
        return capsys.readouterr().out

    return run


async def test_the_retention_takes_addresses_whose_day_or_term_has_ended(
    world: World, retain: Any
) -> None:
    yesterday, today = await world.number("land", 1), await world.number("social", 0)
    old, fresh = await world.dossier("HS-OLD", 91), await world.dossier("HS-FRESH", 89)
    running = await world.dossier("HS-OPEN", None)

    dry = await retain()
    kept = [await world.vault.read(each) for each in (yesterday, old)]
    done = await retain("--apply")

    assert "to be erased: applicant of 1, visitors of 1" in dry
    assert all(kept)
    assert "erased: applicant of 1, visitors of 1" in done
    assert [await world.vault.read(each) for each in (yesterday, old)] == [None, None]
    assert all([await world.vault.read(each) for each in (today, fresh, running)])
    stored = await world.dossiers.load("HS-OLD")
    assert stored
    assert stored.dossier.snapshot.applicant is None
    assert len(stored.history) == 2  # the dossier itself stays
    [entry] = await world.audit.read(subject="HS-OLD")
    assert (entry.kind, entry.actor) == ("applicant.erased", "retention")
    assert "erased: nothing" in await retain("--apply")


async def test_a_rating_at_the_same_moment_is_kept_and_the_visitor_has_a_next_turn(
    world: World,
) -> None:
    visitor = await world.number("land", 1)
    [due] = await world.due()
    assert isinstance(due.of, StoredQueue)
    queue = due.of.queue
    rated = calling.rate(queue, queue.tickets[0].id, Rating(score=5, reason="Tốt", at=now()))
    await world.queues.save(due.of, rated, now())

    assert not await world.forgetting.apply(due)
    [again] = await world.due()
    assert await world.forgetting.apply(again)

    assert await world.vault.read(visitor) is None
    assert await world.due() == []
    left = await world.queues.load("land", queue.on)
    assert left
    assert left.queue.tickets[0].rating
    assert left.queue.tickets[0].visitor is None


async def test_due_days_and_dossiers_are_found_beyond_one_page(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.intake.onestop.forgetting.PAGE", 2)
    for days in range(1, 6):
        await world.number("land", days)
        await world.dossier(f"HS-{days}", 90 + days)

    assert len({each.code for each in await world.due()}) == 10
