"""RFC 9457 problem documents: what happened, at which field, and what to do next."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection

from shared.errors import OutageError
from shared.validation_words import in_vietnamese
from shared.vocabulary import Language

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5

log = structlog.get_logger()


@dataclass(frozen=True)
class FieldError:
    """One complaint: the field as a path (`reporter.email`, `media[2]`), a stable code, words.

    `detail` is in the caller's language, or in English with `detail_vi` beside it.
    """

    field: str
    code: str
    detail: str
    detail_vi: str = dataclass_field(default="", compare=False)

    def words(self, language: Language) -> str:
        """Return the words in a language."""
        return self.detail_vi if language is Language.VIETNAMESE and self.detail_vi else self.detail


class Problem(Exception):  # noqa: N818 - RFC 9457 calls it so
    """An answer that is not what was asked for.

    Args:
        status: HTTP status.
        code: Stable name; also the last part of `type`.
        vi, en: What happened and what to do, in the two languages.
        errors: The fields it is about.
        headers: Further headers of the answer.
    """

    def __init__(
        self,
        status: int,
        code: str,
        *,
        vi: str,
        en: str,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.vi = vi
        self.en = en
        self.errors = errors
        self.headers = dict(headers or {})

    def document(self, language: Language) -> dict[str, Any]:
        """Return the problem document; `detail` is in `language`, both languages are inside."""
        return {
            "type": f"urn:civic:problem:{self.code}",
            "title": self.code.replace("_", " "),
            "status": self.status,
            "detail": self.vi if language is Language.VIETNAMESE else self.en,
            "detail_vi": self.vi,
            "detail_en": self.en,
            "errors": [
                {"field": each.field, "code": each.code, "detail": each.words(language)}
                for each in self.errors
            ],
        }


def invalid(*errors: FieldError, status: int = 422) -> Problem:
    """Return the problem of content that breaks a rule, field by field."""
    return Problem(
        status,
        "invalid_report" if status == 422 else "bad_request",  # noqa: PLR2004 - HTTP
        vi="Nội dung gửi chưa đúng. Vui lòng sửa các mục được nêu rồi gửi lại.",
        en="What was sent is not right yet. Please correct the fields named and send it again.",
        errors=errors,
    )


def not_found(what_vi: str = "nội dung này", what_en: str = "this") -> Problem:
    """Return the problem of a thing that does not exist, or is none of the caller's business."""
    return Problem(
        404,
        "not_found",
        vi=f"Không tìm thấy {what_vi}. Vui lòng kiểm tra lại mã hoặc đường dẫn.",
        en=f"We cannot find {what_en}. Please check the code or the link.",
    )


def unavailable() -> Problem:
    """Return the problem of a dependency that is away; nothing was stored."""
    return Problem(
        503,
        "unavailable",
        vi="Hệ thống đang gián đoạn, nội dung CHƯA được ghi nhận. Vui lòng gửi lại sau ít phút.",
        en="The service is interrupted and has NOT stored your request. Please send it again soon.",
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )


def language_of(request: HTTPConnection) -> Language:
    """Return the language that the caller prefers (Accept-Language), else Vietnamese."""
    best, chosen = 0.0, Language.VIETNAMESE
    for part in request.headers.get("accept-language", "").lower().split(","):
        name, *parameters = (each.strip() for each in part.split(";"))
        base, quality = name.partition("-")[0], _quality(parameters)
        if base in set(Language) and quality > best:
            best, chosen = quality, Language(base)
    return chosen


def _quality(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        if parameter.startswith("q="):
            try:
                return float(parameter[2:])
            except ValueError:
                return 0.0
    return 1.0


def response(problem: Problem, language: Language) -> Response:
    """Return the HTTP answer that carries a problem document."""
    return Response(
        orjson.dumps(problem.document(language)),
        status_code=problem.status,
        media_type=MEDIA_TYPE,
        headers={**problem.headers, "Content-Language": language.value},
    )


def install(app: FastAPI) -> None:
    """Make the failures of an application answer with problem documents; web.Envelope has bugs."""

    async def on_problem(request: Request, problem: Exception) -> Response:
        assert isinstance(problem, Problem)  # noqa: S101 - registered for this class only
        return response(problem, language_of(request))

    async def on_outage(request: Request, error: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", "unmatched")
        log.warning("request.outage", route=route, reason=str(error))
        return response(unavailable(), language_of(request))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)  # noqa: S101 - as above
        return response(invalid(*map(field_error, error.errors())), language_of(request))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)  # noqa: S101 - as above
        return response(_of_http(error), language_of(request))

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(OutageError, on_outage)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(HTTPException, on_http)


def bug(request: Request, error: Exception) -> Response:
    """Log an error that nobody foresaw, and return the answer that says nothing of it."""
    log.error("request.failed", error=type(error).__name__, exc_info=error)
    return response(_bug(), language_of(request))


def translate(
    app: FastAPI, kind: type[Exception], to_problem: Callable[[Exception, Language], Problem | None]
) -> None:
    """Answer errors of a kind by the problem that `to_problem` makes of them; None is a bug."""

    async def on_error(request: Request, error: Exception) -> Response:
        language = language_of(request)
        problem = to_problem(error, language)
        return response(problem, language) if problem else bug(request, error)

    app.add_exception_handler(kind, on_error)


def field_error(error: Mapping[str, Any]) -> FieldError:
    """Return pydantic's complaint as ours: `reporter.email`, `media[2].sha256`."""
    path = ""
    for depth, part in enumerate(error["loc"]):
        if depth == 0 and part in {"body", "query", "path", "header"}:
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    words = in_vietnamese(error)
    return FieldError(path or "report", str(error["type"]), str(error["msg"]), detail_vi=words)


def _of_http(error: HTTPException) -> Problem:
    if error.status_code == 404:  # noqa: PLR2004 - HTTP
        return not_found()
    code = {401: "unauthenticated", 403: "forbidden", 405: "method_not_allowed"}
    code |= {408: "too_slow", 429: "busy"}
    return Problem(
        error.status_code,
        code.get(error.status_code, "bad_request"),
        vi="Yêu cầu không thực hiện được. Vui lòng kiểm tra lại.",
        en=str(error.detail),
        headers=error.headers,
    )


def _bug() -> Problem:
    return Problem(
        500,
        "internal",
        vi="Hệ thống gặp lỗi. Chúng tôi đã ghi nhận; vui lòng thử lại sau.",
        en="Something went wrong on our side. It was recorded; please try again later.",
    )
