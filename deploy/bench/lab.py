"""The setting of all measurements: the stack, the cores, the load's process, and what is noted."""

import contextlib
import json
import os
import platform
from collections.abc import Callable, Generator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import psutil

from deploy.bench import cores
from deploy.bench.errors import BenchError
from deploy.bench.fleet import Fleet

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        runs: Of everything.
        burst_s: Seconds of one run at full speed.
        flow_s: Seconds of one run end to end.
        idle_reports: Reports of one run to a stack at rest.
        flushes: Blocks of the disk's floor.
    """

    runs: int
    burst_s: float
    flow_s: float
    idle_reports: int
    flushes: int


class Lab:
    """Where everything is measured; a context: cores and processes are given back at its end.

    Attributes:
        stack: What stack.json says.
        plan: How much is measured.
        fleet: The stack's processes.
        system: The cores of everything that is measured.
        conditions: Lines about the machine and the set-up, for the reader.
        notes: Lines about what the figures mean, for the reader.
    """

    def __init__(self, stack_file: Path, plan: Plan, say: Callable[[str], None]) -> None:
        """Prepare; `say` is called with a line of progress."""
        self.stack: dict[str, Any] = json.loads(stack_file.read_text(encoding="utf-8"))
        self.plan = plan
        self.fleet = Fleet(stack_file)
        self._cores = cores.choose()
        self._say = say
        self._load = ProcessPoolExecutor(
            1,
            mp_context=get_context("spawn"),
            initializer=cores.pin_this,
            initargs=(self._cores.load,),
        )
        self._beside = ProcessPoolExecutor(
            1,
            mp_context=get_context("spawn"),
            initializer=cores.pin_this,
            initargs=(self._cores.system,),
        )
        self._anywhere = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
        machine = (
            f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
        )
        self.conditions = [
            f"{machine}; load average before: {os.getloadavg()[0]:.1f}",
            f"{self._cores.words}; {plan.runs} runs of each",
        ]
        self.notes: list[str] = []

    def __enter__(self) -> Self:
        """Pin the stack."""
        cores.pin(self.fleet.pids(), self.system)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the load's process; a stack that goes on gets its cores back."""
        self._load.shutdown(cancel_futures=True)
        self._beside.shutdown(cancel_futures=True)
        self._anywhere.shutdown(cancel_futures=True)
        with contextlib.suppress(BenchError):  # one of them is gone, and its successor is free
            cores.pin(self.fleet.pids(), self.system | self._cores.load)

    @property
    def system(self) -> frozenset[int]:
        """The cores of everything that is measured; empty when nothing is pinned."""
        return self._cores.system

    @property
    def addresses(self) -> dict[str, str]:
        """What the load generator needs of the stack."""
        return {name: self.stack[name] for name in ("intake", "notify", "amqp")}

    def others_busy_s(self) -> float:
        """Return how long the machine has been busy with anything but the stack and the load.

        Differences of it tell how much the neighbours disturbed a run.
        """
        times = psutil.cpu_times()
        busy = (
            sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
        )
        load = sum(psutil.Process(self.in_load(os.getpid)).cpu_times()[:2])
        return busy - sum(self.fleet.cpu_s().values()) - load

    def say(self, what: str, run: int) -> None:
        """Tell the person who waits which run of what begins."""
        self._say(f"{what}, run {run + 1} of {self.plan.runs}")

    def in_load(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in the load's process, wait for it, and return what it returns."""
        return self._load.submit(work, *args, **kwargs).result()

    def in_system(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something on the system's cores, where a service stands; return what it returns."""
        return self._beside.submit(work, *args, **kwargs).result()

    @contextlib.contextmanager
    def unpinned(self, *pids: int) -> Generator[None]:
        """Let the stack and these processes run on all cores that we have, for a while."""
        everything = [*self.fleet.pids(), *pids]
        cores.pin(everything, self._cores.load | self.system)
        try:
            yield
        finally:
            cores.pin(everything, self.system)

    def in_any(self, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run something in a process that may run on every core; return what it returns."""
        return self._anywhere.submit(work, *args, **kwargs).result()
