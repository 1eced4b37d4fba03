"""Notify: tells the operations centre everything, and people what concerns them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path

from fastapi import APIRouter, FastAPI

from services.notify import wiring
from services.notify.admission import Admission
from services.notify.api import callbacks, deliveries, push
from services.notify.api import channels as channel_routes
from services.notify.case_view import CaseView
from services.notify.confirming import Confirming
from services.notify.domain import QuietHours
from services.notify.handlers import Reach, on_event
from services.notify.ioc import wiring as ioc
from services.notify.live import api as live
from services.notify.live.board import Board
from services.notify.onestop import api as onestop
from services.notify.onestop.board import HallBoard
from services.notify.onestop.figures import OnestopFigures
from services.notify.onestop.handlers import on_onestop
from services.notify.retention import Forgetting, Term
from services.notify.settings import Settings
from services.notify.webhooks import api as webhook_routes
from services.notify.webhooks import wiring as webhooks
from shared import logs, origins, pages, topology, web
from shared.directory import Directory
from shared.identity import TrackingTokens
from shared.pace import Paces, Throttle
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now
from shared.sessions import SessionReader


class Parts:
    """What the service is made of; nothing is connected yet."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.book = load_rulebook(settings.regulation, settings.calendars, utc_now())
        self.runtime = runtime = Runtime("notify", settings, wait_for_broker=True)
        runtime.rulebook(self.book)
        base, identity = runtime.database("notify"), runtime.database("identity")
        self.view = CaseView(base)
        self.directory = Directory(identity)
        for kept in (self.view.documents, self.directory.documents):
            runtime.keep(kept)
        self.admission = Admission(
            SessionReader(runtime.database("intake"), utc_now), settings.tokens_of_the_ioc()
        )
        self.tracking = TrackingTokens(settings.tracking_secrets())
        self.counter = OnestopFigures(base)
        self.centre = ioc.Centre(runtime, settings, self.book, self.admission, counter=self.counter)
        zone = self.book.installed.calendar.zone
        self.board = Board(self.view)
        self.hall = HallBoard(self.counter, lambda: utc_now().astimezone(zone).date())
        for listener in (self.board.take, self.hall.take):
            self.centre.tail.listen(listener)
        self.made = wiring.build(
            runtime, settings, book=self.book, directory=self.directory, clock=utc_now
        )
        self.hooks = webhooks.build(
            runtime, settings, mails=self.made.sender, book=self.book, clock=utc_now
        )
        runtime.alongside(Forgetting(self._terms(), utc_now))
        runtime.alongside(Confirming(self.made.followers, self.view, self.made.sender, utc_now))
        self._hear()

    def _terms(self) -> dict[str, Term]:
        """Return for how long messages are kept that came to their end."""
        messages = self.hooks.hooks.messages.documents
        return {
            "deliveries": Term(
                self.made.store.documents, timedelta(days=self.settings.deliveries_days)
            ),
            "webhook_messages": Term(messages, timedelta(days=self.settings.webhook_messages_days)),
        }

    def _hear(self) -> None:
        settings, zone = self.settings, self.book.installed.calendar.zone
        quiet = QuietHours(settings.quiet_from, settings.quiet_until, zone)
        heard = partial(
            on_event,
            view=self.view,
            reach=Reach(self.directory, self.made.people),
            quiet=quiet,
            sender=self.made.sender,
            hooks=self.hooks.sender,
            subscriptions=self.made.subscriptions,
            clock=utc_now,
        )
        heard_counter = partial(
            on_onestop,
            figures=self.counter,
            sender=self.made.sender,
            directory=self.directory,
            quiet=quiet,
            regulation=lambda: self.book.current(utc_now()).name,
            clock=utc_now,
        )
        self.runtime.hear(topology.NOTIFY_EVENTS, heard)
        self.runtime.hear(topology.NOTIFY_ONESTOP, heard_counter)

    @asynccontextmanager
    async def running(self, _app: FastAPI) -> AsyncGenerator[None, None]:
        """Run everything beside the requests, as long as the service does."""
        async with self.runtime.running():
            await self.made.subscriptions.reseal()  # what an older master key sealed
            await self.board.prime()
            await self.hall.prime()
            await self.centre.start()
            await self.made.sender.start()
            try:
                yield
            finally:
                await self.made.sender.stop()
                await self.centre.stop()

    def routers(self) -> list[APIRouter]:
        """Return every route of the contract below `/api/v1`."""
        made, hooks, admission = self.made, self.hooks.hooks, self.admission
        zone = self.book.installed.calendar.zone
        pushing = push.Pushing(
            made.subscriptions,
            self.view,
            self.tracking,
            admission,
            followers=made.followers,
            rules=hooks.rules,
            key=push.public_key(self.settings.vapid_private_key),
            pace=Throttle(self.settings.subscriptions_per_address),
            clock=utc_now,
        )
        return [
            *self.centre.routers(),
            live.create_router(live.Live(self.board, self.centre.tail, self.tracking, admission)),
            onestop.create_router(
                onestop.Onestop(
                    self.counter,
                    self.hall,
                    admission,
                    zone,
                    self.settings.small_number,
                    utc_now,
                    self.centre.watermarks.read,
                )
            ),
            webhook_routes.create_router(hooks, admission),
            deliveries.create_router(made.store, admission),
            channel_routes.create_router(made.channels),
            callbacks.create_router(wiring.callbacks(self.settings, made.store, utc_now)),
            push.create_router(pushing),
        ]


def create_app() -> FastAPI:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("notify")
    parts = Parts(settings)
    paces = Paces(requests=settings.requests_per_address)
    checks = parts.runtime.checks()
    app = web.create(
        "Đà Lạt trực tuyến: notify",
        parts.running,
        paces,
        alive=parts.runtime.alive,
        readers=f"{origins.of(settings.public_url)},{settings.origins}",
    )
    web.probes(app, {**checks, "ioc_stream": parts.centre.tail.following})
    for router in parts.routers():
        app.include_router(router, prefix="/api/v1")
    pages.mount(app, _pages(settings))
    return app


def _pages(settings: Settings) -> pages.Pages:
    """Return the wall; names and the ground of its map come from intake."""
    config = {"intake": settings.public_url}
    return pages.Pages(Path(__file__).parent, config=config, connect=[settings.public_url])
