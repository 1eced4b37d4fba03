"""What an administrator calls: issue, list and change accounts, end their sessions."""

import re
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

from services.intake.accounts import refusals
from services.intake.accounts.domain import Account, AccountChangedError, Changes, Principal
from services.intake.accounts.registry import Issued, NewAccount, NewPassword
from services.intake.accounts.store import Page
from services.intake.accounts.wiring import Accounts
from services.intake.api.auth import Guard, answer, session_view
from shared.problems import not_found
from shared.vocabulary import Role, UnitId

ETAG = re.compile(r'(?:W/)?"?([0-9]{1,9})"?')
PAGE = 100
LARGEST_PAGE = 500


def _written(text: str) -> str:
    if not text.isprintable():
        raise ValueError("no control characters")
    return text


def _address(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError("not an e-mail address") from error
    return checked.normalized.lower()


Username = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Name = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_written),
]
Unit = Annotated[UnitId, StringConstraints(pattern="^[a-z][a-z0-9_]*$", max_length=64)]
Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)]
Secret = Annotated[str, Field(max_length=1024)]


class AccountIn(BaseModel):
    """A new account. Unknown fields are refused: `disable` must not be taken for `disabled`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    username: Username
    display_name: Name
    role: Role
    unit: Unit | None = None
    email: Email | None = None
    password: Secret | None = None  # without one, a one-time password is generated
    must_change_password: bool = True


class ChangesIn(BaseModel):
    """What changes; a field that is not sent stays, `null` empties unit and e-mail."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    display_name: Name | None = None
    role: Role | None = None
    unit: Unit | None = None
    email: Email | None = None
    disabled: bool | None = None
    password: Secret | None = None
    reset_password: bool = False  # generates a one-time password

    def changes(self) -> Changes:
        """Return what was sent; `null` for a field that cannot be empty says nothing."""
        sent = {name: getattr(self, name) for name in self.model_fields_set}
        changes = Changes()
        for name in ("unit", "email"):
            if name in sent:
                changes[name] = sent[name]
        for name in ("display_name", "role", "disabled"):
            if sent.get(name) is not None:
                changes[name] = sent[name]
        return changes

    def new_password(self) -> NewPassword | None:
        """Return the password to set, if there is one."""
        if self.password is None and not self.reset_password:
            return None
        return NewPassword(self.password)


def create_router(accounts: Accounts, guard: Guard) -> APIRouter:
    """Return the routes below `/admin/accounts`; administrators only."""
    router = APIRouter(prefix="/admin/accounts", tags=["Accounts"])
    registry = accounts.registry
    administrator = Depends(guard.require(Role.ADMINISTRATOR))

    async def find(username: str) -> Account:
        found = await registry.find(username)
        if found is None:
            raise not_found("tài khoản này", "this account")
        return found

    @router.post("", status_code=201, summary="Issue an account")
    async def create(body: AccountIn, who: Annotated[Principal, administrator]) -> Response:
        """Issue a personal account; a generated password is shown in this answer only."""
        new = NewAccount(
            username=body.username,
            display_name=body.display_name,
            role=body.role,
            unit=body.unit,
            email=body.email,
            password=body.password,
            must_change=body.must_change_password,
        )
        issued = await registry.create(new, who.account)
        return _issued(issued, 201, Location=f"/api/v1/admin/accounts/{issued.account.username}")

    @router.get("", summary="Accounts")
    async def listed(
        _who: Annotated[Principal, administrator],
        cursor: Annotated[str, Query(max_length=64)] = "",
        limit: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = PAGE,
        *,
        role: Annotated[Role | None, Query()] = None,
        unit: Annotated[Unit | None, Query()] = None,
    ) -> Response:
        """List accounts in the order of their usernames; `next` is the cursor of the next page."""
        found = await registry.page(Page(cursor, limit + 1, role, unit))
        shown = found[:limit]
        following = shown[-1].username if len(found) > limit else None
        return answer({"items": [view(each) for each in shown], "next": following})

    @router.get("/{username}", summary="An account")
    async def read(username: str, _who: Annotated[Principal, administrator]) -> Response:
        """Show an account; the ETag is what a change names."""
        return _issued(Issued(await find(username)), 200)

    @router.patch("/{username}", summary="Change an account")
    async def change(
        username: str,
        body: ChangesIn,
        who: Annotated[Principal, administrator],
        *,
        if_match: Annotated[str, Header()] = "",
    ) -> Response:
        """Change an account; new role, unit, password or `disabled` end its sessions at once."""
        account = await find(username)
        _require_version(account, if_match)
        try:
            issued = await registry.change(
                account, body.changes(), who.account, password=body.new_password()
            )
        except AccountChangedError as error:
            raise refusals.stale(await find(username)) from error
        return _issued(issued, 200)

    @router.get("/{username}/sessions", summary="Where somebody is signed in")
    async def signed_in(username: str, who: Annotated[Principal, administrator]) -> Response:
        """List the sessions of an account; `DELETE /auth/sessions/{id}` ends one."""
        found = await accounts.sessions.of((await find(username)).id)
        return answer({"items": [session_view(e, who.session) for e in found], "next": None})

    return router


def view(account: Account) -> dict[str, Any]:
    """Return an account as an administrator sees it; never its password."""
    return {
        "id": account.id,
        "username": account.username,
        "display_name": account.display_name,
        "role": account.role,
        "unit": account.unit,
        "email": account.email,
        "disabled": account.disabled,
        "must_change_password": account.must_change,
        "failures": account.attempts.failures,
        "locked_until": account.attempts.locked_until,
        "version": account.version,
        "created_at": account.created_at,
        "created_by": account.created_by,
        "changed_at": account.changed_at,
        "changed_by": account.changed_by,
    }


def _issued(issued: Issued, status: int, **headers: str) -> Response:
    body = view(issued.account)
    if issued.one_time_password:
        body["one_time_password"] = issued.one_time_password
    return answer(body, status, ETag=f'"{issued.account.version}"', **headers)


def _require_version(account: Account, if_match: str) -> None:
    """Refuse a change that was not meant for the version as it stands."""
    if not if_match:
        raise refusals.version_missing()
    named = ETAG.fullmatch(if_match.strip())
    if named is None or int(named[1]) != account.version:
        raise refusals.stale(account)
