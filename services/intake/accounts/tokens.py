"""Access and refresh tokens: random, shown once, kept as hashes.

Both name their session, so that it is loaded by its key; 256 random bits follow.
"""

import hmac
import secrets
from dataclasses import dataclass

from services.intake.accounts.domain import SessionId
from shared.identity import fingerprint
from shared.sessions import TOKEN

SECRET_BYTES = 32
FAMILY_BYTES = 16


@dataclass(frozen=True)
class Pair:
    """The two tokens of a session as its owner gets them."""

    access: str
    refresh: str
    family: str


@dataclass(frozen=True)
class Parsed:
    """A token as somebody showed it; `family` is empty in an access token."""

    session: SessionId
    family: str
    whole: str

    @property
    def hashed(self) -> str:
        """Return the hash under which the session knows it."""
        return fingerprint(self.whole)


def new_session_id() -> SessionId:
    """Return a random session id."""
    return SessionId(f"s_{secrets.token_hex(12)}")


def issue(session: SessionId, family: str | None = None) -> Pair:
    """Return new tokens for a session; `family` is that of its earlier refresh tokens."""
    family = family or secrets.token_urlsafe(FAMILY_BYTES)
    access = f"{session}.{secrets.token_urlsafe(SECRET_BYTES)}"
    refresh = f"{session}.{family}.{secrets.token_urlsafe(SECRET_BYTES)}"
    return Pair(access, refresh, family)


def parse(token: str) -> Parsed | None:
    """Return the parts of a token, or None when it has not the form of ours."""
    found = TOKEN.fullmatch(token)
    return Parsed(SessionId(found[1]), found[2] or "", token) if found else None


def same(hashed: str, other: str) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(hashed, other)
