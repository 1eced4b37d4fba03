"""How long somebody may wait for an answer: longer, and they are told to come back."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from shared.errors import OutageError

ANSWER_S = 1.8  # what a person waits for a server that does not answer; with the way there, two


@asynccontextmanager
async def answered_within(seconds: float | None, who: str) -> AsyncGenerator[None]:
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
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise OutageError(f"{who} does not answer in time") from error
