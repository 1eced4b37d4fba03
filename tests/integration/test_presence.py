"""Who has a case open, on a real MongoDB: every replica knows it, and it is over by itself."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import MongoClient

from services.intake.domain.parties import Actor
from services.intake.presence import LASTS, Presences
from shared import mongo
from shared.vocabulary import CaseCode, Role, UnitId

CODE, OTHER = CaseCode("DL-2222-2222"), CaseCode("DL-3333-3333")
OFFICER = Actor("u_officer", Role.OFFICER, UnitId("ward_1"))
LEADER = Actor("u_leader", Role.LEADER, UnitId("leaders"))


class Clock:
    """The servers' time, moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
async def replicas(
    mongo_url: str, database_prefix: str
) -> AsyncGenerator[tuple[Presences, Presences, Clock]]:
    """Two processes on one database."""
    clock = Clock()
    client = mongo.connect(mongo_url)
    base = mongo.database(client, f"{database_prefix}_intake")
    one, two = Presences(base, clock), Presences(base, clock)
    await one.documents.ensure_indexes()
    yield one, two, clock
    client.close()


async def test_what_one_replica_is_told_the_other_knows(
    replicas: tuple[Presences, Presences, Clock],
):
    one, two, _ = replicas

    assert await one.here(CODE, OFFICER) == []
    [other] = await two.here(CODE, LEADER)
    assert (other.account, other.role, other.unit) == ("u_officer", Role.OFFICER, "ward_1")
    assert [each.account for each in await one.here(CODE, OFFICER)] == ["u_leader"]
    assert await two.here(OTHER, OFFICER) == []

    await two.gone(CODE, LEADER)
    assert await one.here(CODE, OFFICER) == []


async def test_whoever_says_nothing_any_more_is_gone(
    replicas: tuple[Presences, Presences, Clock],
):
    one, two, clock = replicas
    await one.here(CODE, OFFICER)

    clock.now += LASTS - timedelta(seconds=1)
    assert [each.account for each in await two.here(CODE, LEADER)] == ["u_officer"]
    clock.now += timedelta(seconds=1)
    assert await two.here(CODE, LEADER) == []


async def test_the_server_forgets_and_nothing_but_the_moment_is_kept(
    replicas: tuple[Presences, Presences, Clock], mongo_url: str, database_prefix: str
):
    one, _, _ = replicas
    for _ in range(3):
        await one.here(CODE, OFFICER)

    with MongoClient[dict[str, Any]](mongo_url) as client:
        kept = client[f"{database_prefix}_intake"]["presences"]
        indexes = kept.index_information()
        [document] = list(kept.find())
    assert indexes["expires_at_1"]["expireAfterSeconds"] == 0
    assert set(document) == {"_id", "code", "account", "role", "unit", "expires_at"}
