"""The question to an address that somebody gave: does its owner want to hear of this case? Pure."""

from datetime import datetime

from services.notify.domain import EMAIL, FOLLOWER, SMS, ZALO, Delivery, delivery_id, facts_of
from shared import confirmations
from shared.confirmations import Ask
from shared.events import CaseSnapshot
from shared.followers import Follower

CONFIRM = "confirm/follow"
CHANNELS_OF = {confirmations.EMAIL: (EMAIL,), confirmations.PHONE: (ZALO, SMS)}


def question(follower: Follower, ask: Ask, case: CaseSnapshot, now: datetime) -> Delivery:
    """Return the one message that an unconfirmed address gets; the same question, the same id."""
    recipient = f"{FOLLOWER}:{follower.reference}"
    event = f"confirm.{ask.id}"
    return Delivery(
        id=delivery_id(event, ask.place, recipient),
        event=event,
        template=CONFIRM,
        channel=CHANNELS_OF[ask.place][0],
        recipient=recipient,
        language=follower.person.language,
        code=case.code,
        next_at=now,
        # urgent or not: it waits until the morning where it would make a noise
        facts={**facts_of(case), "urgent": False, "ask": ask.id, "until": ask.until},
    )


def still_asked(follower: Follower, delivery: Delivery, now: datetime) -> Ask | str:
    """Return the question that a delivery asks, or why it is asked no more."""
    ask = next((each for each in follower.asks if each.id == delivery.facts["ask"]), None)
    if ask is None:
        return "superseded"
    if ask.done:
        return "confirmed"
    return ask if ask.waits(now) else "expired"
