"""The desk: what officials and reporters do with a case, step by step. Order of steps.

Load, look at the actor's part, decide, save. Somebody else's write in between is met by deciding
again, unless the caller named the version that they had seen.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.archive import Archive
from services.intake.asked import Asked, asked
from services.intake.cursors import after_due, due_cursor
from services.intake.domain.case import UNNOTICED, Fact
from services.intake.domain.commands import Command
from services.intake.domain.decisions import Request, decide
from services.intake.domain.parties import Actor, parties
from services.intake.domain.report import MediaIn
from services.intake.scope import scope
from services.intake.searching import searched
from services.intake.shelf import Shelf
from services.intake.store import COUNTS, CaseStore, StoredCase
from services.intake.submission import Submission
from shared.errors import CivicError, OutageError, StaleVersionError
from shared.events import EvidenceAdded, MediaCount
from shared.identity import read_code
from shared.outbox import TailPublisher
from shared.vocabulary import MediaKind, State

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


@dataclass(frozen=True)
class Changed:
    """A case after a step, and whether the step had been carried out before under the same key."""

    stored: StoredCase
    replayed: bool = False


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
    flag: str | None = None
    newest: bool = False  # the latest deadline first


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
        self,
        typed: str,
        name: str,
        command: Command,
        actor: Actor,
        *,
        seen: int | None,
        key: str | None = None,
    ) -> Changed:
        """Carry out a command and return the case after it.

        Args:
            typed: The case code.
            name: The command's row in the table.
            command: What is asked.
            actor: Who asks.
            seen: The version that they had seen, or None.
            key: The idempotency key, or None.

        Raises:
            NoSuchCaseError: no part in the case.
            ChangedError: `seen` is not the present version.
            KeyReusedError: the key stands for another step.
            NotYoursError, NotNowError, RuleBrokenError: see `decide`.
        """

        def steps(stored: StoredCase, now: datetime) -> list[Fact]:
            rules = self._shelf.of(stored.case.snapshot)
            return decide(name, stored.case, command, Request(actor, now, rules))

        wish = asked(key, actor, name, [command.model_dump_json()])
        return await self.change(typed, actor, steps, seen=seen, wish=wish)

    async def add_evidence(
        self,
        typed: str,
        submission: Submission,
        actor: Actor,
        *,
        told: Sequence[MediaIn] = (),
        key: str | None = None,
    ) -> Changed:
        """Keep more photos or recordings with a case; on return they are durable.

        Args:
            typed: The case code.
            submission: The files.
            actor: Who adds them.
            told: What the client knows of them, as in a report. A key stands for the files alone:
                who chooses the same file again after a lost answer adds it once.
            key: The idempotency key, or None.

        Raises:
            KeyReusedError: the key stands for other files, or another step.
            NoSuchCaseError: no part in the case.
            TooMuchMediaError: the case is full.
            NotNowError: its state takes none.
        """
        stored = await self.find(typed, actor)
        wish = asked(key, actor, "media", [each.sha256 for each in submission.media])
        if wish and wish.is_in(stored.history):
            return Changed(stored, replayed=True)
        _require_room(stored, submission)
        items = await self._archive.inspect(submission.media, told)
        await self._archive.keep(stored.case.code, items)
        source = "reporter" if actor.role is None else "unit"

        def records(now: StoredCase) -> list[dict[str, Any]]:
            # numbered anew at every try: decoding takes a second in which others add theirs
            first = len(now.content["media"]) + 1
            named = (replace(item, id=f"m{first + n}") for n, item in enumerate(items))
            return [{**each.record(now.case.code), "from": source} for each in named]

        def steps(now: StoredCase, at: datetime) -> list[Fact]:
            _require_room(now, submission)
            kinds = [item.evidence.kind for item in items]
            images, sounds = kinds.count(MediaKind.IMAGE), kinds.count(MediaKind.AUDIO)
            event = EvidenceAdded(
                at=at,
                actor=actor.account,
                by=actor.unit,
                media=MediaCount(image=images, audio=sounds),
            )
            return [Fact(event, {"media": [each["id"] for each in records(now)]})]

        def push(now: StoredCase) -> Mapping[str, Sequence[Any]]:
            return {"content.media": records(now)}

        return await self.change(typed, actor, steps, seen=None, wish=wish, push=push)

    async def inbox(self, actor: Actor, filters: Filters) -> tuple[list[StoredCase], str | None]:
        """Return the actor's cases by the date that counts, and a cursor for more."""
        now = self._clock()
        query: list[Mapping[str, Any]] = [scope(actor), *_conditions(filters, now)]
        if filters.q:
            query.append(searched(filters.q, self._shelf.now(now).regulation))
        if filters.cursor:
            query.append(after_due(COUNTS, filters.cursor, newest=filters.newest))
        way = -1 if filters.newest else 1
        found = await self._store.rows(
            {"$and": query}, sort=[(COUNTS, way), ("_id", way)], limit=filters.limit + 1
        )
        more = len(found) > filters.limit
        shown = found[: filters.limit]
        last = shown[-1].case.snapshot if more else None
        return shown, due_cursor(last.counts_at, last.code) if last else None

    async def change(
        self,
        typed: str,
        actor: Actor,
        steps: Callable[[StoredCase, datetime], list[Fact]],
        *,
        seen: int | None,
        wish: Asked | None = None,
        push: Callable[[StoredCase], Mapping[str, Sequence[Any]]] = lambda _stored: {},
    ) -> Changed:
        """Load, decide and save, again while others write in between; return the case after it.

        Args:
            typed: The case code.
            actor: Who asks.
            steps: Decides on the case as it was read.
            seen: The version that they had seen, or None.
            wish: Under what the step is known again, or None.
            push: Lists of the content that grow, by the case as it was read.

        Raises:
            NoSuchCaseError, ChangedError, KeyReusedError: as `act` says, and whatever `steps`
                raises.
        """
        for _ in range(RACES):
            stored = await self.find(typed, actor)
            if wish and wish.is_in(stored.history):
                return Changed(stored, replayed=True)
            if seen is not None and _moved_on(stored, seen):
                raise ChangedError(stored, seen)
            facts = steps(stored, self._clock())
            if not facts:
                return Changed(stored)
            try:
                tail = await self._store.save(stored, facts, push=push(stored), wish=wish)
                self._publisher.soon(tail)
            except StaleVersionError:
                continue
            return Changed(await self._after(stored))
        raise OutageError(f"{typed} changes too fast")

    async def _after(self, before: StoredCase) -> StoredCase:
        stored = await self._store.load(before.case.code)
        if stored is None:
            raise OutageError("a case that was just written cannot be read")
        return stored


def _require_room(stored: StoredCase, submission: Submission) -> None:
    """Check that the case takes that many more files now."""
    stored.case.require(EvidenceAdded, "media")
    if len(stored.content["media"]) + len(submission.media) > MAX_MEDIA:
        raise TooMuchMediaError(stored.case.code)


def _moved_on(stored: StoredCase, seen: int) -> bool:
    """Say whether anything but its followers changed since a version."""
    later = [record["type"] for record in stored.history if record["sequence"] > seen]
    return seen > stored.case.sequence or any(each not in UNNOTICED for each in later)


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
    if filters.flag:
        found.append({"case.flags": filters.flag})
    if filters.overdue is not None:
        late = {COUNTS: {"$lt": now}, "case.state": {"$nin": _DONE}}
        found.append(late if filters.overdue else {"$nor": [late]})
    return found


_DONE = [
    State.RESOLVED.value,
    State.CLOSED.value,
    State.REFUSED.value,
    State.REDIRECTED.value,
    State.WITHDRAWN.value,
]
