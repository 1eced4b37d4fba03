"""Who hears of a number or a dossier: its holder, and the counter when a due date is near. Pure.

No more than the number, where it stands, the due time and a link.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.notify.domain import QuietHours
from services.notify.domain.delivery import (
    ACCOUNT,
    EMAIL,
    NO_CONTACT,
    REPORTER,
    UNIT,
    Delivery,
    DeliveryState,
    Person,
    delivery_id,
)
from shared.events import Received
from shared.events.onestop import (
    DossierEvent,
    DossierPostponed,
    DueDateApproaching,
    DueDateEvent,
    DueDateMissed,
    TicketNearing,
)
from shared.vocabulary import Clock, DossierState, Language, ReporterId, UnitId

COUNTER = "onestop"  # the unit of every regulation file
NEARING, DOSSIER = "onestop/nearing", "onestop/dossier"
APPROACHING, MISSED = "onestop/desk_approaching", "onestop/desk_missed"
LATE, POSTPONED = "onestop/late", "onestop/postponed"
DONE = frozenset(
    {
        DossierState.READY,
        DossierState.RETURNED,
        DossierState.REFUSED,
        DossierState.WITHDRAWN,
    }
)


def notice(received: Received, regulation: str, now: datetime) -> Delivery | None:
    """Return what is owed to the holder of a number or a dossier; None: nothing, or to nobody.

    Args:
        received: What happened.
        regulation: The edition in whose words units are named.
        now: Aware instant.
    """
    match received.event:
        case TicketNearing(visitor=visitor) as event if visitor:
            facts = {
                **_facts(regulation, event.at, "nearing"),
                "onestop": {
                    "number": event.label,
                    "ahead": event.ahead,
                    "ticket": event.ticket,
                },
            }
            told = (NEARING, event.label)
            return _delivery(received, visitor, told, facts, language=event.language, now=now)
        case DossierEvent(dossier=dossier) as event if dossier.applicant:
            due = dossier.promised_at or dossier.due_at
            no_date = dossier.paused_at or dossier.state in DONE
            facts = {
                **_facts(regulation, due, dossier.state.value),
                "onestop": {
                    "number": dossier.number,
                    "state": dossier.state.value,
                    "due": None if no_date else due,
                    "dossier": received.subject,
                },
            }
            told = (POSTPONED if type(event) is DossierPostponed else DOSSIER, dossier.number)
            return _delivery(
                received, dossier.applicant, told, facts, language=dossier.language, now=now
            )
        case DueDateMissed(applicant=applicant) as event if applicant:
            told = (LATE, event.number)
            facts = _facts_of_due(event, received.subject, regulation)
            return _delivery(received, applicant, told, facts, language=event.language, now=now)
        case _:
            return None


def warnings(
    received: Received,
    clerks: Sequence[Person],
    regulation: str,
    *,
    now: datetime,
    quiet: QuietHours,
) -> list[Delivery]:
    """Return what the counter's clerks are told of a due date: it is near, or has passed.

    Without a clerk there is a delivery that cannot be made, so that the Office sees it.
    """
    event = received.event
    if not isinstance(event, DueDateEvent):
        return []
    template = APPROACHING if isinstance(event, DueDateApproaching) else MISSED
    facts = _facts_of_due(event, received.subject, regulation)
    made: list[Delivery] = []
    for person in clerks or (None,):
        recipient = f"{ACCOUNT}:{person.account}" if person else f"{UNIT}:{COUNTER}"
        made.append(
            Delivery(
                id=delivery_id(received.id, EMAIL, recipient),
                event=received.id,
                template=template,
                channel=EMAIL,
                recipient=recipient,
                language=person.language if person else Language.VIETNAMESE,
                code=event.number,
                next_at=quiet.chosen(person.quiet).over_at(now) if person else None,
                unit=UnitId(COUNTER),
                state=DeliveryState.PENDING if person else DeliveryState.UNDELIVERABLE,
                reason="" if person else NO_CONTACT,
                facts=facts,
            )
        )
    return made


def _facts_of_due(event: DueDateEvent, code: str, regulation: str) -> dict[str, Any]:
    counter = {
        "number": event.number,
        "due": event.due_at,
        "dossier": code,
        "told": event.applicant is not None,
        "again": not event.promised,
    }
    return {**_facts(regulation, event.due_at, "overdue"), "onestop": counter}


def _facts(regulation: str, at: datetime, state: str) -> dict[str, Any]:
    """Return what every message is written from; a number has neither category nor limit."""
    return {
        "regulation": regulation,
        "category": None,
        "unit": COUNTER,
        "running": False,
        "coordinated": False,
        "from_at": at,
        "due_at": at,
        "limit_s": None,
        "clock": Clock.WORKING.value,
        "state": state,
        "about": [],
        "urgent": False,
        "expected_at": None,
    }


def _delivery(
    received: Received,
    reader: ReporterId,
    told: tuple[str, str],
    facts: Mapping[str, Any],
    *,
    language: Language,
    now: datetime,
) -> Delivery:
    template, code = told
    recipient = f"{REPORTER}:{reader}"
    return Delivery(
        id=delivery_id(received.id, EMAIL, recipient),
        event=received.id,
        template=template,
        channel=EMAIL,
        recipient=recipient,
        language=language,
        code=code,
        next_at=now,
        facts=dict(facts),
    )
