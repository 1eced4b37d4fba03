"""Where photos and recordings lie: an S3 bucket, and the only import of its client.

Names come from media_names.py. Every object is put in one piece of known length, so an upload that
breaks leaves nothing behind. The bucket is private; intake serves what may be seen.
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, TypeVar

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.exceptions import TimeoutError as LinkTimeout

from shared.errors import CivicError, OutageError
from shared.media_names import case_prefix

T = TypeVar("T")

CHUNK_BYTES = 256 * 2**10
MIN_PART_BYTES = 5 * 2**20  # of S3; one part as long as the file leaves no half upload behind
HEALTH_S = 1.2  # for a sign of life
RETRY_START_S = 0.5
AWAKE_S = 0.25  # after a call that went well nobody asks for a sign of life
PULSE_S = 0.3  # a put that takes longer asks for one: a frozen bucket is told within 1.8 s
BREATHER_S = 1.0  # after a call that only ended by its time limit: others fail at once instead
PAGE = 500

_XML_CODE = re.compile(r"<Code>(\w+)</Code>", re.ASCII)
_MISSING: Final = ("NoSuchKey", "NoSuchObject", "ResourceNotFound")
_OURS_ALREADY: Final = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class RangeError(CivicError):
    """The object ends before the first byte that was asked for (HTTP 416)."""


@dataclass(frozen=True)
class MediaSettings:
    """How to reach the bucket.

    Attributes:
        endpoint: `host:port`, or a URL whose scheme decides on TLS; plain without one.
        access_key: Of the account that owns the bucket.
        secret_key: Its secret.
        bucket: Created when missing.
        region: Given, so that the client never asks the server for it (rclone cannot answer).
        workers: Threads, and so calls at the same time; each may hold one file in memory.
        connect_timeout_s: Per attempt; there are two.
        read_timeout_s: Silence of the server that ends a call; silence is not tried again.
        call_timeout_s: The longest that a caller waits, queue included.
    """

    endpoint: str
    access_key: str
    secret_key: str = field(repr=False)
    bucket: str
    region: str = "us-east-1"
    workers: int = 8
    connect_timeout_s: float = 0.8
    read_timeout_s: float = 8.0
    call_timeout_s: float = 10.0


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

    def __init__(self, store: "MediaStore", response: BaseHTTPResponse) -> None:
        self._store = store
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
            while left and (chunk := await self._store.call(self._response.read, CHUNK_BYTES)):
                left -= len(chunk)
                yield chunk
            if left:
                raise OutageError(f"the media store broke off {left} bytes before the end")
        finally:
            self.close()

    def close(self) -> None:
        """Give the connection back; one with a rest in it is closed. Does not wait for that."""
        self._store.soon(self._shut)

    def _shut(self) -> None:
        self._response.close()
        self._response.release_conn()


class MediaStore:
    """The bucket. Every method raises OutageError when it cannot be reached or is too slow.

    The client blocks, so its calls run in threads of their own: a slow bucket can fill these and
    nothing else. A call that was given up may still happen; names by content make that harmless.
    """

    def __init__(self, settings: MediaSettings) -> None:
        scheme, _, host = settings.endpoint.rpartition("://")
        self._settings = settings
        self._bucket = settings.bucket
        self._closed_until = 0.0
        self._awake_until = 0.0
        self._asking: asyncio.Task[bool] | None = None
        self._threads = ThreadPoolExecutor(settings.workers, thread_name_prefix="media")
        # The client's own defaults wait 300 s, five times. One retry of a read is for connections
        # that the server closed while they lay idle. One of a 500 because S3 asks for it, and the
        # server of the local stack gives one in some thousand puts: a put twice is a put once.
        self._connections = PoolManager(
            timeout=Timeout(connect=settings.connect_timeout_s, read=settings.read_timeout_s),
            retries=_UnlessSilent(
                total=1,
                connect=1,
                read=1,
                status=1,
                status_forcelist=(500,),
                raise_on_status=False,
                backoff_factor=0.1,
            ),
            maxsize=settings.workers,
        )
        # Asked for a sign of life apart from the others: eight slow puts are no silence.
        self._pulse = ThreadPoolExecutor(1, thread_name_prefix="media-pulse")
        self._pulse_connections = PoolManager(
            timeout=Timeout(connect=settings.connect_timeout_s, read=HEALTH_S),
            retries=_UnlessSilent(total=1, connect=1, read=1),
            maxsize=1,
        )
        self._client, self._prober = (
            Minio(
                host,
                settings.access_key,
                settings.secret_key,
                secure=scheme == "https",
                region=settings.region,
                http_client=connections,
            )
            for connections in (self._connections, self._pulse_connections)
        )

    async def call(self, function: Callable[..., T], *args: object) -> T:
        """Run a blocking call of the client in one of the store's threads.

        Args:
            function: Called with `args`.
            *args: Its arguments.

        Raises:
            OutageError: unreachable, refused, too slow, or in the pause after such a call.
        """
        if time.monotonic() < self._closed_until:
            raise OutageError("the media store did not answer a moment ago")
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._settings.call_timeout_s):
                answer = await loop.run_in_executor(self._threads, _told, function, args)
        except (TimeoutError, _TooSlowError) as error:
            self._closed_until = time.monotonic() + BREATHER_S
            raise OutageError(f"the media store does not answer: {error}") from error
        self._awake_until = time.monotonic() + AWAKE_S
        return answer

    def soon(self, function: Callable[[], None]) -> None:
        """Run a call of the client behind the others, for nobody to wait for."""
        with suppress(RuntimeError):  # the store is closed, and its connections with it
            self._threads.submit(function)

    async def put(self, name: str, content: bytes | Path, media_type: str) -> None:
        """Write an object; after the return it is as durable as the bucket."""
        putting = asyncio.create_task(self.call(self._put, name, content, media_type))
        try:
            while not (await asyncio.wait([putting], timeout=PULSE_S))[0]:
                await self.awake()
        finally:
            putting.cancel()
        await putting

    def _put(self, name: str, content: bytes | Path, media_type: str) -> None:
        if isinstance(content, bytes):
            self._send(name, BytesIO(content), len(content), media_type)
        else:
            with content.open("rb") as stream:
                self._send(name, stream, content.stat().st_size, media_type)

    def _send(self, name: str, stream: BinaryIO, length: int, media_type: str) -> None:
        self._client.put_object(
            self._bucket,
            name,
            stream,
            length,
            content_type=media_type,
            part_size=max(length, MIN_PART_BYTES),
        )

    async def stat(self, name: str) -> StoredObject | None:
        """Return what is known about an object, or None when there is none."""
        return await self.call(_unless_missing, self._stat, name)

    def _stat(self, name: str) -> StoredObject:
        found = self._client.stat_object(self._bucket, name)
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
        response = await self.call(_unless_missing, self._open, name, offset, length or 0)
        return Download(self, response) if response else None

    def _open(self, name: str, offset: int, length: int) -> BaseHTTPResponse:
        try:
            return self._client.get_object(self._bucket, name, offset=offset, length=length)
        except MinioException as error:
            if _code(error) == "InvalidRange":
                raise RangeError(f"{name} has no byte {offset}") from error
            raise

    async def remove(self, names: Iterable[str]) -> None:
        """Remove objects; one that is not there is as good as removed."""
        for name in names:
            await self.call(_unless_missing, self._client.remove_object, self._bucket, name)

    async def remove_case(self, case: str) -> int:
        """Remove all objects of a case; return how many there were."""
        names = [found.name async for found in self.objects(case_prefix(case))]
        await self.remove(names)
        return len(names)

    async def objects(self, prefix: str = "cases/") -> AsyncGenerator[StoredObject]:
        """Yield the objects whose names begin with `prefix`; a sweeper looks for orphans here."""
        pages = await self.call(
            lambda: iter(self._client.list_objects(self._bucket, prefix, recursive=True))
        )
        while page := await self.call(lambda: list(islice(pages, PAGE))):
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
                return await self.call(self._make_bucket)
            except OutageError:
                if time.monotonic() + RETRY_START_S >= until:
                    raise
            await asyncio.sleep(RETRY_START_S)

    def _make_bucket(self) -> None:
        if self._client.bucket_exists(self._bucket):
            return
        try:
            self._client.make_bucket(self._bucket)
        except S3Error as error:  # another replica was faster
            if error.code not in _OURS_ALREADY:
                raise

    async def is_healthy(self) -> bool:
        """Tell within 2 s whether the bucket answers."""
        loop, question = asyncio.get_running_loop(), self._prober.bucket_exists
        try:
            async with asyncio.timeout(HEALTH_S):
                there = await loop.run_in_executor(self._pulse, _told, question, (self._bucket,))
        except (TimeoutError, _TooSlowError):
            self._closed_until = time.monotonic() + BREATHER_S
            return False
        except OutageError:
            return False
        self._closed_until, self._awake_until = 0.0, time.monotonic() + AWAKE_S
        return there

    async def awake(self) -> None:
        """Make sure that the bucket answers, or find out within 1.2 s that it does not.

        Free while other calls go well; whoever asks meanwhile shares one question.

        Raises:
            OutageError: it is away, silent, or was a moment ago.
        """
        now = time.monotonic()
        if now < self._awake_until:
            return
        if now >= self._closed_until:
            if self._asking is None or self._asking.done():
                self._asking = asyncio.create_task(self.is_healthy())
            if await asyncio.shield(self._asking):
                return
        raise OutageError("the media store does not answer")

    def close(self) -> None:
        """Close the connections; calls that wait are dropped, those that run end by themselves."""
        for threads in (self._threads, self._pulse):
            threads.shutdown(wait=False, cancel_futures=True)
        self._connections.clear()
        self._pulse_connections.clear()


class _UnlessSilent(Retry):
    """Tries again what was cut or refused, never what was silent: no thread hangs twice."""

    def increment(self, *args: Any, **kwargs: Any) -> Retry:
        """Count a failed attempt, or give up."""
        error: Exception | None = kwargs.get("error")
        if isinstance(error, ReadTimeoutError):
            raise error
        if isinstance(error, ProtocolError) and any(
            isinstance(e, TimeoutError) for e in error.args
        ):
            raise error  # the server did not take what was sent
        return super().increment(*args, **kwargs)


class _TooSlowError(Exception):
    """A time limit of the connection was reached."""


def _told(function: Callable[..., T], args: Iterable[object]) -> T:
    """Call, and say in our words what went wrong."""
    try:
        return function(*args)
    except LinkTimeout as error:
        raise _TooSlowError(str(error)) from error
    except HTTPError as error:
        timed_out = isinstance(getattr(error, "reason", None), LinkTimeout)
        raise (_TooSlowError if timed_out else OutageError)(str(error)) from error
    except MinioException as error:
        raise OutageError(f"the media store refuses: {error}") from error


def _unless_missing(function: Callable[..., T], *args: object) -> T | None:
    try:
        return function(*args)
    except MinioException as error:
        if _code(error) in _MISSING:
            return None
        raise


def _code(error: MinioException) -> str | None:
    """Return S3's word for an error; the client does not read the answers that are text/xml."""
    if isinstance(error, S3Error):
        return error.code
    match = _XML_CODE.search(str(error))
    return match[1] if match else None


def _utc(moment: datetime | None) -> datetime:
    return (moment or datetime.min.replace(tzinfo=UTC)).astimezone(UTC)
