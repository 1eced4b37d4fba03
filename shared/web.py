"""What both HTTP services share: problem documents, probes, headers, one log line per request."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import structlog
from fastapi import FastAPI, Request
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.routing import Route

from shared import crowd, health, problems
from shared.documented import with_problems
from shared.health import AsgiApp, Check
from shared.pace import Pacer, Paces
from shared.telemetry import REQUEST_S, REQUESTS

log = structlog.get_logger()

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

SECURITY_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(self), microphone=(self), geolocation=(self)"),
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
)
# The page of the OpenAPI document is FastAPI's: a script of its own and one from this host.
_DOCS_POLICY = (
    b"default-src 'none'; script-src 'unsafe-inline' https://cdn.jsdelivr.net; "
    b"style-src 'unsafe-inline' https://cdn.jsdelivr.net; connect-src 'self'; "
    b"img-src data: https://fastapi.tiangolo.com; frame-ancestors 'none'; base-uri 'none'"
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")

# Our own bounds in time. An upload also has a bound of its own (INTAKE_READ_TIMEOUT_S).
SILENCE_S = 20.0  # between two pieces of a body
TAKEN_S = 60.0  # until a client has taken a piece of an answer


def create(
    title: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    paces: Paces | None = None,
    *,
    at_once: int = crowd.AT_ONCE,
) -> FastAPI:
    """Return an application whose failures are problem documents, with logs and safe headers.

    Args:
        title: Of the OpenAPI document.
        lifespan: What runs as long as it does.
        paces: How much one sender may ask for; no limits without them.
        at_once: Requests with a body that are worked on; one more gets 429.
    """
    app = FastAPI(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url="/docs",
        redoc_url=None,
        telemetry={"auto_configure": False},  # else OTLP variables make the start need an extra
    )
    problems.install(app)
    plain = app.openapi
    app.openapi = lambda: with_problems(plain())
    app.add_middleware(crowd.Crowd, most=at_once)
    if paces:
        app.add_middleware(Pacer, paces=paces)
    app.add_middleware(Envelope)  # the outermost: also a 429 carries safe headers and is noted
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


def _safe(headers: Iterable[tuple[bytes, bytes]], scope: Any) -> list[tuple[bytes, bytes]]:
    """Return an answer's headers with ours; what the answer itself says of them goes first."""
    answer = list(headers)
    said = {name.lower() for name, _ in answer}
    ours = dict(SECURITY_HEADERS)
    if scope["path"] == "/docs":
        ours[b"content-security-policy"] = _DOCS_POLICY
    if scope["scheme"] == "https":
        ours.update([_STRICT_TRANSPORT])
    return answer + [each for each in ours.items() if each[0] not in said]


def _in_time(receive: Receive) -> Receive:
    """Return `receive` that gives up a body whose next piece does not come; 408."""
    whole = False

    async def received() -> MutableMapping[str, Any]:
        nonlocal whole
        if whole:  # what still comes is the client's going away, whenever that is
            return await receive()
        try:
            async with asyncio.timeout(SILENCE_S):
                message = await receive()
        except TimeoutError as error:
            raise HTTPException(408, "The body stopped.", {"Connection": "close"}) from error
        whole = not message.get("more_body", False)
        return message

    return received


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
                message["headers"] = _safe(message.get("headers", ()), scope)
            async with asyncio.timeout(TAKEN_S):
                await send(message)

        try:
            await self._app(scope, _in_time(receive), send_safely)
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
