"""Makes the deliveries that are owed: claims rows, sends, writes what became of them."""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from services.notify.channels.email import EmailChannel
from services.notify.domain import Delivery, Outcome
from services.notify.messages import Messages
from services.notify.store import DeliveryStore
from shared import failpoints
from shared.directory import Directory
from shared.errors import OutageError, PermanentError
from shared.identity import Vault
from shared.telemetry import DELIVERIES
from shared.vocabulary import ReporterId

log = structlog.get_logger()

LINGER_S = 0.05  # a receipt and its assignment go in one batch
OWN = 1000  # deliveries in hand; beyond this they wait in the database like everybody's
LOOK_EVERY_S = 1.0  # for rows whose time comes, and for those that another process owed


class Sender:
    """One per process; any number of processes may send, a claim lets one of them win."""

    def __init__(
        self,
        store: DeliveryStore,
        vault: Vault,
        messages: Messages,
        *,
        directory: Directory,
        email: EmailChannel,
        clock: Callable[[], datetime],
        lease: timedelta,
        batch: int,
    ) -> None:
        self._store = store
        self._vault = vault
        self._directory = directory
        self._messages = messages
        self._email = email
        self._clock = clock
        self._lease = lease
        self._batch = batch
        self._token = secrets.token_hex(8)
        self._own: list[Delivery] = []
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def owe(self, delivery: Delivery, now: datetime) -> None:
        """Store a delivery, and make it at once when its time has come."""
        at_once = delivery.next_at is not None and delivery.next_at <= now
        if not at_once or len(self._own) >= OWN:
            await self._store.add(delivery, now)
            return
        if await self._store.add(delivery, now, claim=self._token, lease=self._lease):
            self._own.append(replace(delivery, attempts=1))
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
        token, held = self._token, self._own[: self._batch]
        del self._own[: self._batch]
        if not held:
            token, held = await self._store.claim(self._clock(), self._lease, self._batch)
        if not held:
            return 0
        outcomes = await asyncio.gather(*(self._send(delivery) for delivery in held))
        await self._store.settle(token, list(zip(held, outcomes, strict=True)), self._clock())
        for delivery, outcome in zip(held, outcomes, strict=True):
            DELIVERIES.labels(delivery.channel, outcome.kind).inc()
        return len(held)

    async def _send(self, delivery: Delivery) -> Outcome:
        """Send one; whatever is wrong with it, its neighbours in the batch keep their outcomes."""
        try:
            address = await self._address(delivery)
            if isinstance(address, Outcome):
                return address
            subject, text = self._messages.render(delivery)
            outcome = await self._email.send(delivery.id, address, subject, text)
        except OutageError:
            return Outcome("retry", "outage")
        except Exception:
            log.exception("sender.cannot_write", template=delivery.template, code=delivery.code)
            return Outcome("retry", "not_written")
        failpoints.reached(failpoints.AFTER_SEND)
        return outcome

    async def _address(self, delivery: Delivery) -> str | Outcome:
        """Look the address up, now; or say why there is none."""
        reference = delivery.recipient.partition(":")[2]
        if delivery.to_reporter:
            return await self._address_of_reporter(ReporterId(reference))
        contact = await self._directory.find(reference)
        if contact is None:
            return Outcome("rejected", "no_contact")
        if contact.unit != delivery.unit:  # what concerns the unit that they left is not theirs
            return Outcome("rejected", "moved")
        return contact.email

    async def _address_of_reporter(self, reference: ReporterId) -> str | Outcome:
        try:
            reporter = await self._vault.read(reference)
        except PermanentError:
            return Outcome("rejected", "sealed")
        if reporter is None:
            return Outcome("rejected", "erased")
        return reporter.email or Outcome("rejected", "no_address")

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
                        await asyncio.sleep(LINGER_S)
                self._woken.clear()
