"""A mail server on loopback that falls silent, refuses or asks to wait where a test wants it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email import message_from_bytes
from typing import Any


class MailServer:
    """Speaks as much SMTP as a client needs.

    Attributes:
        silent_at: Verb at which it never answers any more: `greeting`, `MAIL`, or `.` (the whole
            mail is here); None: it answers.
        answers: By verb, what it says instead of 250.
        mails: What was handed over whole, answered or not.
        recipients: Whom they were for, as it was said.
    """

    def __init__(self) -> None:
        self.silent_at: str | None = None
        self.answers: dict[str, str] = {}
        self.mails: list[bytes] = []
        self.recipients: list[str] = []
        self.connections = 0

    @property
    def ids(self) -> list[str]:
        """The Message-IDs of what was handed over."""
        return [str(message_from_bytes(each)["Message-ID"]) for each in self.mails]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        await self._say(writer, "greeting", "220 double")
        while line := await reader.readline():
            verb = line.split()[0].decode().upper() if line.split() else ""
            if verb == "RCPT":
                self.recipients.append(line.decode().strip().removeprefix("RCPT TO:"))
            if verb == "DATA":
                await self._say(writer, "DATA", "354 go on")
                self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
                verb = "."
            await self._say(writer, verb, "221 bye" if verb == "QUIT" else "250 ok")

    async def _say(self, writer: asyncio.StreamWriter, verb: str, usual: str) -> None:
        if verb == self.silent_at:
            await asyncio.sleep(3600)
        writer.write(f"{self.answers.get(verb, usual)}\r\n".encode())
        await writer.drain()


@asynccontextmanager
async def serving_mail(double: MailServer) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1; yield the `smtp://` address."""
    tasks: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await double(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
