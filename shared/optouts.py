"""Who wants no more messages: hashes of addresses, kept also after the person was erased.

A link in every message leads out without a sign-in: its token is signed, and stands behind the `#`
or in a POST, so that no server's log and no preview of a mail follows it. Intake writes, notify
reads. The hash is keyed: nobody finds out by trying whether a number is in the list.
"""

import base64
import hmac
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from shared.mongo import Database, Documents, Index
from shared.vocabulary import ReporterId

COLLECTION = "optouts"
FRESH_S = 2.0  # how long a message may still go out after somebody opted out
PAGE = 5000
OVERLAP = timedelta(seconds=30)  # clocks of two processes differ; what was read is read again


class OptOutTokens:
    """Signs and reads the tokens of the links; nothing of them is stored.

    Args:
        secrets_: The first signs, all are accepted.
    """

    def __init__(self, secrets_: Sequence[str]) -> None:
        self._keys = [each.encode() for each in secrets_]

    def issue(self, reporter: ReporterId, channel: str) -> str:
        """Return the token with which a reporter opts out of a channel."""
        return f"{reporter}.{channel}.{_signature(self._keys[0], reporter, channel)}"

    def read(self, token: str) -> tuple[ReporterId, str] | None:
        """Return whom and which channel a token is about; None when it is not ours."""
        reporter, channel, signature = [*token.split("."), "", "", ""][:3]
        ours = [_signature(key, reporter, channel).encode() for key in self._keys]
        if any(hmac.compare_digest(each, signature.encode()) for each in ours):
            return ReporterId(reporter), channel
        return None


def _signature(key: bytes, reporter: str, channel: str) -> str:
    digest = hmac.digest(key, f"optout:{reporter}:{channel}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()


class OptOuts:
    """The addresses that want no more messages.

    Args:
        base: The identity database.
        secrets_: Keys of the hashes: the first writes, all are looked for.
        ticks: Seconds, for how long what was read stays fresh.
    """

    def __init__(
        self, base: Database, secrets_: Sequence[str], ticks: Callable[[], float] = time.monotonic
    ) -> None:
        self.documents = Documents(base, COLLECTION, (Index(("at",)),))
        self._keys = [each.encode() for each in secrets_]
        self._ticks = ticks
        self._until = 0.0
        self._read_to = datetime(1970, 1, 1, tzinfo=UTC)
        self._out: set[str] = set()

    async def add(self, channel: str, address: str, at: datetime) -> None:
        """Send nothing more to an address on a channel; idempotent."""
        await self._write(channel, address, at, out=True)

    async def lift(self, channel: str, address: str, at: datetime) -> None:
        """Send again: its owner has chosen the channel anew; idempotent."""
        await self._write(channel, address, at, out=False)

    async def refresh(self) -> None:
        """Read what has changed since the last time, at most every `FRESH_S` seconds."""
        if self._ticks() < self._until:
            return
        while True:
            since = self._read_to - OVERLAP if self._read_to.year > 1970 else self._read_to  # noqa: PLR2004 - nothing read yet
            found = await self.documents.find({"at": {"$gt": since}}, sort=[("at", 1)], limit=PAGE)
            for each in found:
                (self._out.add if each["out"] else self._out.discard)(each["_id"])
            moved = bool(found) and found[-1]["at"] > self._read_to
            if moved:
                self._read_to = found[-1]["at"]
            if len(found) < PAGE or not moved:
                break
        self._until = self._ticks() + FRESH_S

    def has(self, channel: str, address: str) -> bool:
        """Say whether an address has opted out of a channel, as of the last refresh."""
        return bool(self._out) and any(
            address_hash(k, channel, address) in self._out for k in self._keys
        )

    async def _write(self, channel: str, address: str, at: datetime, *, out: bool) -> None:
        changes = [
            ({"_id": address_hash(key, channel, address)}, {"$set": {"out": out, "at": at}})
            for key in (self._keys[:1] if out else self._keys)
        ]
        await self.documents.update_each(changes, upsert=True)


def address_hash(key: bytes, channel: str, address: str) -> str:
    """Return a keyed hash of an address, however it is written."""
    folded = address.strip().casefold()
    return hmac.digest(key, f"address:{channel}:{folded}".encode(), "sha256").hex()[:40]
