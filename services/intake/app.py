"""Intake: the front desk. Owns the case; takes reports in, and applies what others decide."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from services.intake.api import catalogue, reports
from services.intake.archive import Archive
from services.intake.desk import Desk
from services.intake.domain.report import ReportIn
from services.intake.domain.rules import Rules
from services.intake.handlers import on_routing_decided
from services.intake.reception import Desks, Reception
from services.intake.refusals import problem_of
from services.intake.settings import Settings
from services.intake.store import CaseStore
from services.intake.submission import remove_leftovers
from shared import logs, problems, topology, web
from shared.calendar import load_calendar
from shared.errors import CivicError
from shared.identity import Seal, TrackingTokens, Vault
from shared.media import MediaStore
from shared.regulation import load_regulation
from shared.runtime import Runtime, utc_now


def create_app() -> FastAPI:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("intake")
    regulation = load_regulation(settings.regulation, settings.calendars)
    rules = Rules(regulation, load_calendar(settings.calendars / regulation.calendar))
    runtime = Runtime("intake", settings, wait_for_broker=False)
    store = CaseStore(runtime.database("intake"))
    publisher = runtime.tail_publisher(store.aggregates)
    limits = settings.limits()
    media = MediaStore(settings.s3())
    archive = Archive(media, limits, zone=ZoneInfo(regulation.zone), workers=settings.inspectors)
    tokens = TrackingTokens(settings.tracking_secret.split(","))
    vault = Vault(runtime.database("identity"), Seal(settings.sealing_key))
    desks = Desks(store, publisher, vault, archive, tokens)
    desk = Desk(store, publisher, archive, rules=rules, clock=utc_now)
    front = reports.Front(
        reception=Reception(desks, rules, utc_now),
        store=store,
        desk=desk,
        archive=archive,
        tokens=tokens,
        rules=rules,
        limits=limits,
        spool=settings.spool,
        slots=reports.Slots(settings.max_uploads),
    )
    heard = partial(
        on_routing_decided,
        store=store,
        publisher=publisher,
        regulation=regulation,
        calendar=rules.calendar,
        clock=utc_now,
    )
    runtime.hear(topology.INTAKE_DECISIONS, heard)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        remove_leftovers(settings.spool, older_than_s=2 * settings.read_timeout_s)
        await archive.start()
        async with runtime.running():
            yield
        await archive.stop()

    app = web.create("Đà Lạt trực tuyến: intake", lifespan)
    web.describe(app, ReportIn)
    for kind in (CivicError, ClientDisconnect):
        problems.translate(app, kind, partial(problem_of, rules=rules))
    web.probes(app, {**runtime.checks(), "media": archive.check})
    app.include_router(catalogue.create_router(regulation, utc_now), prefix="/api/v1")
    app.include_router(reports.create_router(front), prefix="/api/v1")
    return app
