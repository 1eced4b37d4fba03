"""Documents by `_id`: read and written in group commits."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeAlias

from motor.motor_asyncio import AsyncIOMotorCollection
from pymongo import ASCENDING, DESCENDING, IndexModel, UpdateOne
from pymongo.errors import BulkWriteError, OperationFailure
from pymongo.read_concern import ReadConcern

from shared.coalescing import Coalescer
from shared.mongo.connection import Database, Document, duplicates_of, failures_of, outages

INDEX_OPTIONS_CONFLICT = 85

Change: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any]]  # a query, and what to do


@dataclass(frozen=True)
class Index:
    """An index that a collection needs; `where` makes it partial, `lasts` deletes when it is over.

    `lasts` counts from the one key, an instant.
    """

    keys: tuple[str, ...]
    unique: bool = False
    where: Mapping[str, Any] | None = None
    lasts: timedelta | None = None


def _model(index: Index) -> IndexModel:
    more: dict[str, Any] = {}
    if index.where is not None:
        more["partialFilterExpression"] = dict(index.where)
    if index.lasts is not None:
        more["expireAfterSeconds"] = int(index.lasts.total_seconds())
    return IndexModel([(key, ASCENDING) for key in index.keys], unique=index.unique, **more)


class Documents:
    """A collection of documents by `_id`, read and written in group commits."""

    def __init__(self, base: Database, name: str, indexes: Sequence[Index] = ()) -> None:
        self.name = name
        self._collection: AsyncIOMotorCollection[Document] = base.get_collection(name)
        self._indexes = indexes
        self._inserts: Coalescer[Document, None] = Coalescer(self._insert_many)
        self._loads: Coalescer[str, Document | None] = Coalescer(self._load_many)

    async def ensure_indexes(self) -> None:
        """Create what is missing of the indexes, in one round trip; idempotent."""
        if not self._indexes:
            return
        wanted = [_model(index) for index in self._indexes]
        with outages():
            try:
                await self._collection.create_indexes(wanted)
            except OperationFailure as error:
                if error.code != INDEX_OPTIONS_CONFLICT:
                    raise
                await self._let_expire()
                await self._collection.create_indexes(wanted)

    async def _let_expire(self) -> None:
        """Give indexes that were made before they had a term theirs: they cannot be made anew."""
        for index in self._indexes:
            if index.lasts is None:
                continue
            term = {"keyPattern": dict.fromkeys(index.keys, ASCENDING)}
            term |= {"expireAfterSeconds": int(index.lasts.total_seconds())}
            await self._collection.database.command("collMod", self.name, index=term)

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

    async def update_many(
        self, query: Mapping[str, Any], change: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    ) -> int:
        """Apply a change, or stages, to every matching document; say how many changed."""
        with outages():
            result = await self._collection.update_many(dict(query), change)
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
                return [changes[position] for position in duplicates_of(error)]
        return []

    async def delete(self, identifier: str) -> bool:
        """Remove a document; say whether it was there."""
        with outages():
            return (await self._collection.delete_one({"_id": identifier})).deleted_count == 1

    async def delete_many(self, query: Mapping[str, Any]) -> int:
        """Remove every matching document; return how many those were."""
        with outages():
            return (await self._collection.delete_many(dict(query))).deleted_count

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
                await self._collection.insert_many(documents, ordered=False)
            except BulkWriteError as error:
                failures = failures_of(error, [str(document["_id"]) for document in documents])
        return [failures.get(position) for position in range(len(documents))]

    async def _load_many(self, identifiers: Sequence[str]) -> list[Document | None]:
        wanted = list(set(identifiers))
        with outages():
            found = await self._collection.find({"_id": {"$in": wanted}}).to_list(len(wanted))
        by_id = {document["_id"]: document for document in found}
        return [by_id.get(identifier) for identifier in identifiers]


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
                return duplicates_of(error)[0]
        return len(documents)
