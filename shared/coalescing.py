"""Group commit: what is asked for at the same moment goes to the server in one round trip.

A durable write costs a journal flush (about 2 ms here) however much it carries. While one batch
is on its way the next one gathers, so the size follows the load by itself: one when idle.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Coalescer(Generic[Request, Answer]):
    """Answers requests one by one to their callers and in batches to the server behind.

    Args:
        run: Answers a batch: one answer per request, in order; an exception as an answer is
            raised to the one caller it belongs to, an exception raised is raised to all.
        limit: Requests per batch.
        lanes: Batches on their way at once.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Request]], Awaitable[Sequence[Answer | Exception]]],
        limit: int = 200,
        lanes: int = 2,
    ) -> None:
        self._run = run
        self._limit = limit
        self._lanes = lanes
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._active: set[asyncio.Task[None]] = set()

    async def __call__(self, request: Request) -> Answer:
        """Return the answer to `request`."""
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting.append((request, future))
        if len(self._active) < self._lanes:
            task = asyncio.create_task(self._drain())
            self._active.add(task)
            task.add_done_callback(self._active.discard)
        return await future

    async def _drain(self) -> None:
        while self._waiting:
            batch = self._waiting[: self._limit]
            del self._waiting[: self._limit]
            await self._answer(batch)

    async def _answer(self, batch: list[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._run([request for request, _ in batch])
        except Exception as error:  # noqa: BLE001 - every caller gets it, whatever it is
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # its caller was cancelled; the server has done the work all the same
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)
