"""What intake hears: the router's decisions, applied to the case."""

from collections.abc import Callable
from datetime import datetime

from services.intake.domain.routing import apply_decision
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from shared.errors import PermanentError
from shared.events import Received, RoutingDecided
from shared.outbox import TailPublisher
from shared.vocabulary import CaseCode


async def on_routing_decided(
    received: Received,
    store: CaseStore,
    publisher: TailPublisher,
    *,
    shelf: Shelf,
    clock: Callable[[], datetime],
) -> None:
    """Assign the case to the unit that the router named."""
    decision = received.event
    if not isinstance(decision, RoutingDecided):
        raise PermanentError(f"{received.type} is no decision of the router")
    stored = await store.load_to_change(CaseCode(decision.code))
    if stored is None:
        raise PermanentError(f"there is no case {decision.code}")
    snapshot = stored.case.snapshot
    due = shelf.of(snapshot).deadline(decision.category, snapshot.received_at)
    if facts := apply_decision(stored.case, decision, due, clock()):
        publisher.soon(await store.save(stored, facts))
