"""Keeps a stack's programs alive: starts them in order, starts again whatever dies, ends them all.

One loop, no threads: a child is told by the kernel to die with its parent, and the parent that it
means is the thread that forked it.
"""

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from deploy.local import logfiles
from deploy.local.layout import ROOT
from deploy.local.process import MARK, ended, spawn
from deploy.local.program import Program

AGAIN_S = 0.1  # before the first restart; doubles while the program does not become ready
AGAIN_MAX_S = 5.0
PROBE_EVERY_S = 0.1
START_S = 120.0  # for everything to become ready the first time
START_TRIES = 3  # of one program, before the whole start is given up
LOGS_EVERY_S = 60.0

FOREIGN = ("RABBITMQ_", "ERL_", "RCLONE_")  # meant for another server on this machine

Say = Callable[[str], None]
Publish = Callable[[Mapping[str, int]], None]


class StartError(Exception):
    """The stack did not become ready; `program` is the one to look at."""

    def __init__(self, program: str, reason: str) -> None:
        super().__init__(f"{program} {reason}")
        self.program = program


class Child:
    """One program and the process that runs it now."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.ready = asyncio.Event()
        self.failures = 0  # ends in a row without having been ready
        self.process: subprocess.Popen[bytes] | None = None
        self.worker = 0  # the pid that does the work, of a program that forks

    def runs(self) -> bool:
        """Say whether it has a process that we have not yet seen end."""
        return self.process is not None and self.process.returncode is None

    def pid(self) -> int:
        """Return the process that does the work, 0 when it has never had one."""
        return self.worker or (self.process.pid if self.process else 0)

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the process, if there is one: not reaped, its pid is still its own."""
        if self.process and self.process.returncode is None:
            os.kill(self.process.pid, number)

    def pause_s(self) -> float:
        """Return how long to wait before the next start."""
        return min(AGAIN_S * 2 ** max(0, self.failures - 1), AGAIN_MAX_S)


class Supervisor:
    """Runs programs until it is told to stop."""

    def __init__(
        self,
        programs: Sequence[Program],
        *,
        directory: Path,
        logs: Path,
        publish: Publish,
        say: Say,
    ) -> None:
        """Prepare; nothing is started.

        Args:
            programs: What to run, in the order of their needs.
            directory: The stack's folder; every process carries it as its mark.
            logs: Folder of the logs, `<program>.log`.
            publish: Called with all pids whenever one has changed, once everything is ready.
            say: Called with a line for a person.
        """
        self._children = {program.name: Child(program) for program in programs}
        self._directory = directory
        self._logs = logs
        self._publish = publish
        self._say = say
        self._started = False
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Begin to end everything; `run` returns when it is done. A second call kills."""
        if self._stopping.is_set():
            for child in self._children.values():
                child.send(signal.SIGKILL)
        self._stopping.set()

    async def run(self, on_ready: Callable[[], None]) -> None:
        """Start everything, call `on_ready`, keep it all alive until stopped, end it all.

        Raises:
            StartError: something did not become ready; everything is ended all the same.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        logfiles.bound(self._logs)
        keepers = {name: asyncio.create_task(self._keep(c)) for name, c in self._children.items()}
        try:
            await self._until_ready(keepers)
            if not self._stopping.is_set():
                self._started = True
                self._publish(self._pids())
                on_ready()
            await self._until_stopped()
        finally:
            self._stopping.set()
            await self._end(keepers)

    async def _until_ready(self, keepers: Mapping[str, "asyncio.Task[None]"]) -> None:
        everything = asyncio.create_task(self._all_ready())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait(
            [everything, stopping, *keepers.values()],
            timeout=START_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        late = not (everything.done() or stopping.done())
        for waiting in (everything, stopping):
            waiting.cancel()
        await asyncio.gather(everything, stopping, return_exceptions=True)
        for keeper in keepers.values():
            if keeper.done():
                keeper.result()  # raises what ended it
        if late:
            first = next(n for n, child in self._children.items() if not child.ready.is_set())
            raise StartError(first, f"is not ready after {START_S:.0f} s")

    async def _all_ready(self) -> None:
        for child in self._children.values():
            await child.ready.wait()

    async def _until_stopped(self) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.wait_for(self._stopping.wait(), LOGS_EVERY_S)
            except TimeoutError:
                logfiles.bound(self._logs)

    async def _keep(self, child: Child) -> None:
        """Start a program again and again, until the stack stops."""
        name = child.program.name
        for need in child.program.needs:
            await self._children[need].ready.wait()
        while True:
            code = await self._live(child)
            if self._stopping.is_set():
                return
            if child.failures >= START_TRIES and not self._started:
                raise StartError(name, f"ended {child.failures} times, the last time with {code}")
            pause_s = child.pause_s()
            self._say(f"{name} ended ({_reason(code)}); it starts again in {pause_s:.1f} s")
            await asyncio.sleep(pause_s)

    async def _live(self, child: Child) -> int:
        """One life of a process, from its start to its end; returns its exit code."""
        program = child.program
        told, tells = os.pipe()
        process = child.process = spawn(
            (*program.command, *(("--report-to", str(tells)) if program.forks else ())),
            environment={**_inherited(), **program.environment, MARK: str(self._directory)},
            directory=ROOT,
            log=self._logs / f"{program.name}.log",
            passed=(tells,) if program.forks else (),
        )
        os.close(tells)
        asyncio.get_running_loop().add_reader(told, self._hear, child, told)
        if self._started:
            self._publish(self._pids())
        watching = asyncio.create_task(self._watch(child))
        code = await ended(process)
        watching.cancel()
        asyncio.get_running_loop().remove_reader(told)
        os.close(told)
        child.worker = 0
        child.failures = 0 if child.ready.is_set() else child.failures + 1
        child.ready.clear()
        return code

    def _hear(self, child: Child, told: int) -> None:
        """Take the pid of a new worker, or that there will be no other."""
        pids = os.read(told, 4096).split()
        if not pids:
            asyncio.get_running_loop().remove_reader(told)
            return
        if child.worker:
            self._say(f"{child.program.name} has a new worker, pid {int(pids[-1])}")
        child.worker = int(pids[-1])
        if self._started:
            self._publish(self._pids())

    async def _watch(self, child: Child) -> None:
        """Ask a new process until it is ready."""
        began = time.monotonic()
        while not await child.program.ready():  # noqa: ASYNC110 - another process, no event
            await asyncio.sleep(PROBE_EVERY_S)
        child.ready.set()
        took_s = time.monotonic() - began
        self._say(f"  {child.program.name:<9} ready after {took_s:4.1f} s, pid {child.pid()}")

    def _pids(self) -> dict[str, int]:
        return {name: child.pid() for name, child in self._children.items() if child.process}

    async def _end(self, keepers: Mapping[str, "asyncio.Task[None]"]) -> None:
        """End one stage after the other, each at once."""
        children = self._children.values()
        for stage in sorted({child.program.stage for child in children}, reverse=True):
            group = [child for child in children if child.program.stage == stage]
            await asyncio.gather(*(self._end_one(c, keepers[c.program.name]) for c in group))

    async def _end_one(self, child: Child, keeper: "asyncio.Task[None]") -> None:
        if not child.runs():
            keeper.cancel()
        child.send(signal.SIGTERM)
        await asyncio.wait([keeper], timeout=child.program.stop_s)
        if not keeper.done():
            name, limit_s = child.program.name, child.program.stop_s
            self._say(f"{name} did not end within {limit_s:.0f} s: killed")
            child.send(signal.SIGKILL)
        await asyncio.gather(keeper, return_exceptions=True)


def _inherited() -> Mapping[str, str]:
    """Return our own environment without what would turn a private server into another one."""
    return {name: text for name, text in os.environ.items() if not name.startswith(FOREIGN)}


def _reason(code: int) -> str:
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
