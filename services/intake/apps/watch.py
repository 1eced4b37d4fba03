"""Looks at applications and fetches their news, in the background and through the guard.

An installation whose applications have no address outside calls nobody.
"""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

import httpx
import structlog

from services.intake.apps.model import App, Health
from services.intake.apps.news import NoFeedError, read_news
from services.intake.apps.store import AppStore
from shared import outbound
from shared.errors import CivicError
from shared.outbound import AddressRefusedError

log = structlog.get_logger()

LOOK_EVERY_S = 30.0  # for applications that are due
WITHIN_S = 10.0  # for a whole answer
MOST_BYTES = 2 * 2**20  # of a feed
REFUSED = 400
ALIVE = {401, 403, 405, 429}  # it is there, and wants to be asked by a person
OK = 200


class Watch:
    """One per process; a claim lets one process of all look."""

    def __init__(
        self,
        store: AppStore,
        rules: outbound.Rules,
        *,
        every: timedelta,
        clock: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._client = outbound.client(rules, timeout_s=WITHIN_S / 2)
        self._every = every
        self._clock = clock
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look."""
        self._task = asyncio.create_task(self._look_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()

    async def look(self) -> int:
        """Look at every application that is due; return how many were."""
        looked = 0
        for app in await self._store.all():
            if not app.enabled or not (app.is_outside or app.feed):
                continue
            now = self._clock()
            if await self._store.claim(app.id, now - self._every, now):
                await self._look_at(app)
                looked += 1
        return looked

    async def _look_at(self, app: App) -> None:
        health = Health.UP
        if app.is_outside and app.address:
            health = await self._health(app.address)
        if app.feed:
            health = await self._news(app, app.feed) if not app.is_outside else health
            if app.is_outside:
                await self._news(app, app.feed)
        await self._store.looked(app, health, self._clock())

    async def _health(self, address: str) -> Health:
        try:
            status, _ = await self._get(address, 0)
        except (AddressRefusedError, httpx.HTTPError, TimeoutError) as error:
            log.info("apps.down", reason=type(error).__name__)
            return Health.DOWN
        return Health.DOWN if status >= REFUSED and status not in ALIVE else Health.UP

    async def _news(self, app: App, feed: str) -> Health:
        try:
            status, body = await self._get(feed, MOST_BYTES)
            if status != OK:
                return Health.DOWN
            items = await asyncio.to_thread(read_news, body)
        except (AddressRefusedError, httpx.HTTPError, TimeoutError, NoFeedError) as error:
            log.info("apps.no_news", app=app.id, reason=type(error).__name__)
            return Health.DOWN
        await self._store.keep_news(app, items, self._clock())
        return Health.UP

    async def _get(self, url: str, most_bytes: int) -> tuple[int, bytes]:
        """Return status and body; more than `most_bytes` is as if nobody had answered."""
        headers = {"Accept-Encoding": "identity", "User-Agent": "civic-apps"}
        async with (
            asyncio.timeout(WITHIN_S),
            self._client.stream("GET", url, headers=headers) as answer,
        ):
            taken = bytearray()
            if most_bytes:
                async for chunk in answer.aiter_raw():  # never unpacked: it may be a bomb
                    taken += chunk
                    if len(taken) > most_bytes:
                        raise TimeoutError
            return answer.status_code, bytes(taken)

    async def _look_forever(self) -> None:
        while True:
            try:
                await self.look()
            except CivicError as error:
                log.warning("apps.waits", reason=str(error))
            except Exception:
                log.exception("apps.failed")
            await asyncio.sleep(LOOK_EVERY_S)
