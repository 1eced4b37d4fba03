"""Intake: the front desk. Owns the case; takes reports in, and applies what others decide."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import APIRouter, FastAPI
from starlette.requests import ClientDisconnect

from services.intake import telling
from services.intake.accounts.domain import AccountError
from services.intake.accounts.refusals import problem_of as account_problem_of
from services.intake.accounts.wiring import build, units_of
from services.intake.api import (
    admin_accounts,
    audit,
    auth,
    catalogue,
    following,
    my_notifications,
    places,
    presence,
    public_map,
    regulation,
    reports,
)
from services.intake.api import chase as chase_routes
from services.intake.api import desk as desk_routes
from services.intake.api import directives as directives_routes
from services.intake.api import disclosures as disclosure_routes
from services.intake.api import lookups as lookup_routes
from services.intake.api import notifications as notification_routes
from services.intake.api import privacy as privacy_routes
from services.intake.api import qr as qr_routes
from services.intake.api.slots import Slots
from services.intake.apps import api as apps
from services.intake.apps.model import load_seeds
from services.intake.apps.store import AppStore
from services.intake.apps.watch import Watch
from services.intake.archive import Archive
from services.intake.audit import Audit
from services.intake.channels import api as channels
from services.intake.channels.keys import ApiKeys
from services.intake.chase import OverdueCases
from services.intake.closer import Closer
from services.intake.desk import Desk
from services.intake.directives import Directives
from services.intake.disclosures.desk import DisclosureDesk
from services.intake.disclosures.desk import Places as DisclosurePlaces
from services.intake.disclosures.model import DisclosureError
from services.intake.disclosures.refusals import problem_of as disclosure_problem_of
from services.intake.disclosures.store import DisclosureStore
from services.intake.domain.report import CameraIncidentIn, MoreMediaIn, ReportIn
from services.intake.handlers import on_routing_decided
from services.intake.onestop import wiring as onestop
from services.intake.onestop.api import desks as onestop_desks
from services.intake.onestop.api import dossiers as onestop_dossiers
from services.intake.onestop.errors import OneStopError
from services.intake.onestop.forgetting import people_of
from services.intake.onestop.refusals import problem_of as onestop_problem_of
from services.intake.onestop.store import DossierStore, QueueStore
from services.intake.orphans import Orphans, OrphanSweeper
from services.intake.presence import Presences
from services.intake.privacy import Places, PrivacyDesk, PrivacyError
from services.intake.privacy import problem_of as privacy_problem_of
from services.intake.privacy.lookups import Lookups
from services.intake.reception import Desks, Reception
from services.intake.refusals import problem_of
from services.intake.settings import STREAMED, Settings
from services.intake.shelf import Shelf
from services.intake.store import CaseStore
from services.intake.submission import Spool
from shared import logs, origins, pages, problems, topology, web
from shared.directory import Directory
from shared.errors import CivicError
from shared.identity import Seal, TrackingTokens, Vault
from shared.lockbox import Lockbox
from shared.media import MediaStore
from shared.mongo import Documents
from shared.outbound import rules_for
from shared.pace import Throttle
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now
from shared.screening import load_screening


class Parts:
    """Everything that intake is made of, in the order in which one thing needs another."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.runtime = runtime = Runtime("intake", settings, wait_for_broker=False)
        book = load_rulebook(settings.regulation, settings.calendars, utc_now())
        self.shelf = Shelf(book)
        self.editions = runtime.rulebook(book)
        self.store = CaseStore(runtime.database("intake"))
        self.publisher = runtime.tail_publisher(self.store.aggregates)
        self.spool = Spool(settings.spool, settings.spool_bytes, old_s=2 * settings.read_timeout_s)
        runtime.alongside(self.spool)
        self.media = MediaStore(settings.s3())
        zone = ZoneInfo(book.installed.regulation.zone)
        self.archive = Archive(
            self.media, settings.limits(), zone=zone, workers=settings.inspectors
        )
        self.tokens = TrackingTokens(settings.tracking_secrets())
        self.vault = Vault(runtime.database("identity"), Seal(settings.sealing_key))
        self.telling = telling.build(runtime, settings, self.vault, utc_now)
        self.audit = Audit(runtime.database("intake"), utc_now)
        self.directory = Directory(runtime.database("identity"))
        self.desk = Desk(self.store, self.publisher, self.archive, shelf=self.shelf, clock=utc_now)
        self.accounts = build(
            runtime.database("intake"),
            settings.accounts(),
            units_of(self.shelf, utc_now),
            utc_now,
            note=self.audit.note_account,
            directory=self.directory,
        )
        self.presences = Presences(runtime.database("intake"), utc_now)
        runtime.keep(self.presences.documents)
        self.guard = auth.Guard(self.accounts.sessions)
        self.api_keys = ApiKeys(
            runtime.database("intake"), Lockbox(settings.sealing_key, "api-keys"), utc_now
        )
        self.apps = AppStore(runtime.database("intake"))
        for kept in (self.api_keys.documents, self.apps.documents, self.apps.news):
            runtime.keep(kept)
        guard_rules = rules_for(settings.profile, settings.outbound_test_hosts)
        every = timedelta(seconds=settings.apps_every_s)
        runtime.alongside(Watch(self.apps, guard_rules, every=every, clock=utc_now))
        self.onestop = onestop.build(
            runtime,
            self.vault,
            self.shelf,
            settings.onestop,
            places=onestop.Places(
                self.guard, self.tokens, self.audit.note, Throttle(settings.misses_per_address)
            ),
        )
        self._live_and_hear()

    def _live_and_hear(self) -> None:
        """Name what lives as long as the service, what needs indexes, and what is heard."""
        for collection in (
            *self.accounts.collections,
            self.audit.documents,
            self.directory.documents,
        ):
            self.runtime.keep(collection)
        base = self.runtime.database("intake")
        counter = partial(people_of, QueueStore(base), DossierStore(base))
        sweeper = OrphanSweeper(
            Orphans(self.store, self.media, self.vault, counter),
            Documents(base, "turns"),
            utc_now,
            grace=timedelta(seconds=self.settings.orphan_grace_s),
            every=timedelta(seconds=self.settings.orphan_sweep_s),
        )
        self.runtime.alongside(sweeper)
        closer = Closer(self.store, self.publisher, self.shelf, utc_now)
        for part in (self.archive, closer, self.accounts.contacts):
            if part:
                self.runtime.alongside(part)
        heard = partial(
            on_routing_decided,
            store=self.store,
            publisher=self.publisher,
            shelf=self.shelf,
            clock=utc_now,
        )
        self.runtime.hear(topology.INTAKE_DECISIONS, heard)

    def front(self) -> reports.Front:
        """Return what the reporters' routes are made of."""
        desks = Desks(self.store, self.publisher, self.vault, self.archive, self.tokens)
        screening = load_screening(self.settings.screening)
        return reports.Front(
            reception=Reception(desks, self.shelf, screening, utc_now),
            store=self.store,
            desk=self.desk,
            archive=self.archive,
            tokens=self.tokens,
            shelf=self.shelf,
            limits=self.settings.limits(),
            spool=self.spool,
            slots=Slots(self.settings.max_uploads, self.settings.uploads_per_address),
            clock=utc_now,
        )

    def registry(self) -> apps.Registry:
        """Return what the registry of applications is made of."""
        zone = ZoneInfo(self.shelf.book.installed.regulation.zone)
        return apps.Registry(self.apps, self.guard, zone, utc_now, self.audit.note)

    def channels(self, front: reports.Front) -> channels.Channels:
        """Return what the other ways in are made of."""
        pace = Throttle(self.settings.incidents_per_key)
        return channels.Channels(front, self.guard, self.api_keys, pace, self.audit.note)

    def disclosure_desk(self) -> DisclosureDesk:
        """Return the only way on which content leaves."""
        disclosures = DisclosureStore(self.runtime.database("intake"))
        return DisclosureDesk(
            DisclosurePlaces(disclosures, self.store, self.vault, self.archive),
            self.shelf,
            publish=self.runtime.tail_publisher(disclosures.aggregates).soon,
            note=self.audit.note,
            clock=utc_now,
        )

    def privacy_desk(self) -> PrivacyDesk:
        """Return the way to a reporter's name for those with a part in the case."""
        return PrivacyDesk(
            self.places(), shelf=self.shelf, publish=self.publisher.soon, clock=utc_now
        )

    def places(self) -> Places:
        """Return where personal data lies, with the audit of every look at it."""
        return Places(self.store, self.vault, self.media, self.audit)


def create_app() -> FastAPI:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("intake")
    parts = Parts(settings)
    seeds = load_seeds(settings.apps)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        async with parts.runtime.running():
            await parts.editions.install()
            await parts.apps.seed(seeds)
            yield

    checks = parts.runtime.checks()
    app = web.create(
        "Đà Lạt trực tuyến: intake",
        lifespan,
        settings.paces(),
        at_once=settings.max_at_once,
        streamed=STREAMED,
        alive=parts.runtime.alive,
        readers=f"{origins.of(settings.notify_url)},{settings.origins}",
    )
    web.describe(app, ReportIn, CameraIncidentIn, MoreMediaIn)
    spool = partial(parts.spool.has_room, settings.max_file_bytes)
    web.probes(app, {**checks, "media": parts.archive.check, "spool": spool})
    for kind in (CivicError, ClientDisconnect):
        problems.translate(app, kind, partial(problem_of, shelf=parts.shelf))
    problems.translate(app, AccountError, account_problem_of)
    problems.translate(app, PrivacyError, privacy_problem_of)
    problems.translate(app, OneStopError, onestop_problem_of)
    problems.translate(app, DisclosureError, disclosure_problem_of)
    front = parts.front()
    for router in _routers(parts, front):
        app.include_router(router, prefix="/api/v1")
    path = "/api/v1/reports"
    app.short["POST", path] = reports.ShortWay(front, path)
    pages.mount(app, _pages(settings))
    return app


def _pages(settings: Settings) -> pages.Pages:
    """Return what people see at this service; its live updates come from notify."""
    config = {"notify": settings.notify_url, "tiles": settings.map_tiles}
    return pages.Pages(Path(__file__).parent, config=config, connect=[settings.notify_url])


def _routers(parts: Parts, front: reports.Front) -> list[APIRouter]:
    """Return every route of the contract below `/api/v1`."""
    shelf, store, current = parts.shelf, parts.store, parts.guard.current
    limits, spool = parts.settings.limits(), parts.spool
    counter = desk_routes.Counter(
        parts.desk, parts.archive, shelf, limits, spool, slots=front.slots, clock=utc_now
    )
    sealed = privacy_routes.Privacy(front, parts.privacy_desk(), parts.archive, shelf)
    hatch = disclosure_routes.Hatch(parts.disclosure_desk(), shelf, utc_now)
    chasing = chase_routes.Chasing(OverdueCases(store.aggregates), shelf, utc_now)
    return [
        catalogue.create_router(shelf, utc_now),
        public_map.create_router(public_map.PublicMap(store, shelf, utc_now)),
        following.create_router(
            following.Following(
                front,
                parts.desk,
                parts.tokens,
                parts.telling.followers,
                Throttle(parts.settings.addresses_per_sender),
            )
        ),
        places.create_router(
            shelf, places.load_outlines(parts.settings.areas, parts.settings.regulation), utc_now
        ),
        apps.create_router(parts.registry()),
        channels.create_router(parts.channels(front)),
        reports.create_router(front),
        qr_routes.create_router(parts.settings.public_url),
        auth.create_router(auth.Gate(parts.accounts, parts.guard)),
        admin_accounts.create_router(parts.accounts, parts.guard),
        chase_routes.create_router(chasing, current),
        directives_routes.create_router(
            directives_routes.Instructing(Directives(store), shelf, utc_now), current
        ),
        disclosure_routes.create_router(hatch, current),
        privacy_routes.create_router(sealed, current),
        audit.create_router(audit.AuditRoom(sealed.desk, parts.accounts.store), current),
        lookup_routes.create_router(Lookups(parts.places(), shelf), current),
        notification_routes.create_router(front, parts.telling.notifications),
        my_notifications.create_router(parts.directory, parts.guard),
        desk_routes.create_router(counter, current),
        presence.create_router(
            presence.Company(parts.desk, parts.presences, parts.accounts.store), current
        ),
        onestop_desks.create_router(parts.onestop),
        onestop_dossiers.create_router(parts.onestop),
        regulation.create_router(parts.editions, shelf, store, current=current, clock=utc_now),
    ]
