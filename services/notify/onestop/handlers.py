"""What notify hears of the one-stop counter."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from services.notify.onestop.figures import OnestopFigures
from services.notify.onestop.notices import notice
from services.notify.sender import Sender
from shared.events import Received

# A reminder or a receipt of yesterday helps nobody; what is said again after a restore is older.
TELL_WITHIN = timedelta(hours=12)


async def on_onestop(
    received: Received,
    figures: OnestopFigures,
    *,
    sender: Sender,
    regulation: Callable[[], str],
    clock: Callable[[], datetime],
) -> None:
    """Keep the newest figures, and owe the holder what concerns them."""
    now = clock()
    fresh = now - received.time <= TELL_WITHIN
    owed = notice(received, regulation(), now) if fresh else None
    writes = [figures.note(received), *([sender.owe(owed, now)] if owed else [])]
    await asyncio.gather(*writes)
