"""The desk: what officials and reporters do with a case, step by step. Order of steps.

Load, look at the actor's part, decide, save. Somebody else's write in between is met by deciding
again, unless the caller named the version that they had seen.
"""

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.intake.archive import Archive
from services.intake.domain.case import UNNOTICED, Fact
from services.intake.domain.commands import Command
from services.intake.domain.decisions import Request, decide
from services.intake.domain.parties import Actor, parties
from services.intake.shelf import Shelf
from services.intake.store import CaseStore, StoredCase
from services.intake.submission import Submission
from shared.errors import CivicError, OutageError, StaleVersionError
from shared.events import EvidenceAdded, MediaCount
from shared.identity import read_code
from shared.outbox import TailPublisher
from shared.text import fold
from shared.vocabulary import MediaKind, Role, State

RACES = 20  # lost in a row, and something is wrong
MAX_MEDIA = 40  # of one case, over its life


class NoSuchCaseError(CivicError):
    """There is no such case, or none of the caller's business; the two look alike."""


class ChangedError(CivicError):
    """The case is not at the version that the caller has seen."""

    def __init__(self, stored: StoredCase, seen: int) -> None:
        super().__init__(f"{stored.case.code} is at {stored.case.sequence}, not at {seen}")
        self.stored = stored
        self.seen = seen


class TooMuchMediaError(CivicError):
    """The case has as much evidence as it can take."""


@dataclass(frozen=True)
class Filters:
    """Which cases an inbox shows; None: all of them."""

    state: str | None = None
    unit: str | None = None
    category: str | None = None
    overdue: bool | None = None
    q: str | None = None
    cursor: str | None = None
    limit: int = 50
    channel: str | None = None


class Desk:
    """Everything that happens to a case after its report was taken in."""

    def __init__(
        self,
        store: CaseStore,
        publisher: TailPublisher,
        archive: Archive,
        *,
        shelf: Shelf,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._archive = archive
        self._shelf = shelf
        self._clock = clock

    async def find(self, typed: str, actor: Actor) -> StoredCase:
        """Return a case in which the actor has a part.

        Raises:
            NoSuchCaseError: there is none; nobody learns whether another's case exists.
        """
        code = read_code(typed)
        stored = await self._store.load(code) if code else None
        if stored is None or not parties(stored.case, actor):
            raise NoSuchCaseError(typed)
        return stored

    async def act(
        self, typed: str, name: str, command: Command, actor: Actor, *, seen: int | None
    ) -> StoredCase:
        """Carry out a command and return the case after it.

        Args:
            typed: The case code.
            name: The command's row in the table.
            command: What is asked.
            actor: Who asks.
            seen: The version that they had seen, or None.

        Raises:
            NoSuchCaseError: no part in the case.
            ChangedError: `seen` is not the present version.
            NotYoursError, NotNowError, RuleBrokenError: see `decide`.
        """

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            rules = self._shelf.of(stored.case.snapshot)
            return decide(name, stored.case, command, Request(actor, now, rules))

        return await self.change(typed, actor, steps, seen=seen)

    async def add_evidence(self, typed: str, submission: Submission, actor: Actor) -> StoredCase:
        """Keep more photos or recordings with a case; on return they are durable.

        Raises:
            NoSuchCaseError: no part in the case.
            TooMuchMediaError: the case is full.
            NotNowError: its state takes none.
        """
        stored = await self.find(typed, actor)
        stored.case.require(EvidenceAdded, "media")
        known: Sequence[Mapping[str, Any]] = stored.content["media"]
        if len(known) + len(submission.media) > MAX_MEDIA:
            raise TooMuchMediaError(typed)
        items = await self._archive.inspect(submission.media, (), first=len(known) + 1)
        await self._archive.keep(stored.case.code, items)
        source = "reporter" if actor.role is None else "unit"
        records = [{**item.record(stored.case.code), "from": source} for item in items]
        kinds = [item.evidence.kind for item in items]
        event = EvidenceAdded(
            at=self._clock(),
            actor=actor.account,
            by=actor.unit,
            media=MediaCount(
                image=kinds.count(MediaKind.IMAGE), audio=kinds.count(MediaKind.AUDIO)
            ),
        )
        fact = Fact(event, {"media": [each["id"] for each in records]})
        self._publisher.soon(
            await self._store.save(stored, [fact], push={"content.media": records})
        )
        return await self.find(typed, actor)

    async def inbox(self, actor: Actor, filters: Filters) -> tuple[list[StoredCase], str | None]:
        """Return the actor's cases, the soonest deadline first, and a cursor for more."""
        query: list[Mapping[str, Any]] = [_scope(actor), *_conditions(filters, self._clock())]
        if filters.cursor:
            query.append(_after(filters.cursor))
        found = await self._store.search(
            {"$and": query}, sort=[("case.due_at", 1), ("_id", 1)], limit=filters.limit + 1
        )
        more = len(found) > filters.limit
        shown = found[: filters.limit]
        return shown, _cursor(shown[-1]) if more else None

    async def change(
        self,
        typed: str,
        actor: Actor,
        steps: Callable[[StoredCase, datetime], list[Fact]],
        *,
        seen: int | None,
    ) -> StoredCase:
        """Load, decide and save, again while others write in between; return the case after it.

        Raises:
            NoSuchCaseError, ChangedError: as `act` says, and whatever `steps` raises.
        """
        for _ in range(RACES):
            stored = await self.find(typed, actor)
            if seen is not None and _moved_on(stored, seen):
                raise ChangedError(stored, seen)
            facts = steps(stored, self._clock())
            if not facts:
                return stored
            try:
                self._publisher.soon(await self._store.save(stored, facts))
            except StaleVersionError:
                continue
            return await self._after(stored)
        raise OutageError(f"{typed} changes too fast")

    async def _after(self, before: StoredCase) -> StoredCase:
        stored = await self._store.load(before.case.code)
        if stored is None:
            raise OutageError("a case that was just written cannot be read")
        return stored


def _moved_on(stored: StoredCase, seen: int) -> bool:
    """Say whether anything but its followers changed since a version."""
    later = [record["type"] for record in stored.history if record["sequence"] > seen]
    return seen > stored.case.sequence or any(each not in UNNOTICED for each in later)


def _scope(actor: Actor) -> Mapping[str, Any]:
    """Return the query for what the actor has a part in; `parties` says the same of one case."""
    if actor.role in {Role.OFFICE_CLERK, Role.LEADER}:
        return {"case.about": {"$ne": actor.unit}}
    mine = [
        {"case.unit": actor.unit},
        {"case.monitoring_unit": actor.unit},
        {"case.coordinating_units": actor.unit},
        {"parts.directives.addressee": actor.unit},
    ]
    return {
        "$or": mine,
        "case.about": {"$ne": actor.unit},
        "case.restricted": False,
        "case.state": {"$ne": State.HELD.value},
    }


def _conditions(filters: Filters, now: datetime) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = []
    if filters.state:
        found.append({"case.state": {"$in": filters.state.split(",")}})
    if filters.unit:
        found.append({"case.unit": filters.unit})
    if filters.category:
        found.append({"case.category": filters.category})
    if filters.channel:
        found.append({"case.channel": filters.channel})
    if filters.overdue is not None:
        late = {"case.due_at": {"$lt": now}, "case.state": {"$nin": _DONE}}
        found.append(late if filters.overdue else {"$nor": [late]})
    if filters.q:
        code = read_code(filters.q)
        words = re.escape(fold(filters.q))
        found.append({"_id": code} if code else {"content.folded": {"$regex": words}})
    return found


_DONE = [
    State.RESOLVED.value,
    State.CLOSED.value,
    State.REFUSED.value,
    State.REDIRECTED.value,
    State.WITHDRAWN.value,
]


def _cursor(stored: StoredCase) -> str:
    place = [stored.case.snapshot.due_at.isoformat(), stored.case.code]
    return base64.urlsafe_b64encode(orjson.dumps(place)).decode()


def _after(cursor: str) -> Mapping[str, Any]:
    """Return the query for what stands behind a cursor.

    Raises:
        BadCursorError: it is none of ours.
    """
    try:
        due_at, code = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        at = datetime.fromisoformat(due_at)
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursorError(cursor) from error
    return {"$or": [{"case.due_at": {"$gt": at}}, {"case.due_at": at, "_id": {"$gt": str(code)}}]}


class BadCursorError(CivicError):
    """A cursor that no list of ours gave out."""
