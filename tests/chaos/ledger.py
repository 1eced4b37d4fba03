"""What the outside client knows: every attempt, written down durably before and after it.

One line of JSON for each attempt that begins (`sent`) and one for its answer. Lines that come
together are made durable by one fsync; nothing is sent, and no answer counts, before its line is.
"""

import asyncio
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ACKNOWLEDGED = (200, 201)


@dataclass(frozen=True)
class Report:
    """What is sent under one key, however often.

    Attributes:
        number: Counts the reports of a run, from 0.
        key: Its Idempotency-Key.
        body: SHA-256 of the JSON.
        media: SHA-256 of every file, in order.
        email: Where its reporter is told.
        short: Whether its limit ends within the run.
    """

    number: int
    key: str
    body: str
    media: tuple[str, ...]
    email: str
    short: bool


@dataclass(frozen=True)
class Attempt:
    """One request and its answer; `status` 0 when none came. Times are Unix seconds."""

    report: Report
    sent_at: float
    status: int = 0
    code: str = ""
    answered_at: float = 0.0
    replayed: bool = False
    failure: str = ""

    @property
    def acknowledged(self) -> bool:
        return self.status in ACKNOWLEDGED


class Ledger:
    """Appends attempts to a file; each is there for good when the call returns."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("ab", buffering=0)
        self._lines: list[bytes] = []
        self._written: asyncio.Future[None] | None = None
        self.attempts: list[Attempt] = []
        self.acknowledged: dict[str, Attempt] = {}  # the first answer of each key
        self.codes: list[str] = []  # in the order in which they were acknowledged

    async def begin(self, report: Report, sent_at: float) -> None:
        await self._append({"sent": sent_at, "n": report.number, "key": report.key,
                            "body": report.body, "media": report.media})  # fmt: skip

    async def end(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        await self._append({"answered": attempt.answered_at, "n": attempt.report.number,
                            "status": attempt.status, "code": attempt.code,
                            "failure": attempt.failure})  # fmt: skip
        if attempt.acknowledged and attempt.report.key not in self.acknowledged:
            self.acknowledged[attempt.report.key] = attempt
            self.codes.append(attempt.code)

    def close(self) -> None:
        self._file.close()

    async def _append(self, line: dict[str, Any]) -> None:
        self._lines.append(json.dumps(line).encode() + b"\n")
        if self._written is None:
            self._written = asyncio.ensure_future(self._flush())
        await asyncio.shield(self._written)

    async def _flush(self) -> None:
        await asyncio.sleep(0.005)  # whoever comes meanwhile shares the fsync
        lines, self._lines, self._written = self._lines, [], None
        await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, content: bytes) -> None:
        self._file.write(content)
        os.fdatasync(self._file.fileno())
