"""The answers of notify's routes beside the figures: deliveries, webhooks, push, callbacks."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from services.notify.answers import Answer
from services.notify.webhooks.domain import HookState
from shared.regulation_model import Words

SHOWN_ONCE = "whsec_ and base64; shown by this answer and by no other"


class DeliveryOut(Answer):
    """A message that nobody got; neither an address nor a name is in it."""

    id: str
    code: Annotated[str, Field(description="of the case, or the number of the dossier")]
    event: Annotated[str, Field(description="id of the event that it tells of")]
    message: Annotated[str, Field(description="name of the text")]
    channel: str
    recipient: Annotated[str, Field(description="what kind of recipient")]
    account: Annotated[str | None, Field(description="of an official, else null")]
    unit: str | None
    state: Literal["failed", "undeliverable", "uncertain"]
    reason: str
    why: Annotated[Words, Field(description="the reason in two languages")]
    attempts: int
    given_up_at: datetime


class DeliveryPage(Answer):
    """What did not arrive, the latest first."""

    items: list[DeliveryOut]
    next: Annotated[str | None, Field(description="`cursor` of the next page; null at the end")]


class WebhookOut(Answer):
    """An endpoint, without its secret."""

    id: str
    url: str
    types: list[str]
    description: str
    owner: Annotated[str, Field(description="the account that registered it")]
    created_at: datetime
    active: bool
    off_at: datetime | None
    off_reason: str | None


class WebhookMade(WebhookOut):
    """An endpoint and its secret."""

    secret: Annotated[str, Field(description=SHOWN_ONCE)]


class WebhookRotated(WebhookMade):
    """An endpoint and its new secret; until then the old one signs beside it."""

    old_until: datetime


class WebhookList(Answer):
    """All endpoints, the oldest first."""

    items: list[WebhookOut]
    next: Annotated[None, Field(description="there is no second page")]


class Attempt(Answer):
    """One attempt to send a message."""

    at: datetime
    attempt: int
    outcome: Annotated[str, Field(description="accepted, rejected, retry or ambiguous")]
    reason: str | None


class WebhookMessage(Answer):
    """What was sent to an endpoint, and how it went."""

    id: str
    event: str
    type: str
    code: str
    state: HookState
    attempts: int
    reason: str | None
    next_at: Annotated[datetime | None, Field(description="of the next attempt; null at the end")]
    created_at: datetime
    done_at: datetime | None
    log: list[Attempt]


class WebhookMessagePage(Answer):
    """The newest messages first."""

    items: list[WebhookMessage]
    next: Annotated[str | None, Field(description="`before` of the next page; null at the end")]


class ChannelOut(Answer):
    """A channel that is set up."""

    id: Literal["email", "push", "zalo", "sms"]


class ChannelList(Answer):
    """The channels of this installation."""

    items: list[ChannelOut]
    next: Annotated[None, Field(description="there is no second page")]


class PushKey(Answer):
    """What a browser subscribes with."""

    public_key: Annotated[str | None, Field(description="VAPID, base64 URL; null: no push here")]


class Subscribed(Answer):
    """A browser that is told."""

    id: str


class Taken(Answer):
    """A callback was taken."""

    error: Literal[0]
