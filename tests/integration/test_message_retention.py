"""Messages that came to their end long ago are forgotten; what is owed never is."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notify.retention import Forgetting, Term
from services.notify.settings import Settings
from services.notify.store import DeliveryStore
from services.notify.webhooks.store import MessageStore
from shared import mongo
from shared.mongo import Database

NOW = datetime(2026, 11, 24, tzinfo=UTC)
YEARS = timedelta(days=2000)


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Database]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_notify")
    client.close()


def row(identifier: str, state: str, done_at: datetime | None) -> dict[str, Any]:
    return {"_id": identifier, "state": state, "done_at": done_at, "created_at": NOW - YEARS}


async def test_only_what_has_ended_long_enough_ago_is_forgotten(base: Database):
    deliveries, messages = DeliveryStore(base).documents, MessageStore(base).documents
    settings = Settings()
    terms = {
        "deliveries": Term(deliveries, timedelta(days=settings.deliveries_days)),
        "webhook_messages": Term(messages, timedelta(days=settings.webhook_messages_days)),
    }
    for documents, days in ((deliveries, 180), (messages, 30)):
        await documents.ensure_indexes()
        await documents.insert(row("old", "failed", NOW - timedelta(days=days, seconds=1)))
        await documents.insert(row("young", "sent", NOW - timedelta(days=days, seconds=-1)))
        await documents.insert(row("owed", "pending", None))

    forgetting = Forgetting(terms, lambda: NOW)

    assert await forgetting.forget() == {"deliveries": 1, "webhook_messages": 1}
    assert await forgetting.forget() == {"deliveries": 0, "webhook_messages": 0}
    for documents in (deliveries, messages):
        left = await documents.find({}, sort=[("_id", 1)])
        assert [each["_id"] for each in left] == ["owed", "young"]


def test_no_term_is_shorter_than_an_event_may_come_again() -> None:
    for name in ("deliveries_days", "webhook_messages_days"):
        with pytest.raises(ValueError, match=name):
            Settings.model_validate({name: 7})
