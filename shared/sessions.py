"""Who shows an access token: read from the sessions that intake keeps, by any service.

Intake alone writes sessions and accounts. A token names its session, so that it is loaded by its
key; 256 random bits follow, of which only the hash is stored.
"""

import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.identity import fingerprint
from shared.mongo import Database, Documents
from shared.vocabulary import Role, UnitId

TOKEN = re.compile(r"(s_[0-9a-f]{24})\.(?:([\w-]{22})\.)?([\w-]{43})", re.ASCII)
SESSION_FIELDS = (
    "account",
    "epoch",
    "method",
    "access",
    "access_until",
    "expires_at",
    "revoked_at",
)
ACCOUNT_FIELDS = ("role", "unit", "epoch", "disabled", "must_change")


@dataclass(frozen=True)
class Visitor:
    """An official who showed a valid access token.

    Attributes:
        must_change: They have a password that somebody else knows, and may do nothing else first.
        until: When the token expires.
    """

    account: str
    role: Role
    unit: UnitId | None
    must_change: bool
    until: datetime


class SessionReader:
    """Looks tokens up; `clock` is the server's time."""

    def __init__(self, intake: Database, clock: Callable[[], datetime]) -> None:
        self._sessions = Documents(intake, "sessions")
        self._accounts = Documents(intake, "accounts")
        self._clock = clock

    async def visitor(self, token: str) -> Visitor | None:
        """Return who shows this access token; None when it is unknown, expired or revoked.

        Raises:
            OutageError: the sessions cannot be read.
        """
        parsed = TOKEN.fullmatch(token)
        if parsed is None or parsed[2]:  # a refresh token opens no door but one
            return None
        session = await self._one(self._sessions, parsed[1], SESSION_FIELDS)
        if session is None or not hmac.compare_digest(session["access"], fingerprint(token)):
            return None
        account = await self._one(self._accounts, session["account"], ACCOUNT_FIELDS)
        if account is None or not _stands(session, account, self._clock()):
            return None
        return Visitor(
            account=session["account"],
            role=Role(account["role"]),
            unit=account["unit"],
            must_change=account["must_change"] and session["method"] == "password",
            until=session["access_until"],
        )

    @staticmethod
    async def _one(
        documents: Documents, identifier: str, fields: tuple[str, ...]
    ) -> Mapping[str, Any] | None:
        """Load these fields and no others: no hash of a password comes this way."""
        found = await documents.find({"_id": identifier}, limit=1, fields=fields)
        return found[0] if found else None


def _stands(session: Mapping[str, Any], account: Mapping[str, Any], now: datetime) -> bool:
    return (
        session["revoked_at"] is None
        and now < session["access_until"]
        and now < session["expires_at"]
        and not account["disabled"]
        and account["epoch"] == session["epoch"]
    )
