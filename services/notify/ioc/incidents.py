"""How incidents are stored: one document each, with its outbox. Decides nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import TypeAdapter

from services.notify.ioc.spikes import Seen
from shared.events import event_id, to_wire
from shared.events.incident import (
    IncidentClosed,
    IncidentEvent,
    IncidentExtended,
    IncidentRaised,
)
from shared.instant import read_instant
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.vocabulary import CaseCode, CategoryId

INCIDENTS = "incidents"
MOST_OPEN = 2_000  # every category in every area of the city is less
CODES: TypeAdapter[tuple[CaseCode, ...]] = TypeAdapter(tuple[CaseCode, ...])


@dataclass(frozen=True)
class Incident:
    """An incident as it is stored.

    `below_since` is when it last fell under the threshold, `said` how many events it has said.
    """

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
    said: int


@dataclass(frozen=True)
class Place:
    """The last incident of a page."""

    raised_at: datetime
    id: str

    def __str__(self) -> str:
        return f"{self.raised_at.isoformat()}~{self.id}"

    @classmethod
    def read(cls, cursor: str) -> Self:
        """Return the place that a cursor names; ValueError when it is none."""
        at, _, identifier = cursor.partition("~")
        if not identifier:
            raise ValueError(cursor)
        return cls(read_instant(at), identifier)


@dataclass(frozen=True)
class Asked:
    """Which incidents: as they stood at `at` (aware; None: now), open, closed or all of them."""

    is_open: bool | None
    limit: int
    at: datetime | None = None
    after: Place | None = None

    def query(self) -> Document:
        """Return the query for them, behind the place of the page before."""
        wanted: list[Document] = []
        if self.at:
            wanted.append({"raised_at": {"$lte": self.at}})
        if self.is_open is not None:
            still: Document = {"closed_at": None}
            if self.at:
                still = {"$or": [still, {"closed_at": {"$gt": self.at}}]}
            wanted.append(still if self.is_open else {"$nor": [still]})
        if self.after:
            before = {"raised_at": {"$lt": self.after.raised_at}}
            same = {"raised_at": self.after.raised_at, "_id": {"$lt": self.after.id}}
            wanted.append({"$or": [before, same]})
        return {"$and": wanted} if wanted else {}


class IncidentStore:
    """Incidents in MongoDB; never two open ones of a category in an area."""

    def __init__(self, base: Database) -> None:
        one_open = Index(("category", "area"), unique=True, where={"open": True})
        indexes = (one_open, Index(("raised_at",)))
        self.aggregates = Aggregates(base, INCIDENTS, indexes, archived=True)

    async def standing(self) -> list[Incident]:
        """Return the open ones."""
        found = await self.aggregates.find({"open": True}, limit=MOST_OPEN)
        return [_incident(each) for each in found]

    async def page(self, asked: Asked) -> tuple[list[Incident], str | None]:
        """Return incidents as they stood, the latest raised first, and a cursor for more."""
        found = await self.aggregates.find(
            asked.query(), sort=[("raised_at", -1), ("_id", -1)], limit=asked.limit + 1
        )
        shown = [_incident(each, asked.at) for each in found[: asked.limit]]
        more = len(found) > asked.limit
        return shown, str(Place(shown[-1].raised_at, shown[-1].id)) if more else None

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
            "said": 1,
            "links": [_link(seen.codes, seen.count, at)],
        }
        event = IncidentRaised(**_said(seen.category, seen.area, seen.codes, seen.expected, at=at))
        return await self.aggregates.create(document, [_entry(event, identifier, 1, at)], at)

    async def link(
        self, known: Incident, seen: Seen | None, below_since: datetime | None, at: datetime
    ) -> Tail | None:
        """Keep what is seen at a moment, and the cases that came since; of these it is said.

        Returns:
            What is owed; None when no case joined.

        Raises:
            StaleVersionError: another replica wrote since it was read.
        """
        codes = seen.codes if seen else ()
        added = [each for each in codes if each not in known.codes]
        linked = (*known.codes, *added)
        changes: Document = {"below_since": below_since, "count": len(codes), "codes": linked}
        if all(getattr(known, name) == value for name, value in changes.items()):
            return None
        moved = added or len(codes) != known.count
        push = {"links": [_link(added, len(codes), at)]} if moved else {}
        entries: list[Entry] = []
        changes["codes"] = list(linked)
        if added:
            said = _said(known.category, known.area, linked, known.expected, at=at)
            said |= {"count": len(codes), "joined": CODES.validate_python(tuple(added))}
            entries = [_entry(IncidentExtended(**said), known.id, known.said + 1, at)]
            changes["said"] = known.said + 1
        tail = await self.aggregates.swap(Swap(known.id, known.version, changes, entries, at, push))
        return tail if added else None

    async def close(self, known: Incident, at: datetime) -> Tail:
        """Close it, with the event that says so.

        Raises:
            StaleVersionError: another replica wrote since it was read.
        """
        said = _said(known.category, known.area, known.codes, known.expected, at=at)
        said["count"] = known.count
        number = known.said + 1
        entries = [_entry(IncidentClosed(**said), known.id, number, at)]
        changes = {"open": False, "closed_at": at, "said": number}
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


def _link(codes: Sequence[str], count: int, at: datetime) -> Document:
    """Return what an incident was from a moment on: the codes that came, the window's count."""
    return {"at": at, "codes": list(codes), "count": count}


def _incident(found: Document, at: datetime | None = None) -> Incident:
    """Return an incident as it is, or as it stood at a moment after it was raised."""
    names = ("category", "area", "expected", "first_at", "raised_at", "below_since")
    codes, count, closed_at = found["codes"], found["count"], found["closed_at"]
    if at is not None:
        links = [each for each in found["links"] if each["at"] <= at]
        codes = [code for each in links for code in each["codes"]]
        count = links[-1]["count"]
        closed_at = closed_at if closed_at and closed_at <= at else None
    return Incident(
        id=found["_id"],
        codes=tuple(codes),
        count=count,
        closed_at=closed_at,
        version=found["version"],
        said=found.get("said", 1),  # of before joining was said: an open one had said one
        **{name: found[name] for name in names},
    )
