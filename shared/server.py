"""The HTTP server's connection with bounds of our own, for `uvicorn --http shared.server:Protocol`.

uvicorn waits for ever for the head of a request and takes a head of any size: a thousand clients
that send a byte a minute, or one that sends a gigabyte of header, would take a process down.
"""

import asyncio
from typing import Any

import orjson
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from shared.problems import MEDIA_TYPE, Problem
from shared.vocabulary import Language
from shared.web import SECURITY_HEADERS

HEAD_S = 10.0  # from the connection, or from a request's first byte, to the end of its headers
MAX_HEAD_BYTES = 32 * 2**10  # all headers together; the longest of a browser's are under 8 KiB
MAX_CONNECTIONS = 4_000  # of one process; more would use up its files

REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class _TooLargeError(Exception):
    """The head of the request is larger than any honest one."""


class Protocol(HttpToolsProtocol):
    """One connection: its head comes in time and in bounds, or the connection ends."""

    _late: asyncio.TimerHandle | None = None
    _head_bytes = 0
    _in_head = True
    _too_large = False

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request, or turn the connection away when there are too many."""
        super().connection_made(transport)
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
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin a request."""
        super().on_message_begin()
        self._await_head()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take one whole header."""
        self._head_bytes += len(name) + len(value)
        if self._head_bytes > MAX_HEAD_BYTES:
            self._too_large = True
            raise _TooLargeError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Hand the request to the application."""
        self._head_is_there()
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - the library's words are not ours
        """Answer what is no HTTP, as a problem document like every other answer."""
        self._refuse(431 if self._too_large else 400)

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
        *SECURITY_HEADERS,
        (b"content-type", MEDIA_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    lines = b"".join(name + b": " + value + b"\r\n" for name, value in headers)
    return f"HTTP/1.1 {status} {REASONS[status]}\r\n".encode() + lines + b"\r\n" + body
