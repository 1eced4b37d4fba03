"""Who has a case open now, for the colleagues who open it too.

A page says every few seconds that it is there; what it said is over by itself. It lies in MongoDB,
so that every replica knows it, and nowhere else: no event, no log, no audit, no backup.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.intake.accounts.store import Expiring
from services.intake.domain.parties import Actor
from shared.mongo import Database, Index
from shared.vocabulary import CaseCode, Role, UnitId

PRESENCES = "presences"
BEAT = timedelta(seconds=8)  # how often a page says that it is there
LASTS = timedelta(seconds=25)  # without a word: two lost ones change nothing
LISTED = 20


@dataclass(frozen=True)
class Present:
    """Somebody who has the case open."""

    account: str
    role: Role
    unit: UnitId | None


class Presences:
    """The collection, one document for each case and account; the server forgets what is over."""

    def __init__(self, base: Database, clock: Callable[[], datetime]) -> None:
        self.documents = Expiring(base, PRESENCES, (Index(("code",)),))
        self._clock = clock

    async def here(self, code: CaseCode, actor: Actor) -> list[Present]:
        """Say that somebody has the case open, and return who else has.

        Raises:
            OutageError: it is not known; the page must say so.
        """
        now = self._clock()
        own = {
            "code": code,
            "account": actor.account,
            "role": actor.role.value if actor.role else None,
            "unit": actor.unit,
            "expires_at": now + LASTS,
        }
        await self.documents.update_each([({"_id": _key(code, actor)}, {"$set": own})], upsert=True)
        query = {"code": code, "expires_at": {"$gt": now}, "account": {"$ne": actor.account}}
        found = await self.documents.find(query, sort=[("_id", 1)], limit=LISTED)
        return [Present(each["account"], Role(each["role"]), each["unit"]) for each in found]

    async def gone(self, code: CaseCode, actor: Actor) -> None:
        """Forget at once that somebody had the case open."""
        await self.documents.delete(_key(code, actor))


def _key(code: CaseCode, actor: Actor) -> str:
    return f"{code} {actor.account}"
