"""Browsers that want to be told by push: sealed, by person, dropped when they are gone."""

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import orjson

from shared.lockbox import Lockbox
from shared.mongo import Database, Document, Documents, Index

COLLECTION = "push_subscriptions"
FRESH_S = 2.0  # how old the list of who has a subscription may be
MOST = 10  # browsers of one person; the oldest goes
PAGE = 5000
OVERLAP = timedelta(seconds=30)


@dataclass(frozen=True)
class Subscription:
    """A browser's address at its push service, and its keys; printed without them."""

    id: str
    endpoint: str = field(repr=False)
    p256dh: str = field(repr=False)
    auth: str = field(repr=False)


def subscription_id(endpoint: str) -> str:
    """Return the identity of a subscription: one per address."""
    return hashlib.sha256(endpoint.encode()).hexdigest()[:32]


class Subscriptions:
    """All subscriptions, in MongoDB; who has any is known without asking for each message.

    Args:
        base: Notify's database.
        box: Seals address and keys.
        ticks: Seconds, for how long the list stays fresh.
    """

    def __init__(
        self, base: Database, box: Lockbox, ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.documents = Documents(
            base, COLLECTION, (*map(Index, (("subject",), ("created_at",), ("code",))),)
        )
        self._box = box
        self._ticks = ticks
        self._until = 0.0
        self._read_to = datetime(1970, 1, 1, tzinfo=UTC)
        self._subjects: set[str] = set()

    async def add(
        self, subject: str, one: Subscription, now: datetime, *, code: str | None = None
    ) -> None:
        """Keep a browser for a person (`reporter:<reference>`, `account:<id>`); idempotent.

        The address is the browser's: with another person at it, it is theirs from now on.
        """
        plain = orjson.dumps({"endpoint": one.endpoint, "p256dh": one.p256dh, "auth": one.auth})
        fields = {
            "subject": subject,
            "code": code,  # of the report through which a reporter subscribed
            "sealed": self._box.seal(one.id, plain),
            "created_at": now,
        }
        await self.documents.update_each([({"_id": one.id}, {"$set": fields})], upsert=True)
        self._subjects.add(subject)
        found = await self._of(subject)
        for old in found[MOST:]:
            await self.documents.delete(old["_id"])

    async def of(self, subject: str) -> list[Subscription]:
        """Return the browsers of a person, the newest first."""
        return [self._open(each) for each in await self._of(subject)]

    async def drop(self, identifier: str) -> bool:
        """Forget a browser; say whether it was known."""
        return await self.documents.delete(identifier)

    async def drop_own(self, subject: str, identifier: str) -> bool:
        """Forget a browser of this person; say whether it was theirs."""
        mine = await self.documents.find_one({"_id": identifier, "subject": subject})
        return mine is not None and await self.documents.delete(identifier)

    async def forget(self, code: str) -> None:
        """Forget the browsers of a report whose reporter was erased."""
        own = {"code": code, "subject": {"$regex": "^reporter:"}}  # followers stay
        for each in await self.documents.find(own):
            await self.documents.delete(each["_id"])

    async def refresh(self) -> None:
        """Read who has subscribed since the last time, at most every `FRESH_S` seconds."""
        if self._ticks() < self._until:
            return
        since = self._read_to - OVERLAP if self._subjects else self._read_to
        found = await self.documents.find(
            {"created_at": {"$gt": since}},
            sort=[("created_at", 1)],
            limit=PAGE,
            fields=["subject", "created_at"],
        )
        self._subjects |= {each["subject"] for each in found}
        if found:
            self._read_to = found[-1]["created_at"]
        if len(found) < PAGE:
            self._until = self._ticks() + FRESH_S

    def has(self, subject: str) -> bool:
        """Say whether a person may have a subscription, as of the last refresh."""
        return subject in self._subjects

    async def reseal(self) -> None:
        """Seal again what an older master key sealed."""
        last = ""
        while found := await self.documents.find({"_id": {"$gt": last}}, sort=[("_id", 1)]):
            last = found[-1]["_id"]
            for each in found:
                if self._box.current(each["sealed"]):
                    continue
                fresh = self._box.seal(each["_id"], self._box.open(each["_id"], each["sealed"]))
                as_read = {"_id": each["_id"], "sealed": each["sealed"]}
                await self.documents.update_one(as_read, {"$set": {"sealed": fresh}})

    async def _of(self, subject: str) -> Sequence[Document]:
        return await self.documents.find({"subject": subject}, sort=[("created_at", -1)])

    def _open(self, document: Document) -> Subscription:
        plain = orjson.loads(self._box.open(document["_id"], document["sealed"]))
        return Subscription(document["_id"], **plain)
