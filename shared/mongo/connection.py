"""Connections, and what the driver's errors mean."""

import os

# Motor runs every call in one pool of threads, ten on two cores, and reads its size at import.
os.environ.setdefault("MOTOR_MAX_WORKERS", "32")

from collections.abc import Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from bson.codec_options import CodecOptions
from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo import WriteConcern
from pymongo.errors import BulkWriteError, OperationFailure, PyMongoError

from shared.errors import DuplicateError, OutageError, WriteRefusedError

Document: TypeAlias = dict[str, Any]
Database: TypeAlias = AsyncIOMotorDatabase[Document]

DUPLICATE_KEY = 11000
# What the server would refuse again: a bad value, an unparsable or impossible change, a type or a
# name that cannot be stored, a failed validation, a document or an index entry that is too large.
REFUSED = frozenset(
    {2, 9, 14, 17, 22, 28, 40, 52, 55, 56, 57, 66, 121, 10334, 16837, 17280, 17419, 17420}
)


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
    except OperationFailure as error:
        raise _refusal(error.code, type(error).__name__) from error
    except PyMongoError as error:
        raise OutageError(f"MongoDB: {type(error).__name__}") from error


def _refusal(code: int | None, what: str) -> OutageError | WriteRefusedError:
    """Say whether a refused request may work later; what we do not know may."""
    kind = WriteRefusedError if code in REFUSED else OutageError
    return kind(f"MongoDB: {what} {code}")


def failures_of(error: BulkWriteError, identifiers: Sequence[str]) -> dict[int, Exception]:
    """Return what became of the writes that failed, by position; the others are durable."""
    _require_durable(error)
    failures: dict[int, Exception] = {}
    for each in error.details["writeErrors"]:
        position: int = each["index"]
        failures[position] = failure_of(each, identifiers[position])
    return failures


def failure_of(details: Mapping[str, Any], identifier: str) -> Exception:
    """Return what one refused write means to its caller."""
    if details["code"] != DUPLICATE_KEY:
        return _refusal(details["code"], "write error")
    return DuplicateError(identifier, next(iter(details.get("keyPattern", ())), "_id"))


def _require_durable(error: BulkWriteError) -> None:
    if error.details.get("writeConcernErrors"):
        raise OutageError("MongoDB: written, but not yet durable") from error


def duplicates_of(error: BulkWriteError) -> list[int]:
    """Return the positions of duplicate keys; any other failure is raised."""
    _require_durable(error)
    for failure in error.details["writeErrors"]:
        if failure["code"] != DUPLICATE_KEY:
            raise _refusal(failure["code"], "write error") from error
    return [failure["index"] for failure in error.details["writeErrors"]]
