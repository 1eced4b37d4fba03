"""The open-loop load: reports leave when they are due, whatever became of the others.

A report that is not acknowledged is sent again under its key until it is; every attempt stands in
the ledger. Nine in ten are JSON, one carries a photo or a recording; one in ten has a short limit.
"""

import asyncio
import hashlib
import json
import random
import struct
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from io import BytesIO
from urllib.parse import urlsplit

from PIL import Image

from deploy.bench.wire import LENGTH
from deploy.local.sample_media import photo, sound
from tests.chaos.ledger import Attempt, Ledger, Report

PATH = "/api/v1/reports"
CONNECTIONS = 96
ANSWER_S = 12.0  # a client waits no longer
AGAIN_S = (0.2, 0.5, 1.0, 2.0)
SHORT, LONG = "urban_order", "other"
STALE = "stale connection"
BOUNDARY = "civic-chaos-boundary"
SIZE = (320, 240)


@dataclass(frozen=True)
class Parcel:
    """A report as it is sent."""

    report: Report
    head: bytes
    body: bytes


class Maker:
    """Makes reports, each another one; the same seed makes the same."""

    def __init__(self, seed: int, url: str, media_share: float = 0.1) -> None:
        self._random = random.Random(seed)
        self._host = urlsplit(url).netloc
        self._share = media_share
        self._photo, self._sound = _small_photo(), _small_sound()
        self._number = 0

    def next(self) -> Parcel:
        number, self._number = self._number, self._number + 1
        key = f"{self._random.getrandbits(128):032x}"
        short = number % 10 == 0
        files = [self._file(number)] if not short and self._random.random() < self._share else []
        text = _json(number, SHORT if short else LONG)
        report = Report(
            number=number,
            key=key,
            body=hashlib.sha256(text).hexdigest(),
            media=tuple(hashlib.sha256(content).hexdigest() for _, _, content in files),
            email=f"nguoi.{number}@example.com",
            short=short,
        )
        return self._parcel(report, text, files)

    def _file(self, number: int) -> tuple[str, str, bytes]:
        if self._random.random() < 0.25:
            return "ghi-am.m4a", "audio/mp4", _numbered_sound(self._sound, number)
        return "anh.jpg", "image/jpeg", _numbered_photo(self._photo, number)

    def _parcel(self, report: Report, text: bytes, files: list[tuple[str, str, bytes]]) -> Parcel:
        kind, body = "application/json", text
        if files:
            kind = f"multipart/form-data; boundary={BOUNDARY}"
            parts = [("report", "", "application/json", text)]
            parts += [("media", name, media, content) for name, media, content in files]
            body = b"".join(_part(*each) for each in parts) + f"--{BOUNDARY}--\r\n".encode()
        head = (
            f"POST {PATH} HTTP/1.1\r\nHost: {self._host}\r\nContent-Type: {kind}\r\n"
            f"Content-Length: {len(body)}\r\nIdempotency-Key: {report.key}\r\n\r\n"
        )
        return Parcel(report, head.encode(), body)


@dataclass
class Pace:
    """Reports per second now; 0 while the load rests."""

    rate: float = 0.0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def set(self, rate: float) -> None:
        self.rate = rate
        self.changed.set()


class Load:
    """Sends parcels at a pace; `waiting` are begun and not acknowledged yet."""

    def __init__(self, url: str, maker: Maker, ledger: Ledger) -> None:
        parts = urlsplit(url)
        self._where = parts.hostname, parts.port
        self._maker = maker
        self.ledger = ledger
        self.pace = Pace()
        self.waiting: set[asyncio.Task[None]] = set()
        self.broken: list[str] = []  # reports that nobody can get in
        self.refused_connections = 0
        self._idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._places = asyncio.Semaphore(CONNECTIONS)

    async def run(self) -> None:
        due = time.monotonic()
        while True:
            if not self.pace.rate:
                self.pace.changed.clear()
                await self.pace.changed.wait()
                due = time.monotonic()
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            self.begin(self._maker.next())
            due += 1 / self.pace.rate if self.pace.rate else 0.0

    def begin(self, parcel: Parcel) -> "asyncio.Task[None]":
        task = asyncio.create_task(self._until_acknowledged(parcel))
        self.waiting.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self.waiting.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self.broken.append(str(error) or type(error).__name__)

    def next(self) -> Parcel:
        return self._maker.next()

    async def _until_acknowledged(self, parcel: Parcel) -> None:
        tries = 0
        while True:
            async with self._places:
                attempt = await self.attempt(parcel)
            if attempt.acknowledged:
                return
            # what is wrong with the report itself is wrong the next time too
            if 400 <= attempt.status < 500 and attempt.status not in (408, 409, 429):
                raise AssertionError(f"a good report was answered with {attempt.status}")
            await asyncio.sleep(AGAIN_S[min(tries, 3)] * random.uniform(0.5, 1.5))
            tries += 1

    async def attempt(self, parcel: Parcel, limit_s: float = ANSWER_S) -> Attempt:
        """Send once and write down what came of it."""
        attempt = Attempt(parcel.report, time.time())
        await self.ledger.begin(parcel.report, attempt.sent_at)
        try:
            async with asyncio.timeout(limit_s):
                status, head, answer = await self._post(parcel)
            body = json.loads(answer) if answer else {}
            attempt = replace(
                attempt,
                status=status,
                code=str(body.get("code", "")) if status in (200, 201) else "",
                replayed=b"idempotency-replayed: true" in head.lower(),
            )
        except StaleConnectionError:
            attempt = replace(attempt, failure=STALE)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError) as error:
            attempt = replace(attempt, failure=type(error).__name__)
        attempt = replace(attempt, answered_at=time.time())
        await self.ledger.end(attempt)
        return attempt

    async def _post(self, parcel: Parcel) -> tuple[int, bytes, bytes]:
        reader, writer, reused = await self._connection()
        kept = False
        try:
            writer.write(parcel.head + parcel.body)
            head = await _head(reader, reused=reused)
            found = LENGTH.search(head)
            answer = await reader.readexactly(int(found[1])) if found else b""
            kept = b"connection: close" not in head.lower()
            return int(head[9:12]), head, answer
        finally:
            if kept:
                self._idle.append((reader, writer))
            else:
                writer.transport.abort()

    async def _connection(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bool]:
        while self._idle:
            reader, writer = self._idle.pop()
            if not (reader.at_eof() or writer.is_closing()):
                return reader, writer, True
            writer.close()
        try:
            return *await asyncio.open_connection(*self._where), False
        except ConnectionRefusedError:
            self.refused_connections += 1
            raise


class StaleConnectionError(Exception):
    """The server hung up an idle connection at the moment in which it was used again."""


async def _head(reader: asyncio.StreamReader, *, reused: bool) -> bytes:
    """Read an answer's head; a reused connection that gives nothing was closed while idle.

    Every HTTP client sends such a request again by itself (RFC 9110, 9.2.2), and so do we.
    """
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if reused and not error.partial:
            raise StaleConnectionError from error
        raise
    except ConnectionResetError as error:
        if reused:
            raise StaleConnectionError from error
        raise


def _json(number: int, category: str) -> bytes:
    body = {
        "text": f"Đèn đường ở đoạn dốc tắt ba đêm liền, khúc cua rất tối. Phản ánh số {number}.",
        "category": category,
        "area": f"Phường {number % 12 + 1}",
        "location": {"lat": 11.9430, "lon": 108.4370, "address": "Chợ Đà Lạt"},
        "terms": True,
        "reporter": {
            "kind": "resident",
            "name": "Người thử",
            "email": f"nguoi.{number}@example.com",
        },
    }
    return json.dumps(body, ensure_ascii=False).encode()


def _part(name: str, filename: str, media: str, content: bytes) -> bytes:
    file = f'; filename="{filename}"' if filename else ""
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n'
    return f"{head}Content-Type: {media}\r\n\r\n".encode() + content + b"\r\n"


def _small_photo() -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    big = Image.open(BytesIO(photo("urban_order", lat=11.943, lon=108.437, taken_at=now)))
    out = BytesIO()
    big.resize(SIZE).save(out, "JPEG", quality=70, exif=big.getexif())
    return out.getvalue()


def _small_sound() -> bytes:
    now = datetime.now(UTC).replace(microsecond=0)
    return sound(1, voice=1, lat=11.943, lon=108.437, made_at=now)


def _numbered_photo(jpeg: bytes, number: int) -> bytes:
    """Put a comment behind the first marker: other bytes, the same picture."""
    comment = f"report {number}".encode()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(comment) + 2) + comment + jpeg[2:]


def _numbered_sound(mp4: bytes, number: int) -> bytes:
    """Append a box that every player skips."""
    note = f"report {number}".encode()
    return mp4 + struct.pack(">I4s", len(note) + 8, b"free") + note
