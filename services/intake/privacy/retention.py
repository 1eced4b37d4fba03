"""Retention by schedule: what has served its purpose is erased, the case stays. Order of steps."""

from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.intake.audit import Actor
from services.intake.domain.case import ENDED
from services.intake.privacy.desk import PrivacyDesk
from services.intake.privacy.rules import Extent, due_extent, is_left
from services.intake.store import CaseStore, StoredCase
from shared.regulation_model import Retention
from shared.vocabulary import CaseCode

SCHEDULE = Actor("retention")
PAGE = 200


@dataclass(frozen=True)
class Due:
    """A case whose term has passed: what goes, and when the last thing happened to it."""

    code: CaseCode
    extent: Extent
    ended_at: datetime


class Schedule:
    """Finds what is due, and erases it; `terms` are the regulation's."""

    def __init__(self, store: CaseStore, terms: Retention, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._terms = terms
        self._clock = clock

    async def due(self) -> AsyncGenerator[Due]:
        """Yield what is due now, in the order of the codes."""
        now, last = self._clock(), ""
        query = _ended_before(now - timedelta(days=self._terms.originals_days_after_close))
        while found := await self._store.search(
            {**query, "_id": {"$gt": last}}, sort=[("_id", 1)], limit=PAGE
        ):
            last = found[-1].case.code
            for stored in found:
                if due := self._of(stored, now):
                    yield due

    async def apply(self, due: Due, desk: PrivacyDesk) -> bool:
        """Erase what is due; say whether it was: a case that was reopened meanwhile keeps it."""
        stored = await self._store.load(due.code)
        if stored is None or self._of(stored, self._clock()) is None:
            return False
        return await desk.erase(due.code, due.extent, SCHEDULE)

    def _of(self, stored: StoredCase, now: datetime) -> Due | None:
        case = stored.case.snapshot
        ended_at: datetime = stored.history[-1]["event"]["at"]
        extent = due_extent(case, ended_at, self._terms, now)
        if extent is None or not is_left(case, stored.content["media"], extent):
            return None
        return Due(case.code, extent, ended_at)


def _ended_before(instant: datetime) -> Mapping[str, Any]:
    """Return the query for cases that ended, rest since `instant`, and still hold something."""
    original = {"from": {"$ne": "unit"}, "variants.original": {"$exists": True}}
    return {
        "case.state": {"$in": sorted(state.value for state in ENDED)},
        "history": {"$not": {"$elemMatch": {"event.at": {"$gt": instant}}}},
        "$or": [
            {"case.reporter": {"$ne": None}},
            {"content.media": {"$elemMatch": original}},
        ],
    }
