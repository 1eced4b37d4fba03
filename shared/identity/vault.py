"""The vault: the collection of sealed reporters, and the change of the master key."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from shared.errors import PermanentError, StaleVersionError
from shared.identity.identifiers import random_hex
from shared.identity.purposes import Purpose
from shared.identity.seal import Reporter, Seal
from shared.mongo import Change, Database, Document, Documents, Index
from shared.telemetry import REPORTERS_OPENED
from shared.vocabulary import ReporterId

CHANGE_TRIES = 5
ROTATION_BATCH = 500  # documents per round trip; 0.2 MB


@dataclass(frozen=True)
class Rotation:
    """What a change of the master key came to, in reporters.

    Attributes:
        rewrapped: Taken over to the new master key now.
        current: Under the new master key in the end.
        left: Still under another one: unreadable, or sealed meanwhile by a process that does not
            know the new key yet. While there are any, the old key must stay.
        erased: Tombstones; there is nothing in them to wrap.
    """

    rewrapped: int
    current: int
    left: int
    erased: int


class Vault:
    """A collection of sealed people: reporters, if no other is named."""

    def __init__(
        self,
        base: Database,
        seal: Seal,
        collection: str = "reporters",
        indexes: Sequence[Index] = (),
    ) -> None:
        self.documents = self._documents = Documents(base, collection, indexes)
        self._seal = seal

    async def store(
        self,
        reporter: Reporter,
        at: datetime,
        case: str | None = None,
        *,
        counter: str | None = None,
    ) -> ReporterId:
        """Seal a reporter under a new random reference, and return that.

        `case` is the code of the case that is about to be opened for them, `counter` the dossier or
        number at the one-stop counter: when it never is, they are an orphan and will be removed.
        """
        identifier = ReporterId(f"r_{random_hex(12)}")
        sealed = self._seal.close(identifier, reporter)
        owners = {name: each for name, each in (("case", case), ("counter", counter)) if each}
        await self._documents.insert({"_id": identifier, "created_at": at, **owners, **sealed})
        return identifier

    async def stored_for(
        self, what: Literal["case", "counter"], before: datetime, *, after: str, limit: int
    ) -> dict[ReporterId, str]:
        """Return reporters with what they were stored for, by reference from `after` on.

        Tombstones are not among them, nor who was stored for something else.
        """
        found = await self._documents.find(
            {
                "_id": {"$gt": after},
                "created_at": {"$lt": before},
                what: {"$exists": True},
                "key": {"$exists": True},
            },
            sort=[("_id", 1)],
            limit=limit,
            fields=[what],
        )
        return {ReporterId(each["_id"]): each[what] for each in found}

    async def read(
        self, identifier: ReporterId, purpose: Purpose = Purpose.DELIVERY
    ) -> Reporter | None:
        """Return the reporter in the clear, or None when they were erased.

        A person looks through intake's privacy desk, which notes the look in the audit first; who
        reads without stating a purpose is the machine that delivers, and is counted.

        Raises:
            PermanentError: it does not open.
        """
        document = await self._documents.load(identifier)
        if document is None or "key" not in document:
            return None
        reporter = self._seal.open(identifier, document)
        REPORTERS_OPENED.labels(purpose).inc()
        return reporter

    async def change(
        self, identifier: ReporterId, alter: Callable[[Reporter], Reporter]
    ) -> Reporter | None:
        """Seal a reporter anew as `alter` returns them; None when they were erased.

        Raises:
            PermanentError: it does not open.
            StaleVersionError: others changed it again and again meanwhile.
        """
        for _ in range(CHANGE_TRIES):
            document = await self._documents.load(identifier)
            if document is None or "key" not in document:
                return None
            altered = alter(self._seal.open(identifier, document))
            fresh = self._seal.close(identifier, altered)
            as_read = {"_id": identifier, "key": document["key"]}
            if await self._documents.update_one(as_read, {"$set": fresh}):
                return altered
        raise StaleVersionError(identifier, 0)

    async def shred(self, identifier: ReporterId, at: datetime) -> bool:
        """Destroy the key and the sealed data, leave a tombstone; say whether there was any."""
        return await self._documents.update_one(
            {"_id": identifier, "key": {"$exists": True}},
            {"$set": {"erased_at": at}, "$unset": {"key": "", "key_id": "", "sealed": ""}},
        )

    async def erase(self, identifier: ReporterId) -> bool:
        """Remove a reporter to whom no case refers, without a trace; say whether there was any."""
        return await self._documents.delete(identifier)

    async def rotate(self) -> Rotation:
        """Wrap every reporter's key by the first master key; can be stopped and started again.

        Reporters may be stored, read and erased meanwhile: a key is only replaced where it still
        is the one that was read.
        """
        rewrapped, last = 0, ""
        sealed = {"key": {"$exists": True}}
        others = {**sealed, "key_id": {"$ne": self._seal.key_id}}
        while found := await self._documents.find(
            {**others, "_id": {"$gt": last}}, sort=[("_id", 1)], limit=ROTATION_BATCH
        ):
            last = found[-1]["_id"]
            changes = self._rewrapped(found)
            await self._documents.update_each(changes)
            rewrapped += len(changes)
        return Rotation(
            rewrapped=rewrapped,
            current=await self._documents.count({**sealed, "key_id": self._seal.key_id}),
            left=await self._documents.count(others),
            erased=await self._documents.count({"erased_at": {"$exists": True}}),
        )

    def _rewrapped(self, documents: Sequence[Document]) -> list[Change]:
        changes: list[Change] = []
        for document in documents:
            with suppress(PermanentError):  # what none of our keys opens is counted as left
                fields = self._seal.rewrap(document["_id"], document)
                as_read = {"_id": document["_id"], "key": document["key"]}
                changes.append((as_read, {"$set": fields}))
        return changes
