"""Asks the addresses that followers gave: finds the questions that intake wrote, and owes them.

Intake writes a question beside the sealed follower; no event says so, since none says who follows
what. Several replicas may find the same one: its delivery has one identity.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from services.notify.case_view import CaseView
from services.notify.question import question
from services.notify.sender import Sender
from shared.confirmations import COUNTED_FOR
from shared.errors import CivicError
from shared.followers import Follower, Followers

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
OVERLAP = timedelta(seconds=30)  # clocks of two processes differ; what was read is read again
PAGE = 500


class Confirming:
    """One per process; `clock` is the server's time."""

    def __init__(
        self, followers: Followers, view: CaseView, sender: Sender, clock: Callable[[], datetime]
    ) -> None:
        self._followers = followers
        self._view = view
        self._sender = sender
        self._clock = clock
        self._since = clock() - COUNTED_FOR  # what was asked while nobody ran is asked now
        self._owed: dict[str, datetime] = {}  # by question; within the overlap it is found again
        self._unheard: list[Follower] = []  # of cases that are on their way to us
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for questions."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def look(self) -> int:
        """Owe what was asked since the last look; return how many questions were new to us."""
        found = await self._followers.asked_since(self._since, PAGE)
        waiting, self._unheard = self._unheard, []
        asked = 0
        for follower in (*waiting, *found):
            asked += await self._ask(follower)
        reached = self._clock() - OVERLAP
        if len(found) == PAGE:  # the rest comes with the next look
            reached = min(reached, _asked_at(found[-1]))
        self._since = max(self._since, reached)
        self._owed = {ask: at for ask, at in self._owed.items() if at >= self._since}
        return asked

    async def _ask(self, follower: Follower) -> int:
        now = self._clock()
        waiting = [
            each
            for each in follower.asks
            if each.waits(now) and not each.withheld and each.id not in self._owed
        ]
        found = await self._view.standing(follower.case) if waiting else None
        if found is None:
            self._unheard += [follower] if waiting else []
            return 0
        for ask in waiting:
            await self._sender.owe(question(follower, ask, found[1], now), now)
            self._owed[ask.id] = ask.at
        return len(waiting)

    async def _look_forever(self) -> None:
        while True:
            try:
                await self.look()
            except CivicError as error:
                log.warning("confirming.waits", reason=str(error))
            except Exception:
                log.exception("confirming.failed")
            await asyncio.sleep(LOOK_EVERY_S)


def _asked_at(follower: Follower) -> datetime:
    return max(each.at for each in follower.asks if not each.withheld and not each.done)
