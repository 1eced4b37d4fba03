"""Probes: alive, ready, and the metrics, as ASGI applications that any framework can route to."""

import asyncio
import math
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any

import orjson
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from shared.errors import CivicError

Check = Callable[[], Awaitable[None]]
CHECK_S = 2.0
# Anybody may ask, as often as they like; what is asked of the servers does not follow.
READY_FOR_S = 0.5
TRIAL_EVERY_S = 5.0  # between two writes that only ask whether there is room
UNREADY_FOR_S = 0.1  # whoever waits for a service to come back is told soon
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
    round_ = _Round(checks)

    async def probe(_scope: Scope, _receive: Receive, send: Send) -> None:
        failures = await round_.failures()
        body = {"status": "unready" if failures else "ready", "failing": failures}
        await answer(send, 503 if failures else 200, orjson.dumps(body), "application/json")

    return probe


def seldom(check: Check, every_s: float) -> Check:
    """Return a check that is not asked again within `every_s` of its success; failures are."""
    passed_until = -math.inf

    async def look() -> None:
        nonlocal passed_until
        now = asyncio.get_running_loop().time()
        if now >= passed_until:
            await check()
            passed_until = now + every_s

    return look


def routes(checks: Mapping[str, Check]) -> list[tuple[str, AsgiApp]]:
    """Return the probes of a service by path."""
    return list(zip(PATHS, (live, ready(checks), metrics), strict=True))


class _Round:
    """All checks at once, for everybody who asks meanwhile and for a moment after."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        self._checks = checks
        self._asking: asyncio.Task[Mapping[str, str]] | None = None
        self._holds_until = -math.inf

    async def failures(self) -> Mapping[str, str]:
        """Return why each failing check fails."""
        now = asyncio.get_running_loop().time()
        if self._asking is None or (self._asking.done() and now >= self._holds_until):
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> Mapping[str, str]:
        results = await asyncio.gather(*(_run(check) for check in self._checks.values()))
        failures = {name: why for name, why in zip(self._checks, results, strict=True) if why}
        holds_s = UNREADY_FOR_S if failures else READY_FOR_S
        self._holds_until = asyncio.get_running_loop().time() + holds_s
        return failures


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
