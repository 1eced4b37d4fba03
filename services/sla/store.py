"""How a tracked deadline is stored: one document per case, with `next_at` and what it owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla.domain import Tracking
from shared.events import CaseSnapshot, DeadlineEvent, event_id, to_wire
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.recent import Recent

DEADLINES = "deadlines"
INDEXES = (Index(("next_at",), where={"next_at": {"$type": "date"}}),)  # only clocks that run


@dataclass(frozen=True)
class StoredTracking:
    """A tracked deadline and the version that was read."""

    tracking: Tracking
    version: int


class DeadlineStore:
    """Deadlines in MongoDB, by case code."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, DEADLINES, INDEXES, archived=True)
        self._begun: Recent[StoredTracking] = Recent()

    async def load(self, code: str) -> StoredTracking | None:
        """Return what is tracked of a case, for a change that names its version; or None."""
        if begun := self._begun.take(code):
            return begun
        document = await self.aggregates.load(code)
        return _stored(document) if document else None

    async def due(self, now: datetime, limit: int) -> list[StoredTracking]:
        """Return deadlines with a stage to fire, the oldest first."""
        found = await self.aggregates.find(
            # the type is named, else the partial index does not count as covering the query
            {"next_at": {"$lte": now, "$type": "date"}},
            sort=[("next_at", 1)],
            limit=limit,
        )
        return [_stored(document) for document in found]

    async def create(
        self, tracking: Tracking, events: Sequence[DeadlineEvent], at: datetime
    ) -> Tail:
        """Track a new case.

        Raises:
            DuplicateError: it is tracked already.
        """
        document = {"_id": tracking.case.code, **_fields(tracking)}
        tail = await self.aggregates.create(document, _entries(tracking, events, at), at)
        self._begun.keep(tracking.case.code, StoredTracking(tracking, 1))
        return tail

    async def save(
        self, stored: StoredTracking, after: Tracking, events: Sequence[DeadlineEvent], at: datetime
    ) -> Tail:
        """Write what is tracked after `events`.

        Raises:
            StaleVersionError: somebody else wrote since it was read.
        """
        return await self.aggregates.swap(
            Swap(
                identifier=after.case.code,
                version=stored.version,
                changes=_fields(after),
                entries=_entries(after, events, at),
                at=at,
            )
        )


def _entries(after: Tracking, events: Sequence[DeadlineEvent], at: datetime) -> list[Entry]:
    first = after.sequence - len(events) + 1
    return [
        Entry(
            event_id("deadline", event.code, first + offset),
            event.type,
            to_wire(event, subject=event.code, sequence=first + offset, at=at),
        )
        for offset, event in enumerate(events)
    ]


def _fields(tracking: Tracking) -> dict[str, Any]:
    return {
        "case": tracking.case.model_dump(),
        "case_sequence": tracking.case_sequence,
        "deadline_version": tracking.version,
        "approaching_at": tracking.approaching_at,
        "escalating_at": tracking.escalating_at,
        "announced": tracking.announced,
        "fired": sorted(tracking.fired),
        "stopped_at": tracking.stopped_at,
        "sequence": tracking.sequence,
        "next_at": tracking.next_at,
    }


def _stored(document: Document) -> StoredTracking:
    tracking = Tracking(
        case=CaseSnapshot.model_validate(document["case"]),
        case_sequence=document["case_sequence"],
        version=document["deadline_version"],
        approaching_at=document["approaching_at"],
        escalating_at=document["escalating_at"],
        announced=document["announced"],
        fired=frozenset(document["fired"]),
        stopped_at=document["stopped_at"],
        sequence=document["sequence"],
    )
    return StoredTracking(tracking, document["version"])
