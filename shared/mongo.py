"""The only import of the driver: connections, documents, and aggregates with their outbox.

Every write waits for the majority and its journal (`w: majority, j: true`). One aggregate is one
document; no transaction spans two (they cost three times the CPU, and the strongest outside tests
of MongoDB broke them, never single documents).
"""

import os
import secrets

# Motor runs every call in one pool of threads, ten on two cores, and reads its size at import.
os.environ.setdefault("MOTOR_MAX_WORKERS", "32")

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeAlias

from bson.codec_options import CodecOptions
from motor.motor_asyncio import (
    AsyncIOMotorClient,
    AsyncIOMotorCollection,
    AsyncIOMotorDatabase,
)
from pymongo import ASCENDING, DESCENDING, InsertOne, ReturnDocument, UpdateOne, WriteConcern
from pymongo.errors import BulkWriteError, DuplicateKeyError, PyMongoError
from pymongo.read_concern import ReadConcern

from shared.coalescing import Coalescer
from shared.errors import DuplicateError, OutageError, StaleVersionError

Document: TypeAlias = dict[str, Any]
Change: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any]]  # a query, and what to do
Database: TypeAlias = AsyncIOMotorDatabase[Document]

DUPLICATE_KEY = 11000


def connect(url: str) -> AsyncIOMotorClient[Document]:
    """Return a client; it connects when it is first used, and again after every fault.

    No `timeoutMS`: with it the driver waits that long for a server too, whatever the other limits.
    """
    return AsyncIOMotorClient(
        url,
        tz_aware=True,
        appname="civic",
        serverSelectionTimeoutMS=1200,  # seen in steps of half a second: 503 within two seconds
        connectTimeoutMS=1500,
        socketTimeoutMS=8000,  # one try of one operation
        heartbeatFrequencyMS=2000,  # all that waits for a frozen server gives up within 5.5 s
        maxPoolSize=32,
        w="majority",
        journal=True,
    )


def database(client: AsyncIOMotorClient[Document], name: str) -> Database:
    """Return the database `name`, with durable writes and aware datetimes."""
    return client.get_database(
        name,
        codec_options=CodecOptions(tz_aware=True),
        write_concern=WriteConcern(w="majority", j=True),
    )


async def ping(client: AsyncIOMotorClient[Document]) -> None:
    """Ask the server for a sign of life.

    Raises:
        OutageError: there is none.
    """
    with outages():
        await client.admin.command("ping")


@contextmanager
def outages():  # noqa: ANN201 - contextmanager types it
    """Turn the driver's errors into OutageError, but for bulk writes that failed in part."""
    try:
        yield
    except BulkWriteError:
        raise
    except PyMongoError as error:
        raise OutageError(f"MongoDB: {type(error).__name__}") from error


@dataclass(frozen=True)
class Index:
    """An index that a collection needs; `where` makes it partial."""

    keys: tuple[str, ...]
    unique: bool = False
    where: Mapping[str, Any] | None = None


class Documents:
    """A collection of documents by `_id`, read and written in group commits."""

    def __init__(self, base: Database, name: str, indexes: Sequence[Index] = ()) -> None:
        self.name = name
        self._collection: AsyncIOMotorCollection[Document] = base.get_collection(name)
        self._indexes = indexes
        self._inserts: Coalescer[Document, None] = Coalescer(self._insert_many)
        self._loads: Coalescer[str, Document | None] = Coalescer(self._load_many)

    async def ensure_indexes(self) -> None:
        """Create what is missing of the indexes; idempotent."""
        with outages():
            for index in self._indexes:
                options: dict[str, Any] = {"unique": index.unique}
                if index.where is not None:
                    options["partialFilterExpression"] = dict(index.where)
                await self._collection.create_index(
                    [(key, ASCENDING) for key in index.keys], **options
                )

    async def insert(self, document: Document) -> None:
        """Store a new document durably.

        Raises:
            DuplicateError: its `_id`, or one of its unique keys, is already there.
            OutageError: the outcome is unknown; inserting the same document again is safe.
        """
        await self._inserts(document)

    async def load(self, identifier: str) -> Document | None:
        """Return the document, or None."""
        return await self._loads(identifier)

    async def find_one(self, query: Mapping[str, Any]) -> Document | None:
        """Return one document that matches, or None."""
        with outages():
            return await self._collection.find_one(dict(query))

    async def find(
        self,
        query: Mapping[str, Any],
        *,
        sort: Sequence[tuple[str, int]] = (),
        limit: int = 100,
        fields: Sequence[str] | None = None,
    ) -> list[Document]:
        """Return at most `limit` matching documents, sorted."""
        with outages():
            cursor = self._collection.find(dict(query), list(fields) if fields else None)
            if sort:
                cursor = cursor.sort(list(sort))
            return await cursor.limit(limit).to_list(limit)

    async def update_one(self, query: Mapping[str, Any], change: Mapping[str, Any]) -> bool:
        """Apply a change to one matching document; say whether one matched."""
        with outages():
            result = await self._collection.update_one(dict(query), dict(change))
        return result.matched_count == 1

    async def update_many(self, query: Mapping[str, Any], change: Mapping[str, Any]) -> int:
        """Apply a change to every matching document; say how many changed."""
        with outages():
            result = await self._collection.update_many(dict(query), dict(change))
        return result.modified_count

    async def update_each(self, changes: Sequence[Change], *, upsert: bool = False) -> None:
        """Apply one change per query, in one round trip.

        With `upsert`, a query that names `_id` and a condition which the stored document fails
        changes nothing: so an older snapshot never overwrites a newer one.
        """
        refused = await self._update_each(changes, upsert=upsert)
        # Two upserts that met on a missing document: now it exists, and the condition decides.
        await self._update_each(refused, upsert=upsert)

    async def _update_each(self, changes: Sequence[Change], *, upsert: bool) -> list[Change]:
        """Apply the changes and return those that ended as a duplicate key."""
        if not changes:
            return []
        operations = [UpdateOne(dict(q), dict(c), upsert=upsert) for q, c in changes]
        with outages():
            try:
                await self._collection.bulk_write(operations, ordered=False)
            except BulkWriteError as error:
                return [changes[position] for position in _duplicates(error)]
        return []

    async def delete(self, identifier: str) -> bool:
        """Remove a document; say whether it was there."""
        with outages():
            return (await self._collection.delete_one({"_id": identifier})).deleted_count == 1

    async def count(self, query: Mapping[str, Any]) -> int:
        """Count matching documents."""
        with outages():
            return await self._collection.count_documents(dict(query))

    async def aggregate(self, pipeline: Sequence[Mapping[str, Any]]) -> AsyncGenerator[Document]:
        """Yield what a pipeline gives."""
        with outages():
            async for document in self._collection.aggregate(list(pipeline)):
                yield document

    async def _insert_many(self, documents: Sequence[Document]) -> list[Exception | None]:
        failures: dict[int, Exception] = {}
        with outages():
            try:
                await self._collection.bulk_write([InsertOne(d) for d in documents], ordered=False)
            except BulkWriteError as error:
                failures = _failures(error, [str(document["_id"]) for document in documents])
        return [failures.get(position) for position in range(len(documents))]

    async def _load_many(self, identifiers: Sequence[str]) -> list[Document | None]:
        wanted = list(set(identifiers))
        with outages():
            found = await self._collection.find({"_id": {"$in": wanted}}).to_list(len(wanted))
        by_id = {document["_id"]: document for document in found}
        return [by_id.get(identifier) for identifier in identifiers]


def _failures(error: BulkWriteError, identifiers: Sequence[str]) -> dict[int, Exception]:
    """Return what became of the writes that failed, by position; the others are durable."""
    _require_durable(error)
    failures: dict[int, Exception] = {}
    for each in error.details["writeErrors"]:
        position: int = each["index"]
        failures[position] = _failure(each, identifiers[position])
    return failures


def _failure(details: Mapping[str, Any], identifier: str) -> Exception:
    if details["code"] != DUPLICATE_KEY:
        return OutageError(f"MongoDB: write error {details['code']}")
    return DuplicateError(identifier, next(iter(details.get("keyPattern", ())), "_id"))


def _require_durable(error: BulkWriteError) -> None:
    if error.details.get("writeConcernErrors"):
        raise OutageError("MongoDB: written, but not yet durable") from error


def _duplicates(error: BulkWriteError) -> list[int]:
    """Return the positions of duplicate keys; any other failure is an outage."""
    _require_durable(error)
    for failure in error.details["writeErrors"]:
        if failure["code"] != DUPLICATE_KEY:
            raise OutageError(f"MongoDB: write error {failure['code']}") from error
    return [failure["index"] for failure in error.details["writeErrors"]]


class Numbered(Documents):
    """Documents whose `_id` is 1, 2, 3 …: only ever appended to, by any number of processes."""

    async def newest(self) -> Document | None:
        """Return the last document that no failover can take back, or None.

        Who continued a document that is rolled back later would leave a gap behind.
        """
        committed = self._collection.with_options(read_concern=ReadConcern("majority"))
        with outages():
            return await committed.find_one({"_id": {"$gt": 0}}, sort=[("_id", DESCENDING)])

    async def append(self, documents: Sequence[Document]) -> int:
        """Store documents in their order up to the first number that is taken; say how many.

        Raises:
            OutageError: the outcome is unknown; the first of them may be stored.
        """
        with outages():
            try:
                await self._collection.insert_many(documents, ordered=True)
            except BulkWriteError as error:
                return _duplicates(error)[0]
        return len(documents)


@dataclass(frozen=True)
class Entry:
    """An event in an outbox: its identity, its routing key, and its bytes on the wire."""

    id: str
    key: str
    body: bytes


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


# Only documents that owe an event stand in this index, so it stays as small as the backlog.
OWES_EVENTS = {"outbox.0": {"$exists": True}}


class Aggregates(Documents):
    """Documents that carry their version and their outbox: state and events in one write."""

    def __init__(self, base: Database, name: str, indexes: Sequence[Index] = ()) -> None:
        owed = Index(("outbox.at",), where=OWES_EVENTS)
        super().__init__(base, name, (*indexes, owed))
        self._swaps: Coalescer[Swap, Tail] = Coalescer(self._swap_many)

    async def create(self, document: Document, entries: Sequence[Entry], at: datetime) -> Tail:
        """Store a new aggregate at version 1 with its first events; return its tail.

        Raises:
            DuplicateError: it, or one of its unique keys, is already stored.
        """
        await self.insert({**document, "version": 1, "outbox": [_owed(e, at) for e in entries]})
        return Tail(str(document["_id"]), tuple(entries))

    async def swap(self, swap: Swap) -> Tail:
        """Write the change and its events if nobody else did; return all that is unpublished.

        Raises:
            StaleVersionError: the aggregate moved on since it was read.
            DuplicateError: one of its unique keys is already taken.
        """
        return await self._swaps(swap)

    async def confirm(self, confirmed: Mapping[str, Sequence[str]]) -> None:
        """Take events that the broker has confirmed out of their outboxes."""
        await self.update_each(
            [
                ({"_id": identifier}, {"$pull": {"outbox": {"id": {"$in": list(ids)}}}})
                for identifier, ids in confirmed.items()
            ]
        )

    async def owing(self, before: datetime, limit: int) -> list[Tail]:
        """Return tails whose oldest event was written before `before`, oldest first."""
        found = await self.find(
            {**OWES_EVENTS, "outbox.at": {"$lt": before}},
            sort=[("outbox.at", ASCENDING)],
            limit=limit,
            fields=["outbox"],
        )
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
                return _failure(error.details or {"code": DUPLICATE_KEY}, swap.identifier)
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
                failures = _failures(error, [s.identifier for s in swaps])
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
    pushes["outbox"] = {"$each": [_owed(entry, swap.at) for entry in swap.entries]}
    pushes["stamps"] = {"$each": [swap.stamp], "$slice": -STAMPS_KEPT}
    return {"$set": {**swap.changes, "version": swap.version + 1}, "$push": pushes}


def _owed(entry: Entry, at: datetime) -> Document:
    return {"id": entry.id, "key": entry.key, "at": at, "body": entry.body}


def _tail(document: Mapping[str, Any]) -> Tail:
    owed: Sequence[Document] = document["outbox"]
    entries = tuple(Entry(each["id"], each["key"], bytes(each["body"])) for each in owed)
    return Tail(str(document["_id"]), entries, owed[0]["at"] if owed else None)
