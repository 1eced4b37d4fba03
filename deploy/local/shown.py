"""A long step, with visible progress."""

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

EVERY_S = 3.0  # a line of progress; nobody should wonder whether it hangs
TAIL = 20  # lines of the output that an error carries


def run_shown(
    command: Sequence[str],
    say: Callable[[str], None],
    *,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    limit_s: float = 1800,
) -> None:
    """Run a program; every few seconds say how long it runs and what it said last.

    Raises:
        subprocess.CalledProcessError: it failed; `output` holds the end of what it said.
        subprocess.TimeoutExpired: it took longer than the limit, and was killed.
    """
    began = time.monotonic()
    lines: list[str] = []

    def progress() -> None:
        last = lines[-1][:90] if lines else ""
        say(f"    {time.monotonic() - began:4.0f} s  {last}")

    with subprocess.Popen(
        command,
        env={**os.environ, **(environment or {})},
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        try:
            _follow(process, lines, progress, limit_s)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(
            process.returncode, list(command), "\n".join(lines[-TAIL:])
        )


def _follow(
    process: "subprocess.Popen[bytes]",
    lines: list[str],
    progress: Callable[[], None],
    limit_s: float,
) -> None:
    """Collect the lines of a program's output until it ends."""
    assert process.stdout  # noqa: S101 - it was asked for
    began = shown = time.monotonic()
    rest = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            if selector.select(timeout=EVERY_S):
                chunk = os.read(process.stdout.fileno(), 65536)
                if not chunk:
                    return
                *whole, rest = (rest + chunk).split(b"\n")
                lines.extend(line.decode(errors="replace").rstrip() for line in whole if line)
            now = time.monotonic()
            if now - began > limit_s:
                raise subprocess.TimeoutExpired(process.args, limit_s, "\n".join(lines[-TAIL:]))
            if now - shown >= EVERY_S:
                shown = now
                progress()
