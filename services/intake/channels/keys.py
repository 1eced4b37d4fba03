"""API keys of machines: issued and revoked by the administrator, stored as a hash, scoped.

A key is `ck_<id>_<secret>`. Its secret has 256 random bits, so a plain hash keeps it.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from shared.mongo import Database, Document, Documents

KEYS = "api_keys"
MOST = 500
WRITTEN = re.compile(r"ck_([0-9a-f]{12})_([A-Za-z0-9_-]{43})")


class Scope(StrEnum):
    """What a key is for; a key has one."""

    CAMERA_INCIDENTS = "camera.incidents"


@dataclass(frozen=True)
class ApiKey:
    """A key as it is kept; its secret is not."""

    id: str
    name: str
    scope: Scope
    created_by: str
    created_at: datetime
    revoked_at: datetime | None = None
    last_used_on: date | None = None

    def plain(self) -> dict[str, Any]:
        """Return it for an answer."""
        return {
            "id": self.id,
            "name": self.name,
            "scope": self.scope.value,
            "created_by": self.created_by,
            "created_at": self.created_at.isoformat(),
            "revoked_at": self.revoked_at.isoformat() if self.revoked_at else None,
            "last_used_on": self.last_used_on.isoformat() if self.last_used_on else None,
        }


class ApiKeys:
    """The collection of keys."""

    def __init__(self, base: Database, clock: Callable[[], datetime]) -> None:
        self.documents = Documents(base, KEYS)
        self._clock = clock

    async def issue(self, name: str, scope: Scope, by: str) -> tuple[ApiKey, str]:
        """Issue a key, and return it with the words that are shown this once."""
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        document: Document = {
            "_id": identifier,
            "hash": _hash(secret),
            "name": name,
            "scope": scope.value,
            "created_by": by,
            "created_at": self._clock(),
            "revoked_at": None,
        }
        await self.documents.insert(document)
        return _key(document), f"ck_{identifier}_{secret}"

    async def valid(self, written: str, scope: Scope) -> ApiKey | None:
        """Return the key that somebody shows, if it holds for this scope and is not revoked."""
        found = WRITTEN.fullmatch(written)
        if found is None:
            return None
        document = await self.documents.load(found[1])
        if document is None or not hmac.compare_digest(document["hash"], _hash(found[2])):
            return None
        if document["revoked_at"] is not None or document["scope"] != scope.value:
            return None
        today = self._clock().date().isoformat()
        if document.get("last_used_on") != today:  # once a day: a look must not cost a write
            await self.documents.update_one({"_id": found[1]}, {"$set": {"last_used_on": today}})
        return _key(document)

    async def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        found = await self.documents.find({}, sort=[("created_at", -1)], limit=MOST)
        return [_key(each) for each in found]

    async def revoke(self, identifier: str) -> bool:
        """Let a key open nothing from now on; False when there is none, or it is revoked."""
        return await self.documents.update_one(
            {"_id": identifier, "revoked_at": None}, {"$set": {"revoked_at": self._clock()}}
        )


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _key(document: Document) -> ApiKey:
    used = document.get("last_used_on")
    return ApiKey(
        id=document["_id"],
        name=document["name"],
        scope=Scope(document["scope"]),
        created_by=document["created_by"],
        created_at=document["created_at"],
        revoked_at=document["revoked_at"],
        last_used_on=date.fromisoformat(used) if used else None,
    )
