"""Sla: tracks every case's deadline and says when it approaches, is missed or met."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial

from services.sla.domain import Rules
from services.sla.handlers import on_case_event
from services.sla.settings import Settings
from services.sla.store import DeadlineStore
from services.sla.ticker import Ticker
from shared import logs, topology
from shared.calendar import load_calendar
from shared.health import ProbeApp
from shared.regulation import load_regulation
from shared.runtime import Runtime, utc_now


def create_app() -> ProbeApp:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("sla")
    regulation = load_regulation(settings.regulation)
    rules = Rules(regulation, load_calendar(settings.calendars / regulation.calendar))
    runtime = Runtime("sla", settings, wait_for_broker=True)
    store = DeadlineStore(runtime.database("sla"))
    publisher = runtime.tail_publisher(store.aggregates)
    ticker = Ticker(
        store,
        publisher,
        rules,
        clock=utc_now,
        every_s=settings.tick_s,
        batch=settings.tick_batch,
    )
    heard = partial(on_case_event, store=store, publisher=publisher, rules=rules, clock=utc_now)
    runtime.hear(topology.SLA_CASES, heard)

    @asynccontextmanager
    async def life() -> AsyncGenerator[None, None]:
        async with runtime.running():
            await ticker.start()
            try:
                yield
            finally:
                await ticker.stop()

    return ProbeApp(runtime.checks(), life())
