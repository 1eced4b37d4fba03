"""Serves an application from a worker that is forked when the last one has ended: the entry point.

Two things outlive a worker here. The code: it is loaded once, so a successor need not import it,
which is most of a start. The listening socket: who calls between two workers waits in its backlog,
a few hundred milliseconds, instead of being refused. Everything else is the worker's own and is
built anew: settings, connections, threads. The parent does nothing but wait; whoever kills it kills
the worker too, and whoever supervises starts both from the beginning, which also loads new code.
"""

import argparse
import ctypes
import gc
import importlib
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import uvicorn

from shared import logs

log = logging.getLogger("uvicorn.error")

GRACE_S = 10  # to finish what is in hand after SIGTERM
HOLD_S = 5.0  # for so long without a worker that serves, callers wait; then they are refused
BACKLOG = 1024  # callers that wait; the next one's SYN is dropped, and it tries again by itself
AGAIN_S = 0.05  # before a successor of one that had served; doubles while none does
AGAIN_MAX_S = 5.0
TRIES = 5  # successors in a row that never served; then the whole is given up

LEAVING = signal.SIGUSR1  # from a worker that ends in order: another may take its place
HEARD = {signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, LEAVING}
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of prctl(2)

# What uvicorn loads only when it serves.
SERVER_MODULES = (
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.protocols.websockets.auto",
)


class _Server(uvicorn.Server):
    """A server that says when it begins to serve, and when it begins to end."""

    def __init__(self, config: uvicorn.Config, told: int) -> None:
        super().__init__(config)
        self._told = told

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        os.write(self._told, b"1")

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        os.kill(os.getppid(), LEAVING)
        await super().shutdown(sockets)


@dataclass
class _Worker:
    """A forked process; `told` is the pipe in which it says that it serves."""

    pid: int
    told: int
    served: bool = False

    def serves(self) -> bool:
        """Say whether it has begun to serve."""
        if not self.served and select.select([self.told], [], [], 0)[0]:
            self.served = bool(os.read(self.told, 1))
        return self.served

    def end(self) -> int:
        """Reap it, with what it had started (its group), and return its exit code."""
        self.serves()
        os.close(self.told)
        # not reaped yet, the dead leader still holds the number of its group
        _signal(os.killpg, self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


@dataclass
class Parent:
    """Keeps one worker serving.

    Attributes:
        config: What uvicorn serves.
        listener: Bound; a worker listens on it once it can serve.
        report: A descriptor that gets a line with the pid of every worker, or None.
    """

    config: uvicorn.Config
    listener: socket.socket
    report: int | None = None
    _workers: dict[int, _Worker] = field(default_factory=dict[int, _Worker])
    _current: _Worker | None = None
    _stopping: bool = False
    _failures: int = 0  # workers in a row that never served
    _ever_served: bool = False
    _held_until: float | None = None  # monotonic: callers wait until then
    _again_at: float | None = None  # monotonic: the next worker is due
    _code: int = 0

    def run(self) -> int:
        """Serve until SIGTERM or SIGINT, or until no worker can; return the exit code.

        Returns in the worker too, when it has ended.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, HEARD)
        if (mine := self._fork()) is not None:
            return mine
        while self._workers or self._again_at is not None:
            got = _wait(self._pause_s())
            if got == LEAVING:
                self._replace()
            elif got in (signal.SIGTERM, signal.SIGINT):
                self._stop(got)
            self._reap()
            self._hang_up_in_time()
            if self._is_due() and (mine := self._fork()) is not None:
                return mine
        return self._code

    def _fork(self) -> int | None:
        """Start a worker; in the worker itself, serve and return its exit code."""
        self._again_at = None
        reads, writes = os.pipe()
        parent = os.getpid()
        pid = os.fork()
        if not pid:
            os.close(reads)
            return self._serve(parent, writes)
        os.close(writes)
        _signal(os.setpgid, pid, pid)  # here and there: whoever comes first
        self._current = self._workers[pid] = _Worker(pid, reads)
        if self.report is not None:
            os.write(self.report, b"%d\n" % pid)
        return None

    def _serve(self, parent: int, told: int) -> int:
        _signal(os.setpgid, 0, 0)
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it died before the kernel was asked
            return 1
        if self.report is not None:
            os.close(self.report)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, HEARD)
        server = _Server(self.config, told)
        server.run(sockets=[self.listener])
        return 0 if server.started else 3

    def _replace(self) -> None:
        """Have a successor serve while the one that leaves finishes what it has in hand."""
        if self._current and self._current.serves() and not self._stopping:
            self._ever_served = True
            self._failures = 0
            self._current = None
            self._again_at = time.monotonic()
            self._held_until = self._again_at + HOLD_S

    def _stop(self, number: signal.Signals) -> None:
        self._stopping = True
        self._again_at = None
        for pid in self._workers:
            _signal(os.kill, pid, number)

    def _reap(self) -> None:
        """Reap who has ended: workers, and in a container whatever they had left behind."""
        while ended := _ended():
            worker = self._workers.pop(ended, None)
            if worker is None:
                _signal(os.waitpid, ended, 0)
                continue
            code = worker.end()
            if worker is self._current:
                self._current = None
                self._lost(worker, code)

    def _lost(self, worker: _Worker, code: int) -> None:
        self._failures = 0 if worker.served else self._failures + 1
        self._ever_served |= worker.served
        if self._stopping:
            return
        self._code = code if code > 0 else 1
        if self._failures and (not self._ever_served or self._failures >= TRIES):
            log.warning("a worker ended with %s; none can serve: given up", code)
            return
        now = time.monotonic()
        pause_s = min(AGAIN_S * 2**self._failures, AGAIN_MAX_S)
        self._again_at = now + pause_s
        if worker.served:
            self._held_until = now + HOLD_S
        log.warning(
            "worker %s ended with %s; the next one begins in %.2f s", worker.pid, code, pause_s
        )

    def _hang_up_in_time(self) -> None:
        """Refuse callers when there has been nobody to serve them for too long.

        The next worker that can serve listens again by itself.
        """
        if self._held_until is None:
            return
        if self._current and self._current.serves():
            self._held_until = None
        elif time.monotonic() >= self._held_until:
            self._held_until = None
            log.warning("no worker has served for %g s: callers are refused", HOLD_S)
            _signal(self.listener.shutdown, socket.SHUT_RDWR)

    def _pause_s(self) -> float | None:
        """Return how long there is nothing to do but wait; None for as long as it takes."""
        due = [each for each in (self._held_until, self._again_at) if each is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _is_due(self) -> bool:
        return self._again_at is not None and time.monotonic() >= self._again_at


def _wait(limit_s: float | None) -> int:
    """Wait for a signal; 0 when none comes in time."""
    if limit_s is None:
        return signal.sigwaitinfo(HEARD).si_signo
    got = signal.sigtimedwait(HEARD, limit_s)
    return got.si_signo if got else 0


def _ended() -> int:
    """Return the pid of a child that has ended and is not reaped yet, or 0."""
    try:
        found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return 0
    return found.si_pid if found else 0


def _signal(call: Callable[..., object], *arguments: object) -> None:
    """Make a system call whose target may be gone."""
    try:
        call(*arguments)
    except OSError:
        return


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and serve; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m shared.prefork", description=__doc__)
    parser.add_argument("app", help="MODULE:FACTORY of an ASGI application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--http", default="httptools", help="uvicorn's, or MODULE:PROTOCOL")
    parser.add_argument("--ws", default="auto", help="uvicorn's, or MODULE:PROTOCOL")
    parser.add_argument("--report-to", type=int, help="descriptor that gets every worker's pid")
    given = parser.parse_args(arguments)
    module = given.app.partition(":")[0]
    logs.configure(module.removeprefix("services.").removesuffix(".app"))
    for each in (*SERVER_MODULES, module):
        importlib.import_module(each)
    http: Literal["httptools"] = given.http  # uvicorn's types do not know that it may be ours
    ws: Literal["auto"] = given.ws
    config = uvicorn.Config(
        given.app,
        host=given.host,
        port=given.port,
        factory=True,
        http=http,
        ws=ws,
        log_config=None,  # its lines go where ours go
        access_log=False,
        backlog=BACKLOG,
        timeout_graceful_shutdown=GRACE_S,
    )
    listener = config.bind_socket()
    gc.collect()
    gc.freeze()  # what is shared stays shared: no collection writes into it
    return Parent(config, listener, given.report_to).run()


if __name__ == "__main__":
    sys.exit(main())
