"""API keys of machines: issued and revoked by the administrator, stored as a hash, scoped.

A key is `ck_<id>_<secret>`. Its secret has 256 random bits, so a plain hash keeps it. One that was
asked for with an Idempotency-Key is kept sealed until its first use as well: the answer that showed
it may have been lost.
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

from services.intake.asked import KeyReusedError
from shared.errors import CivicError, DuplicateError
from shared.identity import fingerprint
from shared.lockbox import Lockbox
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


class AlreadyShownError(CivicError):
    """The key was issued under this idempotency key, and its secret is no longer kept."""


@dataclass(frozen=True)
class Issued:
    """A key with the words that are shown this once; `replayed`: asked for again."""

    key: ApiKey
    written: str
    replayed: bool = False


class ApiKeys:
    """The collection of keys.

    Args:
        base: Intake's database.
        box: Seals a secret until its first use.
        clock: The server's time.
    """

    def __init__(self, base: Database, box: Lockbox, clock: Callable[[], datetime]) -> None:
        self.documents = Documents(base, KEYS)
        self._box = box
        self._clock = clock

    async def issue(self, name: str, scope: Scope, by: str, *, asked: str = "") -> Issued:
        """Issue a key, once under one idempotency key of an administrator (`asked`).

        Raises:
            KeyReusedError: the idempotency key stands for another key.
            AlreadyShownError: it is this one, which is in use or revoked.
        """
        identifier, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        if asked:
            identifier = fingerprint(f"api-key|{by}|{asked}")[:12]
        document: Document = {
            "_id": identifier,
            "hash": _hash(secret),
            "name": name,
            "scope": scope.value,
            "created_by": by,
            "created_at": self._clock(),
            "revoked_at": None,
        }
        if asked:
            document["sealed"] = self._box.seal(identifier, secret.encode())
        try:
            await self.documents.insert(document)
        except DuplicateError:
            return await self._again(identifier, name, scope)
        return Issued(_key(document), f"ck_{identifier}_{secret}")

    async def _again(self, identifier: str, name: str, scope: Scope) -> Issued:
        found = await self.documents.load(identifier)
        if found is None or (found["name"], found["scope"]) != (name, scope.value):
            raise KeyReusedError("the key stands for another one")
        if not found.get("sealed"):
            raise AlreadyShownError(identifier)
        secret = self._box.open(identifier, found["sealed"]).decode()
        return Issued(_key(found), f"ck_{identifier}_{secret}", replayed=True)

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
            used: Document = {"$set": {"last_used_on": today}, "$unset": {"sealed": ""}}
            await self.documents.update_one({"_id": found[1]}, used)
        return _key(document)

    async def all(self) -> list[ApiKey]:
        """Return every key, the newest first."""
        found = await self.documents.find({}, sort=[("created_at", -1)], limit=MOST)
        return [_key(each) for each in found]

    async def revoke(self, identifier: str) -> bool:
        """Let a key open nothing from now on; False when there is none, or it is revoked."""
        return await self.documents.update_one(
            {"_id": identifier, "revoked_at": None},
            {"$set": {"revoked_at": self._clock()}, "$unset": {"sealed": ""}},
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
