"""The privacy desk's refusals as problem documents."""

from services.intake.privacy.errors import (
    ErasedError,
    NobodyError,
    NoSuchFileError,
    NotForPeopleError,
    SealedError,
)
from shared.problems import FieldError, Problem, invalid, not_found
from shared.vocabulary import Language


def problem_of(error: Exception, language: Language) -> Problem | None:
    """Return the problem that an error means to the caller; None: it means none.

    Args:
        error: A `PrivacyError`.
        language: Of the details at the fields.
    """
    match error:
        case NoSuchFileError():
            return not_found("tệp này", "this file")
        case NotForPeopleError():
            return _not_for_people(language)
        case SealedError():
            return _sealed()
        case NobodyError():
            return _nobody()
        case ErasedError():
            return _erased()
        case _:
            return None


def _not_for_people(language: Language) -> Problem:
    vietnamese = language is Language.VIETNAMESE
    detail = "mục đích này chỉ dành cho hệ thống" if vietnamese else "only a machine has this one"
    return invalid(FieldError("purpose", "not_for_people", detail))


def _sealed() -> Problem:
    return Problem(
        403,
        "identity_sealed",
        vi="Danh tính người phản ánh được giữ kín đối với đơn vị của bạn. Nếu cần liên hệ, vui "
        "lòng nhắn qua phản ánh hoặc đề nghị Văn phòng; lần xem này đã được ghi lại.",
        en="The reporter's identity is sealed from your unit. To reach them, write a message in "
        "the case or ask the Office; this attempt was recorded.",
    )


def _nobody() -> Problem:
    return Problem(
        404,
        "no_reporter",
        vi="Người phản ánh không để lại thông tin liên hệ. Bạn có thể nhắn qua phản ánh.",
        en="The reporter left no contact. You can write a message in the case.",
    )


def _erased() -> Problem:
    return Problem(
        410,
        "reporter_erased",
        vi="Thông tin người phản ánh đã được xoá và không thể khôi phục.",
        en="The reporter's identity was erased and cannot be restored.",
    )
