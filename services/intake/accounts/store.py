"""How accounts and sessions are stored: one document each. Decides nothing."""

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any

from services.intake.accounts.domain import (
    Account,
    AccountChangedError,
    AccountId,
    Method,
    Session,
    SessionId,
)
from services.intake.accounts.lockout import Attempts
from shared.errors import DuplicateError, OutageError
from shared.mongo import Database, Document, Documents, Index, outages
from shared.vocabulary import Role, UnitId

LEASE = timedelta(seconds=20)  # longer than one write can take; after a crash the next one waits
FREE = datetime(1970, 1, 1, tzinfo=UTC)  # of a lease given back; whatever other clocks say
LEASE_TRIES = 100
LEASE_PAUSE_S = 0.05


class Expiring(Documents):
    """Documents that the server removes once their `expires_at` has passed."""

    async def ensure_indexes(self) -> None:
        """Create the indexes that are missing, and the one by which documents expire."""
        await super().ensure_indexes()
        with outages():
            await self._collection.create_index([("expires_at", 1)], expireAfterSeconds=0)


@dataclass(frozen=True)
class Page:
    """Which accounts a list shows: after a username, of a role, of a unit."""

    after: str = ""
    limit: int = 100
    role: Role | None = None
    unit: UnitId | None = None


class AccountStore:
    """Accounts in MongoDB."""

    def __init__(self, base: Database) -> None:
        self.documents = Documents(
            base, "accounts", (Index(("username",), unique=True), Index(("email",)))
        )
        self.leases = Expiring(base, "leases")

    async def add(self, account: Account) -> None:
        """Store a new account.

        Raises:
            DuplicateError: the username is taken.
        """
        await self.documents.insert(_document(account))

    async def load(self, account: AccountId) -> Account | None:
        """Return the account, or None."""
        found = await self.documents.load(account)
        return _account(found) if found else None

    async def by_username(self, username: str) -> Account | None:
        """Return the account with this folded username, or None."""
        found = await self.documents.find_one({"username": username})
        return _account(found) if found else None

    async def names(self, accounts: Collection[str]) -> dict[str, str]:
        """Return what colleagues call these accounts, by id; ids that are none are left out."""
        if not accounts:
            return {}
        found = await self.documents.find(
            {"_id": {"$in": list(accounts)}}, limit=len(accounts), fields=("display_name",)
        )
        return {each["_id"]: each["display_name"] for each in found}

    async def by_email(self, email: str) -> Account | None:
        """Return the one enabled account with this address; None when there are none or several."""
        query = {"email": email, "disabled": False}
        found = await self.documents.find(query, limit=2)
        return _account(found[0]) if len(found) == 1 else None

    async def page(self, page: Page) -> list[Account]:
        """Return accounts in the order of their usernames."""
        query: Document = {"username": {"$gt": page.after}}
        if page.role:
            query["role"] = page.role.value
        if page.unit:
            query["unit"] = page.unit
        found = await self.documents.find(query, sort=[("username", 1)], limit=page.limit)
        return [_account(each) for each in found]

    async def replace(self, before: Account, after: Account) -> None:
        """Write what differs between two versions of an account, if nobody else did.

        Only what differs: a guess that is counted at this moment is not taken back.

        Raises:
            AccountChangedError: the account moved on since it was read.
        """
        old, new = _document(before), _document(after)
        changes = {name: value for name, value in new.items() if value != old[name]}
        query = {"_id": before.id, "version": before.version}
        if not await self.documents.update_one(query, {"$set": changes}):
            raise AccountChangedError(f"{before.id} is no longer at version {before.version}")

    async def set_attempts(self, account: Account, attempts: Attempts) -> bool:
        """Write attempts if nobody has counted since `account` was read; say whether it was so."""
        return await self.documents.update_one(
            {"_id": account.id, "attempts.serial": account.attempts.serial},
            {"$set": {"attempts": asdict(attempts)}},
        )

    async def rehash(self, account: Account, password: str) -> None:
        """Replace the hash by one of the same password, if it is still the one that was read."""
        await self.documents.update_one(
            {"_id": account.id, "password": account.password}, {"$set": {"password": password}}
        )

    async def other_administrators(self, account: AccountId) -> int:
        """Count the enabled administrators but for this account."""
        return await self.documents.count(
            {"role": Role.ADMINISTRATOR.value, "disabled": False, "_id": {"$ne": account}}
        )

    @asynccontextmanager
    async def alone(self, what: str, clock: Callable[[], datetime]) -> AsyncGenerator[None, None]:
        """Hold a lease that only one request in all replicas holds at a time.

        Raises:
            OutageError: somebody holds it for too long.
        """
        holder = secrets.token_hex(8)
        for _ in range(LEASE_TRIES):
            if await self._lease(what, holder, clock()):
                break
            await asyncio.sleep(LEASE_PAUSE_S)
        else:
            raise OutageError(f"the lease for {what} is held for too long")
        try:
            yield
        finally:
            await self.leases.update_one(
                {"_id": what, "holder": holder}, {"$set": {"expires_at": FREE}}
            )

    async def _lease(self, what: str, holder: str, now: datetime) -> bool:
        lease: Document = {"_id": what, "holder": holder, "expires_at": now + LEASE}
        try:
            await self.leases.insert(lease)
        except DuplicateError:
            del lease["_id"]
            free = {"_id": what, "expires_at": {"$lte": now}}
            return await self.leases.update_one(free, {"$set": lease})
        return True


class SessionStore:
    """Sessions in MongoDB; the server removes them once they have expired."""

    def __init__(self, base: Database) -> None:
        self.documents = Expiring(base, "sessions", (Index(("account", "expires_at")),))

    async def add(self, session: Session) -> None:
        """Store a new session."""
        await self.documents.insert(_plain(session))

    async def load(self, session: SessionId) -> Session | None:
        """Return the session, or None."""
        found = await self.documents.load(session)
        return _session(found) if found else None

    async def of(self, account: AccountId, now: datetime) -> list[Session]:
        """Return the sessions of an account that are neither over nor ended, newest first."""
        query = {"account": account, "expires_at": {"$gt": now}, "revoked_at": None}
        found = await self.documents.find(query, sort=[("created_at", -1)], limit=200)
        return [_session(each) for each in found]

    async def rotate(self, old: Session, new: Session) -> bool:
        """Replace the tokens if the refresh token is still the one that was read."""
        names = ("access", "access_until", "refresh", "last_seen_at")
        return await self.documents.update_one(
            {"_id": old.id, "refresh": old.refresh, "revoked_at": None},
            {"$set": {name: getattr(new, name) for name in names}},
        )

    async def seen(self, session: SessionId, at: datetime) -> None:
        """Write when the session was last used."""
        await self.documents.update_one({"_id": session}, {"$set": {"last_seen_at": at}})

    async def revoke(self, session: SessionId, at: datetime) -> bool:
        """End a session; say whether it was not ended before."""
        return await self.documents.update_one(
            {"_id": session, "revoked_at": None}, {"$set": {"revoked_at": at}}
        )

    async def revoke_all(self, account: AccountId, before_epoch: int, at: datetime) -> int:
        """End the sessions that an account began before an epoch; return how many."""
        return await self.documents.update_many(
            {"account": account, "epoch": {"$lt": before_epoch}, "revoked_at": None},
            {"$set": {"revoked_at": at}},
        )


def _plain(thing: Account | Session) -> Document:
    """Return a document: the id as its key, words as plain text."""
    document = {each.name: getattr(thing, each.name) for each in fields(thing) if each.name != "id"}
    return {"_id": thing.id, **document}


def _document(account: Account) -> Document:
    return {**_plain(account), "attempts": asdict(account.attempts)}


def _account(document: Mapping[str, Any]) -> Account:
    known = {name: value for name, value in document.items() if name != "_id"}
    known["role"] = Role(known["role"])
    known["attempts"] = Attempts(**known["attempts"])
    return Account(id=AccountId(document["_id"]), **known)


def _session(document: Mapping[str, Any]) -> Session:
    known = {name: value for name, value in document.items() if name != "_id"}
    known["method"] = Method(known["method"])
    return Session(id=SessionId(document["_id"]), **known)
