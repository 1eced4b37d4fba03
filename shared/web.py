"""What both HTTP services share: problem documents, probes, headers, one log line per request."""

import time
from collections.abc import Callable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.routing import Route

from shared import health, problems
from shared.health import AsgiApp, Check
from shared.telemetry import REQUEST_S, REQUESTS

log = structlog.get_logger()

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


def create(title: str, lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]]) -> FastAPI:
    """Return an application whose failures are problem documents, with logs and safe headers."""
    app = FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        telemetry={"auto_configure": False},  # else OTLP variables make the start need an extra
    )
    problems.install(app)
    app.add_middleware(Envelope)
    return app


def describe(app: FastAPI, *models: type[BaseModel]) -> None:
    """Add models to the OpenAPI document that a route reads by itself, as it streams its body."""
    _, schema = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        document = plain()
        document.setdefault("components", {}).setdefault("schemas", {}).update(schema["$defs"])
        return document

    app.openapi = openapi


def probes(app: FastAPI, checks: Mapping[str, Check]) -> None:
    """Route the probes; a mount would answer `curl -f /health/ready` with a redirect."""
    for path, endpoint in health.routes(checks):
        app.router.routes.append(Route(path, _Asgi(endpoint)))


class _Asgi:
    """An ASGI application that Starlette routes to as it is."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self._app(scope, receive, send)


class Envelope:
    """Around every request: security headers, metrics, and one log line without personal data."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def send_safely(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *SECURITY_HEADERS]
            await send(message)

        try:
            await self._app(scope, receive, send_safely)
        except Exception as error:
            if status:  # the answer is on its way; the server can only break it off
                raise
            await problems.bug(Request(scope), error)(scope, receive, send_safely)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    @staticmethod
    def _note(scope: Any, status: int, elapsed_s: float) -> None:
        """Log the route, never the path: a path may hold a code, a query may hold anything."""
        if scope["path"] in health.PATHS:
            return
        route = getattr(scope.get("route"), "path", "unmatched")
        REQUESTS.labels(route, status).inc()
        REQUEST_S.labels(route).observe(elapsed_s)
        log.info(
            "request",
            method=scope["method"],
            route=route,
            status=status,
            case=scope.get("civic.case"),
            ms=round(elapsed_s * 1000, 1),
        )
