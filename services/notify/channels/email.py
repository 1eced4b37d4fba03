"""E-mail over SMTP, with connections that stay open."""

import asyncio
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, parseaddr
from urllib.parse import unquote, urlsplit

import aiosmtplib

from services.notify.domain import Outcome

TIMEOUT_S = 15.0
PERMANENT = 500  # SMTP replies from here on are final

Mail = tuple[str, str, str, str]


class EmailChannel:
    """Sends mails; never raises for what a mail server says.

    Args:
        url: smtp://[user:password@]host:port, or smtps:// for TLS from the first byte.
        sender: The From header.
        connections: Kept open at once.
    """

    def __init__(self, url: str, sender: str, connections: int) -> None:
        self._parts = urlsplit(url)
        self._sender = sender
        self._address = parseaddr(sender)[1]
        self._idle: asyncio.LifoQueue[aiosmtplib.SMTP | None] = asyncio.LifoQueue()
        for _ in range(connections):
            self._idle.put_nowait(None)

    async def send(self, identifier: str, address: str, subject: str, text: str) -> Outcome:
        """Send one mail.

        Args:
            identifier: Of the delivery: every attempt carries the same Message-ID, so that a
                mailbox shows one mail even when an answer was lost.
            address: The recipient; never logged.
            subject: Its first line.
            text: What it says.
        """
        content = self._compose(identifier, address, subject, text)
        client = await self._idle.get()
        try:
            client = await self._connected(client)
            await client.sendmail(self._address, [address], content)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused(max(each.code for each in error.recipients))
        except aiosmtplib.SMTPResponseException as error:
            return _refused(error.code)
        except (aiosmtplib.SMTPConnectError, ConnectionRefusedError):
            return Outcome("retry", "unreachable")
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            client = await _closed(client)
            return Outcome("ambiguous", type(error).__name__)
        finally:
            self._idle.put_nowait(client)
        return Outcome("accepted")

    async def stop(self) -> None:
        """Say goodbye to the mail server."""
        while not self._idle.empty():
            await _closed(self._idle.get_nowait())

    async def _connected(self, client: aiosmtplib.SMTP | None) -> aiosmtplib.SMTP:
        if client is not None and client.is_connected:
            return client
        client = aiosmtplib.SMTP(
            hostname=self._parts.hostname or "127.0.0.1",
            port=self._parts.port or 25,
            username=unquote(self._parts.username) if self._parts.username else None,
            password=unquote(self._parts.password) if self._parts.password else None,
            use_tls=self._parts.scheme == "smtps",
            timeout=TIMEOUT_S,
        )
        await client.connect()
        return client

    def _compose(self, identifier: str, address: str, subject: str, text: str) -> bytes:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = address
        message["Subject"] = subject
        message["Date"] = formatdate(localtime=False)
        message["Message-ID"] = f"<{identifier}@{self._address.partition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"  # no out-of-office answers, please (RFC 3834)
        message.set_content(text)
        return message.as_bytes()


async def _closed(client: aiosmtplib.SMTP | None) -> None:
    if client is not None:
        with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
            await client.quit(timeout=2)


def _refused(code: int) -> Outcome:
    return Outcome("rejected" if code >= PERMANENT else "retry", f"smtp_{code}")
