"""How applications and their news are stored. Decides nothing."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from services.intake.apps.model import App, AppIn, Health, Seed
from services.intake.apps.news import Item
from shared.errors import DuplicateError
from shared.mongo import Database, Documents

APPS = "apps"
NEWS = "news"
MOST = 200


class AppStore:
    """Applications and news in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.documents = Documents(base, APPS)
        self.news = Documents(base, NEWS)

    async def seed(self, seeds: Sequence[Seed]) -> None:
        """Put in what is missing; what an administrator changed or removed stays so."""
        for each in seeds:
            try:
                fields = each.model_dump(mode="json", exclude={"id", "source"})
                await self.documents.insert({"_id": each.id, **fields})
            except DuplicateError:
                continue

    async def all(self) -> list[App]:
        """Return the applications in their order, without the removed ones."""
        found = await self.documents.find(
            {"removed": {"$ne": True}}, sort=[("order", 1), ("_id", 1)], limit=MOST
        )
        return [_app(each) for each in found]

    async def find(self, identifier: str) -> App | None:
        """Return an application, or None."""
        document = await self.documents.load(identifier)
        return _app(document) if document and not document.get("removed") else None

    async def put(self, identifier: str, app: AppIn) -> None:
        """Write an application, new or changed; its health is unknown again."""
        fields = {
            **app.model_dump(mode="json"),
            "removed": False,
            "health": Health.UNKNOWN.value,
            "checked_at": None,
        }
        await self.documents.update_each([({"_id": identifier}, {"$set": fields})], upsert=True)

    async def remove(self, identifier: str) -> None:
        """Show an application no more; its count stays."""
        await self.documents.update_one({"_id": identifier}, {"$set": {"removed": True}})

    async def opened(self, identifier: str, on: date) -> None:
        """Count an opening."""
        change = {"$inc": {"opens": 1, f"opens_on.{on.isoformat()}": 1}}
        await self.documents.update_one({"_id": identifier}, change)

    async def claim(self, identifier: str, before: datetime, now: datetime) -> bool:
        """Take the next look at an application; False when another process has."""
        due = {
            "_id": identifier,
            "$or": [{"looked_at": {"$exists": False}}, {"looked_at": {"$lt": before}}],
        }
        return await self.documents.update_one(due, {"$set": {"looked_at": now}})

    async def looked(self, app: App, health: Health, at: datetime) -> None:
        """Write what a look said, unless its address was changed meanwhile."""
        await self.documents.update_one(
            {"_id": app.id, "address": app.address},
            {"$set": {"health": health.value, "checked_at": at}},
        )

    async def keep_news(self, app: App, items: Sequence[Item], at: datetime) -> None:
        """Keep the newest news of an application."""
        plain: list[dict[str, Any]] = [each.plain() for each in items]
        await self.news.update_each(
            [({"_id": app.id}, {"$set": {"feed": app.feed, "items": plain, "at": at}})],
            upsert=True,
        )

    async def read_news(self, app: App) -> tuple[list[dict[str, Any]], datetime | None]:
        """Return the news that were kept for its present feed, and when they were fetched."""
        document = await self.news.load(app.id)
        if document is None or document["feed"] != app.feed:
            return [], None
        return document["items"], document["at"]


def _app(document: dict[str, Any]) -> App:
    return App.model_validate({**document, "id": document["_id"]})
