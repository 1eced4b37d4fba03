"""An event loop whose clock jumps to the next thing that is due: hours pass in milliseconds."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

Result = TypeVar("Result")
EPOCH = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)


class VirtualLoop(asyncio.SelectorEventLoop):
    """Nothing here waits for the world outside, so every wait can end at once."""

    def __init__(self) -> None:
        self._now = 0.0
        super().__init__(_Impatient(self._pass))

    def time(self) -> float:
        return self._now

    def _pass(self, seconds: float) -> None:
        self._now += seconds


class _Impatient(selectors.SelectSelector):
    def __init__(self, elapse: Callable[[float], None]) -> None:
        super().__init__()
        self._elapse = elapse

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing is due: a deadlock")
        self._elapse(max(timeout, 0))
        return super().select(0)


class Clock:
    """Stands in for `datetime` in a module that asks `datetime.now(UTC)`."""

    @staticmethod
    def now(_zone: object) -> datetime:
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
