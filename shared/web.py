"""What both HTTP services share: problem documents, probes, headers, one log line per request."""

import time
from collections.abc import Callable, Coroutine, Iterable, Mapping, MutableMapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException
from starlette.middleware.exceptions import ExceptionMiddleware
from starlette.routing import Route

from shared import crowd, health, origins, problems, reference
from shared.documented import with_problems
from shared.health import AsgiApp, Check
from shared.pace import Pacer, Paces
from shared.patience import Patience
from shared.telemetry import REQUEST_S, REQUESTS
from shared.within import within

log = structlog.get_logger()

Receive = Callable[[], Coroutine[Any, Any, MutableMapping[str, Any]]]

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
    (b"cache-control", b"no-store"),  # what may be kept says so itself
)
_STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")

# Our own bounds in time. An upload also has a bound of its own (INTAKE_READ_TIMEOUT_S).
SILENCE_S = 20.0  # between two pieces of a body
TAKEN_S = 60.0  # in which a client takes nothing of an answer (shared/server.py)


class Service(FastAPI):
    """FastAPI inside our own layers alone, with a short way for what is called most.

    What FastAPI puts round every application (an answer to errors, telemetry, a limit of bodies)
    our layers do themselves; left in, it looks into the environment at every request.

    Attributes:
        short: Answers by method and path, before the router, with the same layers round them and
            the same problems of what they raise. The router's own route stays, for the document.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.short: dict[tuple[str, str], AsgiApp] = {}

    def build_middleware_stack(self) -> AsgiApp:
        """Return what answers a request, from outside in."""
        app: Any = _Short(self.short, AsyncExitStackMiddleware(self.router))
        app = ExceptionMiddleware(app, handlers=self.exception_handlers)
        for layer in reversed(self.user_middleware):
            app = layer.cls(app, *layer.args, **layer.kwargs)
        return app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http" or self.middleware_stack is None:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)


class _Short:
    """Goes the short way where there is one."""

    def __init__(self, ways: Mapping[tuple[str, str], AsgiApp], app: AsgiApp) -> None:
        self._ways = ways
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and (way := self._ways.get((scope["method"], scope["path"]))):
            await way(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def create(
    title: str,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]],
    paces: Paces | None = None,
    *,
    at_once: int = crowd.AT_ONCE,
    streamed: Sequence[str] = (),
    alive: Check | None = None,
    readers: str = "",
) -> Service:
    """Return an application whose failures are problem documents, with logs and safe headers.

    Args:
        title: Of the OpenAPI document.
        lifespan: What runs as long as it does.
        paces: How much one sender may ask for; no limits without them.
        at_once: Requests with a body that are worked on; one more gets 429.
        streamed: Paths whose routes count a body as they read it; all others take 64 KiB.
        alive: Asks the database for a sign of life when a request takes long.
        readers: Origins whose pages may read the answers, separated by commas.
    """
    app = Service(
        title=title,
        version="1",
        lifespan=lifespan,
        docs_url=None,  # it would load its program from another host; ours is below
        redoc_url=None,
        telemetry={"auto_configure": False},  # else OTLP variables make the start need an extra
    )
    problems.install(app)
    reference.mount(app)
    plain = app.openapi
    app.openapi = lambda: with_problems(plain())
    if alive:
        app.add_middleware(Patience, check=alive)
    app.add_middleware(crowd.Crowd, most=at_once, streamed=streamed)
    if paces:
        app.add_middleware(Pacer, paces=paces)
    origins.allow(app, readers)  # outside of the bounds: pages there may read also a 429
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
    if scope["scheme"] in {"https", "wss"}:
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
            message = await within(SILENCE_S, receive())
        except TimeoutError as error:
            raise HTTPException(408, "The body stopped.", {"Connection": "close"}) from error
        whole = not message.get("more_body", False)
        return message

    return received


@lru_cache(maxsize=4096)  # routes times statuses: some hundreds
def _meters(route: str, status: int) -> tuple[Callable[[], None], Callable[[float], None]]:
    """Return what counts a request and what notes its time."""
    return REQUESTS.labels(route, status).inc, REQUEST_S.labels(route).observe


class Envelope:
    """Around every request: security headers, metrics, and one log line without personal data."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] == "websocket":
            await self._handshake(scope, receive, send)
            return
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
            await send(message)  # how long that may take is the connection's to say

        try:
            await self._app(scope, _in_time(receive), send_safely)
        except Exception as error:
            if status:  # the answer is on its way; the server can only break it off
                raise
            await problems.bug(Request(scope), error)(scope, receive, send_safely)
        finally:
            self._note(scope, status, time.perf_counter() - began)

    async def _handshake(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve a WebSocket: its refusal is an answer like others, and how it began is noted."""
        began = time.perf_counter()
        noted = False

        async def sending(message: MutableMapping[str, Any]) -> None:
            nonlocal noted
            status = {"websocket.accept": 101, "websocket.close": 403}.get(message["type"])
            if message["type"] == "websocket.http.response.start":
                status = message["status"]
                message["headers"] = _safe(message.get("headers", ()), scope)
            if status and not noted:
                noted = True
                self._note(scope, status, time.perf_counter() - began)
            await send(message)

        try:
            await self._app(scope, receive, sending)
        except Exception as error:
            log.exception("request.failed", error=type(error).__name__)
            raise

    @staticmethod
    def _note(scope: Any, status: int, elapsed_s: float) -> None:
        """Log the route, never the path: a path may hold a code, a query may hold anything."""
        if scope["path"] in health.PATHS:
            return
        route = getattr(scope.get("route"), "path", "unmatched")
        count, observe = _meters(route, status)
        count()
        observe(elapsed_s)
        log.info(
            "request",
            method=scope.get("method", "GET"),
            route=route,
            status=status,
            case=scope.get("civic.case"),
            ms=round(elapsed_s * 1000, 1),
        )
