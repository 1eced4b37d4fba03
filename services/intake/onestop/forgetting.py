"""Who left an address at the counter is erased when it has served its purpose. Order of steps.

A visitor's reminds of a turn, and ends with the day. An applicant's tells of a dossier, and ends a
term after it ended. Numbers and dossiers stay, without a way to who held them.
"""

from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from services.intake.audit import Actor, Audit
from services.intake.onestop.store import DossierStore, QueueStore, StoredDossier, StoredQueue
from shared.identity import Vault
from shared.vocabulary import ReporterId

SCHEDULE = Actor("retention")
PAGE = 50  # a desk's day is up to half a megabyte


async def people_of(
    queues: QueueStore, dossiers: DossierStore, holders: Collection[str]
) -> set[ReporterId]:
    """Return the visitors and applicants to whom these numbers and dossiers refer."""
    return await queues.visitors_of(holders) | await dossiers.applicants_of(holders)


class Kind(StrEnum):
    """Who is erased."""

    VISITORS = "visitors"
    APPLICANT = "applicant"


@dataclass(frozen=True)
class Due:
    """A desk's day or a dossier whose people are due, and when it ended."""

    of: StoredQueue | StoredDossier
    kind: Kind
    ended: str

    @property
    def code(self) -> str:
        """What the day or the dossier is stored under."""
        return self.of.queue.id if isinstance(self.of, StoredQueue) else self.of.dossier.code

    @property
    def people(self) -> list[ReporterId]:
        """References into the vault."""
        if isinstance(self.of, StoredQueue):
            return [each.visitor for each in self.of.queue.tickets if each.visitor]
        applicant = self.of.dossier.snapshot.applicant
        return [applicant] if applicant else []


class Forgetting:
    """Finds who at the counter is due, and erases them.

    Args:
        queues, dossiers: Where the references are.
        vault: Where the people are.
        audit: Is told before anybody is erased.
        days: From the end of a dossier to the end of its applicant.
        clock: The server's time, aware.
    """

    def __init__(
        self,
        queues: QueueStore,
        dossiers: DossierStore,
        vault: Vault,
        audit: Audit,
        *,
        days: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._queues = queues
        self._dossiers = dossiers
        self._vault = vault
        self._audit = audit
        self._days = timedelta(days=days)
        self._clock = clock

    async def due(self, zone: ZoneInfo) -> AsyncGenerator[Due]:
        """Yield what is due now: days that are over in `zone`, then dossiers, by what they are."""
        now, last = self._clock(), ""
        today = now.astimezone(zone).date()
        while queues := await self._queues.with_visitors(today, after=last, limit=PAGE):
            last = queues[-1].queue.id
            for each in queues:
                yield Due(each, Kind.VISITORS, each.queue.on.isoformat())
        last = ""
        while found := await self._dossiers.with_applicants(
            now - self._days, after=last, limit=PAGE
        ):
            last = found[-1].dossier.code
            for each in found:
                yield Due(each, Kind.APPLICANT, f"{each.history[-1]['at']:%Y-%m-%d}")

    async def apply(self, due: Due) -> bool:
        """Erase who is due; False: the day moved on meanwhile, and its turn comes again.

        Raises:
            OutageError: not all of them are known to be gone; call again.
        """
        people = due.people
        await self._audit.note(
            f"{due.kind}.erased", actor=SCHEDULE, subject=due.code, detail={"people": len(people)}
        )
        for each in people:
            await self._vault.shred(each, self._clock())
        if isinstance(due.of, StoredQueue):
            return await self._queues.forget_visitors(due.of)
        return await self._dossiers.forget_applicant(due.code, people[0])
