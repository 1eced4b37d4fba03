"""Where uploads lie while they are read: a folder each, which ends with its submission.

A process that is killed takes none of its folders with it. Each one says whose it is, so that the
successor, which is there within a second, need not wait until it is old.
"""

import asyncio
import hashlib
import os
import shutil
import socket
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import structlog

from shared.errors import OutageError

PREFIX = "submission-"
OLD_S = 240.0  # longer than a submission can take
SWEEP_EVERY_S = 60.0
MOST_BYTES = 2**30

log = structlog.get_logger()


class Spool:
    """A folder for the folders of uploads; other processes, of other machines too, may share it.

    Args:
        directory: Exists.
        most_bytes: Of the uploads that this process holds; more is an outage.
        old_s: A folder of a process that we cannot ask after is left over when it is older.
    """

    def __init__(
        self, directory: Path, most_bytes: int = MOST_BYTES, *, old_s: float = OLD_S
    ) -> None:
        self._directory = directory
        self._most = most_bytes
        self._old_s = old_s
        self._used = 0
        self._open: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Remove what killed processes have left, now and every minute."""
        self._task = asyncio.create_task(self._sweep_forever())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @contextmanager
    def folder(self) -> Generator["Folder"]:
        """Give one submission a folder, and take it away behind it.

        Raises:
            OutageError: the disk is full or cannot be written.
        """
        try:
            path = tempfile.mkdtemp(prefix=_prefix(os.getpid()), dir=self._directory)
        except OSError as error:
            raise OutageError(f"uploads cannot be spooled: {error}") from error
        folder = Folder(Path(path), self)
        self._open.add(folder.path.name)
        try:
            yield folder
        finally:
            shutil.rmtree(path, ignore_errors=True)
            self._open.discard(folder.path.name)
            self._used -= folder.bytes

    async def has_room(self, needed_bytes: int) -> None:
        """Check that the disk has room for an upload.

        Raises:
            OutageError: less than `needed_bytes` are free, or it is no folder.
        """
        try:
            free = shutil.disk_usage(self._directory).free
        except OSError as error:
            raise OutageError(f"uploads cannot be spooled: {error}") from error
        if free < needed_bytes:
            raise OutageError(f"{free} bytes are free for uploads, one file needs {needed_bytes}")

    def take(self, more: int) -> None:
        """Count bytes that are about to be written.

        Raises:
            OutageError: the uploads of this process hold as much as they may.
        """
        if self._used + more > self._most:
            raise OutageError(f"uploads hold {self._used} bytes already")
        self._used += more

    def remove_leftovers(self) -> int:
        """Remove what killed processes have left; return how many submissions that were."""
        removed = 0
        for folder in self._directory.glob(f"{PREFIX}*"):
            with suppress(FileNotFoundError):  # its own process, or another sweep, was faster
                if self._is_left(folder):
                    shutil.rmtree(folder, ignore_errors=True)
                    removed += 1
        return removed

    def _is_left(self, folder: Path) -> bool:
        if folder.name in self._open:
            return False
        host, _, rest = folder.name.removeprefix(PREFIX).partition("-")
        pid = rest.partition("-")[0]
        if host == _here() and pid.isdigit() and not _is_another(int(pid)):
            return True
        return time.time() - folder.stat().st_mtime > self._old_s

    async def _sweep_forever(self) -> None:
        while True:
            try:
                if removed := self.remove_leftovers():  # no thread: it would see one half made
                    log.info("spool.swept", submissions=removed)
            except Exception:
                log.exception("spool.failed")  # a bug must not end all looking unseen
            await asyncio.sleep(SWEEP_EVERY_S)


class Folder:
    """The folder of one submission."""

    def __init__(self, path: Path, spool: Spool) -> None:
        self.path = path
        self.bytes = 0
        self._spool = spool

    def take(self, more: int) -> None:
        """Count bytes that are about to be written here.

        Raises:
            OutageError: all uploads together hold as much as they may.
        """
        self._spool.take(more)
        self.bytes += more


def _prefix(pid: int) -> str:
    return f"{PREFIX}{_here()}-{pid}-"


def _here() -> str:
    """Return a name for where our process ids mean something: this machine, or this container."""
    where = socket.gethostname()
    with suppress(OSError):
        where += str(Path("/proc/self/ns/pid").readlink())
    return hashlib.sha256(where.encode()).hexdigest()[:8]


def _is_another(pid: int) -> bool:
    """Say whether a process lives that is not ours: ours knows which folders it has open."""
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True
