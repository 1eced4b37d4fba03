"""What the outside gets: mails, and the operations centre's events over AMQP, pull and SSE."""

import asyncio
import re
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import orjson

from shared.errors import OutageError
from shared.stream import StreamReader
from tests.chaos.checker import Mail, Seen, at_of

MESSAGE_ID = re.compile(rb"^Message-ID: <([^@>]+)@", re.MULTILINE | re.IGNORECASE)
ADDRESS = re.compile(rb"<([^>]*)>")
PULL_EVERY_S = 0.5


class MailSink:
    """An SMTP server that takes every mail, and can be told to misbehave.

    Attributes:
        mode: `ok`, `busy` (450 after the mail), `refuse` (550), `vanish` (takes the mail and resets
            the connection before it says so), `silent` (never answers the mail).
        mails: What was taken, copies included.
        refused: Ids that were answered with 550.
    """

    def __init__(self, record: Path) -> None:
        self.mode = "ok"
        self.mails: list[Mail] = []
        self.refused: set[str] = set()
        self.misbehaved = 0
        self._record = record.open("ab", buffering=0)
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**22)

    async def close(self) -> None:
        if self._server:
            self._server.close()
        self._record.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.write(b"220 sink\r\n")
            to = b""
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"RCPT":
                    to = match[1] if (match := ADDRESS.search(line)) else b""
                if verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    content = await reader.readuntil(b"\r\n.\r\n")
                    if not (answer := await self._take(content, to)):
                        break
                    writer.write(answer)
                elif verb == b"QUIT":
                    break
                else:
                    writer.write(b"250 OK\r\n")
        writer.transport.abort()

    async def _take(self, content: bytes, to: bytes) -> bytes:
        identifier = match[1].decode() if (match := MESSAGE_ID.search(content)) else "none"
        mode = self.mode
        self.misbehaved += mode != "ok"
        if mode == "refuse":
            self.refused.add(identifier)
            return b"550 no such mailbox\r\n"
        if mode == "busy":
            return b"450 try again\r\n"
        if mode == "silent":
            while self.mode == "silent":  # noqa: ASYNC110 - until a test says otherwise
                await asyncio.sleep(0.2)
            return b""
        self.mails.append(Mail(identifier, to.decode()))
        self._record.write(f"{identifier} {to.decode()}\n".encode())
        return b"" if mode == "vanish" else b"250 OK\r\n"


class AmqpRecorder:
    """Reads the stream itself, past every proxy, from its first event; resumes behind the last."""

    def __init__(self, url: str) -> None:
        self._reader = StreamReader(url, "chaos")
        self.seen: list[Seen] = []

    async def run(self) -> None:
        while True:
            start = self.seen[-1].offset + 1 if self.seen else "first"
            with suppress(OutageError):
                async with self._reader.read(start) as events:
                    async for event in events:
                        self.seen.append(_seen(event.offset, event.body))
            await asyncio.sleep(0.5)


class PullRecorder:
    """Asks notify for what is new, with the last offset as its cursor."""

    def __init__(self, notify: str) -> None:
        self._url = f"{notify}/api/v1/ioc/events"
        self.seen: list[Seen] = []

    async def run(self) -> None:
        after = "-1"
        async with httpx.AsyncClient(timeout=10) as client:
            while True:
                items: list[dict[str, object]] = []
                with suppress(httpx.HTTPError, ValueError, KeyError):
                    answer = await client.get(self._url, params={"after": after, "limit": 1000})
                    if answer.is_success:
                        page = orjson.loads(answer.content)
                        items, after = page["items"], str(page["next"])
                self.seen += [Seen(int(str(each["offset"])), str(each["id"])) for each in items]
                if len(items) < 1000:
                    await asyncio.sleep(PULL_EVERY_S)


class SseRecorder:
    """A client in a process of its own, so that it can be killed; its file is its memory."""

    def __init__(self, notify: str, record: Path) -> None:
        self._notify = notify
        self.record = record
        self.process: asyncio.subprocess.Process | None = None
        self.lives = 0

    async def run(self) -> None:
        script = Path(__file__).with_name("sse_client.py")
        try:
            while True:
                self.process = await asyncio.create_subprocess_exec(
                    sys.executable, "-S", str(script), self._notify, str(self.record)
                )
                self.lives += 1
                await self.process.wait()
                await asyncio.sleep(0.1)
        finally:
            if self.process and self.process.returncode is None:
                self.process.kill()

    def kill(self) -> None:
        if self.process and self.process.returncode is None:
            self.process.kill()

    def seen(self) -> list[Seen]:
        """Return what the client wrote; a line that a kill cut short was not seen."""
        lines = self.record.read_bytes().split(b"\n")[:-1] if self.record.exists() else []
        pairs = (line.split(b" ") for line in lines)
        return [
            Seen(int(pair[0].partition(b".")[0]), pair[1].decode())
            for pair in pairs
            if len(pair) == 3
        ]


def _seen(offset: int, body: bytes) -> Seen:
    event = orjson.loads(body)
    return Seen(offset, event["id"], event["type"], at_of(event["time"]))
