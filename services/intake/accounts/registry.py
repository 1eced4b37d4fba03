"""The register of accounts: what an administrator does, step by step."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.intake.accounts import lockout
from services.intake.accounts.contacts import Contacts
from services.intake.accounts.domain import (
    USERNAME,
    Account,
    AccountError,
    AccountId,
    Changes,
    LastAdministratorError,
    UnitRefusedError,
    Units,
    amended,
    changed,
    differences,
    fold,
    unit_for,
)
from services.intake.accounts.notes import Kind, Note
from services.intake.accounts.password_rules import generated, weaknesses
from services.intake.accounts.passwords import Passwords
from services.intake.accounts.sessions import Sessions
from services.intake.accounts.store import AccountStore, Page
from shared.errors import DuplicateError
from shared.vocabulary import Role, UnitId

ADMINISTRATORS = "administrators"  # the lease of whoever takes an administrator away


MALFORMED_USERNAME = "username_malformed"


class AccountRefusedError(AccountError):
    """The account breaks rules: (field, code), and nothing was stored."""

    def __init__(self, reasons: Sequence[tuple[str, str]]) -> None:
        super().__init__(", ".join(code for _, code in reasons))
        self.reasons = reasons


class TakenError(AccountError):
    """There is an account with this username already."""


@dataclass(frozen=True)
class NewAccount:
    """What an administrator says of a new account; without a password one is generated."""

    username: str
    display_name: str
    role: Role
    unit: UnitId | None = None
    email: str | None = None
    password: str | None = None
    must_change: bool = True


@dataclass(frozen=True)
class NewPassword:
    """A password that an administrator sets; without a secret one is generated."""

    secret: str | None = None


@dataclass(frozen=True)
class Issued:
    """An account as it is now, and the password that was generated for it, shown once."""

    account: Account
    one_time_password: str | None = None


class Registry:
    """Issues and changes accounts; `units` are the regulation's of today with their kinds."""

    def __init__(
        self,
        accounts: AccountStore,
        sessions: Sessions,
        passwords: Passwords,
        *,
        units: Callable[[], Units],
        note: Note,
        clock: Callable[[], datetime],
        contacts: Contacts | None = None,
    ) -> None:
        self._contacts = contacts
        self._accounts = accounts
        self._sessions = sessions
        self._passwords = passwords
        self._units = units
        self._note = note
        self._clock = clock

    async def create(self, new: NewAccount, by: str) -> Issued:
        """Issue an account.

        Raises:
            AccountRefusedError: it breaks rules.
            TakenError: the username stands for another account.
        """
        username = fold(new.username)
        one_time = generated() if new.password is None else None
        password = new.password or one_time or ""
        unit, reasons = self._unit(new)
        reasons += [("password", each) for each in weaknesses(password, username)]
        if not USERNAME.fullmatch(username):
            reasons.append(("username", MALFORMED_USERNAME))
        if reasons:
            raise AccountRefusedError(reasons)
        now = self._clock()
        account = Account(
            id=new_account_id(),
            username=username,
            display_name=new.display_name,
            role=new.role,
            unit=unit,
            email=new.email,
            password=await self._passwords.hash(password),
            must_change=new.must_change or one_time is not None,
            created_at=now,
            created_by=by,
            changed_at=now,
            changed_by=by,
        )
        try:
            await self._accounts.add(account)
        except DuplicateError as error:
            raise TakenError(username) from error
        await self._announce(account)
        await self._note(Kind.CREATED, by, account.id, _place(account))
        return Issued(account, one_time)

    async def find(self, username: str) -> Account | None:
        """Return the account with this username, or None."""
        return await self._accounts.by_username(fold(username))

    async def page(self, page: Page) -> list[Account]:
        """Return accounts in the order of their usernames."""
        return await self._accounts.page(page)

    async def change(
        self, before: Account, changes: Changes, by: str, *, password: NewPassword | None = None
    ) -> Issued:
        """Change an account; its sessions end when role, unit, password or `disabled` change.

        Raises:
            AccountRefusedError: the change breaks rules.
            LastAdministratorError: nobody could issue accounts any more.
            AccountChangedError: the account moved on since `before` was read.
        """
        wanted = self._amended(before, changes)
        one_time = generated() if password and password.secret is None else None
        if password:
            wanted = await self._reset(wanted, password.secret or one_time or "")
        what = differences(before, wanted)
        if not what:
            return Issued(before)
        after = changed(before, wanted, by, self._clock())
        await self._write(before, after)
        await self._announce(after)
        if after.epoch != before.epoch:
            await self._sessions.end_older(after)
        detail = {"fields": what, "disabled": after.disabled, **_place(after)}
        await self._note(Kind.CHANGED, by, after.id, detail)
        return Issued(after, one_time)

    async def _announce(self, account: Account) -> None:
        if self._contacts:
            await self._contacts.announce(account)

    async def _write(self, before: Account, after: Account) -> None:
        if after.administers or not before.administers:
            await self._accounts.replace(before, after)
            return
        # Two administrators who remove each other at once would each see the other one still there.
        async with self._accounts.alone(ADMINISTRATORS, self._clock):
            if not await self._accounts.other_administrators(before.id):
                raise LastAdministratorError(before.username)
            await self._accounts.replace(before, after)

    async def _reset(self, account: Account, secret: str) -> Account:
        if weak := weaknesses(secret, account.username):
            raise AccountRefusedError([("password", each) for each in weak])
        return replace(
            account,
            password=await self._passwords.hash(secret),
            must_change=True,
            attempts=lockout.forgiven(account.attempts),
        )

    def _amended(self, account: Account, changes: Changes) -> Account:
        try:
            return amended(account, changes, self._units())
        except UnitRefusedError as error:
            raise AccountRefusedError([("unit", error.reason.value)]) from error

    def _unit(self, new: NewAccount) -> tuple[UnitId | None, list[tuple[str, str]]]:
        try:
            return unit_for(new.role, new.unit, self._units()), []
        except UnitRefusedError as error:
            return None, [("unit", error.reason.value)]


def _place(account: Account) -> dict[str, str]:
    return {"role": account.role.value, **({"unit": account.unit} if account.unit else {})}


def new_account_id() -> AccountId:
    """Return a random account id: what events and the audit name a person by."""
    return AccountId(f"u_{secrets.token_hex(12)}")
