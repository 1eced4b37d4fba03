"""The operations centre's way from a pseudonym to a person: for a purpose, and noted first."""

from services.intake.desk import NoSuchCaseError
from services.intake.domain.case import NotYoursError
from services.intake.privacy.desk import REFUSED, VIEWED, Official, Places
from services.intake.privacy.errors import (
    ErasedError,
    NobodyError,
    NotForPeopleError,
    SealedError,
)
from services.intake.privacy.rules import LOOKS_UP, may_look_up
from services.intake.shelf import Shelf
from services.intake.store import StoredCase
from shared.identity import FOR_PEOPLE, Purpose, Reporter, read_code
from shared.parties import is_sealed
from shared.vocabulary import Anonymity, CaseCode

THROUGH = {"through": "ioc"}  # in the audit: not by a part in the case


class Lookups:
    """Opens the reporter of a case in which the looker has no part.

    Args:
        places: Where personal data lies, and where a look at it is noted.
        shelf: The regulation under which a case was promised.
    """

    def __init__(self, places: Places, shelf: Shelf) -> None:
        self._places = places
        self._shelf = shelf

    async def look_up(
        self, typed: str, who: Official, purpose: Purpose
    ) -> tuple[CaseCode, Reporter]:
        """Return the case's code and its reporter in the clear; the reporter sees the look.

        Raises:
            NotYoursError: neither the operations centre nor a leader asks.
            NotForPeopleError: the purpose is a machine's.
            NoSuchCaseError: no such case; or it is held, restricted, or about their own unit.
            NobodyError, SealedError, ErasedError: there is nothing to see, or not for them.
            OutageError: the look is not noted, or the vault is away; nothing is shown.
        """
        stored = await self._find(typed, who, purpose)
        case, audit = stored.case.snapshot, self._places.audit
        if case.anonymity is Anonymity.ANONYMOUS or stored.opened.reporter is None:
            raise NobodyError(case.code)
        if not may_look_up(who.role, who.unit, case, self._shelf.of(case).regulation):
            wanted = {"wanted": VIEWED, **THROUGH}
            await audit.note(REFUSED, actor=who, subject=case.code, purpose=purpose, detail=wanted)
            raise SealedError(case.code)
        if case.reporter is None:
            raise ErasedError(case.code)
        await audit.note(VIEWED, actor=who, subject=case.code, purpose=purpose, detail=THROUGH)
        reporter = await self._places.vault.read(case.reporter, purpose)
        if reporter is None:
            raise ErasedError(case.code)
        return case.code, reporter

    async def _find(self, typed: str, who: Official, purpose: Purpose) -> StoredCase:
        if who.role not in LOOKS_UP:
            raise NotYoursError(f"{who.account} looks nobody up")
        if purpose not in FOR_PEOPLE:
            raise NotForPeopleError(purpose)
        code = read_code(typed)
        stored = await self._places.store.load(code) if code else None
        if stored is None or is_sealed(stored.case.snapshot, who.unit):
            raise NoSuchCaseError(typed)
        return stored
