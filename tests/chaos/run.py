"""A run: measure the capacity, do the rows under load, heal, wait for quiet, compare everything."""

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from tests.chaos import checker, collect, table
from tests.chaos.ledger import Ledger
from tests.chaos.load import Load, Maker
from tests.chaos.matrix import LEAVE_ORPHANS, ROWS, window_s
from tests.chaos.nemesis import Measure, Nemesis, Result
from tests.chaos.sinks import AmqpRecorder, PullRecorder, SseRecorder
from tests.chaos.world import World

Say = Callable[[str], None]


LOOK_S = 0.3
SLOW_S = 10.0  # to become quiet; the table then says what was the last
WARM_UP_S, CAPACITY_S = 3.0, 8.0
CAPACITY_WINDOW = 32
HALF = 0.5
LEAST, MOST = 10.0, 120.0  # reports per second
OVERHEAD_S = 8.0  # of a row: heal, become ready, become quiet
LEAST_S = 6.0  # for a row, however little time there is
STAGES_S = 30.0  # after the last stage is due


@dataclass(frozen=True)
class Plan:
    """What the command line asks for."""

    minutes: float
    seed: int
    rows: Sequence[int]
    reports: int
    folder: Path
    limit_s: int = 40
    media_share: float = 0.1
    counters_only: bool = False  # decide; what a row finds wrong besides is only reported


class Run:
    """One run on a stack of its own."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self._plan = plan
        self._say = say
        self.world = World(plan.limit_s)
        self._ledger = Ledger(self.world.folder / "ledger.jsonl")
        maker = Maker(plan.seed, self.world.url("intake"), plan.media_share)
        self._load = Load(self.world.url("intake"), maker, self._ledger)
        self._amqp = AmqpRecorder(self.world.amqp)
        self._pull = PullRecorder(self.world.url("notify"))
        self._sse = SseRecorder(self.world.url("notify"), self.world.folder / "sse.txt")
        self._database = collect.Database(self.world)
        self._results: list[Result] = []
        self.last_busy: list[str] = []
        self._began = time.time()
        self._done = 0  # of the ledger's codes, when it was quiet last
        self._capacity = 0.0
        self._rate = 0.0
        self._tasks: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Do everything; 0 when nothing was violated. SIGTERM ends it as Ctrl-C does."""
        me = asyncio.current_task()
        assert me
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, me.cancel)
        try:
            self._say("starting a stack of its own")
            await self.world.start(self._say)
            parts = (self._load, self._amqp, self._pull, self._sse)
            self._tasks = [asyncio.create_task(each.run()) for each in parts]
            await self._measure_capacity()
            await self._rows()
            return await self._compare()
        except BaseException as error:
            self._show(None, [], f"It ended before its time: {error!r}.")
            raise
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._ledger.close()
            self._database.close()
            await self.world.stop()

    async def _measure_capacity(self) -> None:
        """Closed loop for some seconds; what counts is when everything that follows is done."""
        measuring = Result(0, "before the faults, at full speed", began=self._began)
        await self._quiet()
        for seconds in (WARM_UP_S, CAPACITY_S):
            began, before = time.monotonic(), len(self._ledger.acknowledged)
            ends = began + seconds

            async def one(until: float = ends) -> None:
                while time.monotonic() < until:
                    await self._load.begin(self._load.next())

            await asyncio.gather(*(one() for _ in range(CAPACITY_WINDOW)))
            measuring.quiet_s = await self._quiet()
            done = len(self._ledger.acknowledged) - before
            self._capacity = done / (time.monotonic() - began)
        asked = self._plan.reports / (self._plan.minutes * 60) * 1.3  # the load rests at times
        self._rate = min(MOST, max(LEAST, HALF * self._capacity, asked))
        measuring.ended = time.time()
        self._results.append(measuring)
        self._count_acknowledged(measuring)
        part = self._rate / max(self._capacity, 0.1)
        self._say(
            f"capacity {self._capacity:.0f} reports/s; the load is {self._rate:.0f}/s, {part:.0%}"
        )

    async def _rows(self) -> None:
        numbers = self._plan.rows
        ends = time.monotonic() + self._plan.minutes * 60 - self._plan.limit_s * 1.5 - STAGES_S
        for done, number in enumerate(numbers):
            todo = [ROWS[each] for each in numbers[done:]]
            left = ends - time.monotonic() - OVERHEAD_S * len(todo)
            await self._row(number, max(LEAST_S, window_s(left, todo)))
        calm = Result(0, "no fault")
        calm.began = time.time()
        self._load.pace.set(self._rate)
        while (  # noqa: ASYNC110 - of two ends the later one
            time.monotonic() < ends or len(self._ledger.acknowledged) < self._plan.reports
        ):
            await asyncio.sleep(0.5)
        self._load.pace.set(0)
        calm.quiet_s = await self._quiet()
        calm.ended = time.time()
        self._results.append(calm)

    async def _row(self, number: int, seconds: float) -> None:
        fault = ROWS[number]
        result = Result(number, fault.title, began=time.time(), asked=fault.asked)
        nemesis = Nemesis(self.world, self._load, self._sse, seed=f"{self._plan.seed}:{number}")
        nemesis.capacity, nemesis.quiet = self._capacity, self._quiet
        self._load.pace.set(self._rate)
        nemesis.begin(result, seconds)
        try:
            await fault.do(nemesis)
        except Exception as error:  # noqa: BLE001 - a row that breaks is a row that fails
            result.wrong.append(f"{type(error).__name__}: {error}")
            result.broke = True
        await nemesis.ready_again("healed", None)
        self._load.pace.set(0)
        result.quiet_s = await self._quiet()
        result.ended = time.time()
        if result.quiet_s and result.quiet_s > SLOW_S:
            result.notes.append(f"quiet came late; last to empty: {', '.join(self.last_busy)}")
        if result.quiet_s is None:
            left = await self._left(datetime.now(UTC))
            owed = {place: count for place, count in (left or {"servers away": 1}).items() if count}
            waiting = len(self._load.waiting)
            result.wrong.append(
                f"not quiet after {table.QUIET_S:.0f} s: {owed}, {waiting} reports wait"
            )
        self._results.append(result)
        self._count_acknowledged(result)
        self._say(self._progress(result))
        table.write(self._plan.folder, self._text(None), self._results, [])

    def _progress(self, result: Result) -> str:
        quiet = "never quiet" if result.quiet_s is None else f"quiet after {result.quiet_s:.1f} s"
        wrong = f"; WRONG: {'; '.join(result.wrong)}" if result.wrong else ""
        return (
            f"row {result.row:2} {result.title:<28} {result.faults:4} faults in "
            f"{result.ended - result.began:.0f} s, {quiet}, "
            f"{len(self._ledger.acknowledged)} acknowledged so far{wrong}"
        )

    async def _quiet(self) -> float | None:
        """Wait until all that was begun before is done; return the seconds, None after a minute.

        Stages go on firing meanwhile, so a place counts as empty once nothing older than the last
        answer is in it, and a queue, which is first in first out, once it was seen empty.
        """
        began, since = time.monotonic(), datetime.now(UTC)
        holding: set[str] | None = None
        while time.monotonic() - began < table.QUIET_S:
            if self._load.waiting:
                since, holding = datetime.now(UTC), None
            elif (left := await self._left(since)) is not None:
                owed = {place for place, count in left.items() if count}
                holding = owed if holding is None else holding & owed
                if not holding:
                    self._done = len(self._ledger.codes)
                    return time.monotonic() - began
                self.last_busy = sorted(holding)
            await asyncio.sleep(LOOK_S)
        return None

    async def _left(self, since: datetime) -> dict[str, int] | None:
        """Ask about what came since it was quiet last: to ask about all would be a load itself."""
        return await collect.left(
            self.world, self._database, since, self._ledger.codes[self._done :]
        )

    async def _compare(self) -> int:
        self._say("waiting for the last stages")
        await asyncio.sleep(self._plan.limit_s * 1.5 + STAGES_S / 3)
        await self._quiet()
        await asyncio.sleep(6)  # for the slowest reader, and for the broker's own count
        evidence = await collect.evidence(
            self.world,
            self._database,
            self._ledger.attempts,
            recorders={
                "amqp": self._amqp.seen,
                "pull": self._pull.seen,
                "sse": self._sse.seen(),
            },
            until=time.time() - STAGES_S / 6,
        )
        orphans = await self._sweep(evidence)
        violations = checker.check(evidence)
        self._attribute(violations)
        self._show(checker.totals(violations), violations, orphans)
        for words in self._load.broken[:20]:
            self._say(f"  the load: {words}")
        for each in violations[:20]:
            self._say(f"  {each.counter}: {each.words}")
        bad = violations or self._load.broken or any(map(self._failed, self._results))
        return 1 if bad else 0

    async def _sweep(self, evidence: checker.Evidence) -> str:
        """Have the sweeper remove what crashes left; what it takes of a case is a loss."""
        before = _orphans(evidence)
        await self.world.sweep()
        evidence.objects = await asyncio.to_thread(collect.objects, self.world)
        after = _orphans(evidence)
        measure = Measure("orphans after the sweep", 0, unit="", values=[float(after)])
        for result in self._results:
            if result.row in LEAVE_ORPHANS:
                result.measures[measure.name] = measure
        return f"{before} objects without a case were found, {after} after the sweep."

    def _failed(self, result: Result) -> bool:
        """Say whether a row fails the run: on a busy machine of two cores times say little."""
        never = result.broke or result.quiet_s is None
        return never or (bool(result.wrong) and not self._plan.counters_only)

    def _show(
        self, total: dict[str, int] | None, violations: Sequence[checker.Violation], words: str
    ) -> None:
        text = self._text(total, words)
        table.write(self._plan.folder, text, self._results, violations)
        self._say(f"the table, also in {self._plan.folder / 'chaos.md'}\n\n{text}")

    def _text(self, total: dict[str, int] | None, words: str = "It goes on.") -> str:
        return table.markdown(self._results, [f"{self._head()} {words}"], total)

    def _head(self) -> str:
        plan, day = self._plan, time.strftime("%Y-%m-%d %H:%M", time.gmtime(self._began))
        rows = "" if set(plan.rows) == set(ROWS) else f" --rows {','.join(map(str, plan.rows))}"
        return (
            f"`./dev chaos --minutes {plan.minutes:g} --seed {plan.seed}{rows}"
            f"{f' --reports {plan.reports}' if plan.reports else ''}`, from {day} UTC: capacity "
            f"{self._capacity:.0f} reports/s, load {self._rate:.0f}/s; "
            f"{len(self._ledger.acknowledged)} acknowledged of {len(self._ledger.attempts)} "
            f"attempts, {len(self._amqp.seen)} events ({self._holes()} holes in their numbers), "
            f"{len(self.world.mail.mails)} mails."
        )

    def _holes(self) -> int:
        offsets = [each.offset for each in self._amqp.seen]
        return sum(b > a + 1 for a, b in pairwise(offsets))

    def _attribute(self, violations: Sequence[checker.Violation]) -> None:
        """Lay every violation, and every acknowledged report, at the door of its row."""
        for result in self._results:
            mine = [v for v in violations if result.began <= v.at < result.ended]
            result.counters = checker.totals(mine)
            self._count_acknowledged(result)

    def _count_acknowledged(self, result: Result) -> None:
        result.acknowledged = sum(
            result.began <= each.sent_at < result.ended
            for each in self._ledger.acknowledged.values()
        )


def _orphans(evidence: checker.Evidence) -> int:
    """Count objects that no case names: what a crash left for the sweeper."""
    return sum(name.split("/")[1] not in evidence.cases for name in evidence.objects
               if name.startswith("cases/"))  # fmt: skip
