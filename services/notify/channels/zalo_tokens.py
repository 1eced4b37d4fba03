"""Zalo's tokens: one access token for all processes, refreshed by one of them at a time.

A refresh token works once, and gives the next one with the access token. So both are stored in one
write, by the holder of a lock, who reads again once the lock is held: whoever else refreshed
meanwhile has left a token that is good. A second use would end the authorisation for good (-14020).
"""

import asyncio
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeGuard

import httpx
import orjson
import structlog

from services.notify.channels.base import TIMEOUT_S
from shared import bounded
from shared.errors import CivicError, OutageError
from shared.identity import fingerprint
from shared.lockbox import Lockbox
from shared.mongo import Database, Document, Documents

log = structlog.get_logger()

COLLECTION = "provider_tokens"
NAME = "zalo"
PATH = "/v4/oa/access_token"
EARLY = timedelta(minutes=2)  # a token is replaced before it expires: a tenth of a short life
LOCK = timedelta(seconds=30)  # longer than the call that is made under it
LOOK_S = 0.1
WAIT_S = 10.0
THROTTLED, FAULT = 429, 500
WRITES, WRITE_AGAIN_S = 3, 0.5  # of a new pair, while the database cannot be had
TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
SHORTEST_S, LONGEST_S = 3_600, 90_000  # Zalo's own are an hour and 25 hours
FREE = datetime(1970, 1, 1, tzinfo=UTC)


class AuthorisationLostError(CivicError):
    """Zalo refuses the refresh token; an administrator of the official account grants anew."""


@dataclass(frozen=True)
class ZaloApp:
    """The app and its first refresh token, as the operator got it."""

    oauth_url: str
    app_id: str
    secret_key: str
    refresh_token: str


def _is_token(said: object) -> TypeGuard[str]:
    """Say whether this can stand in a header: what else comes is no token."""
    return isinstance(said, str) and TOKEN.fullmatch(said) is not None


def lasts_s(said: object) -> int:
    """Return for how long a token is good; nonsense is the shortest that Zalo gives.

    It must not end the renewal: the refresh token that paid for this one is used up.
    """
    try:
        seconds = int(str(said))
    except ValueError:
        return SHORTEST_S
    return min(seconds, LONGEST_S) if seconds > 0 else SHORTEST_S


@dataclass(frozen=True)
class _Unwritten:
    """A pair that Zalo gave and the database does not have yet; `before` is the one it has."""

    before: bytes | None
    fields: Document


class ZaloTokens:
    """Gives out access tokens; the pair is sealed in the database."""

    def __init__(
        self, base: Database, box: Lockbox, app: ZaloApp, clock: Callable[[], datetime]
    ) -> None:
        self._documents = Documents(base, COLLECTION)
        self._box = box
        self._app = app
        self._clock = clock
        self._unwritten: _Unwritten | None = None
        self._client = httpx.AsyncClient(
            base_url=app.oauth_url, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        )

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def access(self, refused: str | None = None) -> str:
        """Return an access token that is good now; never `refused`, which Zalo called expired.

        Raises:
            AuthorisationLostError: an administrator has to grant anew.
            OutageError: Zalo, or the lock, cannot be had.
        """
        async with asyncio.timeout(WAIT_S * 2):
            for _ in range(int(WAIT_S / LOOK_S)):
                await self._write()
                found = await self._documents.load(NAME)
                if token := self._good(found, refused):
                    return token
                holder = secrets.token_hex(8)
                if await self._lock(holder):
                    return await self._renew(holder, refused)
                await asyncio.sleep(LOOK_S)
        raise OutageError("Zalo: the lock of its tokens is held for too long")

    def _good(self, found: Document | None, refused: str | None) -> str | None:
        if not found or not found.get("sealed") or found["seed"] != self._seed:
            return None
        access = self._pair(found)["access"]
        renew_at = found.get("renew_at") or found["expires_at"] - EARLY
        alive = renew_at > self._clock()
        return access if alive and access != refused else None

    @property
    def _seed(self) -> str:
        """Names the operator's token: a new one in the settings begins a new chain."""
        return fingerprint(self._app.refresh_token)[:16]

    async def _lock(self, holder: str) -> bool:
        now = self._clock()
        await self._documents.update_each(
            [({"_id": NAME}, {"$setOnInsert": {"lock_until": FREE, "seed": self._seed}})],
            upsert=True,
        )
        return await self._documents.update_one(
            {"_id": NAME, "lock_until": {"$lte": now}},
            {"$set": {"lock": holder, "lock_until": now + LOCK}},
        )

    async def _renew(self, holder: str, refused: str | None) -> str:
        try:
            found = await self._documents.load(NAME)  # again: now nobody else writes
            if token := self._good(found, refused):
                return token
            current = found and found.get("sealed") and found["seed"] == self._seed
            refresh = self._pair(found)["refresh"] if found and current else self._app.refresh_token
            pair, lasts_s = await self._ask(refresh)
            now, lasts = self._clock(), timedelta(seconds=lasts_s)
            fields: Document = {
                "sealed": self._box.seal(NAME, orjson.dumps(pair)),
                "seed": self._seed,
                "expires_at": now + lasts,
                "renew_at": now + lasts - min(EARLY, lasts / 10),
            }
            self._unwritten = _Unwritten((found or {}).get("sealed"), fields)
            await self._write()
            return pair["access"]
        finally:
            if self._unwritten is None:  # else nobody may use the old refresh token meanwhile
                held = {"_id": NAME, "lock": holder}
                await self._documents.update_one(held, {"$set": {"lock_until": FREE}})

    async def _write(self) -> None:
        """Store a pair that only this process has: the token that paid for it is used up.

        Raises:
            OutageError: it cannot be; the next call tries again.
        """
        for attempt in range(1, WRITES + 1):
            if (pair := self._unwritten) is None:
                return
            as_read = {"_id": NAME, "sealed": pair.before}
            try:
                await self._documents.update_one(as_read, {"$set": pair.fields})
            except OutageError:
                if attempt == WRITES:
                    raise
                await asyncio.sleep(WRITE_AGAIN_S)
            else:
                self._unwritten = None if self._unwritten is pair else self._unwritten

    async def _ask(self, refresh: str) -> tuple[dict[str, str], int]:
        form = {
            "grant_type": "refresh_token",
            "app_id": self._app.app_id,
            "refresh_token": refresh,
        }
        headers = {"secret_key": self._app.secret_key}
        try:
            answer = await bounded.ask(
                self._client, "POST", PATH, within_s=TIMEOUT_S, data=form, headers=headers
            )
            if answer.status_code == THROTTLED or answer.status_code >= FAULT:
                raise OutageError(f"Zalo: no token, {answer.status_code}")
            body = bounded.object_of(answer)
        except (httpx.HTTPError, ValueError) as error:
            raise OutageError(f"Zalo: no token, {type(error).__name__}") from error
        access, following = body.get("access_token"), body.get("refresh_token")
        if not _is_token(access) or not _is_token(following):
            error_ = str(body.get("error"))[:20]
            log.error("zalo.authorise_again", error=error_)
            raise AuthorisationLostError(f"zalo_{error_}")
        return {"access": access, "refresh": following}, lasts_s(body.get("expires_in"))

    def _pair(self, found: Document) -> dict[str, str]:
        return orjson.loads(self._box.open(NAME, found["sealed"]))
