"""What sla hears: everything that happens to a case."""

from collections.abc import Callable
from datetime import datetime

import structlog

from services.sla import dossiers
from services.sla.domain import Rules, fire, hear, promised
from services.sla.domain import Step as CaseStep
from services.sla.due_dates import DueDateStore, StoredDossier
from services.sla.store import DeadlineStore, StoredTracking
from shared.errors import DuplicateError, PermanentError, StaleVersionError
from shared.events import CaseSnapshot, CaseSubmitted, Received
from shared.outbox import TailPublisher
from shared.rulebook import Rulebook
from shared.telemetry import PROMISE_MISMATCH

log = structlog.get_logger()


async def on_case_event(
    received: Received,
    store: DeadlineStore,
    publisher: TailPublisher,
    *,
    book: Rulebook,
    clock: Callable[[], datetime],
) -> None:
    """Track, announce or stop the deadline of a case."""
    if received.case is None:
        raise PermanentError(f"{received.type} carries no case")
    rules = rules_of(book, received.case)
    # a new case is not looked up first: its insert finds a twin
    new = isinstance(received.event, CaseSubmitted)
    stored = None if new else await store.load(received.subject)
    step = hear(stored.tracking if stored else None, received, rules)
    if step is None:
        return
    after, events = step
    if stored:
        publisher.soon(await store.save(stored, after, events, clock()))
        return
    _check_promise(received, rules)
    try:
        publisher.soon(await store.create(after, events, clock()))
    except DuplicateError as error:
        if not new:  # a twin was faster: decide again on what that one wrote
            raise StaleVersionError(received.subject, 0) from error


def rules_of(book: Rulebook, case: CaseSnapshot) -> Rules:
    """Return the rules under which a case was promised."""
    edition = book.of(case.regulation)
    return Rules(edition.regulation, book.calendar(edition, case.calendar))


def _check_promise(received: Received, rules: Rules) -> None:
    """Compare intake's promise with our own count; the promise holds, the difference is loud."""
    if received.case and promised(received.case, rules) != received.case.due_at:
        PROMISE_MISMATCH.inc()
        log.error("sla.promise_mismatch", case=received.subject)


def fire_case(stored: StoredTracking, now: datetime, *, book: Rulebook) -> CaseStep:
    """Fire what is due of a case."""
    return fire(stored.tracking, now, rules_of(book, stored.tracking.case))


def fire_dossier(stored: StoredDossier, now: datetime) -> dossiers.Step:
    """Fire what is due of a dossier."""
    return dossiers.fire(stored.tracking, now)


async def on_dossier_event(
    received: Received,
    store: DueDateStore,
    publisher: TailPublisher,
    *,
    book: Rulebook,
    clock: Callable[[], datetime],
) -> None:
    """Watch, or stop watching, the due date of a dossier."""
    edition = book.current(clock())
    rules = Rules(edition.regulation, edition.calendar)
    stored = await store.load(received.subject)
    step = dossiers.hear(stored.tracking if stored else None, received, rules)
    if step is None:
        return
    after, events = step
    if stored:
        publisher.soon(await store.save(stored, after, events, clock()))
        return
    try:
        publisher.soon(await store.create(after, events, clock()))
    except DuplicateError as error:  # a twin was faster: decide again on what that one wrote
        raise StaleVersionError(received.subject, 0) from error
