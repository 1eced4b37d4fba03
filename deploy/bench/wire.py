"""A lean HTTP client: a general one costs the load generator more than we cost the server."""

import asyncio
import re
from typing import Self
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
CREATED = 201


class Connection:
    """One keep-alive connection that posts to one path."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect to the host of `url`."""
        parts = urlsplit(url)
        return cls(*await asyncio.open_connection(parts.hostname, parts.port, limit=2**20))

    async def post(self, head: bytes, body: bytes) -> tuple[int, bytes]:
        """Send a request and return status and body of its answer.

        Raises:
            asyncio.IncompleteReadError, OSError: the server hung up.
        """
        self._writer.write(head + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        found = LENGTH.search(answer)
        rest = await self._reader.readexactly(int(found[1])) if found else b""
        return int(answer[9:12]), rest

    def close(self) -> None:
        """Hang up."""
        self._writer.close()


def request_head(url: str, body: bytes, *, key: str) -> bytes:
    """Return the head of a POST of JSON with an Idempotency-Key."""
    parts = urlsplit(url)
    return (
        f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        f"Idempotency-Key: {key}\r\n\r\n"
    ).encode()
