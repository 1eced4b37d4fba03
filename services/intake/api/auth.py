"""Signing in and out, one's own sessions and password; and the guard of all other routes."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Cookie, Depends, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.security import OAuth2PasswordBearer
from pydantic import BaseModel, ConfigDict, Field

from services.intake.accounts import refusals
from services.intake.accounts.domain import AccountId, Principal, Session, SessionId, Visit
from services.intake.accounts.door import Caller, Door
from services.intake.accounts.notes import Kind
from services.intake.accounts.oidc import Arrival, OidcDoor
from services.intake.accounts.sessions import Admission, Sessions
from services.intake.accounts.wiring import Accounts
from services.intake.api.answers import json_answer
from services.intake.channels.entering import entered_by
from shared.problems import not_found
from shared.vocabulary import Channel, Role, UnitId

NO_STORE = {"Cache-Control": "no-store"}
COOKIE = "civic_oidc"  # binds a sign-in at the provider to the browser that began it
COOKIE_PATH = "/api/v1/auth/oidc"
SCHEME = OAuth2PasswordBearer(tokenUrl="/api/v1/auth/token", auto_error=False)

Token = Annotated[str | None, Depends(SCHEME)]


class TokenOut(BaseModel):
    """What somebody gets who is let in."""

    access_token: str
    token_type: str = "bearer"  # noqa: S105 - RFC 6750's word
    expires_in: int  # seconds
    refresh_token: str
    refresh_expires_at: str
    session: SessionId
    account: AccountId
    username: str
    display_name: str
    role: Role
    unit: UnitId | None
    must_change_password: bool
    enters: tuple[Channel, ...]  # for which channels this role may call `POST /desk/reports`


class RefreshIn(BaseModel):
    """A refresh token."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    refresh_token: Annotated[str, Field(max_length=200)]


class PasswordIn(BaseModel):
    """One's own password, old and new."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    current_password: Annotated[str, Field(max_length=1024)]
    new_password: Annotated[str, Field(max_length=1024)]


class Guard:
    """Says who makes a request: the dependencies of every route that needs an account."""

    def __init__(self, sessions: Sessions) -> None:
        self._sessions = sessions

    async def visit(self, token: Token = None) -> Visit:
        """Return who calls, even before they chose their own password; else 401."""
        if not token:
            raise refusals.unauthenticated()
        return await self._sessions.visit(token)

    async def current(self, token: Token = None) -> Principal:
        """Return who calls; 401 without a valid token, 403 until the given password is changed."""
        visit = await self.visit(token)
        if visit.must_change:
            raise refusals.change_first()
        return visit.principal

    def require(self, *roles: Role) -> Callable[..., Awaitable[Principal]]:
        """Return a dependency that lets these roles in and answers 403 to others."""

        async def required(token: Token = None) -> Principal:
            principal = await self.current(token)
            if principal.role not in roles:
                raise refusals.forbidden()
            return principal

        return required


@dataclass(frozen=True)
class Gate:
    """What the routes below `/auth` are made of."""

    accounts: Accounts
    guard: Guard

    @property
    def door(self) -> Door:
        """The door for passwords; when the city signs in elsewhere only, a problem, 403."""
        if not self.accounts.settings.passwords:
            raise refusals.passwords_off()
        return self.accounts.door

    @property
    def oidc(self) -> OidcDoor:
        """The door for those who come from the provider; without one, a problem, 404."""
        if self.accounts.oidc is None:
            raise not_found("cách đăng nhập này", "this way to sign in")
        return self.accounts.oidc


def create_router(gate: Gate) -> APIRouter:
    """Return the routes below `/auth`."""
    router = APIRouter(prefix="/auth", tags=["Sign-in"])
    _add_tokens(router, gate)
    _add_sessions(router, gate)
    _add_provider(router, gate)
    return router


def _add_tokens(router: APIRouter, gate: Gate) -> None:
    @router.post("/token", summary="Sign in", response_model=TokenOut)
    async def token(
        request: Request,
        username: Annotated[str, Form(max_length=256)],
        password: Annotated[str, Form(max_length=1024)],
        grant_type: Annotated[str, Form(pattern="^password$")] = "password",  # noqa: ARG001 - checked
    ) -> Response:
        """Sign in with username and password (OAuth 2 password form)."""
        return _tokens(await gate.door.sign_in(username, password, caller_of(request)))

    @router.post("/refresh", summary="New tokens for a refresh token", response_model=TokenOut)
    async def refresh(body: RefreshIn) -> Response:
        """Exchange a refresh token; it works once, and a second use ends the session."""
        return _tokens(await gate.accounts.sessions.refresh(body.refresh_token))

    @router.post("/password", summary="Change one's own password", response_model=TokenOut)
    async def password(
        request: Request, body: PasswordIn, visit: Annotated[Visit, Depends(gate.guard.visit)]
    ) -> Response:
        """Change one's own password; all sessions end, the answer is a new one."""
        admission = await gate.door.change_password(
            visit.principal,
            body.current_password,
            body.new_password,
            caller=caller_of(request),
        )
        return _tokens(admission)


def _add_sessions(router: APIRouter, gate: Gate) -> None:
    visiting, present = Depends(gate.guard.visit), Depends(gate.guard.current)

    @router.get("/me", summary="Who am I")
    async def me(visit: Annotated[Visit, visiting]) -> Response:
        """Return the account, role and unit behind the access token."""
        who = visit.principal
        body = {
            "account": who.account,
            "username": who.username,
            "role": who.role,
            "unit": who.unit,
            "session": who.session,
            "must_change_password": visit.must_change,
            "enters": entered_by(who.role),
        }
        return answer(body)

    @router.post("/logout", status_code=204, summary="Sign out")
    async def logout(visit: Annotated[Visit, visiting]) -> Response:
        """End the session of the access token."""
        who = visit.principal
        await gate.accounts.sessions.end(who.session, who.account, kind=Kind.SIGNED_OUT)
        return Response(status_code=204)

    @router.get("/sessions", summary="One's own sessions")
    async def sessions(who: Annotated[Principal, present]) -> Response:
        """List where one is signed in."""
        found = await gate.accounts.sessions.of(who.account)
        return answer({"items": [session_view(e, who.session) for e in found], "next": None})

    @router.delete("/sessions/{session}", status_code=204, summary="End a session")
    async def end(session: str, who: Annotated[Principal, present]) -> Response:
        """End a session of one's own; an administrator ends any."""
        owner = await gate.accounts.sessions.owner(SessionId(session))
        if owner is None or (owner != who.account and who.role is not Role.ADMINISTRATOR):
            raise not_found("phiên đăng nhập này", "this session")
        await gate.accounts.sessions.end(SessionId(session), who.account)
        return Response(status_code=204)


def _add_provider(router: APIRouter, gate: Gate) -> None:
    @router.get("/oidc/start", status_code=303, summary="Sign in at the city's provider")
    async def start() -> Response:
        """Redirect to the OpenID provider; the cookie comes back with the callback."""
        oidc = gate.oidc
        departure = await oidc.start()
        redirect = RedirectResponse(departure.url, 303, NO_STORE)
        redirect.set_cookie(
            COOKIE,
            departure.browser,
            max_age=600,
            path=COOKIE_PATH,
            secure=oidc.settings.secure,
            httponly=True,
            samesite="lax",
        )
        return redirect

    @router.get("/oidc/callback", summary="Back from the provider", response_model=TokenOut)
    async def callback(
        request: Request,
        state: Annotated[str, Query(max_length=200)],
        code: Annotated[str, Query(max_length=4096)] = "",
        iss: Annotated[str, Query(max_length=500)] = "",
        *,
        browser: Annotated[str, Cookie(alias=COOKIE, max_length=200)] = "",
    ) -> Response:
        """Exchange the provider's code for a session of the account that it names."""
        arrival = Arrival(code, state, browser, iss)
        response = _tokens(await gate.oidc.arrive(arrival, caller_of(request)))
        response.delete_cookie(COOKIE, path=COOKIE_PATH)
        return response


def caller_of(request: Request) -> Caller:
    """Return where a request comes from; behind a proxy, what uvicorn takes from its headers."""
    address = request.client.host if request.client else ""
    return Caller(address, request.headers.get("user-agent", ""))


def session_view(session: Session, current: SessionId | None = None) -> dict[str, Any]:
    """Return a session as its owner and an administrator see it; no token, no hash."""
    return {
        "id": session.id,
        "method": session.method,
        "user_agent": session.user_agent,
        "created_at": session.created_at,
        "last_seen_at": session.last_seen_at,
        "expires_at": session.expires_at,
        "current": session.id == current,
    }


def answer(body: Mapping[str, Any], status: int = 200, **headers: str) -> Response:
    """Return a JSON answer that no cache keeps."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return json_answer(body, status, {**NO_STORE, **named})


def _tokens(admission: Admission) -> Response:
    account, session = admission.account, admission.session
    body = TokenOut(
        access_token=admission.tokens.access,
        expires_in=admission.expires_in,
        refresh_token=admission.tokens.refresh,
        refresh_expires_at=session.expires_at.isoformat(),
        session=session.id,
        account=account.id,
        username=account.username,
        display_name=account.display_name,
        role=account.role,
        unit=account.unit,
        must_change_password=admission.must_change,
        enters=entered_by(account.role),
    )
    return answer(body.model_dump(mode="json"))
