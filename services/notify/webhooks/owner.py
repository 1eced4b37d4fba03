"""Tells the owner of an endpoint that it was switched off: a delivery like every other."""

from datetime import datetime
from typing import Protocol

from services.notify.domain import ACCOUNT, EMAIL, Delivery, delivery_id
from services.notify.webhooks.store import Endpoint
from shared.rulebook import Rulebook
from shared.vocabulary import Clock, Language, UnitId

TEMPLATE = "owner/webhook_off"


class Owes(Protocol):
    """Takes deliveries."""

    async def owe(self, delivery: Delivery, now: datetime) -> None:
        """Store a delivery; one that is stored already stays as it is."""
        ...


class Owners:
    """Writes to owners, in the words of the installed edition."""

    def __init__(self, sender: Owes, book: Rulebook) -> None:
        self._sender = sender
        self._book = book

    async def tell(self, endpoint: Endpoint, reason: str, cause: str, now: datetime) -> None:
        """Owe the owner a mail; once for each message that switched the endpoint off.

        Args:
            endpoint: What was switched off.
            reason: `gone` or `exhausted`.
            cause: The message after which it happened.
            now: Aware instant.
        """
        event, recipient = f"{cause}.off", f"{ACCOUNT}:{endpoint.owner}"
        facts = {
            "regulation": self._book.installed.name,
            **dict.fromkeys(("unit", "limit_s", "expected_at")),
            "running": False,
            "coordinated": False,
            "from_at": now,
            "due_at": now,
            "clock": Clock.ELAPSED.value,
            "reason": reason,
        }
        delivery = Delivery(
            id=delivery_id(event, EMAIL, recipient),
            event=event,
            template=TEMPLATE,
            channel=EMAIL,
            recipient=recipient,
            language=Language.VIETNAMESE,
            code=endpoint.id,
            next_at=now,
            unit=UnitId(endpoint.unit) if endpoint.unit else None,
            facts=facts,
        )
        await self._sender.owe(delivery, now)
