"""The privacy desk: looks, originals, erasures. Order of steps.

No look without a trace: the rule is asked, then the audit is told, durably, and only then is
anything opened.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NoReturn, Protocol

from services.intake.audit import Acting, Audit, Entry
from services.intake.desk import NoSuchCaseError
from services.intake.domain.case import Fact, NotYoursError
from services.intake.domain.parties import Actor, parties
from services.intake.privacy.errors import (
    ErasedError,
    NobodyError,
    NoSuchFileError,
    NotForPeopleError,
    SealedError,
)
from services.intake.privacy.rules import (
    AUDITORS,
    AuditPage,
    Extent,
    is_left,
    kept_objects,
    may_see,
    may_see_original,
    stripped,
    taken_objects,
)
from services.intake.shelf import Shelf
from services.intake.store import CaseStore, StoredCase
from shared.errors import OutageError, StaleVersionError
from shared.events import ReporterErased
from shared.identity import FOR_PEOPLE, Purpose, Reporter, Vault, read_code
from shared.media import MediaStore
from shared.media_names import case_prefix
from shared.mongo import Tail
from shared.vocabulary import Anonymity, CaseCode, Role

VIEWED = "reporter.viewed"
REFUSED = "reporter.look_refused"
ORIGINAL_VIEWED = "original.viewed"
DISCLOSED = "disclosure.downloaded"
ERASED: Mapping[Extent, str] = {
    Extent.ORIGINALS: "originals.erased",
    Extent.REPORTER: "reporter.erased",
    Extent.ALL: "reporter.erased",
}
# what a reporter is shown of the audit: who saw them, and who carried their report out
SHOWN_TO_REPORTER = (VIEWED, ORIGINAL_VIEWED, DISCLOSED)
UPLOADING = timedelta(hours=1)  # a file may lie in the bucket for so long before its case knows it
RACES = 20  # lost in a row, and something is wrong


class Official(Acting, Protocol):
    """A signed-in account."""

    @property
    def role(self) -> Role:
        """Its role."""
        ...


@dataclass(frozen=True)
class Places:
    """Where personal data lies, and where a look at it is noted."""

    store: CaseStore
    vault: Vault
    media: MediaStore
    audit: Audit


class PrivacyDesk:
    """Opens, shows and erases what is personal.

    Args:
        places: Where it lies.
        shelf: The regulation under which a case was promised: what its reporter was told then
            about who sees them is what holds.
        publish: Called with the events of a case that are written and not yet published; who has
            no publisher leaves them to the sweeper of any running intake.
        clock: The server's time, aware.
    """

    def __init__(
        self,
        places: Places,
        *,
        shelf: Shelf,
        publish: Callable[[Tail], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._store = places.store
        self._vault = places.vault
        self._media = places.media
        self._audit = places.audit
        self._shelf = shelf
        self._publish = publish
        self._clock = clock

    async def look(self, typed: str, who: Official, purpose: Purpose) -> Reporter:
        """Return the reporter of a case in the clear.

        Raises:
            NotForPeopleError: the purpose is a machine's.
            NoSuchCaseError: no part in the case, or no such case.
            NobodyError, SealedError, ErasedError: there is nothing to see, or not for them.
            OutageError: the look is not noted, or the vault is away; nothing is shown.
        """
        stored = await self._find(typed, who, purpose)
        case, before = stored.case.snapshot, stored.opened
        if case.anonymity is Anonymity.ANONYMOUS or before.reporter is None:
            raise NobodyError(case.code)
        if not may_see(who.role, who.unit, case, self._shelf.of(case).regulation):
            await self._refuse(case.code, who, purpose, VIEWED)
        if case.reporter is None:
            raise ErasedError(case.code)
        await self._audit.note(VIEWED, actor=who, subject=case.code, purpose=purpose)
        reporter = await self._vault.read(case.reporter, purpose)
        if reporter is None:  # their own wish was faster; the look that saw nothing stays noted
            raise ErasedError(case.code)
        return reporter

    async def look_at_original(
        self, typed: str, media_id: str, who: Official, purpose: Purpose
    ) -> Mapping[str, Any]:
        """Return the record of a file whose original may be downloaded now; the look is noted.

        What a unit put in to show its work is not the reporter's, and open to all with a part.

        Raises:
            NotForPeopleError, NoSuchCaseError, SealedError, OutageError: as for `look`.
            NoSuchFileError: there is no such file, or its original was erased.
        """
        stored = await self._find(typed, who, purpose)
        case = stored.case.snapshot
        item = next((each for each in stored.content["media"] if each["id"] == media_id), None)
        if item is None or "original" not in item["variants"]:
            raise NoSuchFileError(media_id)
        if item.get("from") != "unit" and not may_see_original(
            who.role, who.unit, case, self._shelf.of(case).regulation
        ):
            await self._refuse(case.code, who, purpose, ORIGINAL_VIEWED)
        await self._audit.note(
            ORIGINAL_VIEWED,
            actor=who,
            subject=case.code,
            purpose=purpose,
            detail={"media": media_id, "from": item.get("from", "reporter")},
        )
        return item

    async def looks(self, code: CaseCode, *, after: int = 0, limit: int = 100) -> list[Entry]:
        """Return who looked at the reporter of a case, oldest first; for the reporter themselves.

        Args:
            code: The case.
            after: Only entries with a later number.
            limit: At most so many.
        """
        return await self._audit.read(
            subject=code, kinds=SHOWN_TO_REPORTER, after=after, limit=limit
        )

    async def read_audit(self, who: Official, page: AuditPage) -> tuple[list[Entry], int | None]:
        """Return entries that somebody may read, and the cursor of the next page.

        Entries about a case in which the reader has no part are left out: the Office does not
        learn from the audit that a report about the Office exists.

        Raises:
            NotYoursError: the role reads no audit.
        """
        if who.role not in AUDITORS:
            raise NotYoursError(f"{who.account} reads no audit")
        found = await self._audit.read(
            subject=page.subject,
            kinds=(page.kind,) if page.kind else (),
            topics=AUDITORS[who.role],
            after=page.cursor,
            limit=page.limit,
            newest_first=page.newest_first,
        )
        foreign = await self._foreign({each.subject for each in found}, who)
        shown = [each for each in found if each.subject not in foreign]
        return shown, found[-1].number if len(found) == page.limit else None

    async def erase(self, code: CaseCode, extent: Extent, actor: Acting) -> bool:
        """Erase what `extent` says and keep the case; say whether anything was left to erase.

        The audit is told first, the case last and in one write with its event: whatever fails on
        the way, the same call again goes on where it stopped, and only then has it come true.

        Raises:
            NoSuchCaseError: there is no such case.
            OutageError: not all of it is known to be gone; call again.
        """
        noted = False
        for _ in range(RACES):
            stored = await self._load(code)
            case = stored.case.snapshot
            if not is_left(case, stored.content["media"], extent):
                return noted
            if not noted:
                await self._audit.note(
                    ERASED[extent],
                    actor=actor,
                    subject=code,
                    detail={"media": "all" if extent is Extent.ALL else "originals"},
                )
                noted = True
            if extent is not Extent.ORIGINALS and case.reporter is not None:
                await self._vault.shred(case.reporter, self._clock())
            await self._remove(stored, extent)
            try:
                await self._forget(stored, extent, actor)
            except StaleVersionError:
                continue
            return True
        raise OutageError(f"{code} changes too fast")

    async def _find(self, typed: str, who: Official, purpose: Purpose) -> StoredCase:
        """Return a case in which somebody has a part, for a purpose that people have."""
        if purpose not in FOR_PEOPLE:
            raise NotForPeopleError(purpose)
        code = read_code(typed)
        stored = await self._store.load(code) if code else None
        if stored is None or not parties(stored.case, _actor(who)):
            raise NoSuchCaseError(typed)
        return stored

    async def _load(self, code: CaseCode) -> StoredCase:
        stored = await self._store.load(code)
        if stored is None:
            raise NoSuchCaseError(code)
        return stored

    async def _refuse(
        self, code: CaseCode, who: Official, purpose: Purpose, wanted: str
    ) -> NoReturn:
        """Remember the attempt too: who tries many doors shall be seen."""
        detail = {"wanted": wanted}
        await self._audit.note(REFUSED, actor=who, subject=code, purpose=purpose, detail=detail)
        raise SealedError(code)

    async def _foreign(self, subjects: Collection[str], who: Official) -> set[str]:
        """Return those subjects that are cases in which the reader has no part."""
        codes = [CaseCode(each) for each in subjects if read_code(each) == each]
        cases = await asyncio.gather(*map(self._store.load, codes))
        actor = _actor(who)
        return {each.case.code for each in cases if each and not parties(each.case, actor)}

    async def _remove(self, stored: StoredCase, extent: Extent) -> None:
        """Remove the objects; also those that an upload left behind without telling the case."""
        media, prefix = stored.content["media"], case_prefix(stored.case.code)
        kept, taken = kept_objects(media), taken_objects(media, extent)
        orphaned_before = self._clock() - UPLOADING
        found = self._media.objects(prefix if extent is Extent.ALL else f"{prefix}original/")
        names = [
            each.name
            async for each in found
            if each.name in taken or (each.name not in kept and each.modified_at < orphaned_before)
        ]
        await self._media.remove(names)

    async def _forget(self, stored: StoredCase, extent: Extent, actor: Acting) -> None:
        """Write what the case still knows, with the event if a person went.

        Raises:
            StaleVersionError: the case moved on since it was read.
        """
        media = stripped(stored.content["media"], extent)
        if extent is not Extent.ORIGINALS and stored.case.snapshot.reporter is not None:
            event = ReporterErased(at=self._clock(), actor=actor.account, by=actor.unit)
            content = {"content.media": media}
            self._publish(await self._store.save(stored, [Fact(event)], content=content))
            return
        code, version = stored.case.code, stored.version
        done = await self._store.aggregates.update_one(
            {"_id": code, "version": version},
            {"$set": {"content.media": media, "version": version + 1}},
        )
        if not done:
            raise StaleVersionError(code, version)


def _actor(who: Official) -> Actor:
    return Actor(who.account, who.role, who.unit)
