"""How queues and dossiers are stored: one document each, one write, its events inside."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from services.intake.onestop.domain import dossier_parts as dossiers
from services.intake.onestop.domain.dossier_parts import Dossier
from services.intake.onestop.domain.queue import Queue, Step, TicketState, queue_id
from shared.events import event_id, to_wire
from shared.events.onestop import TicketEvent
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.vocabulary import ReporterId

QUEUES = "onestop_queues"
DOSSIERS = "onestop_dossiers"
DAYS_OWING = 50  # a whole day that is said again is a megabyte
TWO = 2  # queues at most in which one number stands
KEYED = Index(("idempotency.key",), unique=True, where={"idempotency.key": {"$exists": True}})
# Only what still refers to a person stands in these indexes, so they stay as small as the duty.
HOLDS_VISITORS = {"queue.tickets.visitor": {"$type": "string"}}
HOLDS_APPLICANT = {"dossier.snapshot.applicant": {"$type": "string"}}
QUEUE_INDEXES = (
    Index(("queue.tickets.id",)),
    Index(("queue.on", "open")),
    Index(("keys.key",), unique=True, where={"keys.key": {"$exists": True}}),
    Index(("queue.on", "_id"), where=HOLDS_VISITORS),
)
DOSSIER_INDEXES = (
    KEYED,
    Index(("dossier.snapshot.desk", "dossier.snapshot.state", "dossier.snapshot.due_at")),
    Index(("dossier.snapshot.state", "dossier.snapshot.due_at")),
    Index(("dossier.snapshot.state", "_id"), where=HOLDS_APPLICANT),
)


@dataclass(frozen=True)
class StoredQueue:
    """A queue as it was read; `version` 0 when nothing of it is stored yet.

    Attributes:
        keys: Hashes of idempotency keys, of their bodies, and the numbers given out under them.
    """

    queue: Queue
    version: int
    keys: Sequence[Mapping[str, str]] = ()


class QueueStore:
    """The queues of all desks and days, in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(
            base, QUEUES, QUEUE_INDEXES, archived=True, most_owing=DAYS_OWING
        )

    async def load(self, desk: str, on: date) -> StoredQueue | None:
        """Return a desk's day, or None before its first number."""
        document = await self.aggregates.load(queue_id(desk, on))
        return _queue(document) if document else None

    async def of_key(self, key: str) -> StoredQueue | None:
        """Return the queue in which a number was given out under the key with this fingerprint."""
        document = await self.aggregates.find_one({"keys.key": key})
        return _queue(document) if document else None

    async def of_ticket(self, ticket: str) -> StoredQueue | None:
        """Return the queue in which a number stands now, or None."""
        here = {"$elemMatch": {"id": ticket, "state": {"$ne": "transferred"}}}
        found = await self.aggregates.find({"queue.tickets": here}, limit=TWO)
        queues = [_queue(each) for each in found]
        # A transfer arrives before it leaves. Broken off by a crash, the number is still in the
        # hand that it should leave; not yet ended, it may have been called where it arrived.
        in_hand = [q for q in queues if q.queue.ticket(ticket).state is TicketState.SERVING]
        return max(in_hand or queues, key=lambda q: q.queue.ticket(ticket).came_at, default=None)

    async def unfinished(self, before: date, limit: int) -> list[StoredQueue]:
        """Return queues of earlier days in which numbers stand open."""
        found = await self.aggregates.find(
            {"queue.on": {"$lt": before.isoformat()}, "open": True},
            sort=[("queue.on", 1)],
            limit=limit,
        )
        return [_queue(each) for each in found]

    async def with_visitors(self, before: date, *, after: str, limit: int) -> list[StoredQueue]:
        """Return queues of earlier days that refer to visitors, by id from `after` on."""
        found = await self.aggregates.find(
            {"queue.on": {"$lt": before.isoformat()}, "_id": {"$gt": after}, **HOLDS_VISITORS},
            sort=[("_id", 1)],
            limit=limit,
        )
        return [_queue(each) for each in found]

    async def forget_visitors(self, stored: StoredQueue) -> bool:
        """Take the references to visitors out of a queue; False: it moved on since it was read."""
        tickets = [each.model_copy(update={"visitor": None}) for each in stored.queue.tickets]
        plain = [each.model_dump(mode="json") for each in tickets]
        as_read = {"_id": stored.queue.id, "version": stored.version}
        return await self.aggregates.update_one(as_read, {"$set": {"queue.tickets": plain}})

    async def visitors_of(self, tickets: Collection[str]) -> set[ReporterId]:
        """Return the visitors to whom queues with these numbers refer."""
        found = await self.aggregates.find({"queue.tickets.id": {"$in": list(tickets)}})
        return {t.visitor for each in found for t in _queue(each).queue.tickets if t.visitor}

    async def save(
        self,
        stored: StoredQueue,
        step: Step,
        at: datetime,
        keys: Sequence[Mapping[str, str]] = (),
    ) -> Tail:
        """Write the queue after a step, and its events; return all that is unpublished.

        Raises:
            StaleVersionError, DuplicateError: somebody else was faster; decide again.
        """
        events = step.events(at)
        first = step.queue.sequence - len(events) + 1
        entries = [_ticket_entry(step.queue, e, first + n) for n, e in enumerate(events)]
        fields = {
            "queue": step.queue.model_dump(mode="json"),
            "open": bool(step.queue.waiting() or step.queue.in_hand()),
        }
        if not stored.version:
            document: Document = {"_id": step.queue.id, **fields}
            if keys:
                document["keys"] = [dict(each) for each in keys]
            return await self.aggregates.create(document, entries, at)
        return await self.aggregates.swap(
            Swap(
                identifier=step.queue.id,
                version=stored.version,
                changes=fields,
                entries=entries,
                at=at,
                push={"keys": keys} if keys else {},
            )
        )


@dataclass(frozen=True)
class StoredDossier:
    """A dossier as it was read.

    Attributes:
        history: Its steps in order, with the words that somebody wrote.
        idempotency: Hashes of key and body, empty without a key.
    """

    dossier: Dossier
    version: int
    history: Sequence[Mapping[str, Any]]
    idempotency: Mapping[str, str]


class DossierStore:
    """Dossiers in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, DOSSIERS, DOSSIER_INDEXES, archived=True)

    async def open(self, step: dossiers.Step, idempotency: Mapping[str, str]) -> Tail:
        """Store a new dossier with its first event; return what is to be published.

        Raises:
            DuplicateError: the code, or the idempotency key, is already taken.
        """
        document: Document = {
            "_id": step.dossier.code,
            "dossier": step.dossier.model_dump(),
            "history": [_record(step)],
        }
        if idempotency:
            document["idempotency"] = dict(idempotency)
        return await self.aggregates.create(document, [_dossier_entry(step)], step.event.at)

    async def load(self, code: str) -> StoredDossier | None:
        """Return the dossier, or None."""
        document = await self.aggregates.load(code)
        return _dossier(document) if document else None

    async def find_by_key(self, key: str) -> StoredDossier | None:
        """Return the dossier that was handed in under the key with this fingerprint."""
        document = await self.aggregates.find_one({"idempotency.key": key})
        return _dossier(document) if document else None

    async def search(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], limit: int
    ) -> list[StoredDossier]:
        """Return at most `limit` dossiers that match, sorted."""
        found = await self.aggregates.find(query, sort=sort, limit=limit)
        return [_dossier(each) for each in found]

    async def with_applicants(
        self, rest_since: datetime, *, after: str, limit: int
    ) -> list[StoredDossier]:
        """Return dossiers that ended, rest since an instant and know who handed them in.

        By code from `after` on.
        """
        query = {
            "dossier.snapshot.state": {"$in": sorted(each.value for each in dossiers.ENDED)},
            "history": {"$not": {"$elemMatch": {"at": {"$gt": rest_since}}}},
            "_id": {"$gt": after},
            **HOLDS_APPLICANT,
        }
        found = await self.aggregates.find(query, sort=[("_id", 1)], limit=limit)
        return [_dossier(each) for each in found]

    async def forget_applicant(self, code: str, applicant: ReporterId) -> bool:
        """Take the reference to its applicant out of a dossier; say whether it was there."""
        return await self.aggregates.update_one(
            {"_id": code, "dossier.snapshot.applicant": applicant},
            {"$set": {"dossier.snapshot.applicant": None}},
        )

    async def applicants_of(self, codes: Collection[str]) -> set[ReporterId]:
        """Return the applicants to whom these dossiers refer."""
        found = await self.aggregates.find({"_id": {"$in": list(codes)}}, limit=len(codes))
        people = (_dossier(each).dossier.snapshot.applicant for each in found)
        return {each for each in people if each}

    async def save(self, stored: StoredDossier, step: dossiers.Step) -> Tail:
        """Write a step and the state it leads to; return all that is unpublished.

        Raises:
            StaleVersionError: the dossier moved on since it was read.
        """
        return await self.aggregates.swap(
            Swap(
                identifier=step.dossier.code,
                version=stored.version,
                changes={"dossier": step.dossier.model_dump()},
                entries=[_dossier_entry(step)],
                at=step.event.at,
                push={"history": [_record(step)]},
            )
        )


def _ticket_entry(queue: Queue, event: TicketEvent, sequence: int) -> Entry:
    body = to_wire(event, subject=queue.id, sequence=sequence, at=event.at)
    return Entry(event_id("ticket", queue.id, sequence), event.type, body)


def _dossier_entry(step: dossiers.Step) -> Entry:
    code, sequence = step.dossier.code, step.dossier.sequence
    body = to_wire(step.event, subject=code, sequence=sequence, at=step.event.at)
    return Entry(event_id("dossier", code, sequence), step.event.type, body)


def _record(step: dossiers.Step) -> Document:
    return {
        "sequence": step.dossier.sequence,
        "type": step.event.type,
        "at": step.event.at,
        "actor": step.event.actor,
        "state": step.dossier.state.value,
        "due_at": step.dossier.snapshot.due_at,
        "items": list(getattr(step.event, "items", ())),
        "words": dict(step.words),
    }


def _queue(document: Document) -> StoredQueue:
    return StoredQueue(
        queue=Queue.model_validate(document["queue"]),
        version=document["version"],
        keys=document.get("keys", ()),
    )


def _dossier(document: Document) -> StoredDossier:
    return StoredDossier(
        dossier=Dossier.model_validate(document["dossier"]),
        version=document["version"],
        history=document["history"],
        idempotency=document.get("idempotency", {}),
    )
