"""How a watched due date of a dossier is stored: one document per dossier, with what it owes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.sla.dossiers import DossierTracking
from shared.events import event_id, to_wire
from shared.events.onestop import DossierSnapshot, DueDateEvent
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail

DUE_DATES = "due_dates"
INDEXES = (Index(("next_at",), where={"next_at": {"$type": "date"}}),)  # only clocks that run


@dataclass(frozen=True)
class StoredDossier:
    """A watched due date and the version that was read."""

    tracking: DossierTracking
    version: int


class DueDateStore:
    """Watched due dates in MongoDB, by the dossier's short code."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Aggregates(base, DUE_DATES, INDEXES, archived=True)

    async def load(self, code: str) -> StoredDossier | None:
        """Return what is watched of a dossier, or None."""
        document = await self.aggregates.load(code)
        return _stored(document) if document else None

    async def due(self, now: datetime, limit: int) -> list[StoredDossier]:
        """Return due dates with a stage to fire, the oldest first."""
        found = await self.aggregates.find(
            # the type is named, else the partial index does not count as covering the query
            {"next_at": {"$lte": now, "$type": "date"}},
            sort=[("next_at", 1)],
            limit=limit,
        )
        return [_stored(document) for document in found]

    async def create(
        self, tracking: DossierTracking, events: Sequence[DueDateEvent], at: datetime
    ) -> Tail:
        """Watch a new dossier.

        Raises:
            DuplicateError: it is watched already.
        """
        document = {"_id": tracking.code, **_fields(tracking)}
        return await self.aggregates.create(document, _entries(tracking, events, at), at)

    async def save(
        self,
        stored: StoredDossier,
        after: DossierTracking,
        events: Sequence[DueDateEvent],
        at: datetime,
    ) -> Tail:
        """Write what is watched after `events`.

        Raises:
            StaleVersionError: somebody else wrote since it was read.
        """
        return await self.aggregates.swap(
            Swap(
                identifier=after.code,
                version=stored.version,
                changes=_fields(after),
                entries=_entries(after, events, at),
                at=at,
            )
        )


def _entries(after: DossierTracking, events: Sequence[DueDateEvent], at: datetime) -> list[Entry]:
    first = after.sequence - len(events) + 1
    return [
        Entry(
            event_id(event.type.partition(".")[0], after.code, first + offset),
            event.type,
            to_wire(event, subject=after.code, sequence=first + offset, at=at),
        )
        for offset, event in enumerate(events)
    ]


def _fields(tracking: DossierTracking) -> dict[str, Any]:
    return {
        "dossier": tracking.dossier.model_dump(),
        "dossier_sequence": tracking.dossier_sequence,
        "deadline_version": tracking.version,
        "approaching_at": tracking.approaching_at,
        "fired": sorted(tracking.fired),
        "sequence": tracking.sequence,
        "next_at": tracking.next_at,
    }


def _stored(document: Document) -> StoredDossier:
    tracking = DossierTracking(
        code=document["_id"],
        dossier=DossierSnapshot.model_validate(document["dossier"]),
        dossier_sequence=document["dossier_sequence"],
        version=document["deadline_version"],
        approaching_at=document["approaching_at"],
        fired=frozenset(document["fired"]),
        sequence=document["sequence"],
    )
    return StoredDossier(tracking, document["version"])
