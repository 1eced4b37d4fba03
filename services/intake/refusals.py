"""Why intake says no, as problem documents: one place from our errors to the wire."""

from services.intake.reception import KeyReusedError, RulesBrokenError
from services.intake.submission import SubmissionRefused
from shared.errors import CivicError
from shared.problems import FieldError, Problem, invalid
from shared.vocabulary import Language


def problem_of(error: CivicError, language: Language) -> CivicError | Problem:
    """Return the problem that an error means to a reporter; an outage stays what it is."""
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
        case _:
            return error


def _key_reused() -> Problem:
    return Problem(
        422,
        "idempotency_key_reused",
        vi="Idempotency-Key này đã dùng cho một phản ánh khác. Vui lòng dùng mã mới.",
        en="This Idempotency-Key already stands for another report. Please use a new one.",
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


def busy() -> Problem:
    """Return the problem of too many uploads at once."""
    return Problem(
        429,
        "busy",
        vi="Đang có quá nhiều người gửi cùng lúc. Vui lòng gửi lại sau vài giây.",
        en="Too many people are sending right now. Please send it again in a few seconds.",
        headers={"Retry-After": "3"},
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
