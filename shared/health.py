"""Probes: alive, ready, and the metrics, as ASGI applications that any framework can route to."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.errors import CivicError

Check = Callable[[], Awaitable[None]]
CHECK_S = 2.0
PATHS = ("/health/live", "/health/ready", "/metrics")

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


async def answer(send: Send, status: int, body: bytes, media_type: str) -> None:
    """Send a whole HTTP answer."""
    headers = [(b"content-type", media_type.encode()), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def live(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer 200: the process runs its loop."""
    await answer(send, 200, b'{"status":"live"}', "application/json")


async def metrics(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer this process's Prometheus metrics."""
    await answer(send, 200, generate_latest(), CONTENT_TYPE_LATEST)


def ready(checks: Mapping[str, Check]) -> AsgiApp:
    """Return the readiness probe: 200 when every check passes within two seconds, else 503."""

    async def probe(_scope: Scope, _receive: Receive, send: Send) -> None:
        results = await asyncio.gather(*(_run(check) for check in checks.values()))
        failures = {name: why for name, why in zip(checks, results, strict=True) if why}
        body = {"status": "unready" if failures else "ready", "failing": failures}
        await answer(send, 503 if failures else 200, orjson.dumps(body), "application/json")

    return probe


def routes(checks: Mapping[str, Check]) -> list[tuple[str, AsgiApp]]:
    """Return the probes of a service by path."""
    return list(zip(PATHS, (live, ready(checks), metrics), strict=True))


async def _run(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_S):
            await check()
    except CivicError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {CHECK_S:g} s"
    except Exception as error:  # noqa: BLE001 - a probe that fails tells nobody which check did
        return type(error).__name__
    return None


class ProbeApp:
    """The whole HTTP side of a service that only consumes: its probes, around its life.

    FastStream's own ASGI application starts its broker after it has said that it is up, so that a
    dead broker would leave a live process that does nothing; here a failed start ends the process.
    """

    def __init__(
        self, checks: Mapping[str, Check], life: AbstractAsyncContextManager[None]
    ) -> None:
        self._routes = dict(routes(checks))
        self._life = life

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a probe, or live from start to stop."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            route = self._routes.get(scope["path"], _nothing_here)
            await route(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            await self._life.__aenter__()
        except BaseException as error:
            await send({"type": "lifespan.startup.failed", "message": repr(error)})
            raise
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._life.__aexit__(None, None, None)
        await send({"type": "lifespan.shutdown.complete"})


async def _nothing_here(_scope: Scope, _receive: Receive, send: Send) -> None:
    await answer(send, 404, b'{"title":"not found","status":404}', "application/problem+json")
