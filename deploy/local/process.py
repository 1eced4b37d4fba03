"""Processes by identity: a pid alone may be another process tomorrow."""

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MARK = "CIVIC_STACK"  # set in every process of a stack: the folder of that stack


@dataclass(frozen=True)
class Identity:
    """One process, for ever: its pid and when it began, in clock ticks since boot."""

    pid: int
    began: int

    def is_alive(self) -> bool:
        """Say whether this very process still runs (one that only waits to be reaped does not)."""
        return identify(self.pid) == self

    def send(self, number: signal.Signals) -> bool:
        """Send a signal to this process and to no later one with its pid; False if it is gone."""
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(self.pid)
            try:
                if self.is_alive():
                    signal.pidfd_send_signal(handle, number)
                    return True
            finally:
                os.close(handle)
        return False


def identify(pid: int) -> Identity | None:
    """Return who has this pid now, or None."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # the second field is the program's name, in brackets, and may hold anything
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else Identity(pid, int(fields[19]))


def strays(directory: Path) -> Iterator[Identity]:
    """Yield the live processes that carry the mark of the stack in this folder."""
    wanted = f"{MARK}={directory}".encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdecimal() or int(entry.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            if wanted in (entry / "environ").read_bytes().split(b"\0"):
                identity = identify(int(entry.name))
                if identity:
                    yield identity


def spawn(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    log: Path,
    passed: Sequence[int] = (),
) -> "subprocess.Popen[bytes]":
    """Start a program in a session of its own that dies with us, even if we are killed.

    setpriv replaces itself by the program: the pid is the program's. It inherits the descriptors
    that are `passed`, and no others.
    """
    with log.open("ab") as output:
        return subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", *command],
            env=dict(environment),
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=passed,
        )


async def ended(process: "subprocess.Popen[bytes]") -> int:
    """Wait for a child of ours, end what is left of its session, and return its exit code."""
    gone = asyncio.Event()
    loop = asyncio.get_running_loop()
    handle = os.pidfd_open(process.pid)
    loop.add_reader(handle, gone.set)
    try:
        await gone.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    # The dead leader is not reaped yet and so still holds the number of its group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
