"""How much one sender may ask for: counters per address and per token in windows of five minutes.

Each process counts for itself: N replicas behind a proxy let at most N times as much through, which
is what protects N processes. Behind a proxy tell uvicorn to believe it (FORWARDED_ALLOW_IPS), else
everybody has the proxy's address.
"""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import Any

from starlette.requests import HTTPConnection

from shared import problems
from shared.health import PATHS, AsgiApp
from shared.problems import Problem

WINDOW_S = 300.0
TRY_LATER = 1013  # RFC 6455's registry; no client sees it before the handshake is done
REMEMBERED = 50_000  # senders; bounds memory to about 10 MB, the oldest is forgotten first


class Throttle:
    """Counts per key in windows of five minutes.

    Args:
        allowed: Counts per window; 0 switches the brake off.
        clock: Seconds that only rise.
    """

    def __init__(self, allowed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return how long this key has to wait; 0 when it may go on."""
        until, counted = self._windows.get(key, (0.0, 0))
        left = until - self._clock()
        return left if self._allowed and counted >= self._allowed and left > 0 else 0.0

    def count(self, key: str) -> None:
        """Count once for this key."""
        if not self._allowed:
            return
        now = self._clock()
        until, counted = self._windows.pop(key, (0.0, 0))
        if until <= now:
            until, counted = now + WINDOW_S, 0
        self._windows[key] = (until, counted + 1)
        if len(self._windows) > REMEMBERED:
            self._windows.popitem(last=False)


@lru_cache(maxsize=4096)
def network(address: str) -> str:
    """Return what one person holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        known = ip_address(address.partition("%")[0])  # a scope is a name of ours for a cable
    except ValueError:
        return "unknown"
    if not isinstance(known, IPv6Address):
        return str(known)
    return str(known.ipv4_mapped or IPv6Address(known.packed[:8] + bytes(8)))


@dataclass(frozen=True)
class Paces:
    """How much is allowed in five minutes; 0 for no limit.

    Attributes:
        requests: Of any kind, from one address.
        creations: Calls of `creating` paths, from one address.
        steps: Calls that change something, under one token.
        creating: Paths whose POST makes something that costs us: a report with photos.
    """

    requests: int
    creations: int = 0
    steps: int = 0
    creating: Sequence[str] = ()


class Pacer:
    """The middleware that answers 429 with Retry-After before anything of a body is read."""

    def __init__(self, app: AsgiApp, paces: Paces) -> None:
        self._app = app
        self._creating = frozenset(paces.creating)
        self._requests = Throttle(paces.requests)
        self._creations = Throttle(paces.creations)
        self._steps = Throttle(paces.steps)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or the handshake of a WebSocket, or say when to come back."""
        if scope["type"] not in {"http", "websocket"} or scope["path"] in PATHS:
            await self._app(scope, receive, send)
            return
        brakes = self._brakes(scope)
        wait_s = max(brake.wait_s(key) for brake, key in brakes)
        if wait_s > 0:
            await _refuse(wait_s, scope, receive, send)
            return
        for brake, key in brakes:
            brake.count(key)
        await self._app(scope, receive, send)

    def _brakes(self, scope: Any) -> list[tuple[Throttle, str]]:
        """Return which brakes a request is under, and by which key; no key holds a secret."""
        client = scope.get("client")
        address = network(client[0] if client else "")
        found = [(self._requests, address)]
        if scope.get("method", "GET") in {"GET", "HEAD", "OPTIONS"}:  # a handshake has none here
            return found
        if scope["path"] in self._creating:
            found.append((self._creations, address))
        token = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
        if token:
            found.append((self._steps, hashlib.sha256(token).hexdigest()[:32]))
        return found


async def _refuse(wait_s: float, scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket" and "websocket.http.response" not in scope["extensions"]:
        await send({"type": "websocket.close", "code": TRY_LATER})
        return
    language = problems.language_of(HTTPConnection(scope))
    await problems.response(too_many(wait_s), language)(scope, receive, send)


def too_many(wait_s: float) -> Problem:
    """Return the problem that says when to come back."""
    wait = max(1, round(wait_s))
    return Problem(
        429,
        "too_many_requests",
        vi=f"Bạn gửi quá nhiều yêu cầu. Vui lòng thử lại sau {wait} giây. Việc khẩn cấp: gọi 113, "
        "114 hoặc 115.",
        en=f"Too many requests. Please try again in {wait} seconds. In an emergency call 113, 114 "
        "or 115.",
        headers={"Retry-After": str(wait)},
    )
