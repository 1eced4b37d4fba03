"""The server's connections with bounds of our own, for `--http shared.server:Protocol`.

uvicorn waits for ever for the head of a request and takes a head of any size: a thousand clients
that send a byte a minute, or one that sends a gigabyte of header, would take a process down.
"""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared import web
from shared.gathered import Gathered
from shared.problems import MEDIA_TYPE, Problem
from shared.vocabulary import Language

HEAD_S = 10.0  # from the connection, or from a request's first byte, to the end of its headers
REST_S = 60.0  # what a client still sends after its answer: the rest of an upload, an empty line
MAX_HEAD_BYTES = 32 * 2**10  # all headers together; the longest of a browser's are under 8 KiB
MAX_CONNECTIONS = 4_000  # of one process; more would use up its files

REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class _TooLargeError(Exception):
    """The head of the request is larger than any honest one."""


class Taken(asyncio.Protocol):
    """A connection whose client takes what is sent, or it is cut off.

    To close it would not do: what is still to be sent would be waited for, for as long as the
    client's kernel answers. Nothing more is read or built for it meanwhile (`send` waits); what it
    holds are 64 KiB and the kernel's own buffers.
    """

    loop: asyncio.AbstractEventLoop
    transport: Any
    _stuck: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """Begin to count the time in which nothing is taken."""
        super().pause_writing()
        self._stuck = self.loop.call_later(web.TAKEN_S, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on."""
        self._moves()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Count no longer."""
        self._moves()
        super().connection_lost(exc)

    def _moves(self) -> None:
        if self._stuck:
            self._stuck.cancel()
            self._stuck = None


class Protocol(Taken, HttpToolsProtocol):
    """One connection: its head comes in time and in bounds, or the connection ends."""

    _late: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _too_large = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request, or turn the connection away when there are too many."""
        super().connection_made(Gathered(transport, self.loop))
        if len(self.connections) > MAX_CONNECTIONS:
            transport.abort()
            return
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self._head_is_there()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came, and count it while it belongs to a head."""
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431)
        elif self._is_answered() and not self._late:
            # uvicorn counts no longer once anything comes: begun once, until a request begins
            self._late = self.loop.call_later(REST_S, self.transport.close)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._await_head()

    def on_url(self, url: bytes) -> None:
        """Take the address, or a piece of it."""
        self._count(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one whole header."""
        self._count(len(name) + len(value))
        if b"\\" in value and name.lower() == b"cookie":
            value = _without_escapes(value)
        super().on_header(name, value)

    def _count(self, more: int) -> None:
        self._head_bytes += more
        if self._head_bytes > MAX_HEAD_BYTES:
            self._too_large = True
            raise _TooLargeError

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._head_is_there()
        super().on_headers_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection on, which writes for itself from now on."""
        self.transport = self.transport.direct
        super().handle_websocket_upgrade()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library's words are not ours
        """Answer what is no HTTP, as a problem document like every other answer."""
        self._refuse(431 if self._too_large else 400)

    def _is_answered(self) -> bool:
        """Say whether nothing is being answered here; a WebSocket is no longer ours."""
        return self in self.connections and self.cycle.response_complete

    def _await_head(self) -> None:
        self._head_is_there()
        self._in_head, self._head_bytes = True, 0
        self._late = self.loop.call_later(HEAD_S, self._refuse, 408)

    def _head_is_there(self) -> None:
        self._in_head = False
        if self._late:
            self._late.cancel()
            self._late = None

    def _refuse(self, status: int) -> None:
        self._head_is_there()
        if self.transport.is_closing():
            return
        self.transport.write(_answer(status))
        self.transport.close()


def _without_escapes(cookies: bytes) -> bytes:
    """Leave out cookies with a backslash, which RFC 6265 allows in none.

    Every request's cookies are read before any route has its turn, and Python's own reader takes a
    second for 30 KiB of escapes.
    """
    return b";".join(each for each in cookies.split(b";") if b"\\" not in each)


def _answer(status: int) -> bytes:
    """Return a whole answer for a request that never reached the application."""
    problem = Problem(
        status,
        {400: "bad_request", 408: "too_slow", 431: "headers_too_large"}[status],
        vi="Yêu cầu HTTP không hợp lệ, quá dài hoặc quá chậm. Vui lòng thử lại.",
        en="The HTTP request is malformed, too long or too slow. Please try again.",
    )
    body = orjson.dumps(problem.document(Language.VIETNAMESE))
    headers = [
        *web.SECURITY_HEADERS,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {REASONS[status]}\r\n".encode() + lines + b"\r\n" + body
