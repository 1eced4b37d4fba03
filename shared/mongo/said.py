"""What aggregates have said, kept beside them until the stream would have let it go as well.

An event moves here when the broker has confirmed it: before that it stands in its outbox, so that
at any moment it is in one of the two. From both, `republish` says everything again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.mongo.connection import Database, Document
from shared.mongo.documents import Change, Documents, Index

KEPT = timedelta(days=400)  # as the stream of the operations centre
MOST = 10_000  # events of one aggregate


@dataclass(frozen=True)
class Entry:
    """An event in an outbox: its identity, its routing key, and its bytes on the wire."""

    id: str
    key: str
    body: bytes


class Said:
    """The archive of one collection of aggregates, `<name>_said`."""

    def __init__(self, base: Database, name: str) -> None:
        self.documents = Documents(
            base, f"{name}_said", (Index(("of", "number")), Index(("at",), lasts=KEPT))
        )

    async def keep(
        self, documents: Sequence[Document], confirmed: Mapping[str, Sequence[str]]
    ) -> None:
        """Keep what these aggregates still hold of the events that were confirmed."""
        now = datetime.now(UTC)
        changes: list[Change] = [
            ({"_id": each["id"]}, {"$set": _kept(document["_id"], each, now)})
            for document in documents
            for each in document["outbox"]
            if each["id"] in confirmed[document["_id"]]
        ]
        await self.documents.update_each(changes, upsert=True)

    async def of(self, document: Document) -> list[Entry]:
        """Return all that an aggregate has said up to its version, in order, and still owes.

        After a restore the archive may be ahead of its aggregate: that is left out.
        """
        wanted = {"of": document["_id"], "version": {"$lte": document["version"]}}
        kept = await self.documents.find(wanted, sort=[("number", 1)], limit=MOST)
        found = {each["_id"]: Entry(each["_id"], each["key"], bytes(each["body"])) for each in kept}
        for each in document["outbox"]:
            found[each["id"]] = Entry(each["id"], each["key"], bytes(each["body"]))
        return sorted(found.values(), key=_number)


def _kept(identifier: str, owed: Document, now: datetime) -> Document:
    return {
        "of": identifier,
        "number": _number_of(owed["id"]),
        "version": owed.get("version", 0),
        "key": owed["key"],
        "body": owed["body"],
        "at": now,
    }


def _number(entry: Entry) -> int:
    return _number_of(entry.id)


def _number_of(identifier: str) -> int:
    return int(identifier.rpartition(".")[2])  # as shared.events.event_id writes it
