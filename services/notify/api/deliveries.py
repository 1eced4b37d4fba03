"""What did not arrive, and why: for the Office and the leaders."""

from enum import StrEnum
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from services.notify.answers import answers
from services.notify.answers.people import DeliveryPage
from services.notify.domain import CHANNELS
from services.notify.officials import Admits, require
from services.notify.store import BadCursorError, DeliveryStore, Undelivered
from shared.identity import read_code
from shared.problems import Problem
from shared.regulation_model import Words
from shared.sessions import Visitor
from shared.vocabulary import OFFICE, Role

READERS = {Role.OFFICE_CLERK, Role.LEADER}

REASONS = {
    "no_contact": Words(
        vi="Đơn vị chưa có địa chỉ liên hệ", en="Nobody of the unit has an address"
    ),
    "no_address": Words(vi="Người nhận không cho địa chỉ", en="The recipient gave no address"),
    "erased": Words(vi="Người phản ánh đã xoá thông tin", en="The reporter was erased"),
    "moved": Words(vi="Cán bộ đã chuyển đơn vị", en="The official has left the unit"),
    "opted_out": Words(vi="Người nhận không muốn nhận tin", en="The recipient wants no messages"),
    "sealed": Words(vi="Không mở được thông tin niêm phong", en="A sealed address does not open"),
    "no_subscription": Words(
        vi="Trình duyệt không còn nhận tin", en="No browser takes it any more"
    ),
    "push_gone": Words(vi="Trình duyệt không còn nhận tin", en="No browser takes it any more"),
    "unreachable": Words(vi="Không kết nối được nhà cung cấp", en="The provider was not reached"),
    "sms_too_long": Words(vi="Tin nhắn quá dài", en="The text is too long"),
}
BY_STATE = {
    "uncertain": Words(
        vi="Không rõ tin đã đến chưa; không gửi lại để khỏi trùng",
        en="It may have arrived; not sent again, so that nobody is told twice",
    ),
    "failed": Words(vi="Gửi nhiều lần không được", en="All attempts failed"),
    "undeliverable": Words(vi="Nhà cung cấp từ chối", en="The provider refused it"),
}


class Which(StrEnum):
    """Which of them."""

    UNDELIVERED = "undelivered"
    FAILED = "failed"
    UNDELIVERABLE = "undeliverable"
    UNCERTAIN = "uncertain"


class OnChannel(StrEnum):
    """Over which channel it was last tried."""

    PUSH, EMAIL, ZALO, SMS = CHANNELS


def create_router(store: DeliveryStore, admission: Admits) -> APIRouter:
    """Return the route of the list."""
    router = APIRouter(tags=["Deliveries"])
    reader = Depends(require(admission, READERS))

    @router.get(
        "/deliveries", summary="What did not arrive, and why", responses=answers(DeliveryPage)
    )
    async def deliveries(
        state: Which = Which.UNDELIVERED,
        channel: OnChannel | None = None,
        unit: Annotated[str | None, Query(max_length=80)] = None,
        code: Annotated[str | None, Query(max_length=40)] = None,
        *,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        cursor: Annotated[str | None, Query(max_length=200)] = None,
        who: Visitor = reader,
    ) -> dict[str, Any]:
        """List messages that nobody got, the latest first; no address and no name is in it."""
        only: dict[str, Any] = {}
        if state is not Which.UNDELIVERED:
            only["state"] = state.value
        if channel:
            only["channel"] = channel.value
        if unit:
            only["unit"] = unit
        if code:
            only["code"] = read_code(code) or code
        if who.role is not Role.LEADER:  # a report about the Office is the leaders'
            only["facts.about"] = {"$ne": OFFICE}
        try:
            found, following = await store.undelivered(limit, cursor, only)
        except BadCursorError as error:
            raise _bad_cursor() from error
        return {"items": [_view(each) for each in found], "next": following}

    return router


def _view(each: Undelivered) -> dict[str, Any]:
    kind, _, reference = each.recipient.partition(":")
    words = REASONS.get(each.reason) or BY_STATE[each.state.value]
    return {
        "id": each.id,
        "code": each.code,
        "event": each.event,
        "message": each.template,
        "channel": each.channel,
        "recipient": kind,
        "account": reference if kind == "account" else None,
        "unit": each.unit,
        "state": each.state.value,
        "reason": each.reason,
        "why": {"vi": words.vi, "en": words.en},
        "attempts": each.attempts,
        "given_up_at": each.given_up_at.isoformat(),
    }


def _bad_cursor() -> Problem:
    return Problem(
        400,
        "bad_cursor",
        vi="Vị trí trang không đúng; vui lòng mở lại danh sách từ đầu.",
        en="This cursor is none of ours; please open the list from its beginning.",
    )
