"""What an integrator's endpoint is told, signed how, and tried when. Pure.

The rules are those of the Standard Webhooks specification: the schedule, the header names, the
signature `v1,<base64 of HMAC-SHA256 over id.timestamp.body>`, several signatures while a secret
is being changed, 2xx as the only success.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from services.notify.domain import Outcome
from shared.events import DeadlineEvent, Received

# Wait before each attempt, counted from the failure of the one before.
GAPS = (
    timedelta(),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
ATTEMPTS = len(GAPS)
LASTS = sum(GAPS, timedelta())  # from a message's first attempt to its last
JITTER = 0.1  # of a gap at most, so that what failed together does not come back together
LONGEST_PAUSE = timedelta(hours=24)  # that a Retry-After may ask for
OVERLAP = timedelta(hours=24)  # both secrets sign after a rotation
SECRET_PREFIX = "whsec_"  # noqa: S105 - the specification's
SECRET_BYTES = 32
GONE = "gone"
EXHAUSTED = "exhausted"


class HookState(StrEnum):
    """Where a message to an endpoint stands; all but the first are terminal."""

    PENDING = "pending"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"  # its endpoint was switched off or removed before


@dataclass(frozen=True)
class Step:
    """What follows an attempt: the message's state, its next time, and why the endpoint is off."""

    state: HookState
    next_at: datetime | None = None
    off: str | None = None


def after_attempt(identifier: str, outcome: Outcome, attempts: int, now: datetime) -> Step:
    """Return what follows.

    A receiver knows a message by its id, so one whose answer was lost is sent again like one that
    failed.

    Args:
        identifier: Of the message; its jitter comes from it, the same in every process.
        outcome: What the endpoint said.
        attempts: Attempts made, this one included.
        now: Aware instant of the answer.
    """
    if outcome.kind == "accepted":
        return Step(HookState.DELIVERED)
    if outcome.kind == "rejected":
        return Step(HookState.FAILED, off=GONE if outcome.reason == GONE else None)
    if attempts >= ATTEMPTS:
        return Step(HookState.FAILED, off=EXHAUSTED)
    gap = GAPS[attempts] * (1 + JITTER * _share(identifier, attempts))
    asked = min(outcome.after or timedelta(), LONGEST_PAUSE)
    return Step(HookState.PENDING, now + max(gap, asked))


def given_up(failing_since: datetime | None, now: datetime) -> bool:
    """Say whether a receiver has failed for as long as the schedule of a message lasts.

    A receiver that is ill is asked about one message at a time, so that with many of them none may
    ever come to its own last attempt.
    """
    return failing_since is not None and now - failing_since >= LASTS


def _share(identifier: str, attempts: int) -> float:
    """Return a number from 0 to 1 that looks random and is not."""
    digest = hashlib.sha256(f"{identifier}|{attempts}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32


def message_id(event: str, endpoint: str) -> str:
    """Return the identity of a message: one per event and endpoint, for ever."""
    return f"msg_{hashlib.sha256(f'{event}|{endpoint}'.encode()).hexdigest()[:32]}"


def wanted(types: Sequence[str], event_type: str) -> bool:
    """Say whether an endpoint hears a type: named in full, by `case.*`, or by `*`."""
    return any(
        each == event_type or (each.endswith("*") and event_type.startswith(each[:-1]))
        for each in types
    )


def payload(received: Received, public_url: str) -> dict[str, Any] | None:
    """Return what is told of an event: code, state, due time, link. None: nothing is told of it.

    Of a case the way in is told as well (`channel`); of a deadline nobody here knows it. A report
    that is sealed or restricted is told to nobody outside.
    """
    case, event = received.case, received.event
    if case is not None:
        if case.restricted:
            return None
        code, state, due_at = case.code, case.state.value, case.due_at
    elif isinstance(event, DeadlineEvent):
        code, state, due_at = event.code, None, event.due_at
    else:
        return None
    return {
        "type": received.type,
        "timestamp": received.time.isoformat(),
        "data": {
            "event": received.id,
            "sequence": received.sequence,
            "code": code,
            "state": state,
            **({"channel": case.channel.value} if case else {}),
            "due_at": due_at.isoformat(),
            "link": f"{public_url.rstrip('/')}/r/{code}",
        },
    }


def new_secret(random: bytes) -> str:
    """Return a secret as its owner gets it."""
    return SECRET_PREFIX + base64.b64encode(random).decode()


def signatures(secrets: Sequence[str], identifier: str, at: datetime, body: str) -> str:
    """Return the value of `webhook-signature`: one signature per secret that is valid now."""
    signed = f"{identifier}.{int(at.timestamp())}.{body}".encode()
    return " ".join(_signature(each, signed) for each in secrets)


def _signature(secret: str, signed: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(key, signed, 'sha256')).decode()}"
