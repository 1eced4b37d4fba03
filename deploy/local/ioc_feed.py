"""A client of the operations centre's live stream (Server-Sent Events), for demo and bench."""

import asyncio
import contextlib
import json
import time
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx

PATH = "/api/v1/ioc/stream"
OPEN_S = 10.0


@dataclass(frozen=True)
class Seen:
    """An event as it came in.

    Attributes:
        at: When, on the clock of `time.perf_counter`.
        offset: Its place in the stream.
        event: The CloudEvents envelope.
    """

    at: float
    offset: int
    event: dict[str, Any]


class IocFeed:
    """Follows the stream from now on, and hands every event to whoever waits for it.

    Args:
        client: Its connection; closed by its owner.
        notify: Address of notify, without a path.
    """

    def __init__(self, client: httpx.AsyncClient, notify: str) -> None:
        self._client = client
        self._url = notify + PATH
        self._waiting: dict[tuple[str, str], asyncio.Future[Seen]] = {}
        self._open = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Connect; events from here on are seen.

        Raises:
            TimeoutError, httpx.HTTPError: notify does not stream.
        """
        self._task = asyncio.create_task(self._read())
        opened = asyncio.create_task(self._open.wait())
        await asyncio.wait(
            [self._task, opened], timeout=OPEN_S, return_when=asyncio.FIRST_COMPLETED
        )
        if not opened.done():
            opened.cancel()
            if self._task.done():
                self._task.result()
            self._task.cancel()
            raise TimeoutError(f"{self._url} did not open within {OPEN_S:.0f} s")
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Hang up."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError, httpx.HTTPError):
                await self._task

    def seen(self, subject: str, kind: str) -> "asyncio.Future[Seen]":
        """Return the first event of a type about a subject, which may have come already."""
        key = (subject, kind)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        return self._waiting[key]

    async def _read(self) -> None:
        async with self._client.stream("GET", self._url, timeout=None) as response:
            response.raise_for_status()
            offset = -1
            async for line in response.aiter_lines():
                self._open.set()  # the server's first line comes at once
                name, _, value = line.partition(": ")
                if name == "id":
                    offset = int(value.partition(".")[0])
                elif name == "data":
                    self._take(Seen(time.perf_counter(), offset, json.loads(value)))

    def _take(self, seen: Seen) -> None:
        found = self.seen(seen.event["subject"], seen.event["type"])
        if not found.done():
            found.set_result(seen)
