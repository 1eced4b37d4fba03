"""`./dev check` and `./dev test`: what stands between a change and the main branch."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from deploy.local.layout import ROOT, Layout

BIN = Path(sys.executable).parent
KEPT_LOGS = ROOT / ".local" / "test-logs"
FAST_TESTS = ("tests/unit", "tests/contract")
PORTIONS = 4  # of the fast tests, so that two cores end at about the same time

STATIC = {
    "types": ("basedpyright",),  # the longest first
    "lint": ("ruff", "check"),
    "format": ("ruff", "format", "--check"),
    "imports": ("lint-imports",),
}


@dataclass(frozen=True)
class Outcome:
    """How one check went."""

    name: str
    code: int
    output: str
    took_s: float


def check() -> int:
    """Run the static checks and the tests that need no server; 0 when all pass."""
    files = [str(f) for folder in FAST_TESTS for f in sorted((ROOT / folder).rglob("test_*.py"))]
    tests = {f"tests {n + 1}": ("pytest", "-q", *files[n::PORTIONS]) for n in range(PORTIONS)}
    return _together({**tests, **STATIC, **_of_the_pages()})


def _of_the_pages() -> dict[str, tuple[str, ...]]:
    """Return the checks of the pages, where node is: types, words, and their pure logic."""
    from deploy import pages  # noqa: PLC0415 - nobody else here needs it

    if not pages.available():
        _say("  pages    skipped: node is not here")
        return {}
    pages.packages(_say)
    return {
        "pages": ("node", "shared/web/build/check.mjs"),
        "types.ts": ("node", "node_modules/typescript/bin/tsc", "--noEmit"),
    }


def test(arguments: Sequence[str]) -> int:
    """Run everything on servers of its own, or what the arguments name; pytest's exit code.

    Without arguments the static checks come first, and must pass.
    """
    if not arguments and (code := _together(STATIC)):
        return code
    from deploy.local import stack  # noqa: PLC0415 - `./dev check` shall not wait for it

    _say("starting servers for the tests")
    try:
        with stack.temporary(with_services=False, say=_say) as layout:
            code = _pytest(arguments, layout)
            if code:
                _keep_logs(layout)
    except stack.StackError as error:
        print(f"./dev test: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return code


def _pytest(arguments: Sequence[str], layout: Layout) -> int:
    environment = {**os.environ, "TEST_STACK": str(layout.stack_file)}
    command = [str(BIN / "pytest"), *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _together(commands: dict[str, tuple[str, ...]]) -> int:
    """Run commands side by side, print what fails, and return 0 when nothing does."""
    failed = False
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for done in as_completed([pool.submit(_one, *item) for item in commands.items()]):
            outcome = done.result()
            word = "failed" if outcome.code else "ok"
            _say(f"  {outcome.name:<8} {word:<6} {outcome.took_s:5.1f} s")
            if outcome.code:
                _say(outcome.output.rstrip())
            failed = failed or outcome.code != 0
    return 1 if failed else 0


def _one(name: str, command: tuple[str, ...]) -> Outcome:
    began = time.monotonic()
    done = subprocess.run(
        [command[0] if command[0] == "node" else str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(name, done.returncode, done.stdout, time.monotonic() - began)


def _keep_logs(layout: Layout) -> None:
    if layout.logs.exists():
        shutil.rmtree(KEPT_LOGS, ignore_errors=True)
        shutil.copytree(layout.logs, KEPT_LOGS)
        _say(f"the servers' logs are in {KEPT_LOGS}")


def _say(line: str) -> None:
    print(line, flush=True)
