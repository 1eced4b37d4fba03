"""How long somebody may wait for an answer: longer, and they are told to come back."""

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext
from types import TracebackType

from shared.errors import OutageError

ANSWER_S = 1.8  # what a person waits for a server that does not answer; with the way there, two


def answered_within(seconds: float | None, who: str) -> AbstractAsyncContextManager[None]:
    """Give up what is asked of a server when it takes too long; None: as long as it takes.

    What was given up may happen all the same, and whole: a write that was on its way is one
    document or none. So a report that is answered 503 may be stored: its Idempotency-Key finds it
    when it is sent again, the outbox's sweeper publishes what it owes, and the sweeper of orphans
    removes what belongs to no case.

    Args:
        seconds: Of the whole block.
        who: For the log.

    Raises:
        OutageError: the time is over.
    """
    return _UNBOUNDED if seconds is None else _AnsweredWithin(seconds, who)


_UNBOUNDED = nullcontext()


class _AnsweredWithin(AbstractAsyncContextManager[None]):
    """A class, since a generator for each step of each report costs more than the step's timer."""

    def __init__(self, seconds: float, who: str) -> None:
        self._limit = asyncio.timeout(seconds)
        self._who = who

    async def __aenter__(self) -> None:
        await self._limit.__aenter__()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError as late:
            raise OutageError(f"{self._who} does not answer in time") from late
        if isinstance(error, TimeoutError):  # of what was asked, sooner than ours
            raise OutageError(f"{self._who} does not answer in time") from error
