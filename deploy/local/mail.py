"""A mail sink: takes every message and keeps it as one .eml file; sends nothing on.

Runs alone (`python mail.py --port 2525 FOLDER`): an image needs this file and aiosmtpd only.
A file appears at once and whole. After `250 OK` a message outlives the process, not the machine.
"""

import argparse
import asyncio
import itertools
import os
import re
import signal
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

MAX_BYTES = 20_000_000
PLAIN = re.compile(r" *<([A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,255})> *(.*)", re.DOTALL)
_numbers = itertools.count()


class Sink(SMTP):
    """The library's server, with a short way for the plain addresses that we send to."""

    def _getaddr(self, arg: str) -> tuple[str | None, str | None]:
        # a third of its CPU is the grammar of RFC 5322 for `<name@example.com>`
        plain = PLAIN.match(arg)
        return (plain[1], plain[2]) if plain else super()._getaddr(arg)


class Keeper:
    """Writes each message into the folder; named so that an alphabetical list is in order."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's
        """Keep one message, with the envelope in its first two headers."""
        name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{os.getpid()}-{next(_numbers)}"
        head = f"X-Envelope-From: {envelope.mail_from}\r\n"
        head += f"X-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        content = envelope.content or b""
        body = content.encode() if isinstance(content, str) else content
        unfinished = self._folder / f".{name}"
        unfinished.write_bytes(head.encode(errors="replace") + body)
        unfinished.rename(self._folder / f"{name}.eml")
        return "250 OK"


async def serve(host: str, port: int, folder: Path) -> None:
    """Take mail until SIGTERM or SIGINT."""
    keeper = Keeper(folder)
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def protocol() -> Sink:
        return Sink(keeper, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, hostname="mail")

    server = await loop.create_server(protocol, host, port)
    async with server:
        await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(serve(given.host, given.port, given.folder))


if __name__ == "__main__":
    main()
