"""What every row of faults has at hand, and what it leaves behind: numbers beside those asked."""

import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from deploy.local.services import SERVICES
from tests.chaos.load import Load
from tests.chaos.sinks import SseRecorder
from tests.chaos.world import World


@dataclass
class Measure:
    """One kind of recovery: what was measured, each time, and what the matrix asks for."""

    name: str
    asked: float | None
    unit: str = "s"
    values: list[float] = field(default_factory=list)
    at_least: bool = False

    @property
    def met(self) -> bool:
        if self.asked is None or not self.values:
            return True
        if self.at_least:
            return min(self.values) >= self.asked
        return max(self.values) <= self.asked


@dataclass
class Result:
    """What a row did and saw; times are Unix seconds."""

    row: int
    title: str
    began: float = 0.0
    ended: float = 0.0
    faults: int = 0
    asked: int | None = None  # faults, by the matrix
    quiet_s: float | None = None
    acknowledged: int = 0
    skipped: str = ""
    measures: dict[str, Measure] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    broke: bool = False  # the row itself could not be done
    counters: dict[str, int] | None = None  # None: not compared


class Nemesis:
    """Does a row of faults for `window_s` seconds; the same seed chooses the same faults."""

    def __init__(self, world: World, load: Load, sse: SseRecorder, *, seed: str) -> None:
        self.world = world
        self.load = load
        self.sse = sse
        self.random = random.Random(seed)
        self.window_s = 15.0
        self.capacity = 0.0
        self.quiet: Callable[[], Awaitable[float | None]]  # seconds until nothing is left to do
        self.result = Result(0, "")
        self._ends = 0.0

    def begin(self, result: Result, window_s: float) -> None:
        self.result, self.window_s = result, window_s
        self._ends = time.monotonic() + window_s

    def goes_on(self) -> bool:
        """Say whether another fault is asked for and has its time; one is always done."""
        done, asked = self.result.faults, self.result.asked
        return not done or (time.monotonic() < self._ends and (asked is None or done < asked))

    def fault(self, count: int = 1) -> None:
        self.result.faults += count

    def measure(
        self,
        name: str,
        value: float | None,
        asked: float | None = None,
        *,
        unit: str = "s",
        at_least: bool = False,
    ) -> None:
        """Note a number; None is a recovery that never came, which is wrong whatever was asked."""
        if value is None:
            self.wrong(f"{name}: never")
            return
        kind = self.result.measures.setdefault(name, Measure(name, asked, unit, at_least=at_least))
        kind.values.append(value)

    def note(self, words: str) -> None:
        self.result.notes.append(words)

    def wrong(self, words: str) -> None:
        """Note what must not be: the row fails."""
        self.result.wrong.append(words)

    async def ready_again(
        self, name: str, asked: float | None, services: tuple[str, ...] = SERVICES
    ) -> None:
        """Measure from now until these services are ready."""

        async def ready() -> bool:
            return all([await self.world.is_ready(each) for each in services])

        self.measure(name, await self.world.until(ready), asked)

    def answers_since(self, at: float) -> list[float]:
        """Return how long acknowledged attempts took that were sent since `at`, in ms."""
        return [
            (each.answered_at - each.sent_at) * 1000
            for each in self.load.ledger.attempts
            if each.acknowledged and each.sent_at >= at
        ]


Row = Callable[[Nemesis], Awaitable[None]]


def percentile(values: list[float], part: float) -> float:
    """Return the value below which `part` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else 0.0
