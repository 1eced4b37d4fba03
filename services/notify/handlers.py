"""What notify hears: everything about cases and deadlines."""

import asyncio
from collections.abc import Callable
from datetime import datetime

from services.notify.domain import deliveries
from services.notify.sender import Sender
from services.notify.store import CaseView, DeliveryStore
from shared.events import Received


async def on_event(
    received: Received,
    store: DeliveryStore,
    view: CaseView,
    *,
    sender: Sender,
    clock: Callable[[], datetime],
) -> None:
    """Owe the reporter what concerns them, and keep the newest snapshot for the figures."""
    now = clock()
    owed = deliveries(received)
    writes = [store.add(delivery, now) for delivery in owed]
    if received.case:
        writes.append(view.note(received.sequence, received.case))
    await asyncio.gather(*writes)
    if owed:
        sender.wake()
