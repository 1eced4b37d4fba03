"""Reads everything that is compared out of the database, the store and the broker."""

import asyncio
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aio_pika.exceptions import AMQPError
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from deploy.local.servers import BUCKET
from shared.identity import fingerprint
from tests.chaos.checker import Delivery, Evidence, Seen, Stored
from tests.chaos.ledger import Attempt
from tests.chaos.rules import APPROACHING
from tests.chaos.world import World, queues

OUTBOXES = (
    ("civic_intake", "cases"),
    ("civic_router", "decisions"),
    ("civic_sla", "deadlines"),
)


class Database:
    """The database, past every link and service."""

    def __init__(self, world: World) -> None:
        self._client: MongoClient[dict[str, Any]] = MongoClient(
            world.mongo, tz_aware=True, serverSelectionTimeoutMS=3000
        )

    def close(self) -> None:
        self._client.close()

    def left(self, since: datetime, codes: Sequence[str] | None) -> dict[str, int]:
        """Count what was owed before `since` and still is: events, units, deadlines, mails.

        Args:
            since: Younger events come and go.
            codes: The cases that are asked about; None: all, which takes scans.
        """
        found = {
            f"outbox of {base}": self._client[base][name].count_documents(
                {"outbox.0": {"$exists": True}, "outbox.at": {"$lt": since}}
            )
            for base, name in OUTBOXES
        }
        cases = self._client["civic_intake"]["cases"]
        deadlines = self._client["civic_sla"]["deadlines"]
        deliveries = self._client["civic_notify"]["deliveries"]
        these: dict[str, Any] = {} if codes is None else {"_id": {"$in": list(codes)}}
        return {
            **found,
            "cases without a unit": cases.count_documents({**these, "case.state": "submitted"}),
            "cases without a deadline": cases.count_documents(these)
            - deadlines.count_documents({**these, "announced": True}),
            # those of the stages come and go while it is quiet, and are checked at the end
            "mails on their way": deliveries.count_documents(
                {
                    "next_at": {"$type": "date"},  # the index holds no others
                    "state": "pending",
                    "event": {"$not": {"$regex": r"\.deadline\."}},
                }
            ),
        }

    def stored(self) -> dict[str, Stored]:
        decisions = {each["_id"] for each in self._client["civic_router"]["decisions"].find({}, [])}
        numbers = {
            each["_id"]: each["sequence"]
            for each in self._client["civic_sla"]["deadlines"].find({}, ["sequence"])
        }
        wanted = ["case", "parts.sequence", "idempotency", "content.media", "history.sequence"]
        found = self._client["civic_intake"]["cases"].find({}, wanted)
        return {each["_id"]: _stored(each, decisions, numbers) for each in found}

    def deliveries(self) -> list[Delivery]:
        found = self._client["civic_notify"]["deliveries"].find({}, ["event", "recipient", "state"])
        return [Delivery(each["_id"], each["event"], each["recipient"], each["state"])
                for each in found]  # fmt: skip

    def codes(self) -> set[str]:
        return {each["_id"] for each in self._client["civic_intake"]["cases"].find({}, [])}


def _stored(document: dict[str, Any], decisions: set[str], numbers: dict[str, int]) -> Stored:
    case, code = document["case"], document["_id"]
    received = case["received_at"].timestamp()
    media = document["content"]["media"]
    return Stored(
        code=code,
        key=document.get("idempotency", {}).get("key", ""),
        media=tuple((each["sha256"], each["variants"]["original"]["object"]) for each in media),
        sequence=max(each["sequence"] for each in document["history"]),
        reporter=case["reporter"] or "",
        due_at=case["due_at"].timestamp(),
        approaching_at=received + int(case["limit_s"] * APPROACHING),
        decisions=int(code in decisions),
        deadline_sequence=numbers.get(code, 0),
    )


def objects(world: World) -> dict[str, str]:
    """Return the SHA-256 of everything in the bucket: the server keeps an object as a file."""
    root = world.layout.data / "s3" / BUCKET
    return {
        str(file.relative_to(root)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in root.rglob("*")
        if file.is_file()
    }


async def ready(world: World) -> dict[str, int]:
    """Return what the queues hold that nobody has in hand; exact, since the queues are asked."""
    async with await aio_pika.connect(world.amqp, timeout=3) as connection:
        channel = await connection.channel()
        found: dict[str, int] = {}
        for name in queues():
            queue = await channel.declare_queue(name, passive=True)
            found[name] = queue.declaration_result.message_count or 0
        return found


async def depths(world: World) -> dict[str, int]:
    """Return what the queues hold, in hand or not; the broker counts every five seconds."""
    answer = await world.management("GET", "queues/%2F?columns=name,messages")
    found = {each["name"]: each.get("messages", 0) for each in answer.raise_for_status().json()}
    return {name: found.get(name, 0) for name in queues()}


async def left(
    world: World, database: Database, since: datetime, codes: Sequence[str] | None = None
) -> dict[str, int] | None:
    """Return what was begun before `since` and is not done, by place; None: a server is away."""
    try:
        async with asyncio.timeout(10):
            found = await asyncio.to_thread(database.left, since, codes)
            return {**found, **await ready(world)}
    except (OSError, TimeoutError, PyMongoError, AMQPError):
        return None


async def evidence(
    world: World,
    database: Database,
    attempts: Sequence[Attempt],
    *,
    recorders: dict[str, Sequence[Seen]],
    until: float,
) -> Evidence:
    """Read everything; the world must be quiet."""
    return Evidence(
        attempts=attempts,
        cases=await asyncio.to_thread(database.stored),
        objects=await asyncio.to_thread(objects, world),
        recorders=recorders,
        deliveries=await asyncio.to_thread(database.deliveries),
        mails=world.mail.mails,
        refused=frozenset(world.mail.refused),
        left={
            **(await left(world, database, datetime.now(UTC)) or {"servers away": 1}),
            **await depths(world),
        },
        key_hash={each.report.key: fingerprint(each.report.key) for each in attempts},
        grace_s=world.limit_s / 2,
        until=until,
    )
