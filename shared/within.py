"""A bound in time that costs nothing when there is nothing to wait for.

Most requests lie whole in the first packet, and most answers fit into the socket: there a timer
would be made and cancelled for each piece, a fifth of what the piece itself takes.
"""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def within(seconds: float, work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; the time counts from the moment at which it has to wait.

    Raises:
        TimeoutError: the time is over; `work` was cancelled.
    """
    try:
        waits_for = work.send(None)
    except StopIteration as done:
        return done.value
    async with asyncio.timeout(seconds):
        return await _rest(work, waits_for)


@coroutine
def _rest(work: Coroutine[Any, Any, Result], waits_for: Any) -> Generator[Any, Any, Result]:
    """Go on with a coroutine that was begun and waits for something, as `await` would."""
    try:
        while True:
            try:
                found = yield waits_for
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is for `work`
                waits_for = work.throw(error)
            else:
                waits_for = work.send(found)
    except StopIteration as done:
        return done.value
