"""Who hears of a number or a dossier: its holder, when it concerns them. Pure.

No more than the number, where it stands, the due time and a link.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.notify.domain.delivery import EMAIL, REPORTER, Delivery, delivery_id
from shared.events import Event, Received
from shared.events.onestop import (
    DossierEvent,
    DossierReady,
    DossierReceived,
    DossierRefused,
    DossierSubmitted,
    DossierSupplementAsked,
    DossierSupplemented,
    TicketNearing,
)
from shared.vocabulary import Clock, Language, ReporterId

COUNTER = "onestop"  # the unit of every regulation file
NEARING, DOSSIER = "onestop/nearing", "onestop/dossier"
TOLD: tuple[type[Event], ...] = (
    DossierSubmitted,
    DossierReceived,
    DossierSupplementAsked,
    DossierSupplemented,
    DossierReady,
    DossierRefused,
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
                "onestop": {"number": event.label, "ahead": event.ahead},
            }
            told = (NEARING, event.label)
            return _delivery(received, visitor, told, facts, language=event.language, now=now)
        case DossierEvent(dossier=dossier) as event if dossier.applicant and type(event) in TOLD:
            facts = {
                **_facts(regulation, dossier.due_at, dossier.state.value),
                "onestop": {
                    "number": dossier.number,
                    "state": dossier.state.value,
                    "due": None if dossier.paused_at else dossier.due_at,
                    "dossier": received.subject,
                },
            }
            told = (DOSSIER, dossier.number)
            return _delivery(
                received, dossier.applicant, told, facts, language=dossier.language, now=now
            )
        case _:
            return None


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
