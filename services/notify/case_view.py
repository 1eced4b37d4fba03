"""The newest snapshot of every case, as notify heard it."""

from collections.abc import Sequence

from shared.coalescing import Coalescer
from shared.errors import CivicError
from shared.events import CaseSnapshot
from shared.mongo import Database, Document, Documents, Index
from shared.vocabulary import CaseCode

CASES = "cases"
# The figures are at most this much late; the events of one new case go in one write.
NOTE_LINGER_S = 0.4


class NotHeardYetError(CivicError):
    """No event of the case has been heard; it is on its way."""


class CaseView:
    """The newest snapshot of every case: what the figures are counted from."""

    def __init__(self, base: Database) -> None:
        self.documents = Documents(base, CASES, (Index(("case.state", "case.due_at")),))
        self._notes: Coalescer[tuple[int, CaseSnapshot], None] = Coalescer(
            self._note_many, linger_s=NOTE_LINGER_S
        )

    async def note(self, sequence: int, case: CaseSnapshot) -> None:
        """Keep this snapshot unless a newer one is there."""
        await self._notes((sequence, case))

    async def newest(self, code: CaseCode) -> CaseSnapshot:
        """Return the newest snapshot of a case that was heard.

        Raises:
            NotHeardYetError: none was.
        """
        found = await self.standing(code)
        if found is None:
            raise NotHeardYetError(code)
        return found[1]

    async def standing(self, code: CaseCode) -> tuple[int, CaseSnapshot] | None:
        """Return the newest snapshot of a case with its sequence, or None."""
        document = await self.documents.load(code)
        return _standing(document) if document else None

    async def unfinished(self, limit: int) -> list[tuple[int, CaseSnapshot]]:
        """Return the newest snapshots of at most `limit` cases that are not done."""
        found = await self.documents.find({"case.state": {"$nin": sorted(DONE)}}, limit=limit)
        return [_standing(each) for each in found]

    async def _note_many(self, notes: Sequence[tuple[int, CaseSnapshot]]) -> list[None]:
        newest: dict[str, tuple[int, CaseSnapshot]] = {}
        for sequence, case in notes:
            if case.code not in newest or newest[case.code][0] < sequence:
                newest[case.code] = (sequence, case)
        await self.documents.update_each(
            [
                (
                    {"_id": code, "sequence": {"$lt": sequence}},
                    {"$set": {"sequence": sequence, "case": case.model_dump()}},
                )
                for code, (sequence, case) in newest.items()
            ],
            upsert=True,
        )
        return [None] * len(notes)


DONE = {"resolved", "closed", "refused", "redirected", "withdrawn"}


def _standing(document: Document) -> tuple[int, CaseSnapshot]:
    return document["sequence"], CaseSnapshot.model_validate(document["case"])
