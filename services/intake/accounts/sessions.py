"""Sessions: opened, checked, refreshed, listed and ended."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.accounts import tokens
from services.intake.accounts.domain import (
    Account,
    AccountError,
    AccountId,
    Method,
    Session,
    SessionId,
    Visit,
)
from services.intake.accounts.notes import Kind, Note
from services.intake.accounts.store import AccountStore, SessionStore
from services.intake.accounts.tokens import Pair, Parsed
from shared.identity import fingerprint

CACHED_S = 1.0  # how long after a revocation another process may still let a token pass
CACHED = 10_000  # tokens; bounds memory
SEEN_EVERY = timedelta(minutes=1)  # how exact "last seen" is; a write for each request is not worth
USER_AGENT_CHARACTERS = 120


class InvalidTokenError(AccountError):
    """The token is unknown, expired or revoked; its owner signs in again."""


@dataclass(frozen=True)
class Lifetimes:
    """How long an access token and a whole session last."""

    access: timedelta
    session: timedelta


@dataclass(frozen=True)
class Admission:
    """What somebody gets who is let in."""

    account: Account
    session: Session
    tokens: Pair
    now: datetime

    @property
    def expires_in(self) -> int:
        """Return the seconds until the access token expires."""
        return int((self.session.access_until - self.now).total_seconds())

    @property
    def must_change(self) -> bool:
        """Whether a password of their own comes before anything else."""
        return self.session.visit(self.account).must_change


class Sessions:
    """All sessions; `clock` is the server's time, `ticks` are seconds that only rise."""

    def __init__(
        self,
        accounts: AccountStore,
        store: SessionStore,
        lifetimes: Lifetimes,
        *,
        note: Note,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._accounts = accounts
        self._store = store
        self._lifetimes = lifetimes
        self._note = note
        self._clock = clock
        self._ticks = ticks
        self._known: dict[str, tuple[float, Visit]] = {}

    async def open(self, account: Account, method: Method, user_agent: str) -> Admission:
        """Open a session for somebody who has proved who they are."""
        now = self._clock()
        identifier = tokens.new_session_id()
        pair = tokens.issue(identifier)
        expires_at = now + self._lifetimes.session
        session = Session(
            id=identifier,
            account=account.id,
            epoch=account.epoch,
            method=method,
            access=fingerprint(pair.access),
            access_until=min(now + self._lifetimes.access, expires_at),
            refresh=fingerprint(pair.refresh),
            family=fingerprint(pair.family),
            user_agent=_shortened(user_agent),
            created_at=now,
            last_seen_at=now,
            expires_at=expires_at,
        )
        await self._store.add(session)
        await self._note(Kind.SIGNED_IN, account.id, account.id, {"method": method.value})
        return Admission(account, session, pair, now)

    async def visit(self, token: str) -> Visit:
        """Return who shows this access token.

        Raises:
            InvalidTokenError: it is unknown, expired or revoked.
        """
        key = fingerprint(token)
        until, visit = self._known.get(key, (0.0, None))
        if visit is not None and self._ticks() < until:
            return visit
        self._known.pop(key, None)
        found = await self._check(token)
        if len(self._known) >= CACHED:
            self._known.clear()
        self._known[key] = (self._ticks() + CACHED_S, found)
        return found

    async def refresh(self, token: str) -> Admission:
        """Exchange a refresh token for new tokens; the old access token is over, too.

        Raises:
            InvalidTokenError: it is unknown, expired or revoked, or was used before; then somebody
                has a copy of it, and the session ends for both.
        """
        parsed = tokens.parse(token)
        session = await self._store.load(parsed.session) if parsed and parsed.family else None
        if not parsed or not session or not _of_family(session, parsed):
            raise InvalidTokenError("no such refresh token")
        account, now = await self._accounts.load(session.account), self._clock()
        if account is None or not session.stands(account, now):
            raise InvalidTokenError("the session is over")
        pair = tokens.issue(session.id, parsed.family)
        new = replace(
            session,
            access=fingerprint(pair.access),
            access_until=min(now + self._lifetimes.access, session.expires_at),
            refresh=fingerprint(pair.refresh),
            last_seen_at=now,
        )
        unused = tokens.same(parsed.hashed, session.refresh)
        # Of two who use one token at once, the second is somebody who uses it again.
        if not unused or not await self._store.rotate(session, new):
            await self._end(session.id)
            await self._note(Kind.REUSED, account.id, session.id, {})
            raise InvalidTokenError("the refresh token was used before")
        self._forget(session.id)
        return Admission(account, new, pair, now)

    async def of(self, account: AccountId) -> list[Session]:
        """Return the sessions of an account that go on, newest first."""
        owner, now = await self._accounts.load(account), self._clock()
        found = await self._store.of(account, now)
        return [each for each in found if owner and each.stands(owner, now)]

    async def owner(self, session: SessionId) -> AccountId | None:
        """Return whose session it is, or None when there is no such session."""
        found = await self._store.load(session)
        return found.account if found else None

    async def end(self, session: SessionId, by: AccountId, *, kind: Kind = Kind.REVOKED) -> None:
        """End one session."""
        if await self._end(session):
            await self._note(kind, by, session, {})

    async def end_older(self, account: Account) -> None:
        """End what an account began in an earlier epoch; from here on it is only tidying up."""
        await self._store.revoke_all(account.id, account.epoch, self._clock())
        self._known = {k: v for k, v in self._known.items() if v[1].principal.account != account.id}

    async def _check(self, token: str) -> Visit:
        parsed = tokens.parse(token)
        session = await self._store.load(parsed.session) if parsed and not parsed.family else None
        if not parsed or not session or not tokens.same(parsed.hashed, session.access):
            raise InvalidTokenError("no such access token")
        account, now = await self._accounts.load(session.account), self._clock()
        if account is None or not session.stands(account, now) or now >= session.access_until:
            raise InvalidTokenError("the access token is over")
        if now - session.last_seen_at >= SEEN_EVERY:
            await self._store.seen(session.id, now)
        return session.visit(account)

    async def _end(self, session: SessionId) -> bool:
        ended = await self._store.revoke(session, self._clock())
        self._forget(session)
        return ended

    def _forget(self, session: SessionId) -> None:
        self._known = {k: v for k, v in self._known.items() if v[1].principal.session != session}


def _of_family(session: Session, parsed: Parsed) -> bool:
    return tokens.same(fingerprint(parsed.family), session.family)


def _shortened(user_agent: str) -> str:
    printable = "".join(each if each.isprintable() else " " for each in user_agent)
    return printable.strip()[:USER_AGENT_CHARACTERS]
