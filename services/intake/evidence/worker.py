"""A worker: reads questions from its input and answers them one by one, under limits of its own.

It is started with an empty environment, so a file that takes it over finds no secret in it.
"""

import math
import resource
import sys
import time
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

from services.intake.evidence import wire
from services.intake.evidence.inspection import inspect
from services.intake.evidence.model import EvidenceRefused

# Above what the libraries need: the largest picture takes 300 MB, and an allocator leaves holes.
ADDRESS_SPACE_BYTES = 512 * 2**20
CPU_S = 20  # of one file; the slowest that the limits allow takes 2 s on a slow machine


def _limit_memory() -> None:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    most = pages * resource.getpagesize() + ADDRESS_SPACE_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a dump would hold somebody's photo
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # it writes to its pipe only


def _limit_time() -> None:
    """Let the kernel end this process when the next file takes too much of its time."""
    most = math.ceil(time.process_time()) + CPU_S
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.RLIM_INFINITY))


def _answer(line: bytes) -> list[bytes]:
    path, limits, zone = wire.asked(line)
    _forget_peak()
    began = time.process_time()
    try:
        found = inspect(path, limits, zone=ZoneInfo(zone))
    except EvidenceRefused as refused:
        found = refused
    return wire.answer(found, peak_bytes=_peak_bytes(), cpu_s=time.process_time() - began)


def _forget_peak() -> None:
    """Have the kernel count the most memory anew (proc(5), clear_refs)."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak_bytes() -> int:
    # not getrusage: what it says is inherited from the process that started us
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    """Answer until the input ends."""
    _limit_memory()
    for line in iter(sys.stdin.buffer.readline, b""):
        _limit_time()
        sys.stdout.buffer.writelines(_answer(line))
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
