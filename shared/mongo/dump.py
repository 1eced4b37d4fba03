"""Whole collections as files, in BSON as MongoDB's own tools write and read it."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from bson import decode_file_iter
from bson.codec_options import CodecOptions
from bson.raw_bson import RawBSONDocument
from motor.motor_asyncio import AsyncIOMotorClient

from shared.mongo.connection import Database, Document, outages

RAW: CodecOptions[Any] = CodecOptions(document_class=RawBSONDocument)
BATCH = 500


async def databases_of(client: AsyncIOMotorClient[Document], prefix: str) -> list[str]:
    """Return the names of the databases `<prefix>_…` that exist, sorted."""
    with outages():
        found = await client.list_database_names()
    return sorted(name for name in found if name.startswith(f"{prefix}_"))


async def collections_of(base: Database) -> list[str]:
    """Return the names of a database's collections, sorted; not the server's own."""
    with outages():
        found = await base.list_collection_names()
    return sorted(name for name in found if not name.startswith("system."))


async def save_collection(base: Database, name: str, path: Path) -> int:
    """Write a collection to a new file, in the order of `_id`; return how many documents."""
    collection: Any = base.get_collection(name).with_options(codec_options=RAW)
    count = 0
    with outages(), path.open("xb") as file:
        async for document in collection.find({}, sort=[("_id", 1)], batch_size=BATCH):
            file.write(document.raw)
            count += 1
    return count


async def load_collection(base: Database, name: str, path: Path) -> int:
    """Insert a file's documents, durably; return how many."""
    collection: Any = base.get_collection(name)
    count = 0
    with outages(), path.open("rb") as file:
        for batch in _batches(decode_file_iter(file, RAW)):
            await collection.insert_many(batch)
            count += len(batch)
    return count


def _batches(documents: Iterator[Any]) -> Iterator[Sequence[Any]]:
    batch: list[Any] = []
    for document in documents:
        batch.append(document)
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def read_pages(path: Path, size: int) -> Iterator[list[Document]]:
    """Yield a file's documents, `size` at a time."""
    page: list[Document] = []
    with path.open("rb") as file:
        for document in decode_file_iter(file):
            page.append(document)
            if len(page) >= size:
                yield page
                page = []
    if page:
        yield page
