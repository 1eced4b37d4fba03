"""How a case is stored: one document, one write, its events inside. Decides nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.domain.case import Case, evolve
from shared.events import CaseEvent, CaseSnapshot, event_id, to_wire
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.vocabulary import CaseCode

CASES = "cases"
INDEXES = (
    Index(("idempotency.key",), unique=True, where={"idempotency.key": {"$exists": True}}),
    Index(("case.unit", "case.state", "case.due_at")),
    Index(("case.state", "case.due_at")),
)


@dataclass(frozen=True)
class StoredCase:
    """A case as it was read, with what is not for events: its content and its receipt.

    Attributes:
        case: The case.
        version: The version that was read; a write names it.
        content: Text, exact place, media; personal by nature.
        receipt: What the reporter was answered.
        history: Its events in order, as plain data.
        idempotency: Hashes of the key and of the body, empty without a key.
    """

    case: Case
    version: int
    content: Mapping[str, Any]
    receipt: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    idempotency: Mapping[str, str]


class CaseStore:
    """Cases in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, CASES, INDEXES)

    async def open_case(
        self,
        case: Case,
        event: CaseEvent,
        *,
        content: Mapping[str, Any],
        receipt: Mapping[str, Any],
        idempotency: Mapping[str, str] | None,
    ) -> Tail:
        """Store a new case with its first event; return what is to be published.

        Raises:
            DuplicateError: the code, or the idempotency key, is already taken.
            OutageError: it is not known to be stored.
        """
        snapshot = case.snapshot.model_dump()
        document: Document = {
            "_id": case.code,
            "case": snapshot,
            "opened": snapshot,
            "history": [_record(event, case.sequence)],
            "sequence": case.sequence,
            "routing_sequence": 0,
            "hops": 0,
            "content": dict(content),
            "receipt": dict(receipt),
        }
        if idempotency:
            document["idempotency"] = dict(idempotency)
        return await self.aggregates.create(document, [_entry(case, event)], event.at)

    async def load(self, code: CaseCode) -> StoredCase | None:
        """Return the case, or None."""
        document = await self.aggregates.load(code)
        return _stored(document) if document else None

    async def find_by_key(self, key: str) -> StoredCase | None:
        """Return the case that was created under the idempotency key with this fingerprint."""
        document = await self.aggregates.find_one({"idempotency.key": key})
        return _stored(document) if document else None

    async def save(self, stored: StoredCase, events: Sequence[CaseEvent]) -> Tail:
        """Write events and the state they lead to; return all that is unpublished.

        Raises:
            StaleVersionError: the case moved on since it was read.
        """
        case = stored.case
        entries: list[Entry] = []
        records: list[Document] = []
        for event in events:
            case = evolve(case, event)
            entries.append(_entry(case, event))
            records.append(_record(event, case.sequence))
        return await self.aggregates.swap(
            Swap(
                identifier=case.code,
                version=stored.version,
                changes={
                    "case": case.snapshot.model_dump(),
                    "sequence": case.sequence,
                    "routing_sequence": case.routing_sequence,
                    "hops": case.hops,
                },
                entries=entries,
                at=events[-1].at,
                push={"history": records},
            )
        )


def _entry(case: Case, event: CaseEvent) -> Entry:
    body = to_wire(
        event, subject=case.code, sequence=case.sequence, at=event.at, case=case.snapshot
    )
    return Entry(event_id("case", case.code, case.sequence), event.type, body)


def _record(event: CaseEvent, sequence: int) -> Document:
    return {"sequence": sequence, "type": event.type, **event.model_dump()}


def _stored(document: Document) -> StoredCase:
    return StoredCase(
        case=Case(
            snapshot=CaseSnapshot.model_validate(document["case"]),
            sequence=document["sequence"],
            routing_sequence=document["routing_sequence"],
            hops=document["hops"],
        ),
        version=document["version"],
        content=document["content"],
        receipt=document["receipt"],
        history=document["history"],
        idempotency=document.get("idempotency", {}),
    )
