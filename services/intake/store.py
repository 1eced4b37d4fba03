"""How a case is stored: one document, one write, its events inside. Decides nothing."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.intake.asked import Asked
from services.intake.domain.case import Case, Fact
from services.intake.domain.evolve import evolve
from shared.events import EVENTS, CaseEvent, CaseSnapshot, event_id, to_wire
from shared.mongo import Aggregates, Database, Document, Entry, Index, Swap, Tail
from shared.recent import Recent
from shared.vocabulary import CaseCode, ReporterId

CASES = "cases"
COUNTS = "counts_at"  # the date that counts: an approved one, else the promise; lists go by it
ROW = (  # what a line of a list shows; the rest of the history is what people wrote
    *("case", "parts", "version", "content.text", "content.location", "content.flagged"),
    *("content.media.id", "content.media.from"),
    *("history.sequence", "history.type", "history.event"),
)
INDEXES = (
    Index(("idempotency.key",), unique=True, where={"idempotency.key": {"$exists": True}}),
    Index(("case.unit", COUNTS)),
    Index(("case.monitoring_unit", COUNTS)),
    Index(("case.coordinating_units", COUNTS)),
    Index(("case.state", COUNTS)),
    Index(("case.place.lat", "case.place.lon")),
    Index(("parts.directives.fulfilled_at",), where={"parts.directives.0": {"$exists": True}}),
)


@dataclass(frozen=True)
class StoredCase:
    """A case as it was read, with what is not for events: its content and its receipt.

    Attributes:
        case: The case.
        opened: Its first snapshot; with the history it gives the case again.
        version: The version that was read; a write names it.
        content: Text, exact place, media; personal by nature.
        receipt: What the reporter was answered.
        history: Its facts in order, as plain data.
        idempotency: Hashes of the key and of the body, empty without a key.
    """

    case: Case
    opened: CaseSnapshot
    version: int
    content: Mapping[str, Any]
    receipt: Mapping[str, Any]
    history: Sequence[Mapping[str, Any]]
    idempotency: Mapping[str, str]

    def facts(self) -> list[Fact]:
        """Return what happened after the report came in, in order."""
        return [_fact(record) for record in self.history[1:]]


class Cases(Aggregates):
    """The collection of cases; those of releases before 0.3 learn the date that counts."""

    async def ensure_indexes(self) -> None:
        """Give every case the date that counts, and create what is missing of the indexes."""
        await self.update_many(
            {COUNTS: {"$exists": False}},
            [{"$set": {COUNTS: {"$ifNull": ["$case.expected_at", "$case.due_at"]}}}],
        )
        await super().ensure_indexes()


class CaseStore:
    """Cases in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.aggregates = Cases(base, CASES, INDEXES)
        self._opened: Recent[StoredCase] = Recent()

    async def open_case(
        self,
        case: Case,
        facts: Sequence[Fact],
        *,
        content: Mapping[str, Any],
        receipt: Mapping[str, Any],
        idempotency: Mapping[str, str],
    ) -> Tail:
        """Store a new case with its first facts; return what is to be published.

        Args:
            case: The case as it was opened, before the facts after the first.
            facts: The first one opened it.
            content: Text, place, media.
            receipt: What its reporter is answered.
            idempotency: Hashes of key and body, empty without a key.

        Raises:
            DuplicateError: the code, or the idempotency key, is already taken.
            OutageError: it is not known to be stored.
        """
        entries, records = [_entry(case, facts[0])], [_record(facts[0], case.sequence)]
        after = _go_on(case, facts[1:], entries, records)
        fields = _fields(after)
        document: Document = {
            "_id": case.code,
            "opened": fields["case"] if after is case else case.snapshot.model_dump(),
            **fields,
            "history": records,
            "content": dict(content),
            "receipt": dict(receipt),
        }
        if idempotency:
            document["idempotency"] = dict(idempotency)
        tail = await self.aggregates.create(document, entries, facts[0].event.at)
        self._opened.keep(
            case.code,
            StoredCase(after, case.snapshot, 1, content, receipt, records, idempotency),
        )
        return tail

    async def load_to_change(self, code: CaseCode) -> StoredCase | None:
        """Return the case for a change that names its version: as it was opened here, or read."""
        return self._opened.take(code) or await self.load(code)

    async def load(self, code: CaseCode) -> StoredCase | None:
        """Return the case, or None."""
        document = await self.aggregates.load(code)
        return _stored(document) if document else None

    async def find_by_key(self, key: str) -> StoredCase | None:
        """Return the case that was created under the idempotency key with this fingerprint."""
        document = await self.aggregates.find_one({"idempotency.key": key})
        return _stored(document) if document else None

    @staticmethod
    def entries_of(stored: StoredCase) -> list[Entry]:
        """Return every event that a case ever said, as it said it."""
        facts = [_fact(record) for record in stored.history]
        opened = Case(snapshot=stored.opened)
        entries = [_entry(opened, facts[0])]
        _go_on(opened, facts[1:], entries, [])
        return entries

    async def search(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], limit: int
    ) -> list[StoredCase]:
        """Return at most `limit` cases that match, sorted."""
        found = await self.aggregates.find(query, sort=sort, limit=limit)
        return [_stored(document) for document in found]

    async def rows(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]], limit: int
    ) -> list[StoredCase]:
        """Return cases as a line of a list shows them, without what was written since; not to save.

        The messages of one case may be megabytes, and a list has two hundred cases.
        """
        found = await self.aggregates.find(query, sort=sort, limit=limit, fields=ROW)
        return [_stored({**each, "opened": each["case"], "receipt": {}}) for each in found]

    async def snapshots(
        self, query: Mapping[str, Any], *, sort: Sequence[tuple[str, int]] = (), limit: int
    ) -> list[CaseSnapshot]:
        """Return what everybody may need of at most `limit` cases that match, and no more."""
        found = await self.aggregates.find(query, sort=sort, limit=limit, fields=["case"])
        return [CaseSnapshot.model_validate(document["case"]) for document in found]

    async def objects_of(self, codes: Collection[str]) -> set[str]:
        """Return the names of all objects to which these cases refer."""
        found = await self.aggregates.find(
            {"_id": {"$in": list(codes)}}, limit=len(codes), fields=["content.media"]
        )
        return {
            form["object"]
            for document in found
            for item in document["content"].get("media", ())
            for form in item["variants"].values()
        }

    async def reporters_of(self, codes: Collection[str]) -> set[ReporterId]:
        """Return the sealed reporters to whom these cases refer."""
        found = await self.aggregates.find(
            {"_id": {"$in": list(codes)}}, limit=len(codes), fields=["case.reporter"]
        )
        return {document["case"]["reporter"] for document in found}

    async def save(
        self,
        stored: StoredCase,
        facts: Sequence[Fact],
        *,
        content: Mapping[str, Any] | None = None,
        push: Mapping[str, Sequence[Any]] | None = None,
        wish: Asked | None = None,
    ) -> Tail:
        """Write facts and the state they lead to; return all that is unpublished.

        Args:
            stored: The case as it was read.
            facts: What happened now; at least one.
            content: Fields of the content that change, by dotted name.
            push: Lists of the content that grow, by dotted name.
            wish: Under what the step is known again when it is asked for twice.

        Raises:
            StaleVersionError: the case moved on since it was read.
        """
        entries: list[Entry] = []
        records: list[Document] = []
        after = _go_on(stored.case, facts, entries, records)
        if wish:
            records[0]["asked"] = wish.as_record()
        return await self.aggregates.swap(
            Swap(
                identifier=after.code,
                version=stored.version,
                changes={**_fields(after), **(content or {})},
                entries=entries,
                at=facts[-1].event.at,
                push={"history": records, **(push or {})},
            )
        )


def _go_on(
    case: Case, facts: Sequence[Fact], entries: list[Entry], records: list[Document]
) -> Case:
    """Fold facts over a case, collecting what is published and what is remembered."""
    for fact in facts:
        case = evolve(case, fact)
        entries.append(_entry(case, fact))
        records.append(_record(fact, case.sequence))
    return case


def _fields(case: Case) -> Document:
    """Return the case as fields: the snapshot for queries, the parts that only we read."""
    return {
        "case": case.snapshot.model_dump(),
        "parts": case.model_dump(exclude={"snapshot"}),
        COUNTS: case.snapshot.counts_at,
    }


def _entry(case: Case, fact: Fact) -> Entry:
    event = fact.event
    body = to_wire(
        event, subject=case.code, sequence=case.sequence, at=event.at, case=case.snapshot
    )
    return Entry(event_id("case", case.code, case.sequence), event.type, body)


def _record(fact: Fact, sequence: int) -> Document:
    return {
        "sequence": sequence,
        "type": fact.event.type,
        "event": fact.event.model_dump(),
        "words": dict(fact.words),
    }


def _fact(record: Mapping[str, Any]) -> Fact:
    event = EVENTS[record["type"]].model_validate(record["event"])
    if not isinstance(event, CaseEvent):
        raise TypeError(f"{record['type']} is no event of a case")
    return Fact(event, record["words"])


def _stored(document: Document) -> StoredCase:
    return StoredCase(
        case=Case.model_validate({**document["parts"], "snapshot": document["case"]}),
        opened=CaseSnapshot.model_validate(document["opened"]),
        version=document["version"],
        content=document["content"],
        receipt=document["receipt"],
        history=document["history"],
        idempotency=document.get("idempotency", {}),
    )
