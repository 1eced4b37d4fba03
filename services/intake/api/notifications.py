"""A citizen's channels, and the way out of them without a sign-in."""

from datetime import time
from enum import StrEnum
from typing import Annotated, Any, Protocol

from fastapi import APIRouter, Header, Path, Response
from fastapi.responses import RedirectResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from services.intake.api.answers import json_answer
from services.intake.domain.report import dialable, writable
from services.intake.notifications import Choice, Notifications
from services.intake.store import StoredCase
from shared.identity import Reporter
from shared.phone import mobile
from shared.problems import FieldError, Problem, invalid, not_found
from shared.vocabulary import Language

PRIVATE = {"Cache-Control": "no-store"}


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


class QuietIn(BaseModel):
    """Local times between which nothing makes a noise; the same twice: there are none."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: Annotated[time, Field(alias="from")]
    until: time

    @field_validator("begins", "until")
    @classmethod
    def _local(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("a local time has no zone")
        return value

    @property
    def pair(self) -> tuple[time, time]:
        """Both times."""
        return self.begins, self.until


class ChoiceIn(BaseModel):
    """The channels in their order; the first that takes a message is enough."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[list[Named], Field(max_length=4)]
    email: Annotated[str, Field(max_length=254), AfterValidator(writable)] | None = None
    phone: Annotated[str, Field(max_length=24), AfterValidator(dialable)] | None = None
    language: Language | None = None
    quiet: QuietIn | None = None  # as it was, when it is not given

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
OneClick = Annotated[str, Path(pattern=r"^[\w.=-]{1,200}$")]


def create_router(front: Front, notifications: Notifications) -> APIRouter:
    """Return the routes of a reporter's choice, and of the opt-out."""
    router = APIRouter(tags=["Notifications"])

    @router.get("/reports/{code}/notifications", summary="How you are told")
    async def read(code: str, *, authorization: Authorization = "") -> Response:
        """Return the channels that were chosen, and for which of them there is an address."""
        stored = await front.find_own(code, authorization)
        reporter = stored.case.snapshot.reporter
        return choice_answer(await notifications.read(reporter) if reporter else None)

    @router.put("/reports/{code}/notifications", summary="Choose how you are told")
    async def choose(code: str, body: ChoiceIn, *, authorization: Authorization = "") -> Response:
        """Keep the channels in their order; an empty list ends all messages of this report."""
        stored = await front.find_own(code, authorization)
        reporter = stored.case.snapshot.reporter
        known = await notifications.read(reporter) if reporter else None
        if reporter is None or known is None:
            raise _nobody()
        check(body, known)
        return choice_answer(await notifications.choose(reporter, choice_of(body)))

    @router.post("/notifications/opt-out", summary="No more messages on a channel")
    async def opt_out(body: OptOutIn) -> Response:
        """End the channel that a link names, for the address that got it; no sign-in is needed."""
        channel = await notifications.opt_out(body.token)
        if channel is None:
            raise not_found("đường dẫn này", "this link")
        return json_answer({"channel": channel, "opted_out": True}, headers=PRIVATE)

    _add_one_click(router, notifications)
    return router


def _add_one_click(router: APIRouter, notifications: Notifications) -> None:
    """Add the address of `List-Unsubscribe`: a mail program posts to it (RFC 8058).

    Its token ends one channel of one address and shows nothing, so it may stand in a path. A GET
    ends nothing: scanners of mails follow every link.
    """

    @router.post("/notifications/opt-out/{token}", summary="No more messages, by one click")
    async def one_click(token: OneClick) -> Response:
        """End the channel that the token names; what the body says is not needed."""
        channel = await notifications.opt_out(token)
        if channel is None:
            raise not_found("đường dẫn này", "this link")
        return json_answer({"channel": channel, "opted_out": True}, headers=PRIVATE)

    @router.get(
        "/notifications/opt-out/{token}",
        status_code=303,
        response_class=RedirectResponse,
        summary="The page on which to opt out",
    )
    async def ask(token: OneClick) -> Response:
        """Lead a person to the page that asks once more."""
        location = {"Location": f"/opt-out#{token}", "Referrer-Policy": "no-referrer"}
        return Response(status_code=303, headers={**location, **PRIVATE})


def choice_of(body: ChoiceIn) -> Choice:
    """Return what a request chose."""
    return Choice(
        [e.value for e in body.channels],
        body.email,
        body.phone,
        body.language,
        body.quiet and body.quiet.pair,
    )


def check(body: ChoiceIn, known: Reporter) -> None:
    """Check that every channel has an address, a new one or one that is known; a problem, 422."""
    if Named.EMAIL in body.channels and not (body.email or known.email):
        raise invalid(FieldError("email", "missing", "a mail needs an address"))
    by_phone = {Named.ZALO, Named.SMS} & set(body.channels)
    if by_phone and mobile(body.phone or known.phone) is None:
        raise invalid(FieldError("phone", "not_vietnamese", "a Vietnamese mobile number is needed"))


def choice_answer(reporter: Reporter | None) -> Response:
    """Answer the choice of a person."""
    return json_answer(choice_view(reporter), headers=PRIVATE)


def choice_view(reporter: Reporter | None) -> dict[str, Any]:
    """Return the choice without an address: the person knows them, a passer-by shall not."""
    phone = mobile(reporter.phone) if reporter else None
    return {
        "channels": list(reporter.channels) if reporter and reporter.channels is not None else None,
        "chosen_at": reporter.chosen_at.isoformat() if reporter and reporter.chosen_at else None,
        "language": reporter.language.value if reporter else None,
        "quiet": quiet_view(reporter.quiet if reporter else None),
        "addresses": {
            "email": bool(reporter and reporter.email),
            "zalo": bool(phone),
            "sms": bool(phone),
        },
    }


def quiet_view(quiet: tuple[time, time] | None) -> dict[str, str] | None:
    """Return the hours as they are given, None for the city's."""
    return {"from": f"{quiet[0]:%H:%M}", "until": f"{quiet[1]:%H:%M}"} if quiet else None


def _nobody() -> Problem:
    return Problem(
        409,
        "anonymous",
        vi="Phản ánh ẩn danh, hoặc thông tin của bạn đã được xoá: không có ai để gửi thông báo.",
        en="The report is anonymous, or you were erased: there is nobody to be told.",
    )
