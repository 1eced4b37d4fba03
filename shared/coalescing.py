"""Group commit: what is asked for at the same moment goes to the server in one round trip.

A durable write costs a journal flush (about 2 ms here) however much it carries. While one batch
is on its way the next one gathers, so the size follows the load by itself: one when idle.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from shared.errors import OutageError

WAITING = 5_000  # requests of one kind; more than can be answered while anybody still waits

# A further lane makes two small batches of one: 7 % of intake's CPU at full speed. So it opens for
# requests that fill a batch of their own, or when the batch before is slow for some reason.
ENOUGH = 32
SLOW_S = 0.05

Request = TypeVar("Request")
Answer = TypeVar("Answer")


class Coalescer(Generic[Request, Answer]):
    """Answers requests one by one to their callers and in batches to the server behind.

    Args:
        run: Answers a batch: one answer per request, in order; an exception as an answer is
            raised to the one caller it belongs to, an OutageError raised is raised to all. After
            any other exception the halves of the batch are tried apart: one request that cannot
            be sent at all (an integer of a thousand digits) shall not fail its neighbours. So
            `run` must bear to be repeated.
        limit: Requests per batch.
        lanes: Batches on their way at most at once.
        linger_s: How long the first request of a batch waits for others; for work that nobody
            waits for. At 20 reports a second it halves the requests to the database.
    """

    def __init__(
        self,
        run: Callable[[Sequence[Request]], Awaitable[Sequence[Answer | Exception]]],
        limit: int = 200,
        lanes: int = 2,
        linger_s: float = 0,
    ) -> None:
        self._run = run
        self._limit = limit
        self._lanes = lanes
        self._linger_s = linger_s
        self._waiting: list[tuple[Request, asyncio.Future[Answer]]] = []
        self._active: set[asyncio.Task[None]] = set()
        self._sent_at = 0.0  # when the newest batch was, by the loop's clock
        self._look: asyncio.TimerHandle | None = None

    async def __call__(self, request: Request) -> Answer:
        """Return the answer to `request`.

        Raises:
            OutageError: too many are waiting already, or as `run` says.
        """
        if len(self._waiting) >= WAITING:
            raise OutageError("too much is waiting for the database")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._waiting.append((request, future))
        # Not len(): a lane that has just ended is forgotten one turn of the loop later, and whoever
        # asks in that turn would wait for nobody.
        active = self._count_active()
        if not active or (active < self._lanes and self._is_another_due(loop.time())):
            self._open(loop)
        elif active < self._lanes and self._look is None:
            self._look = loop.call_later(SLOW_S, self._open_if_slow, loop)
        return await future

    def _count_active(self) -> int:
        return sum(not lane.done() for lane in self._active)

    def _open(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sent_at = loop.time()
        task = loop.create_task(self._drain())
        self._active.add(task)
        task.add_done_callback(self._active.discard)

    def _open_if_slow(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open a lane for who still waits behind a slow batch, though nobody else came."""
        self._look = None
        if not self._waiting or self._count_active() >= self._lanes:
            return
        if self._is_another_due(loop.time()):
            self._open(loop)
        else:  # another batch has left since
            self._look = loop.call_later(SLOW_S, self._open_if_slow, loop)

    def _is_another_due(self, now: float) -> bool:
        return len(self._waiting) >= ENOUGH or now - self._sent_at > SLOW_S

    async def _drain(self) -> None:
        while self._waiting:
            if self._linger_s and len(self._waiting) < self._limit:
                await asyncio.sleep(self._linger_s)
            # who gave up before their turn is not served: nobody would hear of what was written
            waiting = [each for each in self._waiting if not each[1].done()]
            batch, self._waiting = waiting[: self._limit], waiting[self._limit :]
            if batch:
                self._sent_at = asyncio.get_running_loop().time()
                await self._answer(batch)

    async def _answer(self, batch: list[tuple[Request, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._ask([request for request, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()  # nobody will answer any more
            raise
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():  # its caller was cancelled; the server has done the work all the same
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _ask(self, requests: Sequence[Request]) -> Sequence[Answer | Exception]:
        try:
            answers = await self._run(requests)
            if len(answers) != len(requests):
                raise ValueError(f"{len(answers)} answers to {len(requests)} requests")  # noqa: TRY301
        except OutageError as error:
            return [error] * len(requests)
        except Exception as error:  # noqa: BLE001 - the callers get it, whatever it is
            if len(requests) == 1:
                return [error]
            half = len(requests) // 2
            return [*await self._ask(requests[:half]), *await self._ask(requests[half:])]
        return answers
