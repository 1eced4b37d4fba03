"""The door: who knocks with a password, step by step; and how they choose another one."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from weakref import WeakValueDictionary

from services.intake.accounts import lockout
from services.intake.accounts.domain import (
    Account,
    AccountError,
    AccountId,
    Method,
    Principal,
    changed,
    fold,
)
from services.intake.accounts.notes import NOBODY, Kind, Note
from services.intake.accounts.password_rules import Weakness, weaknesses
from services.intake.accounts.passwords import Passwords
from services.intake.accounts.sessions import Admission, InvalidTokenError, Sessions
from services.intake.accounts.store import AccountStore
from services.intake.accounts.throttle import SharedThrottle

# A refusal is given this long after the question, whatever was found on the way: what is left of
# the difference between an unknown name and a wrong password. One argon2 hash takes 0.07 s here.
REFUSED_AFTER_S = 0.4
COUNT_TRIES = 12  # more than the guesses that can win against ours before the account locks


class WrongCredentialsError(AccountError):
    """Unknown, wrong, locked or disabled: nobody is told which."""


class TooManyFailuresError(AccountError):
    """This address has failed too often; it may try again after `wait_s` seconds."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


class WeakPasswordError(AccountError):
    """The new password is refused."""

    def __init__(self, reasons: list[Weakness]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True)
class Caller:
    """Where a request comes from."""

    address: str
    user_agent: str


class Door:
    """Lets people in by their password; `clock` is the server's time."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: Sessions,
        passwords: Passwords,
        *,
        throttle: SharedThrottle,
        note: Note,
        clock: Callable[[], datetime],
        refused_after_s: float = REFUSED_AFTER_S,
    ) -> None:
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._throttle = throttle
        self._note = note
        self._clock = clock
        self._refused_after_s = refused_after_s
        self._turns: WeakValueDictionary[AccountId, asyncio.Lock] = WeakValueDictionary()

    async def sign_in(self, username: str, password: str, caller: Caller) -> Admission:
        """Open a session for whoever knows the password.

        Raises:
            WrongCredentialsError: unknown, wrong, locked or disabled, all after the same time.
            TooManyFailuresError: too many failures from this address.
            BusyError: too many sign-ins at once.
        """
        if wait_s := await self._throttle.wait_s(caller.address):
            raise TooManyFailuresError(wait_s)
        began = time.monotonic()
        account = await self._accounts.by_username(fold(username))
        proved = await self._prove(account, password)
        if proved is None:
            await self._throttle.count(caller.address)
            await asyncio.sleep(self._refused_after_s - (time.monotonic() - began))
            raise WrongCredentialsError("wrong credentials")
        return await self._sessions.open(proved, Method.PASSWORD, caller.user_agent)

    async def change_password(
        self, who: Principal, current: str, new: str, *, caller: Caller
    ) -> Admission:
        """Replace one's own password; all sessions end, and a new one begins.

        Raises:
            WrongCredentialsError: `current` is wrong; it counts as a failed sign-in.
            WeakPasswordError: `new` is refused.
            AccountChangedError: the account was changed at the same moment.
        """
        account = await self._accounts.load(who.account)
        if account is None:
            raise InvalidTokenError("the account is gone")
        if reasons := weaknesses(new, account.username):
            raise WeakPasswordError(reasons)
        proved = await self._prove(account, current)
        if proved is None:
            raise WrongCredentialsError("wrong password")
        if await self._passwords.verify(proved.password, new):
            raise WeakPasswordError([Weakness.SAME_AS_BEFORE])
        wanted = replace(proved, password=await self._passwords.hash(new), must_change=False)
        after = changed(proved, wanted, by=account.id, now=self._clock())
        await self._accounts.replace(proved, after)
        await self._sessions.end_older(after)
        await self._note(Kind.PASSWORD_CHANGED, account.id, account.id, {})
        return await self._sessions.open(after, Method.PASSWORD, caller.user_agent)

    async def _prove(self, account: Account | None, password: str) -> Account | None:
        """Return the account as it is now if the password is right and it may be used."""
        counted = proved = None
        if account:
            # One after the other: six right passwords at once are not five failures and a lock.
            async with self._turns.setdefault(account.id, asyncio.Lock()):
                counted = await self._count(account)
                proved = await self._verify(counted, password) if counted else None
        if counted is None:
            await self._passwords.verify(None, password)
        if proved is None:
            await self._note_failure(account, counted)
        return proved

    async def _verify(self, counted: Account, password: str) -> Account | None:
        """Return the account with its failures forgiven if the password is right."""
        if not await self._passwords.verify(counted.password, password) or counted.disabled:
            return None
        proved = replace(counted, attempts=lockout.forgiven(counted.attempts))
        await self._accounts.set_attempts(counted, proved.attempts)
        if not self._passwords.outdated(counted.password):
            return proved
        hashed = await self._passwords.hash(password)
        await self._accounts.rehash(counted, hashed)
        return replace(proved, password=hashed)

    async def _count(self, account: Account) -> Account | None:
        """Count an attempt before it is made; None when the account is locked."""
        read: Account | None = account
        for _ in range(COUNT_TRIES):
            if read is None or (one_more := lockout.attempt(read.attempts, self._clock())) is None:
                return None
            if await self._accounts.set_attempts(read, one_more):
                return replace(read, attempts=one_more)
            read = await self._accounts.load(account.id)  # somebody else counted in between
        return None

    async def _note_failure(self, account: Account | None, counted: Account | None) -> None:
        subject = account.id if account else NOBODY
        failures = counted.attempts.failures if counted else 0
        detail = {"method": Method.PASSWORD.value, "failures": failures}
        await self._note(Kind.SIGN_IN_FAILED, NOBODY, subject, detail)
        if counted and counted.attempts.locked_until:
            until = counted.attempts.locked_until.isoformat()
            await self._note(Kind.LOCKED, NOBODY, subject, {"failures": failures, "until": until})
