"""A reporter's channels, and the way out of them without a sign-in."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Header, Response
from fastapi.responses import FileResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from services.intake.api.answers import json_answer
from services.intake.domain.report import dialable, writable
from services.intake.notifications import Choice, Notifications
from services.intake.store import StoredCase
from shared.bodies import SmallBodies
from shared.identity import Reporter
from shared.phone import mobile
from shared.problems import FieldError, Problem, invalid, not_found
from shared.vocabulary import Language

PRIVATE = {"Cache-Control": "no-store"}
PAGE = Path(__file__).parent.parent / "optout"
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "public, max-age=300",
}


class Front(Protocol):
    """Where reporters show their tracking token."""

    async def find_own(self, typed: str, authorization: str) -> StoredCase:
        """Return the case whose token the caller shows; a wrong code or token is a problem."""
        ...


class Named(StrEnum):
    """A channel, as a reporter names it."""

    PUSH = "push"
    EMAIL = "email"
    ZALO = "zalo"
    SMS = "sms"


class ChoiceIn(BaseModel):
    """The channels in their order; the first that takes a message is enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[list[Named], Field(max_length=4)]
    email: Annotated[str, Field(max_length=254), AfterValidator(writable)] | None = None
    phone: Annotated[str, Field(max_length=24), AfterValidator(dialable)] | None = None
    language: Language | None = None

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: list[Named]) -> list[Named]:
        if len(set(value)) != len(value):
            raise ValueError("a channel is named twice")
        return value


class OptOutIn(BaseModel):
    """The token behind the `#` of an opt-out link."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    token: Annotated[str, Field(min_length=1, max_length=200)]


Authorization = Annotated[str, Header(description="Bearer <tracking_token>")]


def create_router(front: Front, notifications: Notifications) -> APIRouter:
    """Return the routes of a reporter's choice, and of the opt-out."""
    router = APIRouter(tags=["Notifications"], route_class=SmallBodies)

    @router.get("/reports/{code}/notifications", summary="How you are told")
    async def read(code: str, *, authorization: Authorization = "") -> Response:
        """Return the channels that were chosen, and for which of them there is an address."""
        stored = await front.find_own(code, authorization)
        reporter = stored.case.snapshot.reporter
        return _answer(await notifications.read(reporter) if reporter else None)

    @router.put("/reports/{code}/notifications", summary="Choose how you are told")
    async def choose(code: str, body: ChoiceIn, *, authorization: Authorization = "") -> Response:
        """Keep the channels in their order; an empty list ends all messages of this report."""
        stored = await front.find_own(code, authorization)
        reporter = stored.case.snapshot.reporter
        known = await notifications.read(reporter) if reporter else None
        if reporter is None or known is None:
            raise _nobody()
        _check(body, known)
        choice = Choice([e.value for e in body.channels], body.email, body.phone, body.language)
        return _answer(await notifications.choose(reporter, choice))

    @router.post("/notifications/opt-out", summary="No more messages on a channel")
    async def opt_out(body: OptOutIn) -> Response:
        """End the channel that a link names, for the address that got it; no sign-in is needed."""
        channel = await notifications.opt_out(body.token)
        if channel is None:
            raise not_found("đường dẫn này", "this link")
        return json_answer({"channel": channel, "opted_out": True}, headers=PRIVATE)

    return router


def create_pages() -> APIRouter:
    """Return the page that the links lead to: it posts what stands behind its `#`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/opt-out")
    async def page() -> FileResponse:
        """Serve the page."""
        return FileResponse(PAGE / "page.html", media_type="text/html", headers=PAGE_HEADERS)

    @router.get("/opt-out.js")
    async def script() -> FileResponse:
        """Serve its script."""
        return FileResponse(PAGE / "page.js", media_type="text/javascript", headers=PAGE_HEADERS)

    return router


def _check(body: ChoiceIn, known: Reporter) -> None:
    if Named.EMAIL in body.channels and not (body.email or known.email):
        raise invalid(FieldError("email", "missing", "a mail needs an address"))
    by_phone = {Named.ZALO, Named.SMS} & set(body.channels)
    if by_phone and mobile(body.phone or known.phone) is None:
        raise invalid(FieldError("phone", "not_vietnamese", "a Vietnamese mobile number is needed"))


def _answer(reporter: Reporter | None) -> Response:
    """Return the choice without an address: the reporter knows them, a passer-by shall not."""
    phone = mobile(reporter.phone) if reporter else None
    body: dict[str, Any] = {
        "channels": list(reporter.channels) if reporter and reporter.channels is not None else None,
        "chosen_at": reporter.chosen_at.isoformat() if reporter and reporter.chosen_at else None,
        "language": reporter.language.value if reporter else None,
        "addresses": {
            "email": bool(reporter and reporter.email),
            "zalo": bool(phone),
            "sms": bool(phone),
        },
    }
    return json_answer(body, headers=PRIVATE)


def _nobody() -> Problem:
    return Problem(
        409,
        "anonymous",
        vi="Phản ánh ẩn danh, hoặc thông tin của bạn đã được xoá: không có ai để gửi thông báo.",
        en="The report is anonymous, or you were erased: there is nobody to be told.",
    )
