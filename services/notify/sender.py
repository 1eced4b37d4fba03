"""Makes the deliveries that are owed: claims rows, sends, writes what became of them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from services.notify.channels.email import EmailChannel
from services.notify.domain import Delivery, Outcome
from services.notify.messages import Messages
from services.notify.store import DeliveryStore
from shared.errors import OutageError, PermanentError
from shared.identity import Vault
from shared.telemetry import DELIVERIES

log = structlog.get_logger()

LOOK_EVERY_S = 1.0  # for rows whose time comes, and for those that another process owed


class Sender:
    """One per process; any number of processes may send, a claim lets one of them win."""

    def __init__(
        self,
        store: DeliveryStore,
        vault: Vault,
        messages: Messages,
        *,
        email: EmailChannel,
        clock: Callable[[], datetime],
        lease: timedelta,
        batch: int,
    ) -> None:
        self._store = store
        self._vault = vault
        self._messages = messages
        self._email = email
        self._clock = clock
        self._lease = lease
        self._batch = batch
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def wake(self) -> None:
        """Look for deliveries now."""
        self._woken.set()

    async def start(self) -> None:
        """Begin to send."""
        self._task = asyncio.create_task(self._send_forever())

    async def stop(self) -> None:
        """Stop sending; a claim that is held is given back when its lease passes."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._email.stop()

    async def send_due(self) -> int:
        """Send one batch of what is due; return how many deliveries it held."""
        token, held = await self._store.claim(self._clock(), self._lease, self._batch)
        if not held:
            return 0
        outcomes = await asyncio.gather(*(self._send(delivery) for delivery in held))
        await self._store.settle(token, list(zip(held, outcomes, strict=True)), self._clock())
        for delivery, outcome in zip(held, outcomes, strict=True):
            DELIVERIES.labels(delivery.channel, outcome.kind).inc()
        return len(held)

    async def _send(self, delivery: Delivery) -> Outcome:
        try:
            reporter = await self._vault.read(delivery.reporter)
        except PermanentError:
            return Outcome("rejected", "sealed")
        if reporter is None:
            return Outcome("rejected", "erased")
        if not reporter.email:
            return Outcome("rejected", "no_address")
        subject, text = self._messages.render(delivery)
        return await self._email.send(delivery.id, reporter.email, subject, text)

    async def _send_forever(self) -> None:
        while True:
            try:
                held = await self.send_due()
            except OutageError as error:
                log.warning("sender.waits", reason=str(error))
                held = 0
            except Exception:
                log.exception("sender.failed")
                held = 0
            if held < self._batch:
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_EVERY_S):
                        await self._woken.wait()
                self._woken.clear()
