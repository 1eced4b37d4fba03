"""How an official is told: the order of their channels, their telephone, their quiet hours."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from services.intake.accounts.domain import Principal
from services.intake.api.answers import json_answer
from services.intake.api.auth import Guard
from services.intake.api.notifications import PRIVATE, Named, QuietIn, quiet_view
from services.intake.domain.report import dialable
from shared.directory import Contact, Directory, Preferences
from shared.phone import mobile
from shared.problems import FieldError, Problem, invalid


class PreferencesIn(BaseModel):
    """All that an official chooses; what is not given is not chosen."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channels: Annotated[list[Named], Field(min_length=1, max_length=4)] | None = None
    phone: Annotated[str, Field(max_length=24), AfterValidator(dialable)] | None = None
    quiet: QuietIn | None = None

    @field_validator("channels")
    @classmethod
    def _each_once(cls, value: list[Named] | None) -> list[Named] | None:
        if value and len(set(value)) != len(value):
            raise ValueError("a channel is named twice")
        return value


def create_router(directory: Directory, guard: Guard) -> APIRouter:
    """Return `GET` and `PUT /auth/me/notifications`."""
    router = APIRouter(prefix="/auth/me", tags=["Notifications"])
    caller = Depends(guard.current)

    @router.get("/notifications", summary="How I am told")
    async def read(who: Annotated[Principal, caller]) -> Response:
        """Return the channels in their order, whether there is a telephone, the quiet hours."""
        contact = await directory.find(who.account)
        if contact is None:
            raise _no_address()
        return json_answer(_view(contact), headers=PRIVATE)

    @router.put("/notifications", summary="Choose how I am told")
    async def choose(body: PreferencesIn, who: Annotated[Principal, caller]) -> Response:
        """Keep the order and the quiet hours; a mail stays the last channel: cases must arrive.

        An emergency is told at any hour.
        """
        phone = mobile(body.phone)
        by_phone = {Named.ZALO, Named.SMS} & set(body.channels or ())
        if phone is None and (by_phone or body.phone):
            raise invalid(
                FieldError("phone", "not_vietnamese", "a Vietnamese mobile number is needed")
            )
        channels = tuple(each.value for each in body.channels) if body.channels else None
        wanted = Preferences(channels, phone, body.quiet and body.quiet.pair)
        contact = await directory.prefer(who.account, wanted)
        if contact is None:
            raise _no_address()
        return json_answer(_view(contact), headers=PRIVATE)

    return router


def _view(contact: Contact) -> dict[str, Any]:
    chosen = contact.preferences
    return {
        "channels": list(chosen.channels) if chosen.channels is not None else None,
        "quiet": quiet_view(chosen.quiet),
        "language": contact.language.value,
        "phone": chosen.phone,
        "addresses": {"email": True, "zalo": bool(chosen.phone), "sms": bool(chosen.phone)},
    }


def _no_address() -> Problem:
    return Problem(
        409,
        "no_work_address",
        vi="Tài khoản chưa có thư điện tử công vụ; vui lòng đề nghị quản trị viên bổ sung.",
        en="The account has no work address yet; please ask an administrator to add one.",
    )
