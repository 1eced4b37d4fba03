"""Finds the mails of a case in the folder of the mail sink, as they arrive."""

import asyncio
import contextlib
import re
import time
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy.local.layout import ROOT

LOOK_EVERY_S = 0.02
TEMPLATES = ROOT / "services" / "notify" / "templates"
KINDS = {"receipt": "receipt", "assignment": "assigned"}  # what we call it, and its template
CODE = re.compile(r"\[([A-Z0-9-]+)\]")


@dataclass(frozen=True)
class Mail:
    """A mail as it was found; `at` is on the clock of `time.perf_counter`."""

    at: float
    to: str
    subject: str


class Mailbox:
    """Watches the folder from now on; it knows a mail by the subject that its template has."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._subjects = {
            _subject(path): kind
            for kind, template in KINDS.items()
            for path in TEMPLATES.glob(f"{template}.*.txt")
        }
        self._known: set[str] = set()
        self._waiting: dict[tuple[str, str, str], asyncio.Future[Mail]] = {}
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Begin; what lies in the folder already is not looked at."""
        self._known = set(self._names())
        self._task = asyncio.create_task(self._watch())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def receipt(self, code: str, to: str) -> "asyncio.Future[Mail]":
        """Return the mail to an address that says that a report was received."""
        return self._mail(code, to, "receipt")

    def assignment(self, code: str, to: str) -> "asyncio.Future[Mail]":
        """Return the mail to an address that says that a report is with its unit."""
        return self._mail(code, to, "assignment")

    def _mail(self, code: str, to: str, kind: str) -> "asyncio.Future[Mail]":
        key = (code, to, kind)
        if key not in self._waiting:
            self._waiting[key] = asyncio.get_running_loop().create_future()
        return self._waiting[key]

    def _names(self) -> list[str]:
        return [file.name for file in self._folder.iterdir() if file.suffix == ".eml"]

    async def _watch(self) -> None:
        while True:
            for name in sorted(set(self._names()) - self._known):
                self._known.add(name)
                self._take(self._folder / name)
            await asyncio.sleep(LOOK_EVERY_S)

    def _take(self, file: Path) -> None:
        message = message_from_bytes(file.read_bytes(), policy=default)
        subject = str(message["subject"] or "")
        if (code := CODE.search(subject)) is None:
            return
        kind = self._subjects.get(CODE.sub("", subject, count=1).strip())
        if kind is None:  # another step, or a mail to the unit
            return
        to = str(message["to"])
        found = self._mail(code[1], to, kind)
        if not found.done():
            found.set_result(Mail(time.perf_counter(), to, subject))


def _subject(template: Path) -> str:
    """Return a template's subject without the code that stands before it."""
    return template.read_text(encoding="utf-8").splitlines()[0].partition("]")[2].strip()
