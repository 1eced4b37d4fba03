"""Does an address belong to who typed it? It is asked once, with a code and a link.

Nothing of code and link is stored: both are derived from the question's random id, which stands
beside the sealed follower. Intake asks and checks, notify writes the question. How often an address
may be asked is counted by a keyed hash of it, for a day.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import DuplicateError
from shared.mongo import Database, Document, Documents, Index
from shared.optouts import address_hash
from shared.vocabulary import CaseCode, ReporterId

COLLECTION = "confirmations"
EMAIL, PHONE = "email", "phone"  # the places: what Zalo and SMS reach is one
MOST_TRIES = 5  # codes that one question takes; a million are possible
COUNTED_FOR = timedelta(days=1)
DIGITS = 6


@dataclass(frozen=True)
class Ask:
    """A question to one place of a follower.

    Attributes:
        id: Random; code and link derive from it.
        place: `email` or `phone`.
        at: When it was asked; aware.
        until: After this nothing confirms it.
        withheld: The address was asked often enough: no message goes out, and nothing confirms it.
        done: It was confirmed; the same link says so again.
    """

    id: str
    place: str
    at: datetime
    until: datetime
    withheld: bool = False
    done: bool = False

    def waits(self, now: datetime) -> bool:
        """Say whether it can still be confirmed, as far as anybody is told."""
        return not self.done and now < self.until

    def plain(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return vars(self).copy()


class ConfirmationTokens:
    """Derives and reads codes and links.

    Args:
        secrets_: The first derives, all are accepted.
    """

    def __init__(self, secrets_: Sequence[str]) -> None:
        self._keys = [each.encode() for each in secrets_]

    def code(self, ask: str) -> str:
        """Return the six digits of a question."""
        return _digits(self._keys[0], ask)

    def is_code(self, ask: str, typed: str) -> bool:
        """Say whether somebody typed the digits of a question, in constant time."""
        given = typed.encode()
        return any(hmac.compare_digest(_digits(key, ask).encode(), given) for key in self._keys)

    def issue(self, reference: ReporterId, ask: str) -> str:
        """Return the token of the link in a question."""
        return f"{reference}.{ask}.{_signature(self._keys[0], reference, ask)}"

    def read(self, token: str) -> tuple[ReporterId, str] | None:
        """Return whose and which question a token is about; None when it is not ours."""
        reference, ask, signature = [*token.split("."), "", "", ""][:3]
        given = signature.encode()
        ours = [_signature(key, reference, ask).encode() for key in self._keys]
        if any(hmac.compare_digest(each, given) for each in ours):
            return ReporterId(reference), ask
        return None


def _digits(key: bytes, ask: str) -> str:
    digest = hmac.digest(key, f"confirm:code:{ask}".encode(), "sha256")
    return f"{int.from_bytes(digest[:8], 'big') % 10**DIGITS:0{DIGITS}}"


def _signature(key: bytes, reference: str, ask: str) -> str:
    digest = hmac.digest(key, f"confirm:link:{reference}:{ask}".encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:18]).decode()


class AskLedger:
    """How often one address is asked in a day, once per case and a few times in all; and tries.

    It outlives what somebody follows: whoever leaves and comes back finds the same question, with
    the tries that it has had. Any number of processes may count at once.

    Args:
        base: The identity database.
        secret: Of the hashes; a new one begins to count anew.
        most: Questions to one address in a day.
    """

    def __init__(self, base: Database, secret: str, most: int) -> None:
        self.documents = Documents(base, COLLECTION, (Index(("at",)), Index(("ask",))))
        self._key = secret.encode()
        self._most = most

    async def take(
        self, reference: ReporterId, place: str, address: str, *, case: CaseCode, now: datetime
    ) -> tuple[str, bool]:
        """Return the id of the question to an address, and whether it may go out.

        The same follower gets the same one for a day. One that may not go out looks like any other.
        """
        name = address_hash(self._key, place, address)
        fresh = secrets.token_hex(8)
        mine = await self._slot(f"{name}:{case}", now, by=reference, ask=fresh)
        if mine["by"] != reference:
            return await self._withheld(fresh, now), False
        ask = str(mine["ask"])
        for number in range(self._most):
            slot = await self._slot(f"{name}:{number}", now, by=ask)
            if slot["by"] == ask:
                return ask, True
        return ask, False

    async def attempt(self, ask: str) -> bool:
        """Count a code that was typed for a question; False: it has had enough of them."""
        left = {"ask": ask, "tries": {"$lt": MOST_TRIES}}
        return await self.documents.update_one(left, {"$inc": {"tries": 1}})

    async def forget(self, now: datetime) -> int:
        """Remove what is older than a day; return how many rows those were."""
        return await self.documents.delete_many({"at": {"$lt": now - COUNTED_FOR}})

    async def _withheld(self, ask: str, now: datetime) -> str:
        await self.documents.insert({"_id": f"withheld:{ask}", "at": now, "ask": ask, "tries": 0})
        return ask

    async def _slot(self, identifier: str, now: datetime, **fields: str) -> Document:
        """Return the row of a slot: ours if it is free or a day old, else as it is."""
        fresh: Document = {"at": now, "tries": 0, **fields}
        passed = {"_id": identifier, "at": {"$lt": now - COUNTED_FOR}}
        if await self.documents.update_one(passed, {"$set": fresh}):
            return fresh
        with suppress(DuplicateError):
            await self.documents.insert({"_id": identifier, **fresh})
            return fresh
        return await self.documents.load(identifier) or fresh
