"""Why intake says no, as problem documents: one place from our errors to the wire."""

from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

from starlette.requests import ClientDisconnect

from services.intake.asked import KeyReusedError
from services.intake.cursors import BadCursorError
from services.intake.desk import ChangedError, NoSuchCaseError, TooMuchMediaError
from services.intake.domain.case import NotNowError, NotYoursError, RuleBrokenError
from services.intake.domain.rules import Rules
from services.intake.names import DOING, STATES
from services.intake.reception import RulesBrokenError
from services.intake.shelf import Shelf
from services.intake.store import StoredCase
from services.intake.submission import SubmissionRefused
from services.intake.views import changes_since
from shared.errors import StaleVersionError, WriteRefusedError
from shared.problems import FieldError, Problem, invalid, not_found, unavailable
from shared.regulation import UnknownError
from shared.regulation_model import Words
from shared.vocabulary import Language, State


def problem_of(  # noqa: C901, PLR0911, PLR0912 - reads as a table
    error: Exception, language: Language, shelf: Shelf
) -> Problem | None:
    """Return the problem that an error means to a caller; None: it means none.

    Args:
        error: Ours, or the client's going away.
        language: Of the details at the fields.
        shelf: For the names in what changed meanwhile.
    """
    vietnamese = language is Language.VIETNAMESE
    match error:
        case RulesBrokenError(complaints=found):
            return invalid(
                *(FieldError(c.field, c.code, c.vi if vietnamese else c.en) for c in found)
            )
        case KeyReusedError():
            return _key_reused()
        case SubmissionRefused():
            detail = error.detail_vi if vietnamese else error.detail_en
            # else the server would read the rest of an upload that it has refused
            close = error.status in {408, 413}
            return Problem(
                error.status,
                error.code,
                vi=error.detail_vi,
                en=error.detail_en,
                errors=[FieldError(error.field, error.code, detail)],
                headers={"Connection": "close"} if close else None,
            )
        case NoSuchCaseError():
            return not_found("phản ánh này", "this case")
        case NotYoursError():
            return _not_yours()
        case NotNowError(state=state, what=what):
            return _not_now(state, what)
        case RuleBrokenError():
            detail = error.vi if vietnamese else error.en
            return invalid(FieldError(error.field, error.code, detail))
        case ChangedError(stored=stored, seen=seen):
            return _changed(stored, seen, shelf.of(stored.case.snapshot), language)
        case TooMuchMediaError():
            return _too_much_media()
        case WriteRefusedError():
            return _full()
        case StaleVersionError():  # others were faster five times; nothing of it was stored
            return unavailable()
        case BadCursorError():
            return _bad_cursor()
        case ClientDisconnect():
            return gone()
        case _:
            return None


def _not_yours() -> Problem:
    return Problem(
        403,
        "not_yours",
        vi="Vai trò của bạn trong phản ánh này không cho phép thao tác đó.",
        en="Your part in this case does not allow that.",
    )


def _not_now(state: State, what: str) -> Problem:
    return Problem(
        409,
        "not_now",
        vi=f"Phản ánh đang ở trạng thái “{STATES[state].vi}”; lúc này không thể {DOING[what].vi}.",
        en=f"The case is “{STATES[state].en}”; {DOING[what].en} is not possible now.",
    )


def _changed(stored: StoredCase, seen: int, rules: Rules, language: Language) -> Problem:
    changes = changes_since(stored, seen, rules)
    vi, en = (
        {each["sequence"]: _told(each, rules, told_in) for each in changes}
        for told_in in (Language.VIETNAMESE, Language.ENGLISH)
    )
    details = vi if language is Language.VIETNAMESE else en
    return Problem(
        412,
        "changed_meanwhile",
        vi=f"Phản ánh đã được thay đổi: {'; '.join(vi.values())}. Vui lòng xem lại rồi thực hiện.",
        en=f"The case was changed meanwhile: {'; '.join(en.values())}. "
        "Please look at it again before you go on.",
        errors=[
            FieldError(f"version.{each['sequence']}", each["type"], details[each["sequence"]])
            for each in changes
        ],
        headers={"ETag": f'"{stored.case.sequence}"'},
    )


def _told(step: Mapping[str, Any], rules: Rules, language: Language) -> str:
    """Return what happened, by whom and when: "Tiến độ (UBND phường 1, 09:11 01/12)"."""
    at = datetime.fromisoformat(step["at"])
    title, who = step["title"][language.value], _who(step, rules)
    return f"{title} ({who.vi if language is Language.VIETNAMESE else who.en}, {at:%H:%M %d/%m})"


def _who(step: Mapping[str, Any], rules: Rules) -> Words:
    """Return the unit that acted, never the account; else which part it was."""
    if step["by"] is not None:
        with suppress(UnknownError):
            return rules.regulation.unit(step["by"]).name
    return _PARTS.get(step["actor"], _SYSTEM)


_PARTS = {"reporter": Words(vi="người phản ánh", en="the reporter")}
_SYSTEM = Words(vi="hệ thống", en="the system")


def _too_much_media() -> Problem:
    return Problem(
        413,
        "too_much_media",
        vi="Phản ánh này đã có đủ số tệp tối đa.",
        en="This case has as many files as it can take.",
    )


def _full() -> Problem:
    return Problem(
        413,
        "too_large",
        vi="Nội dung này quá lớn để lưu thêm vào phản ánh.",
        en="This is more than the case can hold.",
    )


def _bad_cursor() -> Problem:
    return Problem(
        400,
        "bad_cursor",
        vi="Vị trí trang không hợp lệ.",
        en="This cursor is none of ours.",
        errors=[FieldError("cursor", "invalid", "take it from `next`")],
    )


def bad_version() -> Problem:
    """Return the problem of an If-Match that names no version."""
    return Problem(
        400,
        "bad_version",
        vi="If-Match phải là ETag của phản ánh.",
        en="If-Match has to be the ETag of the case.",
        errors=[FieldError("If-Match", "invalid", 'like "5"')],
    )


def _key_reused() -> Problem:
    return Problem(
        422,
        "idempotency_key_reused",
        vi="Idempotency-Key này đã dùng cho nội dung khác. Vui lòng dùng mã mới.",
        en="This Idempotency-Key already stands for something else. Please use a new one.",
        errors=[FieldError("Idempotency-Key", "reused", "other body under the same key")],
    )


def gone() -> Problem:
    """Return the problem of a client that went away while it sent; nobody reads it."""
    return Problem(
        400,
        "client_gone",
        vi="Kết nối bị ngắt khi đang gửi. Vui lòng gửi lại.",
        en="The connection broke while sending. Please send it again.",
    )


def key_malformed() -> Problem:
    """Return the problem of an idempotency key that is none."""
    return Problem(
        400,
        "idempotency_key_malformed",
        vi="Idempotency-Key cần từ 1 đến 255 ký tự ASCII không có dấu cách.",
        en="An Idempotency-Key is 1 to 255 ASCII characters without spaces.",
        errors=[FieldError("Idempotency-Key", "malformed", "1 to 255 visible ASCII characters")],
    )


def bad_token() -> Problem:
    """Return the problem of a token that is not this case's."""
    return Problem(
        401,
        "invalid_token",
        vi="Mã theo dõi không đúng với phản ánh này.",
        en="The tracking token is not the one of this report.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def bad_range(size: int) -> Problem:
    """Return the problem of a Range that lies outside the file."""
    return Problem(
        416,
        "range_not_satisfiable",
        vi="Đoạn tệp được yêu cầu không tồn tại.",
        en="The file has no such range.",
        headers={"Content-Range": f"bytes */{size}"},
    )
