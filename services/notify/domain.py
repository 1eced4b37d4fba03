"""Who is told what, and when a delivery is tried again. Pure."""

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.events import (
    CaseAssigned,
    CaseResolved,
    CaseSnapshot,
    CaseSubmitted,
    Event,
    Received,
)
from shared.vocabulary import Language, ReporterId

EMAIL = "email"

# Which event is told to the reporter, and by which template.
TOLD: dict[type[Event], str] = {
    CaseSubmitted: "receipt",
    CaseAssigned: "assigned",
    CaseResolved: "result",
}

# Seconds until the next attempt; the last one repeats. Together about two days, as a mail server
# that is down over a weekend needs.
BACK_OFF_S = (5, 30, 120, 600, 3600)
ATTEMPTS = 50


class DeliveryState(StrEnum):
    """Where a message to a person stands; all but the first are terminal."""

    PENDING = "pending"
    SENT = "sent"
    FAILED = "failed"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True)
class Outcome:
    """What a channel says of one attempt.

    Attributes:
        kind: `accepted`, `rejected` (never again), `retry`, or `ambiguous` (it may have arrived;
            tried again under the same message id, since silence is worse than a second mail).
        reason: A stable code without personal data.
    """

    kind: str
    reason: str = ""


@dataclass(frozen=True)
class Delivery:
    """One message to one person over one channel, about one event."""

    id: str
    event: str
    template: str
    channel: str
    reporter: ReporterId
    language: Language
    code: str
    attempts: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])


def deliveries(received: Received) -> list[Delivery]:
    """Return what the reporter is told about an event; nothing when they left no contact."""
    case = received.case
    template = TOLD.get(type(received.event)) if received.event else None
    if template is None or case is None or case.reporter is None:
        return []
    return [
        Delivery(
            id=delivery_id(received.id, EMAIL, case.reporter),
            event=received.id,
            template=template,
            channel=EMAIL,
            reporter=case.reporter,
            language=case.language,
            code=case.code,
            facts=_facts(case, received.event),
        )
    ]


def delivery_id(event: str, channel: str, reporter: ReporterId) -> str:
    """Return the identity of a delivery: one per event, recipient and channel, for ever."""
    return hashlib.sha256(f"{event}|{channel}|{reporter}".encode()).hexdigest()[:32]


def _facts(case: CaseSnapshot, event: Event | None) -> dict[str, Any]:
    """No more than code, state, unit and due time: a mail is read by more than its addressee."""
    return {
        "category": case.category,
        "unit": case.unit,
        "received_at": case.received_at,
        "due_at": case.due_at,
        "limit_s": case.limit_s,
        "clock": case.clock.value,
        "on_time": event.on_time if isinstance(event, CaseResolved) else None,
        "outcome": event.outcome if isinstance(event, CaseResolved) else None,
    }


def after(outcome: Outcome, attempts: int, now: datetime) -> tuple[DeliveryState, datetime | None]:
    """Return the state after an attempt, and when the next one is due (None: never).

    Args:
        outcome: What the channel said.
        attempts: Attempts made, this one included.
        now: Aware instant.
    """
    if outcome.kind == "accepted":
        return DeliveryState.SENT, None
    if outcome.kind == "rejected":
        return DeliveryState.UNDELIVERABLE, None
    if attempts >= ATTEMPTS:
        return DeliveryState.FAILED, None
    wait_s = BACK_OFF_S[min(attempts, len(BACK_OFF_S)) - 1]
    return DeliveryState.PENDING, now + timedelta(seconds=wait_s)
