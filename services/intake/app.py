"""Intake: the front desk. Owns the case; takes reports in, and applies what others decide."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from starlette.requests import ClientDisconnect

from services.intake.accounts.domain import AccountError
from services.intake.accounts.refusals import problem_of as account_problem_of
from services.intake.accounts.wiring import build, units_of
from services.intake.api import admin_accounts, auth, catalogue, regulation, reports
from services.intake.api import desk as desk_routes
from services.intake.api import privacy as privacy_routes
from services.intake.archive import Archive
from services.intake.audit import Audit
from services.intake.closer import Closer
from services.intake.desk import Desk
from services.intake.domain.report import ReportIn
from services.intake.handlers import on_routing_decided
from services.intake.privacy import Places, PrivacyDesk, PrivacyError
from services.intake.privacy import problem_of as privacy_problem_of
from services.intake.reception import Desks, Reception
from services.intake.refusals import problem_of
from services.intake.settings import Settings
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.submission import remove_leftovers
from shared import logs, problems, topology, web
from shared.directory import Directory
from shared.errors import CivicError
from shared.identity import Seal, TrackingTokens, Vault
from shared.media import MediaStore
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now
from shared.screening import load_screening


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
    media = MediaStore(settings.s3())
    archive = Archive(
        media,
        settings.limits(),
        zone=ZoneInfo(book.installed.regulation.zone),
        workers=settings.inspectors,
    )
    runtime.alongside(archive)
    tokens = TrackingTokens(settings.tracking_secret.split(","))
    vault = Vault(runtime.database("identity"), Seal(settings.sealing_key))
    desk = Desk(store, publisher, archive, shelf=shelf, clock=utc_now)
    runtime.alongside(Closer(store, publisher, shelf, utc_now))
    audit = Audit(runtime.database("intake"), utc_now)
    runtime.keep(audit.documents)
    privacy = PrivacyDesk(
        Places(store, vault, media, audit), shelf=shelf, publish=publisher.soon, clock=utc_now
    )
    directory = Directory(runtime.database("identity"))
    runtime.keep(directory.documents)
    accounts = build(
        runtime.database("intake"),
        settings.accounts(),
        units_of(shelf, utc_now),
        utc_now,
        note=audit.note_account,
        directory=directory,
    )
    if accounts.contacts:
        runtime.alongside(accounts.contacts)
    for collection in accounts.collections:
        runtime.keep(collection)
    guard = auth.Guard(accounts.sessions)
    front = reports.Front(
        reception=Reception(
            Desks(store, publisher, vault, archive, tokens),
            shelf,
            load_screening(settings.screening),
            utc_now,
        ),
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
    problems.translate(app, AccountError, account_problem_of)
    problems.translate(app, PrivacyError, privacy_problem_of)
    web.probes(app, {**runtime.checks(), "media": archive.check})
    app.include_router(catalogue.create_router(shelf, utc_now), prefix="/api/v1")
    app.include_router(reports.create_router(front), prefix="/api/v1")
    app.include_router(auth.create_router(auth.Gate(accounts, guard)), prefix="/api/v1")
    app.include_router(admin_accounts.create_router(accounts, guard), prefix="/api/v1")
    counter = desk_routes.Counter(
        desk, archive, shelf, settings.limits(), settings.spool, clock=utc_now
    )
    app.include_router(desk_routes.create_router(counter, guard.current), prefix="/api/v1")
    legislation = regulation.create_router(
        editions, shelf, store, current=guard.current, clock=utc_now
    )
    app.include_router(legislation, prefix="/api/v1")
    sealed = privacy_routes.Privacy(front, privacy, archive, shelf)
    app.include_router(privacy_routes.create_router(sealed, guard.current), prefix="/api/v1")
    return app
