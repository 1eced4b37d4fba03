"""What notify hears: everything about cases and deadlines."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.case_view import CaseView
from services.notify.domain import (
    Delivery,
    Heard,
    Notice,
    Person,
    QuietHours,
    concerns,
    deliveries,
    notices,
    reminder,
)
from services.notify.people import People
from services.notify.sender import Sender
from services.notify.subscriptions import Subscriptions
from services.notify.webhooks.sender import WebhookSender
from shared.directory import Directory
from shared.events import DeadlineEvent, Received, ReporterErased

# What is older is history that is said again after a restore: it fills the figures and the stream,
# and no official who came since gets last year's mails. What a person sends back from the dead
# letters is told all the same: they have looked at it.
TELL_WITHIN = timedelta(days=7)


@dataclass(frozen=True)
class Reach:
    """Who the people of a notice are: officials by unit, followers by case."""

    directory: Directory
    people: People


async def on_event(
    received: Received,
    view: CaseView,
    *,
    reach: Reach,
    quiet: QuietHours,
    sender: Sender,
    hooks: WebhookSender,
    subscriptions: Subscriptions,
    clock: Callable[[], datetime],
) -> None:
    """Owe people and endpoints what concerns them; keep the newest snapshot for the figures."""
    now = clock()
    fresh = received.replayed or now - received.time <= TELL_WITHIN
    heard = await _heard(received, view) if fresh and concerns(received.event) else None
    owed = await _owed(heard, reach, now=now, quiet=quiet) if heard else []
    writes = [sender.owe(delivery, now) for delivery in owed]
    if received.case:
        writes.append(view.note(received.sequence, received.case))
    if isinstance(received.event, ReporterErased):
        writes.append(subscriptions.forget(received.subject))
    if fresh:
        writes.append(hooks.owe(received))
    await asyncio.gather(*writes)


async def _heard(received: Received, view: CaseView) -> Heard | None:
    """Put an event beside its case; a deadline's carries none."""
    event = received.event
    if isinstance(event, DeadlineEvent):
        return reminder(received.id, event, await view.newest(event.code))
    return Heard(received.id, event, received.case) if event and received.case else None


async def _owed(heard: Heard, reach: Reach, *, now: datetime, quiet: QuietHours) -> list[Delivery]:
    told = [(notice, await _people(notice, heard, reach)) for notice in notices(heard)]
    return deliveries(heard, told, now=now, quiet=quiet)


async def _people(notice: Notice, heard: Heard, reach: Reach) -> list[Person]:
    if notice.followers:
        return await reach.people.following(heard.case)
    if notice.unit is None:
        return []
    found = await reach.directory.of(notice.unit, notice.roles)
    return [
        Person(each.account, each.language, each.email.casefold(), each.preferences.quiet)
        for each in found
    ]
