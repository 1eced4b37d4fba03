"""The disclosures' desk, step by step. Order of steps.

Load, look at the actor's part in the case, decide, tell the audit, save. A package is made, told to
the audit and recorded with the disclosure before its first byte leaves; whoever revokes in between
wins, since the record is written against the version that was read.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.archive import Archive
from services.intake.asked import KeyReusedError
from services.intake.desk import NoSuchCaseError
from services.intake.disclosures import domain
from services.intake.disclosures.commands import Approve, Ask, Reject, Revoke
from services.intake.disclosures.content import granted_media
from services.intake.disclosures.domain import SEEING, Acting, Subject
from services.intake.disclosures.model import (
    Disclosure,
    DisclosureChangedError,
    Grant,
    NoSuchDisclosureError,
    Package,
    Step,
)
from services.intake.disclosures.notes import Note, detail
from services.intake.disclosures.package import Contents, Copy, pack
from services.intake.disclosures.preview import Prospect
from services.intake.disclosures.store import DisclosureStore, StoredDisclosure
from services.intake.domain.case import Case, NotYoursError
from services.intake.domain.parties import Actor, Party, parties
from services.intake.privacy.rules import may_see
from services.intake.shelf import Shelf
from services.intake.store import CaseStore, StoredCase
from shared.errors import DuplicateError, OutageError, StaleVersionError
from shared.identity import Purpose, Reporter, Vault, fingerprint, read_code
from shared.mongo import Tail
from shared.vocabulary import CaseCode, Role

RACES = 20  # lost in a row, and something is wrong
PACKING = 2  # at once; each holds the files of a case in memory, and a core for its pictures
LISTED = 200

Decision = Approve | Reject | Revoke


@dataclass(frozen=True)
class Shown:
    """A disclosure, and the part that who asked for it has in its case."""

    disclosure: Disclosure
    parties: frozenset[Party]
    replayed: bool = False


@dataclass(frozen=True)
class Places:
    """Where disclosures and what they are about lie."""

    disclosures: DisclosureStore
    cases: CaseStore
    vault: Vault
    archive: Archive


class DisclosureDesk:
    """Everything that happens to disclosures.

    Args:
        places: Where things lie.
        shelf: The rules of each case.
        publish: Called with the events that are written and not yet published.
        note: Appends to the audit.
        clock: The server's time, aware.
    """

    def __init__(
        self,
        places: Places,
        shelf: Shelf,
        *,
        publish: Callable[[Tail], None],
        note: Note,
        clock: Callable[[], datetime],
    ) -> None:
        self._places = places
        self._shelf = shelf
        self._publish = publish
        self._note = note
        self._clock = clock
        self._packing = asyncio.Semaphore(PACKING)

    async def ask(self, typed: str, command: Ask, actor: Actor, key: str | None) -> Shown:
        """Ask for consent; under a key that is known, answer as before.

        Raises:
            NoSuchCaseError: no part in the case.
            KeyReusedError: the key stands for another request.
            NotYoursError, RuleBrokenError, SealedIdentityError: see `domain.request`.
        """
        stored, mine = await self._case(typed, actor)
        identity = _identity(command, stored.case.code, actor, key)
        if identity and (known := await self._known(identity)):
            return Shown(known, mine, replayed=True)
        acting = Acting(actor, mine, self._clock())
        subject = self._subject(stored, actor)
        step = domain.request(f"d_{secrets.token_hex(6)}", command, subject, acting)
        await self._tell(step, actor)
        try:
            self._publish(await self._places.disclosures.open(step, identity))
        except DuplicateError as error:  # a twin was faster
            if not identity or (known := await self._known(identity)) is None:
                raise OutageError("a twin was stored and cannot be read") from error
            return Shown(known, mine, replayed=True)
        return Shown(step.after, mine)

    async def decide(
        self, typed: str, identifier: str, command: Decision, actor: Actor, *, seen: int | None
    ) -> Shown:
        """Approve, reject or revoke.

        Raises:
            NoSuchCaseError, NoSuchDisclosureError: there is none.
            DisclosureChangedError: `seen` is not its present version.
            NotYoursError, DisclosureNotNowError, RuleBrokenError: see `domain`.
        """
        stored, mine = await self._case(typed, actor)
        subject = self._subject(stored, actor)

        def steps(before: Disclosure, acting: Acting) -> Step:
            if seen is not None and before.sequence != seen:
                raise DisclosureChangedError(before, seen)
            match command:
                case Approve():
                    return domain.approve(before, command, subject, acting)
                case Reject():
                    return domain.reject(before, command, acting)
                case Revoke():
                    return domain.revoke(before, command, acting)

        after = await self._change(stored.case.code, identifier, (actor, mine), steps)
        return Shown(after, mine)

    async def of_case(self, typed: str, actor: Actor) -> list[Shown]:
        """Return the disclosures of a case, the oldest first.

        Raises:
            NoSuchCaseError: no part in the case.
            NotYoursError: a part that does not concern disclosures.
        """
        stored, mine = await self._case(typed, actor)
        if not mine & SEEING:
            raise NotYoursError(f"{actor.account} sees no disclosures of {stored.case.code}")
        found = await self._places.disclosures.of_case(stored.case.code)
        return [Shown(each, mine) for each in found]

    async def queue(self, actor: Actor, status: str | None) -> list[Shown]:
        """Return the newest disclosures of all cases, for the Office and the leaders.

        Raises:
            NotYoursError: neither of them.
        """
        if actor.role not in {Role.OFFICE_CLERK, Role.LEADER}:
            raise NotYoursError(f"{actor.account} sees the disclosures of single cases only")
        found = await self._places.disclosures.newest(status, LISTED)
        codes = sorted({each.code for each in found})
        cases = await asyncio.gather(*map(self._places.cases.load, codes))
        mine = {each.case.code: parties(each.case, actor) for each in cases if each}
        return [Shown(each, part) for each in found if (part := mine.get(each.code))]

    async def package(self, typed: str, identifier: str, actor: Actor) -> Package:
        """Make the package and record that it leaves; only then is it returned.

        Raises:
            NoSuchCaseError, NoSuchDisclosureError: there is none.
            NotYoursError, NoConsentError, SealedIdentityError: see `domain.consent`.
            OutageError: something is away, or the download is not recorded; nothing leaves.
        """
        stored, mine = await self._case(typed, actor)
        subject = self._subject(stored, actor)
        disclosure = (await self._load(stored.case.code, identifier)).disclosure
        grant = domain.consent(disclosure, subject, Acting(actor, mine, self._clock()))
        async with self._packing:
            package = await self._pack(disclosure, grant, stored)

        def steps(before: Disclosure, acting: Acting) -> Step:
            return domain.hand_out(before, package, subject, acting)

        await self._change(stored.case.code, identifier, (actor, mine), steps)
        return package

    async def prospect(self, typed: str, identifier: str, actor: Actor) -> Prospect:
        """Return what would leave, were all of it agreed to now; nothing is opened or recorded.

        Raises:
            NoSuchCaseError, NoSuchDisclosureError: there is none.
            NotYoursError, DisclosureNotNowError: see `domain.prospect`.
        """
        stored, mine = await self._case(typed, actor)
        disclosure = (await self._load(stored.case.code, identifier)).disclosure
        acting = Acting(actor, mine, self._clock())
        grant = domain.prospect(disclosure, self._subject(stored, actor), acting)
        return Prospect(disclosure, grant, stored, self._shelf.of(stored.case.snapshot))

    async def read(self, item: Mapping[str, Any]) -> bytes:
        """Return the copy without metadata of a file of a case."""
        form = item["variants"]["public"]
        chunks = await self._places.archive.read(form["object"], 0, form["size_bytes"])
        return b"".join([chunk async for chunk in chunks])

    async def _pack(self, disclosure: Disclosure, grant: Grant, stored: StoredCase) -> Package:
        copies = [Copy(item, await self.read(item)) for item in granted_media(stored, grant)]
        contents = Contents(
            disclosure=disclosure,
            grant=grant,
            stored=stored,
            rules=self._shelf.of(stored.case.snapshot),
            copies=copies,
            reporter=await self._reporter(stored.case) if grant.identity else None,
        )
        return await asyncio.to_thread(pack, contents)

    async def _reporter(self, case: Case) -> Reporter | None:
        reference = case.snapshot.reporter
        return (
            await self._places.vault.read(reference, Purpose.LEGAL_REQUEST) if reference else None
        )

    async def _change(
        self,
        code: CaseCode,
        identifier: str,
        who: tuple[Actor, frozenset[Party]],
        steps: Callable[[Disclosure, Acting], Step],
    ) -> Disclosure:
        """Decide on the newest version, tell the audit once, and write."""
        told = False
        for _ in range(RACES):
            stored = await self._load(code, identifier)
            step = steps(stored.disclosure, Acting(*who, self._clock()))
            if not told:
                await self._tell(step, who[0])
                told = True
            try:
                self._publish(await self._places.disclosures.save(stored, step))
            except StaleVersionError:
                continue
            return step.after
        raise OutageError(f"{identifier} changes too fast")

    async def _tell(self, step: Step, actor: Actor) -> None:
        """Tell the audit, before anything is written or leaves."""
        facts = {"disclosure": step.after.id, **detail(step.event)}
        kind = step.event.type.removesuffix(".v1")
        await self._note(kind, actor=actor, subject=step.after.code, detail=facts)

    async def _case(self, typed: str, actor: Actor) -> tuple[StoredCase, frozenset[Party]]:
        code = read_code(typed)
        stored = await self._places.cases.load(code) if code else None
        mine = parties(stored.case, actor) if stored else frozenset[Party]()
        if stored is None or not mine:
            raise NoSuchCaseError(typed)
        return stored, mine

    async def _load(self, code: CaseCode, identifier: str) -> StoredDisclosure:
        stored = await self._places.disclosures.load(identifier)
        if stored is None or stored.disclosure.code != code:
            raise NoSuchDisclosureError(identifier)
        return stored

    async def _known(self, identity: Mapping[str, str]) -> Disclosure | None:
        stored = await self._places.disclosures.find_by_key(identity["key"])
        if stored is not None and stored.idempotency["body"] != identity["body"]:
            raise KeyReusedError("the key stands for another request")
        return stored.disclosure if stored else None

    def _subject(self, stored: StoredCase, actor: Actor) -> Subject:
        case = stored.case.snapshot
        regulation = self._shelf.of(case).regulation
        return Subject(
            code=case.code,
            sequence=stored.case.sequence,
            media=tuple(each["id"] for each in stored.content["media"]),
            has_identity=case.reporter is not None,
            sealed=actor.role is None or not may_see(actor.role, actor.unit, case, regulation),
            restricted=case.restricted,
        )


def _identity(command: Ask, code: CaseCode, actor: Actor, key: str | None) -> dict[str, str]:
    """Return the hashes under which a request is known again; a key belongs to its account."""
    if key is None:
        return {}
    body = f"{code} {command.model_dump_json()}"
    return {"key": fingerprint(f"{actor.account} {key}"), "body": fingerprint(body)}
