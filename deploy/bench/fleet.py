"""The processes of a stack: their CPU time and their memory, children included."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from deploy.bench.errors import BenchError


class Fleet:
    """All processes that stack.json names."""

    def __init__(self, stack_file: Path) -> None:
        self._file = stack_file
        self._pids = self._read()

    def pids(self) -> list[int]:
        """Return every pid, children included."""
        return [each.pid for name in self._pids for each in self._family(name)]

    def cpu_s(self) -> dict[str, float]:
        """Return the CPU time that each has used since its start, in seconds.

        Raises:
            BenchError: the supervisor restarted one of them.
        """
        return {name: sum(map(_cpu_s, self._family(name))) for name in self._pids}

    def memory_mb(self) -> dict[str, float]:
        """Return the memory of each with its children, in megabytes (10^6 bytes).

        Proportional (PSS): of a page that two processes share, each has a half, so that a parent
        and the worker that it forked together have what the machine spends on them.

        Raises:
            BenchError: the supervisor restarted one of them.
        """
        return {
            name: sum(each.memory_full_info().pss for each in self._family(name)) / 1e6
            for name in self._pids
        }

    def _family(self, name: str) -> list[psutil.Process]:
        try:
            parent = psutil.Process(self._pids[name])
            return [parent, *parent.children(recursive=True)]
        except psutil.NoSuchProcess as error:
            raise BenchError(f"{name} (pid {self._pids[name]}) ended during the bench") from error

    def _read(self) -> Mapping[str, int]:
        stack: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        return stack["pids"]


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0  # its parent counts it from now on
    return times.user + times.system + times.children_user + times.children_system
