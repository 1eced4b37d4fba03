"""Dossiers, step by step: hand in, look up, and one command for every step. Order of steps."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.asked import KeyReusedError
from services.intake.cursors import after_due, due_cursor
from services.intake.onestop.catalogue import Catalogue
from services.intake.onestop.domain import dossier as rules
from services.intake.onestop.domain.dossier_parts import (
    OPEN,
    Circumstances,
    Dossier,
    DossierError,
    HandIn,
    Step,
)
from services.intake.onestop.errors import OneStopError
from services.intake.onestop.store import DossierStore, StoredDossier
from services.intake.shelf import Shelf
from shared.errors import DuplicateError, OutageError, StaleVersionError
from shared.identity import Reporter, Vault, new_code, read_code
from shared.outbox import TailPublisher
from shared.vocabulary import DossierState, ProcedureId, ReporterId

RACES = 20
SHORT = 9  # characters of a short code: "7K3Q-9M2F"


class NoSuchDossierError(OneStopError):
    """There is no dossier with this number or short code."""


@dataclass(frozen=True)
class Handing:
    """What somebody hands in."""

    procedure: ProcedureId
    papers: tuple[str, ...]
    through: str
    applicant: Reporter


@dataclass(frozen=True)
class HandedIn:
    """A dossier that was handed in; `replayed` when it was under this key before."""

    stored: StoredDossier
    replayed: bool


Decide = Callable[[Dossier, Circumstances], Step]


class Dossiers:
    """Everything that happens to a dossier."""

    def __init__(
        self,
        store: DossierStore,
        publisher: TailPublisher,
        vault: Vault,
        *,
        catalogue: Catalogue,
        shelf: Shelf,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._publisher = publisher
        self._vault = vault
        self._catalogue = catalogue
        self._shelf = shelf
        self._clock = clock

    async def hand_in(self, given: Handing, actor: str, key: Mapping[str, str]) -> HandedIn:
        """Take a dossier in; on return it is durable.

        Raises:
            NoSuchProcedureError: there is none such today.
            ChecklistError: it names a paper that the procedure does not know.
            KeyReusedError: the idempotency key stands for another dossier.
        """
        if key and (known := await self._known(key)):
            return known
        now = self._clock()
        edition = self._shelf.now(now)
        procedure = self._catalogue.procedure(given.procedure, edition.local_day(now))
        code = new_code(self._catalogue.content.number_prefix)
        applicant = await self._seal(given.applicant, now, code)
        about = Circumstances(actor, now, procedure, edition.calendar)
        handed = HandIn(
            code=code,
            number=_number(code, f"{now.astimezone(edition.calendar.zone):%y%m%d}"),
            through=given.through,
            papers=given.papers,
            applicant=applicant,
            language=given.applicant.language,
        )
        try:
            step = rules.submit(handed, about)
            self._publisher.soon(await self._store.open(step, key))
        except (DuplicateError, DossierError) as error:
            if applicant:
                await self._vault.erase(applicant)
            if isinstance(error, DuplicateError) and (known := await self._known(key)):
                return known
            raise
        stored = await self._store.load(code)
        if stored is None:
            raise OutageError("a dossier that was just written cannot be read")
        return HandedIn(stored, replayed=False)

    async def find(self, typed: str) -> StoredDossier:
        """Return a dossier by its number or its short code, as somebody typed it.

        Raises:
            NoSuchDossierError: there is none.
        """
        code = self.read(typed)
        stored = await self._store.load(code) if code else None
        if stored is None:
            raise NoSuchDossierError(typed)
        return stored

    def read(self, typed: str) -> str | None:
        """Return the code in what somebody typed: "HS-261125-7K3Q-9M2F", "7k3q 9m2f"; or None."""
        compact = "".join(typed.upper().split()).replace("-", "")
        return read_code(f"{self._catalogue.content.number_prefix}{compact[-SHORT + 1 :]}")

    async def act(self, typed: str, actor: str, decide: Decide) -> StoredDossier:
        """Carry out a step and return the dossier after it.

        Raises:
            NoSuchDossierError, DossierStateError, ChecklistError: nothing changed.
        """
        for _ in range(RACES):
            stored = await self.find(typed)
            now = self._clock()
            edition = self._shelf.now(now)
            on = stored.dossier.snapshot.submitted_at.astimezone(edition.calendar.zone).date()
            procedure = self._catalogue.procedure_of(stored.dossier.snapshot.procedure, on)
            step = decide(stored.dossier, Circumstances(actor, now, procedure, edition.calendar))
            try:
                self._publisher.soon(await self._store.save(stored, step))
            except StaleVersionError:
                continue
            return await self.find(typed)
        raise OutageError("the dossier changes too fast")

    async def listed(
        self, *, desk: str | None, states: Sequence[str], limit: int, cursor: str | None = None
    ) -> tuple[list[StoredDossier], str | None]:
        """Return dossiers, the soonest due date first, and a cursor for more.

        Raises:
            BadCursorError: the cursor is none of this list's.
        """
        query: dict[str, Any] = after_due("dossier.snapshot.due_at", cursor) if cursor else {}
        if desk:
            query["dossier.snapshot.desk"] = desk
        query["dossier.snapshot.state"] = {"$in": list(states) or [each.value for each in _LISTED]}
        found = await self._store.search(
            query, sort=[("dossier.snapshot.due_at", 1), ("_id", 1)], limit=limit + 1
        )
        shown = found[:limit]
        if len(found) == len(shown):
            return shown, None
        last = shown[-1].dossier
        return shown, due_cursor(last.snapshot.due_at, last.code)

    async def applicant(self, stored: StoredDossier) -> Reporter | None:
        """Open the sealed applicant; the caller has noted the look before."""
        reference = stored.dossier.snapshot.applicant
        return await self._vault.read(reference) if reference else None

    async def _known(self, key: Mapping[str, str]) -> HandedIn | None:
        stored = await self._store.find_by_key(key["key"]) if key else None
        if stored is None:
            return None
        if stored.idempotency["body"] != key["body"]:
            raise KeyReusedError("the key stands for another dossier")
        return HandedIn(stored, replayed=True)

    async def _seal(self, person: Reporter, at: datetime, code: str) -> ReporterId | None:
        if not (person.name or person.phone or person.email):
            return None
        return await self._vault.store(person, at, counter=code)


_LISTED = OPEN | {DossierState.READY}


def _number(code: str, day: str) -> str:
    """Return the number of a dossier: its prefix, the day, and its short code."""
    prefix, _, short = code.partition("-")
    return f"{prefix}-{day}-{short}"


def short_code(code: str) -> str:
    """Return what one types instead of the whole number."""
    return code.partition("-")[2]
