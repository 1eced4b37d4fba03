"""Workers that decode: started when a file comes, ended when none does, replaced when one dies.

A file that crashes a decoder, fills the memory or never ends costs a worker and not intake: the
file is tried once more in a fresh one, since the worker's death may have had another cause, and
then it is refused as damaged.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from shared.errors import OutageError
from shared.telemetry import WORKER_DEATHS, WORKER_PEAK

from . import wire
from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason

ROOT = Path(__file__).parents[3]
ANSWER_S = 30.0  # of the clock for one file; the kernel's limit on CPU time usually comes first
IDLE_S = 60.0  # then a worker ends and gives its memory back
TRIES = 2
FILES_PER_WORKER = 200  # then a fresh one: what a library leaks does not grow for ever
LARGE_BYTES = 200 * 2**20  # after such a file too: its holes and the next large one made 301 MB

# One arena, for an address space per thread is none for the picture; and large blocks go back at
# once, else the next file begins with 50 MB that the last one left (measured).
ALLOCATOR = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(2**20),
    "MALLOC_TRIM_THRESHOLD_": str(2**20),
}

log = structlog.get_logger()


class _DiedError(Exception):
    """The worker ended, hung or spoke nonsense."""


@dataclass
class Usage:
    """What the workers of this process have cost so far.

    Attributes:
        deaths: Workers that ended otherwise than by our wish.
        peak_bytes: The most memory that one of them held.
        slowest_s: The most CPU time that one file took.
    """

    deaths: int = 0
    peak_bytes: int = 0
    slowest_s: float = 0.0


class _Worker:
    """One process."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.files = 0

    @classmethod
    async def start(cls) -> "_Worker":
        """Start a process that inherits nothing of ours but the code.

        Raises:
            OutageError: the system has no process for us.
        """
        environment = {"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", **ALLOCATOR}
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "services.intake.evidence.worker"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                env=environment,
                cwd=ROOT,
                limit=wire.MAX_LINE_BYTES,
            )
        except OSError as error:
            raise OutageError(f"no process to decode in: {error}") from error
        return cls(process)

    async def ask(
        self, path: Path, limits: EvidenceLimits, zone: str
    ) -> tuple[wire.Verdict, Evidence | None]:
        """Have a file inspected.

        Raises:
            _DiedError: there is no answer, and there will be none from this worker.
        """
        out, into = self._process.stdout, self._process.stdin
        assert out is not None  # noqa: S101 - started with pipes
        assert into is not None  # noqa: S101 - as above
        self.files += 1
        try:
            async with asyncio.timeout(ANSWER_S):
                into.write(wire.question(path, limits, zone))
                await into.drain()
                told = wire.verdict(await out.readuntil(b"\n"), limits)
                if told.found is None:
                    return told, None
                public, thumbnail = told.sizes
                copy = await out.readexactly(public)
                small = None if thumbnail is None else await out.readexactly(thumbnail)
                return told, wire.evidence(told.found, copy, small)
        except (
            *(OSError, EOFError, TimeoutError, asyncio.LimitOverrunError),
            *(ValueError, KeyError, TypeError),
        ) as error:
            raise _DiedError(type(error).__name__) from error

    async def end(self) -> int | None:
        """End the process, whatever it does, and return how it ended."""
        with suppress(ProcessLookupError):
            self._process.kill()
        return await self._process.wait()


class InspectionPool:
    """At most `workers` processes; the second is started only while the first is at work.

    Args:
        limits: How much is taken of a file.
        zone: Of a photo's time that carries no offset.
        workers: Each holds a core and, with the largest pictures, up to 300 MB.
    """

    def __init__(self, limits: EvidenceLimits, *, zone: str, workers: int) -> None:
        self._limits = limits
        self._zone = zone
        self._free = asyncio.Semaphore(workers)
        self._idle: list[_Worker] = []
        self._ending: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.usage = Usage()

    async def inspect(self, path: Path) -> Evidence:
        """Say what a file is, and make the copies that others may see.

        Raises:
            EvidenceRefused: it is not evidence, or no worker survived it.
            OutageError: there is no process to decode in.
        """
        async with self._free:
            for _ in range(TRIES):
                worker = self._idle.pop() if self._idle else await _Worker.start()
                try:
                    told, found = await worker.ask(path, self._limits, self._zone)
                except _DiedError as error:
                    await self._bury(worker, str(error))
                    continue
                except BaseException:  # cancelled half way: the answer would be the next file's
                    self._release(worker)
                    raise
                self._keep(worker, told.peak_bytes)
                self._count(told)
                if told.refused:
                    raise told.refused
                assert found is not None  # noqa: S101 - one of the two
                return found
        raise EvidenceRefused(Reason.CORRUPT)

    async def close(self) -> None:
        """End all workers."""
        if self._ending:
            self._ending.cancel()
        self._end_idle()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _bury(self, worker: _Worker, reason: str) -> None:
        self.usage.deaths += 1
        WORKER_DEATHS.inc()
        log.warning("evidence.worker_died", reason=reason, ended=await worker.end())

    def _count(self, told: wire.Verdict) -> None:
        self.usage.peak_bytes = max(self.usage.peak_bytes, told.peak_bytes)
        self.usage.slowest_s = max(self.usage.slowest_s, told.cpu_s)
        WORKER_PEAK.set(self.usage.peak_bytes)

    def _keep(self, worker: _Worker, peak_bytes: int) -> None:
        if worker.files >= FILES_PER_WORKER or peak_bytes > LARGE_BYTES:
            self._release(worker)
            return
        self._idle.append(worker)
        if self._ending:
            self._ending.cancel()
        self._ending = asyncio.get_running_loop().call_later(IDLE_S, self._end_idle)

    def _end_idle(self) -> None:
        idle, self._idle = self._idle, []
        for worker in idle:
            self._release(worker)

    def _release(self, worker: _Worker) -> None:
        async def end() -> None:
            await worker.end()

        task = asyncio.get_running_loop().create_task(end())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
