"""A message on its way to one recipient: what it says, when it is tried, how it ends. Pure."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import partial
from typing import Any

from services.notify.domain.audiences import DONE, Heard, Notice, handling
from services.notify.domain.quiet import QuietHours
from services.notify.domain.routes import DEDUPLICATES, EMAIL, MOST_UNSURE, PATIENCE
from shared.events import (
    CaseEvent,
    CaseResolved,
    CaseSnapshot,
    CoordinationMoved,
    CoordinationProposed,
    DeadlineEvent,
    DirectiveGiven,
    Event,
)
from shared.vocabulary import Language, UnitId

# Kinds of recipients, before the colon of a recipient's reference.
REPORTER = "reporter"  # a reference into the sealed vault
FOLLOWER = "follower"  # a reference into the followers' vault
ACCOUNT = "account"  # an official
UNIT = "unit"  # a unit that has nobody to tell

NO_CONTACT = "no_contact"
EMERGENCY = "emergency"  # flag of a case

# Seconds until the next attempt; the last one repeats. Together about two days, as a mail server
# that is down over a weekend needs.
BACK_OFF_S = (5, 30, 120, 600, 3600)
ATTEMPTS = 50
LONGEST_WAIT = timedelta(hours=24)  # that a provider may ask for
QUIET = "quiet_hours"


class DeliveryState(StrEnum):
    """Where a message to a person stands; all but the first are terminal."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"  # the provider says that it arrived
    UNCERTAIN = "uncertain"  # nobody can say, and sending again might tell a person twice
    FAILED = "failed"
    UNDELIVERABLE = "undeliverable"


@dataclass(frozen=True)
class Outcome:
    """What a channel says of one attempt.

    Attributes:
        kind: `accepted`, `rejected` (never again), `retry`, or `ambiguous` (it may have arrived;
            tried again under the same message id, since silence is worse than a second mail).
        reason: A stable code without personal data.
        after: How long the provider asks us to wait, with `retry`.
    """

    kind: str
    reason: str = ""
    after: timedelta | None = None


@dataclass(frozen=True)
class Person:
    """An official or a follower; the mailbox shows who shares one, and is kept nowhere."""

    account: str
    language: Language
    mailbox: str = field(repr=False)
    quiet: tuple[time, time] | None = None  # as they chose; None: the city's


@dataclass(frozen=True)
class Delivery:
    """One message to one recipient over one channel, about one event.

    Attributes:
        recipient: `reporter:<reference>`, `follower:<reference>`, `account:<id>`, or `unit:<id>`
            when it has nobody.
        unit: As whose official the recipient is told; None for a reporter and a follower.
        next_at: When the next attempt is due; None: never.
        facts: What the message is written from; codes and times, nothing personal.
    """

    id: str
    event: str
    template: str
    channel: str
    recipient: str
    language: Language
    code: str
    next_at: datetime | None
    unit: UnitId | None = None
    state: DeliveryState = DeliveryState.PENDING
    reason: str = ""
    attempts: int = 0
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    tried: tuple[str, ...] = ()  # channels that will not take it
    maybe: int = 0  # attempts whose answer was lost: it may have arrived already

    @property
    def to_reporter(self) -> bool:
        """Whether a reporter is told."""
        return self.recipient.startswith(f"{REPORTER}:")

    @property
    def to_follower(self) -> bool:
        """Whether somebody is told who follows the case of another."""
        return self.recipient.startswith(f"{FOLLOWER}:")

    @property
    def to_citizen(self) -> bool:
        """Whether a reporter or a follower is told: they can opt out, and sleep at night."""
        return self.to_reporter or self.to_follower


def deliveries(
    heard: Heard,
    told: Sequence[tuple[Notice, Sequence[Person]]],
    *,
    now: datetime,
    quiet: QuietHours,
) -> list[Delivery]:
    """Return a delivery per recipient: whoever is meant twice, or shares a mailbox, gets one.

    Nobody is told what they did themselves. A unit without contacts gets a delivery that cannot be
    made, so that somebody sees it.

    Args:
        heard: What happened.
        told: The notices, each with the people it is for; the first notice of a person counts.
        now: Aware instant.
        quiet: When officials who chose no hours are told nothing, unless it is an emergency.
    """
    case = heard.case
    emergency = EMERGENCY in case.flags
    write = partial(_delivery, heard=heard, facts={**facts_of(case), **_particulars(heard.event)})
    # whoever did it, and whose mailbox has the message already
    told_already = {heard.event.actor} if isinstance(heard.event, CaseEvent) else set[str]()
    owed: dict[str, Delivery] = {}
    for notice, people in told:
        if notice.unit is None and not notice.followers:
            made = [write(notice, f"{REPORTER}:{case.reporter}", case.language, now)]
        elif not people and notice.unit:
            made = [write(notice, f"{UNIT}:{notice.unit}", Language.VIETNAMESE, None)]
        else:
            made: list[Delivery] = []
            kind = FOLLOWER if notice.followers else ACCOUNT
            for person in people:
                waits = kind == ACCOUNT and not emergency
                when = quiet.chosen(person.quiet).over_at(now) if waits else now
                if told_already.isdisjoint({person.account, person.mailbox}):
                    told_already |= {person.account, person.mailbox}
                    made.append(write(notice, f"{kind}:{person.account}", person.language, when))
        owed |= {each.recipient: each for each in made if each.recipient not in owed}
    return list(owed.values())


def delivery_id(event: str, channel: str, recipient: str) -> str:
    """Return the identity of a delivery: one per event, recipient and channel, for ever."""
    return hashlib.sha256(f"{event}|{channel}|{recipient}".encode()).hexdigest()[:32]


@dataclass(frozen=True)
class Made:
    """One attempt: on which channel, what it said, and whether another channel is left."""

    channel: str
    outcome: Outcome
    tried: tuple[str, ...] = ()  # channels that refused it, those of this attempt included
    others: bool = False


@dataclass(frozen=True)
class After:
    """What a delivery is after an attempt; `next_at` None: nothing more is tried."""

    state: DeliveryState
    next_at: datetime | None = None
    attempts: int = 0
    tried: tuple[str, ...] = ()
    maybe: int = 0


def after(delivery: Delivery, made: Made, now: datetime) -> After:  # noqa: PLR0911 - a table
    """Return what follows an attempt.

    An answer that was lost binds the delivery to its channel: it is sent again under the same id
    where that is shown once (a mail twice more at most), and is uncertain for ever where it is
    not; a second channel might tell the person twice.

    Args:
        delivery: Its attempts include this one.
        made: What the channel said.
        now: Aware instant.
    """
    kind, attempts = made.outcome.kind, delivery.attempts
    maybe = delivery.maybe + (kind == "ambiguous")
    result = partial(After, attempts=attempts, tried=made.tried, maybe=maybe)
    if kind == "accepted":
        return result(DeliveryState.SENT)
    if kind == "rejected":
        return result(DeliveryState.UNDELIVERABLE)
    if kind == "ambiguous" and (
        made.channel not in DEDUPLICATES or maybe >= MOST_UNSURE.get(made.channel, ATTEMPTS)
    ):
        return result(DeliveryState.UNCERTAIN)
    if attempts >= ATTEMPTS:
        return result(DeliveryState.UNCERTAIN if maybe else DeliveryState.FAILED)
    if made.outcome.reason == QUIET:  # no attempt was made
        return result(DeliveryState.PENDING, now + _wait(made.outcome, 1), attempts=attempts - 1)
    if made.others and not maybe and attempts >= PATIENCE:
        tried = (*made.tried, made.channel)
        return result(DeliveryState.PENDING, now, attempts=0, tried=tried)
    return result(DeliveryState.PENDING, now + _wait(made.outcome, attempts))


def _wait(outcome: Outcome, attempts: int) -> timedelta:
    ours = timedelta(seconds=BACK_OFF_S[min(attempts, len(BACK_OFF_S)) - 1])
    return max(ours, min(outcome.after or timedelta(), LONGEST_WAIT))


def _delivery(
    notice: Notice,
    recipient: str,
    language: Language,
    next_at: datetime | None,
    *,
    heard: Heard,
    facts: dict[str, Any],
) -> Delivery:
    nobody = next_at is None
    return Delivery(
        id=delivery_id(heard.id, EMAIL, recipient),
        event=heard.id,
        template=notice.template,
        channel=EMAIL,
        recipient=recipient,
        language=language,
        code=heard.case.code,
        next_at=next_at,
        unit=notice.unit,
        state=DeliveryState.UNDELIVERABLE if nobody else DeliveryState.PENDING,
        reason=NO_CONTACT if nobody else "",
        facts=facts,
    )


def facts_of(case: CaseSnapshot) -> dict[str, Any]:
    """What messages are made of, and whom they must not reach; no text of a report."""
    return {
        "regulation": case.regulation,
        "unit": handling(case),
        "running": case.state not in DONE,
        "coordinated": case.expected_at is not None,
        "from_at": case.counted_from or case.received_at,
        "due_at": case.due_at,
        "limit_s": case.limit_s,
        "clock": case.clock.value,
        "state": case.state.value,
        "about": list(case.about),
        "urgent": EMERGENCY in case.flags,
        "expected_at": case.expected_at,
    }


def _particulars(event: Event) -> dict[str, Any]:
    match event:
        case CaseResolved():
            return {"on_time": event.on_time}
        case CoordinationProposed():
            return {"expected_at": event.expected_at}
        case CoordinationMoved():
            return {"previous_at": event.previous}
        case DirectiveGiven():
            return {"directive_due_at": event.due_at}
        case DeadlineEvent():  # its own date: an approved one has no limit that counts it
            return {"due_at": event.due_at, "limit_s": None, "expected_at": None}
        case _:
            return {}
