"""Looks for incidents in the journeys of cases, every half minute, one replica at a time.

Should two overlap, the identity of an incident and its version let only one of them write.
"""

import asyncio
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog

from services.notify.ioc.incidents import Incident, IncidentStore
from services.notify.ioc.marks import Marks
from services.notify.ioc.projection import CaseJourneys
from services.notify.ioc.spikes import (
    WEEK,
    Seen,
    Thresholds,
    expected,
    identifier,
    is_over,
    is_spike,
    weeks_known,
    windows,
)
from shared.errors import DuplicateError, OutageError, StaleVersionError
from shared.mongo import Tail
from shared.vocabulary import State

log = structlog.get_logger()

TURN = "incidents"
NOT_COUNTED = (State.REFUSED, State.WITHDRAWN)  # they turned out to be nothing of the kind


class IncidentWatch:
    """Raises, extends and closes incidents.

    Args:
        journeys: What is counted.
        store: Where incidents are kept.
        marks: Holds the turn of the one replica that works.
        publish: Called with what an incident owes.
        rule: When many are too many.
        every: How often to look.
        clock: The server's time, aware.
    """

    def __init__(
        self,
        journeys: CaseJourneys,
        store: IncidentStore,
        marks: Marks,
        *,
        publish: Callable[[Tail], None],
        rule: Thresholds,
        every: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._journeys = journeys
        self._store = store
        self._marks = marks
        self._publish = publish
        self._rule = rule
        self._every = every
        self._clock = clock
        self._holder = secrets.token_hex(8)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """End, and let another replica go on at once."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            try:
                await self._marks.release(self._holder, turn=TURN)
            except OutageError as error:
                log.warning("incidents.turn_kept", reason=str(error))

    async def _look_forever(self) -> None:
        while True:
            try:
                lasts = 3 * self._every
                if await self._marks.lease(self._holder, self._clock(), lasts, turn=TURN):
                    await self.look()
            except OutageError as error:
                log.warning("incidents.waits", reason=str(error))
            except Exception:
                log.exception("incidents.failed")
            await asyncio.sleep(self._every.total_seconds())

    async def look(self) -> None:
        """Look once.

        Raises:
            OutageError: MongoDB is away; what was not written is found at the next look.
        """
        now = self._clock()
        seen = {(each.category, each.area): each for each in await self._seen(now)}
        standing = {(each.category, each.area): each for each in await self._store.standing()}
        for place, known in standing.items():
            await self._follow(known, seen.get(place), now)
        for place, each in seen.items():
            if place not in standing and is_spike(each.count, each.expected, self._rule):
                await self._raise(each, now)

    async def _raise(self, seen: Seen, now: datetime) -> None:
        name = identifier(seen)
        try:
            self._publish(await self._store.open(name, seen, now))
        except DuplicateError:  # another replica was faster, or it is over and had its hour
            return
        log.info("incident.raised", incident=name, count=seen.count)

    async def _follow(self, known: Incident, seen: Seen | None, now: datetime) -> None:
        high = seen is not None and is_spike(seen.count, seen.expected, self._rule)
        below_since = None if high else known.below_since or now
        try:
            if is_over(below_since, now, self._rule):
                self._publish(await self._store.close(known, now))
                log.info("incident.closed", incident=known.id)
            else:
                joined = await self._store.link(known, seen, below_since, now)
                if joined:
                    self._publish(joined)
        except StaleVersionError:
            return

    async def _seen(self, now: datetime) -> list[Seen]:
        """Return what each category has in each area now, against its own past."""
        counted = [each async for each in self._journeys.answer(pipeline(now, self._rule.window))]
        if not counted:
            return []
        oldest = await self._journeys.oldest()
        weeks = weeks_known(oldest or now, now, self._rule.window)
        past: dict[tuple[str, str], int] = {}
        for each in counted:
            if each["_id"]["back"]:
                place = (each["_id"]["category"], each["_id"]["area"])
                past[place] = past.get(place, 0) + each["count"]
        return [
            Seen(
                each["_id"]["category"],
                each["_id"]["area"],
                tuple(each["codes"]),
                each["first_at"],
                expected(past.get((each["_id"]["category"], each["_id"]["area"]), 0), weeks),
            )
            for each in counted
            if not each["_id"]["back"]
        ]


def pipeline(now: datetime, window: timedelta) -> list[dict[str, Any]]:
    """Return the pipeline that counts the windows: `back` weeks ago, 0 for the one up to now."""
    spans = [
        {"received_at": {"$gt": after, "$lte": until}} for after, until in windows(now, window)
    ]
    week_ms = WEEK // timedelta(milliseconds=1)
    back = {"$floor": {"$divide": [{"$subtract": [now, "$received_at"]}, week_ms]}}
    named = {"area": {"$ne": None}, "category": {"$ne": None}}
    counted = {"last.state": {"$nin": [each.value for each in NOT_COUNTED]}}
    return [
        {"$match": {"$or": spans, **named, **counted}},
        {"$sort": {"received_at": 1, "_id": 1}},
        {
            "$group": {
                "_id": {"category": "$category", "area": "$area", "back": back},
                "count": {"$sum": 1},
                "codes": {"$push": "$_id"},
                "first_at": {"$min": "$received_at"},
            }
        },
    ]
