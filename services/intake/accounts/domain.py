"""An account, its unit and its sessions: the rules that a clerk could explain. Pure."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NewType, TypedDict

from services.intake.accounts.lockout import Attempts
from shared.errors import CivicError
from shared.vocabulary import Role, UnitId, UnitKind

AccountId = NewType("AccountId", str)
SessionId = NewType("SessionId", str)

USERNAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{1,62})[a-z0-9]")  # 3 to 64, as it is after folding

HANDLING = frozenset({UnitKind.DEPARTMENT, UnitKind.SERVICE_UNIT, UnitKind.WARD})
# Which bodies a role belongs to. Where it is a handling body, the account must name it; the Office,
# the leaders, the IOC and the counter are there once, so the role names them.
BELONGS_TO: Mapping[Role, frozenset[UnitKind]] = {
    Role.OFFICER: HANDLING,
    Role.UNIT_HEAD: HANDLING,
    Role.OFFICE_CLERK: frozenset({UnitKind.OFFICE}),
    Role.LEADER: frozenset({UnitKind.LEADERS}),
    Role.IOC_OPERATOR: frozenset({UnitKind.IOC}),
    Role.ONESTOP_CLERK: frozenset({UnitKind.ONESTOP}),
    Role.ADMINISTRATOR: frozenset(),
}

Units = Mapping[UnitId, UnitKind]


class AccountError(CivicError):
    """The root of what accounts refuse; one translator turns it into problems."""


class AccountChangedError(AccountError):
    """Somebody else changed the account since it was read."""


class UnitRefusal(StrEnum):
    """Why a unit does not go with a role."""

    REQUIRED = "unit_required"
    UNKNOWN = "unit_unknown"
    NOT_OF_ROLE = "unit_not_of_role"


class UnitRefusedError(AccountError):
    """The role and the unit do not go together."""

    def __init__(self, reason: UnitRefusal) -> None:
        super().__init__(reason.value)
        self.reason = reason


class LastAdministratorError(AccountError):
    """Without this account nobody could issue accounts any more."""


class Method(StrEnum):
    """How somebody proved who they are."""

    PASSWORD = "password"  # noqa: S105 - a word, and no password
    OIDC = "oidc"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who makes a request: a personal account with its role and unit, in one session."""

    account: AccountId
    username: str
    role: Role
    unit: UnitId | None
    session: SessionId


@dataclass(frozen=True, slots=True)
class Visit:
    """A principal, and whether they must choose a password of their own before anything else."""

    principal: Principal
    must_change: bool


@dataclass(frozen=True)
class Account:
    """A personal account, issued by an administrator.

    Attributes:
        username: Folded; unique, and for ever the same.
        email: Work contact; a unit may share one mailbox.
        password: Hash with its parameters.
        must_change: The password was chosen by somebody else.
        epoch: Rises with everything that ends sessions; a session of an older epoch is over.
        version: Rises with every change that an administrator or the owner makes.
        created_by, changed_by: Accounts, or the command that did it.
    """

    id: AccountId
    username: str
    display_name: str
    role: Role
    unit: UnitId | None
    email: str | None
    password: str
    must_change: bool
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    disabled: bool = False
    epoch: int = 1
    version: int = 1
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def administers(self) -> bool:
        """Whether this account can issue accounts."""
        return self.role is Role.ADMINISTRATOR and not self.disabled


@dataclass(frozen=True)
class Session:
    """Somebody who signed in, on one device; only hashes of its tokens are known.

    Attributes:
        epoch: The account's, when the session began.
        access, refresh: Hashes of the two tokens that are valid now.
        family: Hash of the part that all refresh tokens of the session share: a token with it that
            is not the valid one has been used before.
        user_agent: Shortened.
    """

    id: SessionId
    account: AccountId
    epoch: int
    method: Method
    access: str
    access_until: datetime
    refresh: str
    family: str
    user_agent: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None

    def stands(self, account: Account, now: datetime) -> bool:
        """Say whether the session goes on: not ended, not expired, and of the account as it is."""
        return (
            self.revoked_at is None
            and now < self.expires_at
            and not account.disabled
            and account.id == self.account
            and account.epoch == self.epoch
        )

    def visit(self, account: Account) -> Visit:
        """Return who this session speaks for; a password matters to those who signed in by it."""
        who = Principal(account.id, account.username, account.role, account.unit, self.id)
        return Visit(who, account.must_change and self.method is Method.PASSWORD)


def fold(username: str) -> str:
    """Return a username as it is stored and compared: `" An.Nguyen "` is `an.nguyen`."""
    return unicodedata.normalize("NFKC", username).strip().casefold()


def unit_for(role: Role, asked: UnitId | None, units: Units) -> UnitId | None:
    """Return the unit of an account.

    Args:
        role: Its role.
        asked: The unit that was asked for.
        units: The regulation's units of today with their kinds.

    Raises:
        UnitRefusedError: the role needs another unit, or none.
    """
    kinds = BELONGS_TO[role]
    if asked is not None:
        if asked not in units:
            raise UnitRefusedError(UnitRefusal.UNKNOWN)
        if units[asked] not in kinds:
            raise UnitRefusedError(UnitRefusal.NOT_OF_ROLE)
        return asked
    if not kinds:
        return None
    found = [unit for unit, kind in units.items() if kind in kinds]
    if kinds == HANDLING or len(found) > 1:
        raise UnitRefusedError(UnitRefusal.REQUIRED)
    return found[0] if found else None


class Changes(TypedDict, total=False):
    """What an administrator changes of an account; what is not named stays."""

    display_name: str
    role: Role
    unit: UnitId | None
    email: str | None
    disabled: bool


def amended(account: Account, changes: Changes, units: Units) -> Account:
    """Return the account with the changes in it; no version is counted yet.

    A role of another body brings its own unit along. An account that keeps role and unit stands,
    even when the regulation has no such unit any more.

    Raises:
        UnitRefusedError: the new role and the unit do not go together.
    """
    role = changes.get("role", account.role)
    same_body = BELONGS_TO[role] == BELONGS_TO[account.role]
    unit = changes.get("unit", account.unit if same_body else None)
    if (role, unit) != (account.role, account.unit):
        unit = unit_for(role, unit, units)
    return replace(
        account,
        role=role,
        unit=unit,
        display_name=changes.get("display_name", account.display_name),
        email=changes.get("email", account.email),
        disabled=changes.get("disabled", account.disabled),
    )


def changed(before: Account, after: Account, by: str, now: datetime) -> Account:
    """Return `after` as the next version of `before`, in a new epoch when sessions must end."""
    ends = (before.role, before.unit, before.password, before.disabled) != (
        after.role,
        after.unit,
        after.password,
        after.disabled,
    )
    return replace(
        after,
        version=before.version + 1,
        epoch=before.epoch + ends,
        changed_at=now,
        changed_by=by,
    )


def differences(before: Account, after: Account) -> list[str]:
    """Return the names of what changed, for the audit: names, and no values of a person."""
    names = ("display_name", "role", "unit", "email", "disabled", "password", "must_change")
    return [name for name in names if getattr(before, name) != getattr(after, name)]
