"""The audit in MongoDB: one document per entry, its number as `_id`, only ever appended to.

The application's own account could change what is stored: MongoDB has no grant that allows inserts
and nothing else to a user who also owns the other collections. So nothing here relies on a grant.
What proves the audit is its chain, which `python -m services.intake.audit verify` follows, together
with heads that `… export` gave out of the house: who changes, deletes or cuts off an entry would
have to change a hash that others hold.
"""

import asyncio
import random
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import Any

from services.intake.audit.chain import EMPTY, Acting, Actor, Entry, Head, Note, Proof, chained
from shared.coalescing import Coalescer
from shared.errors import OutageError
from shared.mongo import Database, Index, Numbered

AUDIT = "audit"
INDEXES = (Index(("subject", "_id")), Index(("kind", "_id")))
# A round trip costs about 3 ms, and of all who meet at one number somebody always wins: a hundred
# tries are far more than any number of replicas makes us lose in a row.
TRIES = 100
PAUSE_S = 0.01  # at most, between two tries


class Audit:
    """The collection of entries; any number of processes append to it.

    An append is an insert under the next number. Who finds it taken reads the new head and tries
    again: the unique `_id` lets no two entries stand at one place, and an entry is only ever put
    behind a head that no failover takes back, so there is neither a fork nor a gap. What one
    process notes at the same moment goes in one insert.

    Args:
        base: `civic_intake`.
        clock: The server's time, aware.
    """

    def __init__(self, base: Database, clock: Callable[[], datetime]) -> None:
        self.documents = Numbered(base, AUDIT, INDEXES)
        self._clock = clock
        self._head: Head | None = None  # where we expect the end; None: not known
        self._appends: Coalescer[Note, Entry] = Coalescer(self._append, lanes=1)

    async def note(
        self,
        kind: str,
        *,
        actor: Acting,
        subject: str,
        purpose: str = "",
        detail: Mapping[str, Any] | None = None,
    ) -> Entry:
        """Append an entry and return it when it is durable: before anything is shown.

        Args:
            kind: `<thing>.<fact>`, like `reporter.viewed`.
            actor: Who does it: a principal, or an `Actor`.
            subject: The case code, the account, … that it is about.
            purpose: Why, where a purpose has to be stated.
            detail: A few further facts; numbers, words and lists of them, never personal data.

        Raises:
            OutageError: it is not known to be durable. The entry may stand there all the same:
                the audit may tell of a look that did not happen, never the other way round.
        """
        return await self._appends(
            Note(
                at=self._clock(),
                actor=actor.account,
                role=str(actor.role) if actor.role else None,
                unit=str(actor.unit) if actor.unit else None,
                kind=str(kind),
                subject=str(subject),
                purpose=str(purpose),
                detail=dict(detail or {}),
            )
        )

    async def note_account(
        self, kind: str, actor: str, subject: str, detail: Mapping[str, Any]
    ) -> None:
        """Append an entry about an account; `actor` and `subject` are account ids.

        Raises:
            OutageError: as for `note`.
        """
        await self.note(kind, actor=Actor(actor), subject=subject, detail=detail)

    async def head(self) -> Head:
        """Return the end of the chain as it stands; `EMPTY` before the first entry.

        It is not proven here: an audit that somebody has touched goes on, and `verify` names where.
        """
        newest = await self.documents.newest()
        return Head(newest["_id"], newest["hash"]) if newest else EMPTY

    async def read(
        self,
        *,
        subject: str | None = None,
        kinds: Collection[str] = (),
        topics: Collection[str] = (),
        after: int = 0,
        limit: int = 100,
        newest_first: bool = False,
    ) -> list[Entry]:
        """Return entries in their order, or the newest first.

        Args:
            subject: Only those about this; about anything when None.
            kinds: Only these kinds; all when empty.
            topics: Only kinds that begin with one of these words (`account`); all when empty.
            after: Only later numbers; newest first, only earlier ones, and 0 is all.
            limit: At most so many.
            newest_first: Whether the order is turned round.

        Raises:
            BrokenChainError: something that is no entry stands there.
        """
        behind = {"$lt": after} if newest_first and after else {"$gt": after}
        query: dict[str, Any] = {"_id": behind}
        if subject is not None:
            query["subject"] = subject
        kind: dict[str, Any] = {"$in": list(kinds)} if kinds else {}
        if topics:
            kind["$regex"] = rf"^({'|'.join(sorted(topics))})\."
        if kind:
            query["kind"] = kind
        order = -1 if newest_first else 1
        found = await self.documents.find(query, sort=[("_id", order)], limit=limit)
        return [Entry.from_document(each) for each in found]

    async def verify(self, published: Collection[Head] = ()) -> Head:
        """Read the whole audit, check it against heads that were published, return its head.

        Raises:
            BrokenChainError: the first entry that is not what was written.
        """
        proof = Proof(published)
        # without a filter: it shall see whatever somebody may have chosen as an `_id`
        async with aclosing(self.documents.aggregate([{"$sort": {"_id": 1}}])) as documents:
            async for document in documents:
                proof.take(Entry.from_document(document))
        return proof.end()

    async def _append(self, notes: Sequence[Note]) -> list[Entry | Exception]:
        """Put all notes of a batch behind the head, whoever else is at it."""
        written: list[Entry | Exception] = []
        for _ in range(TRIES):
            head = self._head or await self.head()
            self._head = None  # whatever happens now, until we know better
            entries = chained(head, notes[len(written) :])
            stored = await self.documents.append([each.to_document() for each in entries])
            written += entries[:stored]
            if len(written) == len(notes):
                self._head = entries[-1].head
                return written
            await asyncio.sleep(random.uniform(0, PAUSE_S))  # noqa: S311 - a pause, not a secret
        busy = OutageError("the audit is too busy")
        return [*written, *[busy] * (len(notes) - len(written))]
