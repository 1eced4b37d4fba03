"""Intake: the front desk. Owns the case; takes reports in, and applies what others decide."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from services.intake.api import catalogue, reports
from services.intake.archive import Archive
from services.intake.closer import Closer
from services.intake.desk import Desk
from services.intake.domain.report import ReportIn
from services.intake.handlers import on_routing_decided
from services.intake.reception import Desks, Reception
from services.intake.refusals import problem_of
from services.intake.settings import Settings
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.submission import remove_leftovers
from shared import logs, problems, topology, web
from shared.errors import CivicError
from shared.identity import Seal, TrackingTokens, Vault
from shared.media import MediaStore
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now


def create_app() -> FastAPI:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("intake")
    runtime = Runtime("intake", settings, wait_for_broker=False)
    book = load_rulebook(settings.regulation, settings.calendars, utc_now())
    shelf = Shelf(book)
    editions = runtime.rulebook(book)
    store = CaseStore(runtime.database("intake"))
    publisher = runtime.tail_publisher(store.aggregates)
    archive = Archive(
        MediaStore(settings.s3()),
        settings.limits(),
        zone=ZoneInfo(book.installed.regulation.zone),
        workers=settings.inspectors,
    )
    runtime.alongside(archive)
    tokens = TrackingTokens(settings.tracking_secret.split(","))
    vault = Vault(runtime.database("identity"), Seal(settings.sealing_key))
    desk = Desk(store, publisher, archive, shelf=shelf, clock=utc_now)
    runtime.alongside(Closer(store, publisher, shelf, utc_now))
    front = reports.Front(
        reception=Reception(Desks(store, publisher, vault, archive, tokens), shelf, utc_now),
        store=store,
        desk=desk,
        archive=archive,
        tokens=tokens,
        shelf=shelf,
        limits=settings.limits(),
        spool=settings.spool,
        slots=reports.Slots(settings.max_uploads),
    )
    heard = partial(
        on_routing_decided, store=store, publisher=publisher, shelf=shelf, clock=utc_now
    )
    runtime.hear(topology.INTAKE_DECISIONS, heard)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        remove_leftovers(settings.spool, older_than_s=2 * settings.read_timeout_s)
        async with runtime.running():
            await editions.install()
            yield

    app = web.create("Đà Lạt trực tuyến: intake", lifespan)
    web.describe(app, ReportIn)
    for kind in (CivicError, ClientDisconnect):
        problems.translate(app, kind, partial(problem_of, shelf=shelf))
    web.probes(app, {**runtime.checks(), "media": archive.check})
    app.include_router(catalogue.create_router(shelf, utc_now), prefix="/api/v1")
    app.include_router(reports.create_router(front), prefix="/api/v1")
    return app
