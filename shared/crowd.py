"""How many requests with a body are worked on at once, and how large and slow a body may be.

Uploads have bounds of their own (`services/intake/submission`), since they take minutes on a slow
phone; everything else is small and quick, and more of it at once than we can do in the time of an
answer would only make all of it late. FastAPI itself reads a body of any length into memory, before
it asks who calls; so no route is left out but those that are named.
"""

import re
import time
from collections.abc import MutableMapping, Sequence
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request

from shared import problems
from shared.health import AsgiApp
from shared.problems import Problem

AT_ONCE = 256  # of one process; a hundred reports a second need fewer than ten
LARGEST = 64 * 2**10  # bytes of a body; a form or a JSON document that a person filled in
LARGEST_STREAMED = 2 * 2**20  # of one that is no form, where the route bounds it closer itself
WHOLE_S = 30.0  # from the head to the last byte; a report is a few KiB, also on a slow phone
RETRY_AFTER_S = 3
WANTED_S = 1.0  # an answer that takes longer may find nobody waiting any more: phones give up
LEAST = 64  # places that are always there; a slow database does not mean that we are too many
FEWER, MORE = 0.98, 0.5  # after each answer: so that a fifth at most take longer than is wanted
HTTP_FAILED = 400

_READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Places:
    """How many there are: all of them while answers come in time, fewer while they do not.

    More at once than we can do in the time of an answer makes all of it late: every client gives
    up and comes again, and the work that was done for it was done for nobody.

    Args:
        most: At rest.
    """

    def __init__(self, most: int) -> None:
        self._most = float(most)
        self._least = float(min(most, LEAST))
        self._now = float(most)

    @property
    def count(self) -> int:
        """Return how many there are now."""
        return int(self._now)

    def answered(self, took_s: float) -> None:
        """Note how long an answer took for which all the work was done."""
        changed = self._now * FEWER if took_s > WANTED_S else self._now + MORE
        self._now = min(self._most, max(self._least, changed))


class Crowd:
    """The middleware that lets in so many requests with a body, and answers 429 to the others.

    A request counts from the moment at which its body is whole: whoever sends slowly holds memory
    for one small body, and keeps nobody else out.

    Args:
        app: What is let into.
        most: At once.
        streamed: Paths (`{code}` is any one segment) whose routes count a body as they read it;
            a form that is sent there is an upload and takes no place here.
    """

    def __init__(self, app: AsgiApp, most: int = AT_ONCE, streamed: Sequence[str] = ()) -> None:
        self._app = app
        self._places = Places(most)
        self._inside = 0
        self._streamed = _any_of(streamed)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request, or say when to come back."""
        if scope["type"] != "http" or scope["method"] in _READING:
            await self._app(scope, receive, send)
            return
        streamed = self._streamed.fullmatch(scope["path"]) is not None
        if streamed and _is_form(scope):
            await self._app(scope, receive, send)
            return
        if self._inside >= self._places.count:  # before anything of a body is read
            language = problems.language_of(Request(scope))
            await problems.response(busy(), language)(scope, receive, send)
            return
        most = LARGEST_STREAMED if streamed else LARGEST
        inside, heard, since = False, 0, time.monotonic()

        async def received() -> MutableMapping[str, Any]:
            nonlocal inside, heard, since
            message: MutableMapping[str, Any] = await receive()
            if message["type"] != "http.request" or inside:
                return message
            heard += len(message.get("body", b""))
            _bounded(heard, most, time.monotonic() - since)
            if not message.get("more_body", False):
                if self._inside >= self._places.count:
                    raise HTTPException(429, "Too many at once.", dict(busy().headers))
                self._inside += 1
                inside, since = True, time.monotonic()
            return message

        async def sent(message: MutableMapping[str, Any]) -> None:
            begins = message["type"] == "http.response.start"
            if begins and inside and message["status"] < HTTP_FAILED:
                self._places.answered(time.monotonic() - since)
            await send(message)

        try:
            await self._app(scope, received, sent)
        finally:
            self._inside -= inside


def busy() -> Problem:
    """Return the problem of too many at once."""
    return Problem(
        429,
        "busy",
        vi="Đang có quá nhiều người gửi cùng lúc. Vui lòng gửi lại sau vài giây.",
        en="Too many people are sending right now. Please send it again in a few seconds.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def _bounded(heard: int, most: int, took_s: float) -> None:
    """Refuse a body that is too large (413) or has been on its way for too long (408)."""
    if heard > most:
        raise HTTPException(413, f"At most {most} bytes are taken here.", {"Connection": "close"})
    if took_s > WHOLE_S:  # each piece came in time (shared/web.py): so it is soon that we look
        raise HTTPException(408, "The body is too slow.", {"Connection": "close"})


def _any_of(paths: Sequence[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(each)) for each in paths))


def _is_form(scope: Any) -> bool:
    kind = next((value for name, value in scope["headers"] if name == b"content-type"), b"")
    return kind.lower().startswith(b"multipart/")
