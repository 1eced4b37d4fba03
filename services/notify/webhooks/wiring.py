"""Puts the webhooks together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from services.notify.settings import Settings
from services.notify.webhooks.api import Hooks
from services.notify.webhooks.owner import Owes, Owners
from services.notify.webhooks.post import GuardedPost
from services.notify.webhooks.sender import WebhookSender
from services.notify.webhooks.store import EndpointStore, MessageStore
from shared.lockbox import Lockbox
from shared.mongo import Database
from shared.outbound import rules_for
from shared.rulebook import Rulebook
from shared.runtime import Runtime


@dataclass(frozen=True)
class Webhooks:
    """What the service starts, stops and routes to."""

    sender: WebhookSender
    hooks: Hooks


def build(
    runtime: Runtime,
    settings: Settings,
    *,
    mails: Owes,
    book: Rulebook,
    clock: Callable[[], datetime],
) -> Webhooks:
    """Return the webhooks of this process; they live as long as the service."""
    base: Database = runtime.database("notify")
    rules = rules_for(settings.profile, settings.test_hosts)
    endpoints = EndpointStore(base, Lockbox(settings.sealing_key, "webhooks"))
    messages = MessageStore(base)
    post = GuardedPost(rules)
    sender = WebhookSender(
        endpoints,
        messages,
        post,
        tell_owner=Owners(mails, book).tell,
        public_url=settings.public_url,
        clock=clock,
    )
    for collection in (endpoints.documents, messages.documents):
        runtime.keep(collection)
    for part in (post, sender):
        runtime.alongside(part)
    return Webhooks(sender, Hooks(endpoints, messages, rules, clock))
