"""The registry over HTTP: the list, the counted way out, the news, and its administration."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Response

from services.intake.accounts.domain import Principal
from services.intake.api.answers import json_answer
from services.intake.api.auth import Guard
from services.intake.apps.model import App, AppIn, Audience
from services.intake.apps.store import AppStore
from shared.problems import Problem, not_found
from shared.vocabulary import Role

PRIVATE = {"Cache-Control": "no-store"}
Identifier = Annotated[str, Path(pattern=r"^[a-z][a-z0-9_]{1,47}$")]


@dataclass(frozen=True)
class Registry:
    """What these routes are made of."""

    store: AppStore
    guard: Guard
    zone: ZoneInfo
    clock: Callable[[], datetime]
    note: Callable[..., Awaitable[Any]]

    async def shown(self, identifier: str) -> App:
        """Return an application that people may open; another is a problem, 404."""
        app = await self.store.find(identifier)
        if app is None or not app.enabled:
            raise not_found("ứng dụng này", "this application")
        return app


def create_router(registry: Registry) -> APIRouter:
    """Return the routes `/apps` and `/admin/apps`."""
    router = APIRouter(tags=["Applications"])
    _add_public(router, registry)
    _add_administration(router, registry)
    return router


def _add_public(router: APIRouter, registry: Registry) -> None:
    @router.get("/apps", summary="The integrated applications")
    async def apps(audience: Audience | None = None) -> Response:
        """List what the city offers beside this, to all or to one audience, and whether it answers.

        What is for everybody is for every audience.
        """
        found = await registry.store.all()
        meant = set(Audience) if audience is None else {audience, Audience.EVERYBODY}
        items = [each.public() for each in found if each.enabled and each.audience in meant]
        headers = {"Cache-Control": "public, max-age=30"}
        return json_answer({"items": items, "next": None}, headers=headers)

    @router.get("/apps/{identifier}/open", status_code=303, summary="Open an application")
    async def open_app(identifier: Identifier) -> Response:
        """Count the opening and lead to its address, which nobody but the registry names."""
        app = await registry.shown(identifier)
        if app.address is None:
            raise _not_connected()
        await registry.store.opened(app.id, registry.clock().astimezone(registry.zone).date())
        return Response(
            status_code=303,
            headers={"Location": app.address, "Referrer-Policy": "no-referrer", **PRIVATE},
        )

    @router.get("/apps/{identifier}/news", summary="The news of an application")
    async def news(identifier: Identifier) -> Response:
        """List the newest items of its feed as plain text, as they were fetched last."""
        app = await registry.shown(identifier)
        items, at = await registry.store.read_news(app) if app.feed else ([], None)
        body = {
            "items": items,
            "next": None,
            "fetched_at": at.astimezone(registry.zone).isoformat() if at else None,
            "connected": app.feed is not None,
        }
        return json_answer(body, headers={"Cache-Control": "public, max-age=60"})


def _add_administration(router: APIRouter, registry: Registry) -> None:
    administrator = Depends(registry.guard.require(Role.ADMINISTRATOR))

    @router.get("/admin/apps", summary="The registry, with addresses and counts")
    async def listed(_who: Annotated[Principal, administrator]) -> Response:
        """List every application, also the switched off ones."""
        items = [each.model_dump(mode="json") for each in await registry.store.all()]
        return json_answer({"items": items, "next": None}, headers=PRIVATE)

    @router.put("/admin/apps/{identifier}", summary="Add or change an application")
    async def put(
        identifier: Identifier, app: AppIn, who: Annotated[Principal, administrator]
    ) -> Response:
        """Write an application whole; its address is a page of ours or https on the internet."""
        await registry.note("app.changed", actor=who, subject=identifier)
        await registry.store.put(identifier, app)
        found = await registry.store.find(identifier)
        return json_answer(found.model_dump(mode="json") if found else {}, headers=PRIVATE)

    @router.delete("/admin/apps/{identifier}", status_code=204, summary="Remove an application")
    async def remove(identifier: Identifier, who: Annotated[Principal, administrator]) -> Response:
        """Show it no more."""
        if await registry.store.find(identifier) is None:
            raise not_found("ứng dụng này", "this application")
        await registry.note("app.removed", actor=who, subject=identifier)
        await registry.store.remove(identifier)
        return Response(status_code=204)


def _not_connected() -> Problem:
    return Problem(
        409,
        "not_connected",
        vi="Ứng dụng này chưa được kết nối. Vui lòng quay lại sau.",
        en="This application is not connected yet. Please come back later.",
    )
