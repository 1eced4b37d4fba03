"""The link to the bucket: its client in threads of their own, bounded in time, with a pulse.

Who calls decides what is asked; this decides how long anybody waits, and when nobody asks at all.
"""

import asyncio
import re
import time
from collections.abc import Callable, Coroutine, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final, TypeVar

from minio import Minio
from minio.error import MinioException, S3Error
from urllib3 import PoolManager, Retry, Timeout
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError
from urllib3.exceptions import TimeoutError as LinkTimeout

from shared.errors import OutageError

T = TypeVar("T")

HEALTH_S = 1.2  # for a sign of life
TRIAL = "health/probe"  # the object that a trial writes, over and over
TRIAL_BYTES = b"\0" * 4096  # a block of a file system: a full one has no room for it
AWAKE_S = 0.25  # after a call that went well nobody asks for a sign of life
PULSE_S = 0.3  # a call that takes longer asks for one: a frozen bucket is told within 1.8 s
BREATHER_S = 1.0  # after a call that only ended by its time limit: others fail at once instead

_XML_CODE = re.compile(r"<Code>(\w+)</Code>", re.ASCII)
_MISSING: Final = ("NoSuchKey", "NoSuchObject", "ResourceNotFound")


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


class Link:
    """The client of one bucket. A call that was given up may still happen.

    The client blocks, so its calls run in threads of their own: a slow bucket can fill these and
    nothing else.

    Attributes:
        client: For `call` and `soon`.
        bucket: Its name.
    """

    def __init__(self, settings: MediaSettings) -> None:
        scheme, _, host = settings.endpoint.rpartition("://")
        self._settings = settings
        self.bucket = settings.bucket
        self._closed_until = 0.0
        self._awake_until = 0.0
        self._asking: asyncio.Task[bool] | None = None
        self._trial: asyncio.Future[object] | None = None
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
        # Asked for a sign of life apart from the others: eight slow puts are no silence. Two
        # threads, for one sign and one trial: each of them is never asked for twice at a time.
        self._pulse = ThreadPoolExecutor(2, thread_name_prefix="media-pulse")
        self._pulse_connections = PoolManager(
            timeout=Timeout(connect=settings.connect_timeout_s, read=HEALTH_S),
            retries=_UnlessSilent(total=1, connect=1, read=1),
            maxsize=2,
        )
        self.client, self._prober = (
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

    async def while_awake(self, calling: Coroutine[Any, Any, T]) -> T:
        """Wait for a call as long as it takes while the bucket shows that it lives.

        Raises:
            OutageError: it does not.
        """
        task = asyncio.create_task(calling)
        try:
            while not (await asyncio.wait([task], timeout=PULSE_S))[0]:
                await self.awake()
        finally:
            task.cancel()
        return await task

    async def is_healthy(self) -> bool:
        """Tell within 2 s whether the bucket answers; all who ask meanwhile share one question."""
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask())
        return await asyncio.shield(self._asking)

    async def _ask(self) -> bool:
        asked = self._pulse.submit(_told, self._prober.bucket_exists, (self.bucket,))
        try:
            async with asyncio.timeout(HEALTH_S):
                there = await asyncio.wrap_future(asked)
        except (TimeoutError, _TooSlowError):
            if not asked.cancel():  # else it had waited for a thread of ours, and asked nobody
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
        if now >= self._closed_until and await self.is_healthy():
            return
        raise OutageError("the media store does not answer")

    async def takes_objects(self) -> None:
        """Put a small object, always the same one: a full bucket answers every question but this.

        Raises:
            OutageError: the bucket does not take it.
        """
        if self._trial is None or self._trial.done():
            loop = asyncio.get_running_loop()
            self._trial = loop.run_in_executor(self._pulse, _told, self._try, ())
            # also when nobody waits any more
            self._trial.add_done_callback(lambda each: each.cancelled() or each.exception())
        try:
            await asyncio.shield(self._trial)
        except _TooSlowError as error:
            raise OutageError(f"the media store takes nothing: {error}") from error

    def _try(self) -> None:
        content = BytesIO(TRIAL_BYTES)
        self._prober.put_object(self.bucket, TRIAL, content, len(TRIAL_BYTES))

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


def unless_missing(function: Callable[..., T], *args: object) -> T | None:
    """Call the client; None where there is no such object."""
    try:
        return function(*args)
    except MinioException as error:
        if code(error) in _MISSING:
            return None
        raise


def code(error: MinioException) -> str | None:
    """Return S3's word for an error; the client does not read the answers that are text/xml."""
    if isinstance(error, S3Error):
        return error.code
    match = _XML_CODE.search(str(error))
    return match[1] if match else None
