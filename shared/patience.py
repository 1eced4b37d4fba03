"""Nobody waits for a server that is gone: every request that takes long asks for a sign of life.

A request may take long for good reasons (decoding, a year's figures, a password's hash), so the
time alone says nothing. Once it has taken `LOOK_S`, the database is asked; without an answer within
`SIGN_S` the request is given up, and its caller is told to come back (503), within two seconds.
"""

import asyncio
from collections.abc import MutableMapping
from typing import Any

from starlette.requests import Request

from shared import problems
from shared.errors import CivicError
from shared.health import PATHS, AsgiApp, Check

LOOK_S = 0.5  # from the whole request to the first look, and between looks
SIGN_S = 1.1  # with LOOK_S and the way there, under two seconds


class Pulse:
    """Asks a server whether it lives; whoever asks at the same time shares one question."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._asking: asyncio.Task[bool] | None = None

    async def beats(self) -> bool:
        """Say whether the server answers, within `SIGN_S`."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        try:
            async with asyncio.timeout(SIGN_S):
                await self._check()
        except (CivicError, TimeoutError):
            return False
        return True


class Patience:
    """The middleware that gives a request up when the server it waits for shows no life.

    What was given up may happen all the same, as after a broken connection (`shared/budget.py`).
    An answer that has begun, and so every stream, is left alone.

    Args:
        app: What may have to be given up.
        check: Asks the server for a sign of life.
    """

    def __init__(self, app: AsgiApp, check: Check) -> None:
        self._app = app
        self._pulse = Pulse(check)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or say when to come back."""
        if scope["type"] != "http" or scope["path"] in PATHS:
            await self._app(scope, receive, send)
            return
        watch = _Watch(self._pulse)

        async def received() -> MutableMapping[str, Any]:
            message: MutableMapping[str, Any] = await receive()
            if message["type"] == "http.request" and not message.get("more_body", False):
                watch.begin()
            return message

        async def sending(message: MutableMapping[str, Any]) -> None:
            watch.end()
            await send(message)

        if not _has_body(scope):  # nobody has to ask for what is not there
            watch.begin()
        try:
            async with watch.limit:
                await self._app(scope, received, sending)
        except TimeoutError:
            if not watch.gave_up:
                raise
            request = Request(scope)
            problem = problems.unavailable()
            await problems.response(problem, problems.language_of(request))(scope, receive, send)
        finally:
            watch.end()


def _has_body(scope: Any) -> bool:
    for name, value in scope["headers"]:
        if name == b"transfer-encoding" or (name == b"content-length" and value != b"0"):
            return True
    return False


class _Watch:
    """Looks after one request, from its last byte to the first one of its answer."""

    def __init__(self, pulse: Pulse) -> None:
        self._pulse = pulse
        self._timer: asyncio.TimerHandle | None = None
        self._looking: asyncio.Task[None] | None = None
        self._ended = False
        self.limit = asyncio.timeout(None)
        self.gave_up = False

    def begin(self) -> None:
        """Begin to count; a timer costs nearly nothing, and most requests end before it."""
        if self._timer is None and not self._ended:
            self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def end(self) -> None:
        """Stop looking."""
        self._ended = True
        if self._timer:
            self._timer.cancel()
        if self._looking:
            self._looking.cancel()

    def _look(self) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._ask())

    async def _ask(self) -> None:
        while await self._pulse.beats():  # noqa: ASYNC110 - a pause between two looks
            await asyncio.sleep(LOOK_S)
        if not self._ended:
            self.gave_up = True
            self.limit.reschedule(asyncio.get_running_loop().time())
