"""Is a server ready? Cheap questions over TCP, asked several times a second."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

Probe = Callable[[], Awaitable[bool]]

TIMEOUT_S = 2.0  # of one question; a machine under load may take that long


async def ask(port: int, question: bytes) -> bytes:
    """Send bytes to a port of 127.0.0.1 and return the beginning of the answer, or nothing."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(TIMEOUT_S):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            try:
                writer.write(question)
                return await reader.read(1024)
            finally:
                writer.close()
    return b""


async def http_status(port: int, path: str) -> int | None:
    """Return the status of a GET, or None when nobody answers in HTTP."""
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
    words = (await ask(port, head.encode())).split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/") or not words[1].isdigit():  # noqa: PLR2004
        return None
    return int(words[1])


def http(port: int, path: str = "/", *, wanted: int | None = None) -> Probe:
    """Ready when a GET answers with the wanted status, or with any."""

    async def probe() -> bool:
        status = await http_status(port, path)
        return status is not None and wanted in (None, status)

    return probe


def greeting(port: int, begins: bytes, *, question: bytes = b"") -> Probe:
    """Ready when the answer to a question (or the greeting without one) begins like this."""

    async def probe() -> bool:
        return (await ask(port, question)).startswith(begins)

    return probe
