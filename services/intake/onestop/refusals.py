"""Why the one-stop counter says no, as problem documents."""

from services.intake.onestop.catalogue import NoSuchDeskError, NoSuchProcedureError
from services.intake.onestop.domain.dossier_parts import (
    ChecklistError,
    DossierStateError,
    PromisedError,
    PromiseError,
)
from services.intake.onestop.domain.queue import (
    AlreadyRatedError,
    NoSuchTicketError,
    NotYourTicketError,
    QueueFullError,
    TicketStateError,
)
from services.intake.onestop.dossiers import NoSuchDossierError
from services.intake.onestop.hall import HallClosedError, NotYourDeskError
from shared.problems import FieldError, Problem, invalid, not_found
from shared.vocabulary import Language

PAPERS = {
    "incomplete": ("còn thiếu", "missing"),
    "missing": ("hãy nêu giấy tờ", "name the papers"),
    "unknown_paper": ("không có trong danh mục", "not on the checklist"),
}
PROMISES = {
    "too_early": ("phải sau hạn cũ và sau lúc này", "must be after the old date and after now"),
    "too_late": ("cách hơn một năm", "is more than a year away"),
}


def problem_of(  # noqa: C901, PLR0911, PLR0912 - reads as a table
    error: Exception, language: Language
) -> Problem | None:
    """Return the problem that an error means to the caller; None: it means none."""
    match error:
        case NoSuchDeskError():
            return not_found("quầy này", "this desk")
        case NoSuchTicketError():
            return not_found("số thứ tự này", "this number")
        case NoSuchDossierError():
            return not_found("hồ sơ này", "this dossier")
        case NoSuchProcedureError():
            detail = _in(language, "không có thủ tục này", "there is no such procedure")
            return invalid(FieldError("procedure", "unknown_procedure", detail))
        case ChecklistError(code=code, items=items):
            said = ": ".join(filter(None, (_in(language, *PAPERS[code]), ", ".join(items))))
            return invalid(FieldError("papers", code, said))
        case DossierStateError(state=state, what=what) | TicketStateError(state=state, what=what):
            return _not_now(state.value, what)
        case PromiseError(code=code):
            return invalid(FieldError("due_at", code, _in(language, *PROMISES[code])))
        case PromisedError():
            return _already_promised()
        case AlreadyRatedError():
            return _already_rated()
        case QueueFullError():
            return _full()
        case HallClosedError(opens_at=opens_at):
            return _closed(f"{opens_at:%H:%M %d/%m}")
        case NotYourTicketError():
            return _not_your_number()
        case NotYourDeskError():
            return _not_your_desk()
        case _:
            return None


def bad_ticket_token() -> Problem:
    """Return the problem of a secret that is not this number's or dossier's."""
    return Problem(
        401,
        "invalid_token",
        vi="Mã riêng không đúng với số thứ tự hoặc hồ sơ này.",
        en="The secret is not the one of this number or dossier.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def _in(language: Language, vi: str, en: str) -> str:
    return vi if language is Language.VIETNAMESE else en


def _not_now(state: str, what: str) -> Problem:
    return Problem(
        409,
        "not_now",
        vi=f"Đang ở trạng thái {state}; hiện không thể thực hiện {what}.",
        en=f"It is {state}; {what} is not possible now.",
    )


def _already_rated() -> Problem:
    return Problem(
        409,
        "already_rated",
        vi="Lượt phục vụ này đã được đánh giá. Cảm ơn bạn.",
        en="This service is rated already. Thank you.",
    )


def _already_promised() -> Problem:
    return Problem(
        409,
        "already_postponed",
        vi="Người nộp đã được hẹn lại một lần; không hẹn lại lần nữa.",
        en="The applicant has a new date already; there is no other.",
    )


def _full() -> Problem:
    return Problem(
        409,
        "queue_full",
        vi="Quầy đã phát hết số trong ngày. Vui lòng lấy số vào ngày làm việc tiếp theo.",
        en="The desk has given out all of the day's numbers. Please come on the next working day.",
    )


def _closed(opens_at: str) -> Problem:
    return Problem(
        409,
        "desk_closed",
        vi=f"Bộ phận một cửa đang đóng; mở cửa lúc {opens_at}. Bạn có thể lấy số trực tuyến.",
        en=f"The counter is closed and opens at {opens_at}. You can take a number online.",
    )


def _not_your_number() -> Problem:
    return Problem(
        403,
        "not_your_number",
        vi="Số thứ tự này đang do cán bộ khác phục vụ.",
        en="Another clerk has this number in hand.",
    )


def _not_your_desk() -> Problem:
    return Problem(
        403,
        "not_your_desk",
        vi="Quầy này do các cán bộ khác phụ trách.",
        en="Other clerks serve this desk.",
    )
