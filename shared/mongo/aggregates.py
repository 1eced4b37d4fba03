"""Aggregates: documents with their version and their outbox."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pymongo import ASCENDING, ReturnDocument, UpdateOne
from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared import failpoints
from shared.coalescing import Coalescer
from shared.errors import StaleVersionError
from shared.mongo.connection import (
    DUPLICATE_KEY,
    Database,
    Document,
    failure_of,
    failures_of,
    outages,
)
from shared.mongo.documents import Documents, Index
from shared.mongo.said import Entry, Said


@dataclass(frozen=True)
class Tail:
    """All that the broker has not confirmed yet of one aggregate, in order; the oldest `since`."""

    identifier: str
    entries: tuple[Entry, ...]
    since: datetime | None = None


@dataclass(frozen=True)
class Swap:
    """One change of an aggregate: from `version` to the next, with the events it says."""

    identifier: str
    version: int
    changes: Mapping[str, Any]
    entries: Sequence[Entry]
    at: datetime
    push: Mapping[str, Sequence[Any]] = field(default_factory=dict[str, Sequence[Any]])
    stamp: str = field(default_factory=lambda: secrets.token_hex(8))


CONFIRMED_AT_ONCE = 500  # documents of one update
MOST_OWING = 1000
PAGE = 200
OWED_FIELDS = ("version", "outbox")
# Only documents that owe an event stand in this index, so it stays as small as the backlog.
OWES_EVENTS = {"outbox.0": {"$exists": True}}


class Aggregates(Documents):
    """Documents that carry their version and their outbox: state and events in one write.

    Args:
        base, name, indexes: As of any collection.
        archived: What was said is kept beside, so that it can be said again. A case and a routing
            decision need it not: their documents hold their whole history.
        most_owing: Tails that the sweeper takes into memory at once.
    """

    def __init__(
        self,
        base: Database,
        name: str,
        indexes: Sequence[Index] = (),
        *,
        archived: bool = False,
        most_owing: int = MOST_OWING,
    ) -> None:
        owed = Index(("outbox.at",), where=OWES_EVENTS)
        super().__init__(base, name, (*indexes, owed))
        self._said = Said(base, name) if archived else None
        self._most_owing = most_owing
        self._swaps: Coalescer[Swap, Tail] = Coalescer(self._swap_many)

    async def ensure_indexes(self) -> None:
        """Create what is missing of the indexes, the archive's too; idempotent."""
        await super().ensure_indexes()
        if self._said:
            await self._said.documents.ensure_indexes()

    async def create(self, document: Document, entries: Sequence[Entry], at: datetime) -> Tail:
        """Store a new aggregate at version 1 with its first events; return its tail.

        Raises:
            DuplicateError: it, or one of its unique keys, is already stored.
        """
        owed = [_owed(each, at, 1) for each in entries]
        await self.insert({**document, "version": 1, "outbox": owed})
        failpoints.reached(failpoints.AFTER_INSERT)
        return Tail(str(document["_id"]), tuple(entries))

    async def swap(self, swap: Swap) -> Tail:
        """Write the change and its events if nobody else did; return all that is unpublished.

        Raises:
            StaleVersionError: the aggregate moved on since it was read.
            DuplicateError: one of its unique keys is already taken.
        """
        tail = await self._swaps(swap)
        failpoints.reached(failpoints.AFTER_INSERT)
        return tail

    async def confirm(self, confirmed: Mapping[str, Sequence[str]]) -> None:
        """Take events that the broker has confirmed out of their outboxes."""
        if self._said:  # first: an event is always in one of the two
            await self._said.keep(await self._tails_of(confirmed), confirmed)
        # The ids of events name their aggregate, so one list serves for all of them.
        identifiers = list(confirmed)
        for start in range(0, len(identifiers), CONFIRMED_AT_ONCE):
            some = identifiers[start : start + CONFIRMED_AT_ONCE]
            ids = [each for identifier in some for each in confirmed[identifier]]
            await self.update_many(
                {"_id": {"$in": some}}, {"$pull": {"outbox": {"id": {"$in": ids}}}}
            )

    async def owe(
        self, identifier: str, version: int, entries: Sequence[Entry], at: datetime
    ) -> bool:
        """Owe these events once more, the whole history up to `version`; False: it moved on.

        The outbox is replaced, so `entries` must hold whatever is still owed.
        """
        return await self.update_one(
            {"_id": identifier, "version": version},
            {"$set": {"outbox": [_owed(entry, at, version) for entry in entries]}},
        )

    async def owe_all(self, at: datetime) -> int:
        """Owe every archived event once more; return how many. Nobody may publish meanwhile."""
        assert self._said  # noqa: S101 - asked of archived aggregates only
        owed, last = 0, ""
        while page := await self.find(
            {"_id": {"$gt": last}}, sort=[("_id", ASCENDING)], limit=PAGE, fields=OWED_FIELDS
        ):
            last = page[-1]["_id"]
            for document in page:
                entries = await self._said.of(document)
                if entries and await self.owe(document["_id"], document["version"], entries, at):
                    owed += len(entries)
        return owed

    async def _tails_of(self, confirmed: Mapping[str, Sequence[str]]) -> list[Document]:
        query = {"_id": {"$in": list(confirmed)}}
        return await self.find(query, limit=len(confirmed) or 1, fields=OWED_FIELDS)

    async def owing(self, before: datetime, limit: int, *, bodies: bool = True) -> list[Tail]:
        """Return tails whose oldest event was written before `before`, oldest first.

        Without `bodies` they hold no events, and only say since when they owe some.
        """
        found = await self.find(
            {**OWES_EVENTS, "outbox.at": {"$lt": before}},
            sort=[("outbox.at", ASCENDING)],
            limit=min(limit, self._most_owing),
            fields=["outbox"] if bodies else ["outbox.at"],
        )
        if not bodies:
            return [Tail(str(each["_id"]), (), each["outbox"][0]["at"]) for each in found]
        return [_tail(document) for document in found]

    async def _swap_many(self, swaps: Sequence[Swap]) -> list[Tail | Exception]:
        if len(swaps) > 1:
            return await self._swap_batch(swaps)
        return [await self._swap_one(swaps[0])]

    async def _swap_one(self, swap: Swap) -> Tail | Exception:
        with outages():
            try:
                document = await self._collection.find_one_and_update(
                    {"_id": swap.identifier, "version": swap.version},
                    _change(swap),
                    projection={"outbox": True},
                    return_document=ReturnDocument.AFTER,
                )
            except DuplicateKeyError as error:
                return failure_of(error.details or {"code": DUPLICATE_KEY}, swap.identifier)
        return _tail(document) if document else StaleVersionError(swap.identifier, swap.version)

    async def _swap_batch(self, swaps: Sequence[Swap]) -> list[Tail | Exception]:
        """One bulk write, then one read that tells who won.

        A bulk write only counts its matches, so every write leaves a stamp of its own, and the
        last few stay in the document: a winner is known even when others wrote after it.
        """
        changes = [
            UpdateOne({"_id": s.identifier, "version": s.version}, _change(s)) for s in swaps
        ]
        failures: dict[int, Exception] = {}
        with outages():
            try:
                await self._collection.bulk_write(changes, ordered=False)
            except BulkWriteError as error:
                failures = failures_of(error, [s.identifier for s in swaps])
            found = await self._collection.find(
                {"_id": {"$in": list({s.identifier for s in swaps})}},
                {"outbox": True, "stamps": True},
            ).to_list(len(swaps))
        by_id = {document["_id"]: document for document in found}
        return [
            failures.get(position) or _outcome(swap, by_id.get(swap.identifier))
            for position, swap in enumerate(swaps)
        ]


def _outcome(swap: Swap, document: Document | None) -> Tail | Exception:
    if document is None or swap.stamp not in document.get("stamps", ()):
        return StaleVersionError(swap.identifier, swap.version)
    return _tail(document)


STAMPS_KEPT = 8  # more than the writers that can meet on one aggregate between a write and its read


def _change(swap: Swap) -> Document:
    pushes: Document = {name: {"$each": list(values)} for name, values in swap.push.items()}
    pushes["outbox"] = {
        "$each": [_owed(entry, swap.at, swap.version + 1) for entry in swap.entries]
    }
    pushes["stamps"] = {"$each": [swap.stamp], "$slice": -STAMPS_KEPT}
    return {"$set": {**swap.changes, "version": swap.version + 1}, "$push": pushes}


def _owed(entry: Entry, at: datetime, version: int) -> Document:
    return {"id": entry.id, "key": entry.key, "at": at, "body": entry.body, "version": version}


def _tail(document: Mapping[str, Any]) -> Tail:
    owed: Sequence[Document] = document["outbox"]
    entries = tuple(Entry(each["id"], each["key"], bytes(each["body"])) for each in owed)
    return Tail(str(document["_id"]), entries, owed[0]["at"] if owed else None)
