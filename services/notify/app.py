"""Notify: tells the operations centre everything, and people what concerns them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

from fastapi import FastAPI

from services.notify import wiring
from services.notify.admission import Admission
from services.notify.api import callbacks, deliveries, push
from services.notify.domain import QuietHours
from services.notify.handlers import on_event
from services.notify.ioc import wiring as ioc
from services.notify.live import api as live
from services.notify.live.board import Board
from services.notify.onestop import api as onestop
from services.notify.onestop.board import HallBoard
from services.notify.onestop.figures import OnestopFigures
from services.notify.onestop.handlers import on_onestop
from services.notify.settings import Settings
from services.notify.store import CaseView
from services.notify.webhooks import api as webhook_routes
from services.notify.webhooks import wiring as webhooks
from shared import logs, origins, pages, topology, web
from shared.directory import Directory
from shared.identity import TrackingTokens
from shared.pace import Paces
from shared.rulebook import load_rulebook
from shared.runtime import Runtime, utc_now
from shared.sessions import SessionReader


def create_app() -> FastAPI:
    """Return the service as an ASGI application; `uvicorn --factory` runs it."""
    settings = Settings().guarded()
    logs.configure("notify")
    book = load_rulebook(settings.regulation, settings.calendars, utc_now())
    runtime = Runtime("notify", settings, wait_for_broker=True)
    runtime.rulebook(book)
    view = CaseView(runtime.database("notify"))
    runtime.keep(view.documents)
    directory = Directory(runtime.database("identity"))
    runtime.keep(directory.documents)
    admission = Admission(
        SessionReader(runtime.database("intake"), utc_now),
        [each for each in settings.ioc_tokens.split(",") if each],
    )
    centre = ioc.Centre(runtime, settings, book, admission)
    board = Board(view)
    centre.tail.listen(board.take)
    counter = OnestopFigures(runtime.database("notify"))
    runtime.keep(counter.desks)
    runtime.keep(counter.dossiers)
    hall = HallBoard(counter)
    centre.tail.listen(hall.take)
    tokens = TrackingTokens(settings.tracking_secret.split(","))
    made = wiring.build(runtime, settings, book=book, directory=directory, clock=utc_now)
    sender = made.sender
    zone = book.installed.calendar.zone
    hooks = webhooks.build(runtime, settings, mails=sender, book=book, clock=utc_now)
    heard = partial(
        on_event,
        view=view,
        directory=directory,
        quiet=QuietHours(settings.quiet_from, settings.quiet_until, zone),
        sender=sender,
        hooks=hooks.sender,
        subscriptions=made.subscriptions,
        clock=utc_now,
    )
    runtime.hear(topology.NOTIFY_EVENTS, heard)

    heard_counter = partial(
        on_onestop,
        figures=counter,
        sender=sender,
        regulation=lambda: book.current(utc_now()).name,
        clock=utc_now,
    )
    runtime.hear(topology.NOTIFY_ONESTOP, heard_counter)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncGenerator[None, None]:
        async with runtime.running():
            await made.subscriptions.reseal()  # what an older master key sealed
            await board.prime()
            await hall.prime()
            await centre.start()
            await sender.start()
            try:
                yield
            finally:
                await sender.stop()
                await centre.stop()

    paces = Paces(requests=settings.requests_per_address)
    app = web.create("Đà Lạt trực tuyến: notify", lifespan, paces)
    web.probes(app, {**runtime.checks(), "ioc_stream": centre.tail.following})
    for router in (
        *centre.routers(),
        live.create_router(live.Live(board, centre.tail, tokens, admission)),
        onestop.create_router(onestop.Onestop(counter, hall, admission, zone, utc_now)),
        webhook_routes.create_router(hooks.hooks, admission),
        deliveries.create_router(made.store, admission),
        callbacks.create_router(wiring.callbacks(settings, made.store, utc_now)),
        push.create_router(
            push.Pushing(
                made.subscriptions,
                view,
                tokens,
                admission,
                rules=hooks.hooks.rules,
                key=push.public_key(settings.vapid_private_key),
                clock=utc_now,
            )
        ),
    ):
        app.include_router(router, prefix="/api/v1")
    origins.allow(app, settings.origins)
    pages.mount(app, _pages(settings))
    return app


def _pages(settings: Settings) -> pages.Pages:
    """Return the wall; names and the ground of its map come from intake."""
    config = {"intake": settings.public_url}
    return pages.Pages(Path(__file__).parent, config=config, connect=[settings.public_url])
