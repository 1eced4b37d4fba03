"""Who follows a case and asked to hear how it goes on: sealed like reporters, in a place apart.

Intake writes, notify reads. The reference is the one under which the case counts the follower: a
hash of a secret that they hold. It stands in no event. An address is told nothing but one question
until its owner has confirmed it; whoever was kept before there were questions is told as before.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.confirmations import EMAIL, PHONE, Ask
from shared.errors import PermanentError
from shared.identity import Reporter, Seal, Vault, fingerprint
from shared.mongo import Database, Document, Index
from shared.vocabulary import CaseCode, ReporterId

COLLECTION = "followers"
REFERENCE = 24  # hexadecimal digits: 96 bits of a hash of the follower's secret
PREFIX = "f_"
MOST = 2000  # of one case, as many as are counted
PAGE = 200
EVERY_PLACE = frozenset({EMAIL, PHONE})


def follower_reference(code: CaseCode, token: str) -> ReporterId:
    """Return the reference under which a case knows the holder of a secret."""
    return ReporterId(f"{PREFIX}{fingerprint(f'{code}:{token}')[:REFERENCE]}")


@dataclass(frozen=True)
class Follower:
    """How somebody who follows a case is told, and which of their places are known as theirs.

    `seen` is the sealed key that was read: a change is made on what was read, or not at all.
    """

    reference: ReporterId
    case: CaseCode
    person: Reporter = field(repr=False)
    confirmed: frozenset[str] = frozenset()
    asks: tuple[Ask, ...] = ()
    seen: bytes = field(default=b"", repr=False)

    def told(self) -> Reporter:
        """Return the person with the places only that were confirmed."""
        unknown = dict.fromkeys(EVERY_PLACE - self.confirmed)
        return self.person.model_copy(update=unknown)

    def ask(self, place: str) -> Ask | None:
        """Return the question to a place, if there is one."""
        return next((each for each in self.asks if each.place == place), None)


class Followers(Vault):
    """The collection of those who follow and left a way to tell them."""

    def __init__(self, base: Database, seal: Seal) -> None:
        indexes = (
            Index(("case",)),
            Index(("asked_at",), where={"asked_at": {"$exists": True}}),
            Index(("expires_at",), where={"expires_at": {"$exists": True}}),
        )
        super().__init__(base, seal, COLLECTION, indexes)

    async def add(self, follower: Follower, at: datetime) -> None:
        """Seal how somebody new is told.

        Raises:
            DuplicateError: they are kept already.
        """
        await self._documents.insert(
            {
                "_id": follower.reference,
                "created_at": at,
                "case": follower.case,
                **self._seal.close(follower.reference, follower.person),
                **_questions(follower),
            }
        )

    async def replace(self, follower: Follower) -> bool:
        """Seal somebody anew; False when others changed or erased them since they were read."""
        fresh = {
            **self._seal.close(follower.reference, follower.person),
            **_questions(follower),
        }
        gone = {name: "" for name in ("asked_at", "expires_at") if name not in fresh}
        change = {"$set": fresh, **({"$unset": gone} if gone else {})}
        as_read = {"_id": follower.reference, "key": follower.seen}
        return await self._documents.update_one(as_read, change)

    async def find(self, reference: ReporterId) -> Follower | None:
        """Return somebody in the clear, or None when they left no way or have left.

        Raises:
            PermanentError: it does not open.
        """
        document = await self._documents.load(reference)
        return self._follower(document) if document and "key" in document else None

    async def of(self, case: CaseCode) -> list[tuple[ReporterId, Reporter]]:
        """Return the followers of a case as they may be told, the first first.

        One that does not open is left out: the others are told all the same.
        """
        found = await self._documents.find(
            {"case": case}, sort=[("created_at", 1), ("_id", 1)], limit=MOST
        )
        return [(each.reference, each.told()) for each in self._opened(found)]

    async def asked_since(self, at: datetime, limit: int) -> list[Follower]:
        """Return whose newest question is not older than `at`, the oldest first."""
        query = {"asked_at": {"$exists": True, "$gte": at}}
        found = await self._documents.find(query, sort=[("asked_at", 1), ("_id", 1)], limit=limit)
        return self._opened(found)

    async def expired(self, now: datetime) -> list[Follower]:
        """Return some of those who have a question that nothing confirms any more."""
        query = {"expires_at": {"$exists": True, "$lte": now}}
        return self._opened(await self._documents.find(query, sort=[("expires_at", 1)], limit=PAGE))

    async def cases(self, after: str, limit: int) -> list[CaseCode]:
        """Return cases that somebody follows, in the order of their codes, from `after` on."""
        found = self._documents.aggregate(
            [
                {"$match": {"case": {"$gt": after}}},
                {"$group": {"_id": "$case"}},
                {"$sort": {"_id": 1}},
                {"$limit": limit},
            ]
        )
        return [CaseCode(each["_id"]) async for each in found]

    async def forget(self, case: CaseCode) -> int:
        """Remove everybody who follows a case; return how many that were."""
        found = await self._documents.find({"case": case}, limit=MOST, fields=["_id"])
        for each in found:
            await self._documents.delete(each["_id"])
        return len(found)

    def _opened(self, documents: Sequence[Document]) -> list[Follower]:
        people: list[Follower] = []
        for each in documents:
            with suppress(PermanentError):
                people.append(self._follower(each))
        return people

    def _follower(self, document: Document) -> Follower:
        reference = ReporterId(document["_id"])
        return Follower(
            reference,
            CaseCode(document["case"]),
            self._seal.open(reference, document),
            frozenset(document.get("confirmed", EVERY_PLACE)),
            tuple(Ask(**each) for each in document.get("asks", ())),
            document["key"],
        )


def _questions(follower: Follower) -> dict[str, Any]:
    """Return the fields of what was asked; notify finds the new by one, the sweep the old."""
    waiting = [each for each in follower.asks if not each.done]
    newest = max((each.at for each in waiting if not each.withheld), default=None)
    expires = min((each.until for each in waiting), default=None)
    return {
        "confirmed": sorted(follower.confirmed),
        "asks": [each.plain() for each in follower.asks],
        **({"asked_at": newest} if newest else {}),
        **({"expires_at": expires} if expires else {}),
    }
