"""Sla: tracks every case's deadline and says when it approaches, is missed or met."""

from functools import partial

from services.sla.due_dates import DueDateStore
from services.sla.handlers import fire_case, fire_dossier, on_case_event, on_dossier_event
from services.sla.settings import Settings
from services.sla.store import DeadlineStore
from services.sla.ticker import Ticker
from shared import logs, topology
from shared.health import ProbeApp
from shared.rulebook import Rulebook, load_rulebook
from shared.runtime import Runtime, utc_now


def create_app() -> ProbeApp:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("sla")
    book = load_rulebook(settings.regulation, settings.calendars, utc_now())
    runtime = Runtime("sla", settings, wait_for_broker=True)
    runtime.rulebook(book)
    store = DeadlineStore(runtime.database("sla"))
    publisher = runtime.tail_publisher(store.aggregates)
    ticker = Ticker(
        store,
        publisher,
        partial(fire_case, book=book),
        clock=utc_now,
        every_s=settings.tick_s,
        batch=settings.tick_batch,
    )
    heard = partial(on_case_event, store=store, publisher=publisher, book=book, clock=utc_now)
    runtime.hear(topology.SLA_CASES, heard)
    runtime.alongside(ticker)
    _watch_dossiers(runtime, settings, book)
    return ProbeApp(runtime.checks(), runtime.running())


def _watch_dossiers(runtime: Runtime, settings: Settings, book: Rulebook) -> None:
    """Watch the due dates of the one-stop counter's dossiers by the same hand."""
    store = DueDateStore(runtime.database("sla"))
    publisher = runtime.tail_publisher(store.aggregates)
    ticker = Ticker(
        store,
        publisher,
        fire_dossier,
        clock=utc_now,
        every_s=settings.tick_s,
        batch=settings.tick_batch,
    )
    heard = partial(on_dossier_event, store=store, publisher=publisher, book=book, clock=utc_now)
    runtime.hear(topology.SLA_DOSSIERS, heard)
    runtime.alongside(ticker)
