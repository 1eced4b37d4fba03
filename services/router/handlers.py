"""What the router hears: new cases."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from services.router.domain import Rules, decide
from services.router.maps import Maps
from services.router.store import RoutingStore
from shared.errors import DuplicateError, PermanentError
from shared.events import CaseSubmitted, Received
from shared.outbox import TailPublisher
from shared.rulebook import Rulebook


async def on_case_submitted(
    received: Received,
    store: RoutingStore,
    publisher: TailPublisher,
    *,
    maps: Maps,
    book: Rulebook,
    clock: Callable[[], datetime],
) -> None:
    """Say which unit handles a new case and which one monitors it."""
    if not isinstance(received.event, CaseSubmitted) or received.case is None:
        raise PermanentError(f"{received.type} is no new case")
    edition = book.of(received.case.regulation)
    rules = Rules(edition.regulation, maps.of(edition))
    decision = decide(received.case, received.event, received.sequence, rules)
    with suppress(DuplicateError):  # decided before; its event is published, or owed and swept
        publisher.soon(await store.save_decision(decision, received.id, clock()))
