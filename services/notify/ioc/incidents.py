"""How incidents are stored: one document each, with its outbox. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import TypeAdapter

from services.notify.ioc.spikes import Seen
from shared.events import event_id, to_wire
from shared.events.incident import IncidentClosed, IncidentEvent, IncidentRaised
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.vocabulary import CaseCode, CategoryId

INCIDENTS = "incidents"
MOST_OPEN = 2_000  # every category in every area of the city is less
CODES: TypeAdapter[tuple[CaseCode, ...]] = TypeAdapter(tuple[CaseCode, ...])


@dataclass(frozen=True)
class Incident:
    """An incident as it is stored; `below_since` is when it last fell under the threshold."""

    id: str
    category: str
    area: str
    codes: tuple[str, ...]
    count: int
    expected: float
    first_at: datetime
    raised_at: datetime
    below_since: datetime | None
    closed_at: datetime | None
    version: int


class IncidentStore:
    """Incidents in MongoDB; never two open ones of a category in an area."""

    def __init__(self, base: Database) -> None:
        one_open = Index(("category", "area"), unique=True, where={"open": True})
        self.aggregates = Aggregates(base, INCIDENTS, (one_open, Index(("raised_at",))))

    async def standing(self) -> list[Incident]:
        """Return the open ones."""
        found = await self.aggregates.find({"open": True}, limit=MOST_OPEN)
        return [_incident(each) for each in found]

    async def newest(self, *, is_open: bool | None, limit: int) -> list[Incident]:
        """Return the latest raised first: the open, the closed, or all."""
        query = {} if is_open is None else {"open": is_open}
        found = await self.aggregates.find(query, sort=[("raised_at", -1)], limit=limit)
        return [_incident(each) for each in found]

    async def open(self, identifier: str, seen: Seen, at: datetime) -> Tail:
        """Store a new one with the event that says so.

        Raises:
            DuplicateError: it was raised already, or one of that category and area is open.
        """
        document = {
            "_id": identifier,
            "open": True,
            "category": seen.category,
            "area": seen.area,
            "codes": list(seen.codes),
            "count": seen.count,
            "expected": seen.expected,
            "first_at": seen.first_at,
            "raised_at": at,
            "below_since": None,
            "closed_at": None,
        }
        event = IncidentRaised(**_said(seen.category, seen.area, seen.codes, seen.expected, at=at))
        return await self.aggregates.create(document, [_entry(event, identifier, 1, at)], at)

    async def link(self, known: Incident, seen: Seen | None, below_since: datetime | None) -> None:
        """Keep what is seen now, and the cases that came since; nothing is said.

        Raises:
            StaleVersionError: another replica wrote since it was read.
        """
        codes = seen.codes if seen else ()
        changes = {
            "below_since": below_since,
            "count": len(codes),
            "codes": [*known.codes, *(each for each in codes if each not in known.codes)],
        }
        if all(_plain(getattr(known, name)) == value for name, value in changes.items()):
            return
        at = known.raised_at
        await self.aggregates.swap(Swap(known.id, known.version, changes, (), at))

    async def close(self, known: Incident, at: datetime) -> Tail:
        """Close it, with the event that says so.

        Raises:
            StaleVersionError: another replica wrote since it was read.
        """
        said = _said(known.category, known.area, known.codes, known.expected, at=at)
        said["count"] = known.count
        event = IncidentClosed(**said)
        entries = [_entry(event, known.id, 2, at)]
        changes = {"open": False, "closed_at": at}
        return await self.aggregates.swap(Swap(known.id, known.version, changes, entries, at))


def _said(
    category: str, area: str, codes: Sequence[str], expected: float, *, at: datetime
) -> dict[str, Any]:
    return {
        "at": at,
        "category": CategoryId(category),
        "area": area,
        "codes": CODES.validate_python(tuple(codes)),
        "count": len(codes),
        "expected": round(expected, 2),
    }


def _entry(event: IncidentEvent, identifier: str, sequence: int, at: datetime) -> Entry:
    body = to_wire(event, subject=identifier, sequence=sequence, at=at)
    return Entry(event_id("incident", identifier, sequence), event.type, body)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _incident(found: Document) -> Incident:
    names = ("category", "area", "count", "expected", "first_at", "raised_at", "below_since")
    return Incident(
        id=found["_id"],
        codes=tuple(found["codes"]),
        closed_at=found["closed_at"],
        version=found["version"],
        **{name: found[name] for name in names},
    )
