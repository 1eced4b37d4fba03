"""How disclosures are stored: one document each, one write, their events inside. Decides nothing.

What `civic_intake.disclosures` holds of a case is only who wants what of it, never its content.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.disclosures.model import Disclosure, Step
from shared.events import event_id, to_wire
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.vocabulary import CaseCode

DISCLOSURES = "disclosures"
INDEXES = (
    Index(("idempotency.key",), unique=True, where={"idempotency.key": {"$exists": True}}),
    Index(("disclosure.code", "disclosure.asked.at")),
    Index(("disclosure.status", "disclosure.asked.at")),
)
OF_ONE_CASE = 500  # at most listed


@dataclass(frozen=True)
class StoredDisclosure:
    """A disclosure as it was read.

    Attributes:
        disclosure: It.
        version: The version that was read; a write names it.
        idempotency: Hashes of the key and of the body, empty without a key.
    """

    disclosure: Disclosure
    version: int
    idempotency: Mapping[str, str]


class DisclosureStore:
    """Disclosures in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, DISCLOSURES, INDEXES, archived=True)

    async def open(self, step: Step, idempotency: Mapping[str, str]) -> Tail:
        """Store a new disclosure with its first event; return what is to be published.

        Raises:
            DuplicateError: the idempotency key is already taken.
            OutageError: it is not known to be stored.
        """
        document: Document = {
            "_id": step.after.id,
            "disclosure": step.after.model_dump(),
            "history": [_record(step)],
        }
        if idempotency:
            document["idempotency"] = dict(idempotency)
        return await self.aggregates.create(document, [_entry(step)], step.event.at)

    async def load(self, identifier: str) -> StoredDisclosure | None:
        """Return the disclosure, or None."""
        document = await self.aggregates.load(identifier)
        return _stored(document) if document else None

    async def find_by_key(self, key: str) -> StoredDisclosure | None:
        """Return the disclosure that was asked for under the key with this fingerprint."""
        document = await self.aggregates.find_one({"idempotency.key": key})
        return _stored(document) if document else None

    async def of_case(self, code: CaseCode) -> list[Disclosure]:
        """Return the disclosures of a case, the oldest first."""
        return await self._find({"disclosure.code": code}, OF_ONE_CASE, newest=1)

    async def newest(self, status: str | None, limit: int) -> list[Disclosure]:
        """Return at most `limit` disclosures of a status, or of any, the newest first."""
        return await self._find({"disclosure.status": status} if status else {}, limit, newest=-1)

    async def save(self, stored: StoredDisclosure, step: Step) -> Tail:
        """Write what happened and the state it leads to; return all that is unpublished.

        Raises:
            StaleVersionError: the disclosure moved on since it was read.
        """
        return await self.aggregates.swap(
            Swap(
                identifier=step.after.id,
                version=stored.version,
                changes={"disclosure": step.after.model_dump()},
                entries=[_entry(step)],
                at=step.event.at,
                push={"history": [_record(step)]},
            )
        )

    async def _find(self, query: Mapping[str, Any], limit: int, *, newest: int) -> list[Disclosure]:
        sort: Sequence[tuple[str, int]] = [("disclosure.asked.at", newest), ("_id", newest)]
        found = await self.aggregates.find(query, sort=sort, limit=limit)
        return [_stored(each).disclosure for each in found]


def _entry(step: Step) -> Entry:
    event, after = step.event, step.after
    body = to_wire(event, subject=after.id, sequence=after.sequence, at=event.at)
    return Entry(event_id("disclosure", after.id, after.sequence), event.type, body)


def _record(step: Step) -> Document:
    return {
        "sequence": step.after.sequence,
        "type": step.event.type,
        "event": step.event.model_dump(),
    }


def _stored(document: Document) -> StoredDisclosure:
    return StoredDisclosure(
        disclosure=Disclosure.model_validate(document["disclosure"]),
        version=document["version"],
        idempotency=document.get("idempotency", {}),
    )
