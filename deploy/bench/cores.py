"""Which core does what: the load on one, the system on another, so that neither steals time."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cores:
    """Where things run; empty sets mean that nothing is pinned."""

    load: frozenset[int]
    system: frozenset[int]
    words: str


def choose() -> Cores:
    """Return the first of our cores for the load and the second for the system.

    Always one for the system, also where there are more: so the figures of machines compare.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:  # noqa: PLR2004 - one core cannot be parted
        nothing = frozenset[int]()
        return Cores(nothing, nothing, "not pinned: this machine has one core")
    if not shutil.which("taskset"):
        nothing = frozenset[int]()
        return Cores(nothing, nothing, "not pinned: taskset (util-linux) is missing")
    load, system = allowed[:2]
    words = f"load generator on core {load}, all servers and services on core {system}"
    return Cores(frozenset({load}), frozenset({system}), words)


def pin(pids: Iterable[int], cores: frozenset[int]) -> None:
    """Move processes with all their threads to these cores; those that are gone are left out."""
    if not cores:
        return
    listed = ",".join(map(str, sorted(cores)))
    for pid in pids:
        if Path(f"/proc/{pid}").exists():
            subprocess.run(
                ["taskset", "--all-tasks", "--cpu-list", "--pid", listed, str(pid)],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,  # a thread may end meanwhile
            )


def pin_this(cores: frozenset[int]) -> None:
    """Move this process; the initializer of the load's process."""
    if cores:
        with contextlib.suppress(OSError):
            os.sched_setaffinity(0, cores)
