"""Removes what a crash left without a case: objects in the bucket, sealed reporters in the vault.

So it is with visitors and applicants of the one-stop counter, and their numbers and dossiers.

Both are stored before the one write that makes a case true, so a process that dies between leaves
them behind. Nothing younger than the grace is touched, which is far longer than the longest way
from the first object to the case (a minute); so no upload in progress, however slow, loses a file.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog

from services.intake.store import CaseStore
from shared.errors import CivicError, DuplicateError
from shared.identity import Vault
from shared.media import MediaStore, StoredObject
from shared.media_names import case_of
from shared.mongo import Documents
from shared.telemetry import ORPHANS_REMOVED
from shared.vocabulary import ReporterId

log = structlog.get_logger()

BATCH = 500
LOOK_EVERY_S = 60.0
TURN = "orphans"


@dataclass(frozen=True)
class Swept:
    """What was found without a case, number or dossier, or removed."""

    objects: int
    reporters: int


Holders = Callable[[Collection[str]], Awaitable[set[ReporterId]]]


class Orphans:
    """Looks through bucket and vault; may run anywhere, any number of times.

    Args:
        store: The cases.
        media: The bucket.
        vault: The people.
        counter: Returns the people to whom numbers and dossiers of the counter refer.
    """

    def __init__(self, store: CaseStore, media: MediaStore, vault: Vault, counter: Holders) -> None:
        self._store = store
        self._media = media
        self._vault = vault
        self._counter = counter

    async def sweep(self, before: datetime, *, apply: bool = True) -> Swept:
        """Remove what was stored before `before` and belongs to no case; without `apply`, count.

        Raises:
            OutageError: bucket or database is away; what was removed until then is removed.
        """
        return Swept(
            await self._objects(before, apply=apply), await self._reporters(before, apply=apply)
        )

    async def _objects(self, before: datetime, *, apply: bool) -> int:
        found = 0
        async for page in self._pages(before):
            known = await self._store.objects_of({case_of(each.name) or "" for each in page})
            for orphan in (each for each in page if each.name not in known):
                # a second look: the same file may just be sent again to the same case
                fresh = await self._media.stat(orphan.name) if apply else orphan
                if fresh is None or fresh.modified_at >= before:
                    continue
                found += 1
                if apply:
                    await self._media.remove([orphan.name])
                    ORPHANS_REMOVED.labels("object").inc()
        return found

    async def _pages(self, before: datetime) -> AsyncGenerator[Sequence[StoredObject]]:
        page: list[StoredObject] = []
        async for each in self._media.objects():
            if each.modified_at < before and case_of(each.name):
                page.append(each)
            if len(page) >= BATCH:
                yield page
                page = []
        if page:
            yield page

    async def _reporters(self, before: datetime, *, apply: bool) -> int:
        holders: dict[Literal["case", "counter"], Holders] = {
            "case": self._store.reporters_of,
            "counter": self._counter,
        }
        return sum([await self._of(what, holders[what], before, apply=apply) for what in holders])

    async def _of(
        self, what: Literal["case", "counter"], holders: Holders, before: datetime, *, apply: bool
    ) -> int:
        found, last = 0, ""
        while page := await self._vault.stored_for(what, before, after=last, limit=BATCH):
            last = max(page)
            known = await holders(set(page.values()))
            for reporter in page.keys() - known:
                found += 1
                if apply:
                    await self._vault.erase(reporter)
                    ORPHANS_REMOVED.labels("reporter").inc()
        return found


class OrphanSweeper:
    """Sweeps now and then; of all replicas one takes its turn.

    Args:
        orphans: What sweeps.
        turns: Holds when the next turn is.
        clock: The server's time.
        grace: What is younger is left alone.
        every: From one turn to the next.
    """

    def __init__(
        self,
        orphans: Orphans,
        turns: Documents,
        clock: Callable[[], datetime],
        *,
        grace: timedelta,
        every: timedelta,
    ) -> None:
        self._orphans = orphans
        self._turns = turns
        self._clock = clock
        self._grace = grace
        self._every = every
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look whether it is time."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def sweep_if_due(self) -> Swept | None:
        """Sweep when the turn has come and nobody else took it."""
        now = self._clock()
        with suppress(DuplicateError):
            await self._turns.insert({"_id": TURN, "next_at": now})
        mine = await self._turns.update_one(
            {"_id": TURN, "next_at": {"$lte": now}}, {"$set": {"next_at": now + self._every}}
        )
        return await self._orphans.sweep(now - self._grace) if mine else None

    async def _look_forever(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            try:
                swept = await self.sweep_if_due()
            except CivicError as error:
                log.warning("orphans.waits", reason=str(error))
                continue
            except Exception:
                log.exception("orphans.failed")  # a bug must not end all looking unseen
                continue
            if swept:
                log.info("orphans.swept", objects=swept.objects, reporters=swept.reporters)
