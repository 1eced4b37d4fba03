"""The bucket's objects: put in one piece, fetched in ranges, listed, removed."""

import asyncio
import time
from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse

from shared.errors import CivicError, OutageError
from shared.media.link import Link, MediaSettings, code, unless_missing
from shared.media_names import case_prefix

CHUNK_BYTES = 256 * 2**10
MIN_PART_BYTES = 5 * 2**20  # of S3; one part as long as the file leaves no half upload behind
RETRY_START_S = 0.5
PAGE = 500

_OURS_ALREADY: Final = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class RangeError(CivicError):
    """The object ends before the first byte that was asked for (HTTP 416)."""


@dataclass(frozen=True)
class StoredObject:
    """What the bucket knows about an object; `modified_at` is UTC."""

    name: str
    size_bytes: int
    media_type: str
    modified_at: datetime


class Download:
    """An object, or a range of it, on its way out; iterate it once, then or instead close it.

    Attributes:
        total_bytes: Length of the whole object.
        length: Bytes that the iteration gives.
        media_type: As it was put.
    """

    def __init__(self, link: Link, response: BaseHTTPResponse) -> None:
        self._link = link
        self._response = response
        self.length = int(response.headers.get("Content-Length", "0"))
        whole = response.headers.get("Content-Range", "").rpartition("/")[2]
        self.total_bytes = int(whole) if whole.isdigit() else self.length
        self.media_type = response.headers.get("Content-Type", "application/octet-stream")

    async def __aiter__(self) -> AsyncGenerator[bytes]:
        """Yield chunks of at most 256 KiB; no thread is held between them.

        Raises:
            OutageError: the bucket went away, or the object ended too early.
        """
        left = self.length
        try:
            while left and (chunk := await self._link.call(self._response.read, CHUNK_BYTES)):
                left -= len(chunk)
                yield chunk
            if left:
                raise OutageError(f"the media store broke off {left} bytes before the end")
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; one with a rest in it is closed. Does not wait for that."""
        self._link.soon(self._shut)

    def _shut(self) -> None:
        self._response.close()
        self._response.release_conn()


class MediaStore:
    """The bucket. Every method raises OutageError when it cannot be reached or is too slow.

    A call that was given up may still happen; names by content make that harmless.
    """

    def __init__(self, settings: MediaSettings) -> None:
        self._link = Link(settings)

    async def put(self, name: str, content: bytes | Path, media_type: str) -> None:
        """Write an object; after the return it is as durable as the bucket."""
        await self._link.while_awake(self._link.call(self._put, name, content, media_type))

    def _put(self, name: str, content: bytes | Path, media_type: str) -> None:
        if isinstance(content, bytes):
            self._send(name, BytesIO(content), len(content), media_type)
        else:
            with content.open("rb") as stream:
                self._send(name, stream, content.stat().st_size, media_type)

    def _send(self, name: str, stream: BinaryIO, length: int, media_type: str) -> None:
        self._link.client.put_object(
            self._link.bucket,
            name,
            stream,
            length,
            content_type=media_type,
            part_size=max(length, MIN_PART_BYTES),
        )

    async def stat(self, name: str) -> StoredObject | None:
        """Return what is known about an object, or None when there is none."""
        return await self._link.while_awake(self._link.call(unless_missing, self._stat, name))

    def _stat(self, name: str) -> StoredObject:
        found = self._link.client.stat_object(self._link.bucket, name)
        return StoredObject(
            name,
            found.size or 0,
            found.content_type or "application/octet-stream",
            _utc(found.last_modified),
        )

    async def fetch(
        self, name: str, *, offset: int = 0, length: int | None = None
    ) -> Download | None:
        """Open an object, or `length` bytes of it from `offset`; None when there is none.

        Raises:
            RangeError: the object has no byte at `offset`.
        """
        if offset < 0 or (length is not None and length <= 0):
            raise ValueError("a range has a first byte and a length")
        opening = self._link.call(unless_missing, self._open, name, offset, length or 0)
        response = await self._link.while_awake(opening)
        return Download(self._link, response) if response else None

    def _open(self, name: str, offset: int, length: int) -> BaseHTTPResponse:
        try:
            return self._link.client.get_object(
                self._link.bucket, name, offset=offset, length=length
            )
        except MinioException as error:
            if code(error) == "InvalidRange":
                raise RangeError(f"{name} has no byte {offset}") from error
            raise

    async def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there is as good as removed."""
        for name in names:
            await self._link.call(
                unless_missing, self._link.client.remove_object, self._link.bucket, name
            )

    async def remove_case(self, case: str) -> int:
        """Remove all objects of a case; return how many there were."""
        names = [found.name async for found in self.objects(case_prefix(case))]
        await self.remove(names)
        return len(names)

    async def objects(self, prefix: str = "cases/") -> AsyncGenerator[StoredObject]:
        """Yield the objects whose names begin with `prefix`; a sweeper looks for orphans here."""
        pages = await self._link.call(
            lambda: iter(self._link.client.list_objects(self._link.bucket, prefix, recursive=True))
        )
        while page := await self._link.call(lambda: list(islice(pages, PAGE))):
            for found in page:
                yield StoredObject(
                    found.object_name or "",
                    found.size or 0,
                    found.content_type or "application/octet-stream",
                    _utc(found.last_modified),
                )

    async def ensure_bucket(self, patience_s: float = 60.0) -> None:
        """Create the bucket when it is missing; wait for a server that starts later than we do.

        Raises:
            OutageError: still not reachable after `patience_s` seconds.
        """
        until = time.monotonic() + patience_s
        while True:
            try:
                return await self._link.call(self._make_bucket)
            except OutageError:
                if time.monotonic() + RETRY_START_S >= until:
                    raise
            await asyncio.sleep(RETRY_START_S)

    def _make_bucket(self) -> None:
        if self._link.client.bucket_exists(self._link.bucket):
            return
        try:
            self._link.client.make_bucket(self._link.bucket)
        except S3Error as error:  # another replica was faster
            if error.code not in _OURS_ALREADY:
                raise

    async def is_healthy(self) -> bool:
        """Tell within 2 s whether the bucket answers."""
        return await self._link.is_healthy()

    async def takes_objects(self) -> None:
        """Put a small object, always the same one.

        Raises:
            OutageError: the bucket does not take it.
        """
        await self._link.takes_objects()

    async def awake(self) -> None:
        """Make sure that the bucket answers, or find out within 1.2 s that it does not.

        Raises:
            OutageError: it is away, silent, or was a moment ago.
        """
        await self._link.awake()

    def close(self) -> None:
        """Close the connections; calls that wait are dropped, those that run end by themselves."""
        self._link.close()


def _utc(moment: datetime | None) -> datetime:
    return (moment or datetime.min.replace(tzinfo=UTC)).astimezone(UTC)
