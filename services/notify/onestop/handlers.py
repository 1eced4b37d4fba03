"""What notify hears of the one-stop counter."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from services.notify.domain import Delivery, Person, QuietHours
from services.notify.onestop.dossiers import OPEN
from services.notify.onestop.figures import OnestopFigures
from services.notify.onestop.notices import COUNTER, notice, warnings
from services.notify.sender import Sender
from shared.directory import Directory
from shared.events import Received
from shared.events.onestop import DueDateEvent
from shared.vocabulary import Role, UnitId

# A reminder or a receipt of yesterday helps nobody; what is said again after a restore is older.
TELL_WITHIN = timedelta(hours=12)


async def on_onestop(
    received: Received,
    figures: OnestopFigures,
    *,
    sender: Sender,
    directory: Directory,
    quiet: QuietHours,
    regulation: Callable[[], str],
    clock: Callable[[], datetime],
) -> None:
    """Keep the newest figures, owe the holder what concerns them, and the counter its due dates."""
    now = clock()
    owed: list[Delivery] = []
    if now - received.time <= TELL_WITHIN and await _still(received, figures):
        found = notice(received, regulation(), now)
        owed = [found] if found else []
        if isinstance(received.event, DueDateEvent):
            people = await directory.of(UnitId(COUNTER), {Role.ONESTOP_CLERK})
            clerks = [
                Person(each.account, each.language, each.email.casefold(), each.preferences.quiet)
                for each in people
            ]
            owed += warnings(received, clerks, regulation(), now=now, quiet=quiet)
    await asyncio.gather(figures.note(received), *(sender.owe(each, now) for each in owed))


async def _still(received: Received, figures: OnestopFigures) -> bool:
    """Say whether it is news yet: a dossier that has its result meanwhile is late for nobody."""
    if not isinstance(received.event, DueDateEvent):
        return True
    dossier = await figures.dossier(received.subject)
    return dossier is None or dossier.state.value in OPEN
