"""Why the door and the register say no, as problem documents."""

from collections.abc import Callable, Mapping, Sequence

from services.intake.accounts.domain import Account, AccountChangedError, LastAdministratorError
from services.intake.accounts.door import (
    TooManyFailuresError,
    WeakPasswordError,
    WrongCredentialsError,
)
from services.intake.accounts.oidc_settings import OidcRefusedError
from services.intake.accounts.passwords import BusyError
from services.intake.accounts.registry import AccountRefusedError, TakenError
from services.intake.accounts.sessions import InvalidTokenError
from shared.problems import FieldError, Problem
from shared.vocabulary import Language

BEARER = {"WWW-Authenticate": "Bearer"}

# Vietnamese and English of every reason for which a field is refused.
SAID = {
    "password_too_short": ("cần ít nhất 12 ký tự", "at least 12 characters"),
    "password_too_long": ("tối đa 256 ký tự", "at most 256 characters"),
    "password_is_username": ("không được trùng tên đăng nhập", "must not be the username"),
    "password_too_common": ("quá dễ đoán", "too easy to guess"),
    "password_same_as_before": ("phải khác mật khẩu cũ", "must differ from the old one"),
    "unit_required": ("vai trò này cần có đơn vị", "this role needs a unit"),
    "unit_unknown": ("không có đơn vị này", "there is no such unit"),
    "unit_not_of_role": ("đơn vị không hợp với vai trò", "the unit does not go with the role"),
    "username_malformed": (
        "cần 3 đến 64 ký tự: chữ không dấu, số, dấu chấm, gạch",
        "3 to 64 characters: plain letters, digits, dot, dash, underscore",
    ),
}


def problem_of(error: Exception, language: Language) -> Problem | None:
    """Return the problem that an error of accounts means to the caller; None: it means none."""
    match error:
        case TooManyFailuresError(wait_s=wait_s):
            return _wait(int(wait_s) + 1)
        case WeakPasswordError(reasons=reasons):
            return _refused([("new_password", each) for each in reasons], language)
        case AccountRefusedError(reasons=reasons):
            return _refused(reasons, language)
        case _:
            plain = _PLAIN.get(type(error))
            return plain() if plain else None


def unauthenticated() -> Problem:
    """Return the problem of a request without an access token."""
    return Problem(
        401,
        "unauthenticated",
        vi="Vui lòng đăng nhập để thực hiện việc này.",
        en="Please sign in to do this.",
        headers=BEARER,
    )


def invalid_token() -> Problem:
    """Return the problem of a token that is unknown, expired or revoked."""
    return Problem(
        401,
        "invalid_token",
        vi="Phiên đăng nhập đã hết hạn hoặc đã bị thu hồi. Vui lòng đăng nhập lại.",
        en="The session has expired or was revoked. Please sign in again.",
        headers={"WWW-Authenticate": 'Bearer error="invalid_token"'},
    )


def forbidden() -> Problem:
    """Return the problem of a role that may not do this."""
    return Problem(
        403,
        "forbidden",
        vi="Tài khoản của bạn không có quyền thực hiện việc này.",
        en="Your account may not do this.",
    )


def change_first() -> Problem:
    """Return the problem of somebody who still has a password that another person knows."""
    return Problem(
        403,
        "password_change_required",
        vi="Vui lòng đổi mật khẩu được cấp trước khi tiếp tục (POST /api/v1/auth/password).",
        en="Please change the password you were given first (POST /api/v1/auth/password).",
    )


def passwords_off() -> Problem:
    """Return the problem of a city that signs in by OpenID Connect only."""
    return Problem(
        403,
        "password_sign_in_off",
        vi="Vui lòng đăng nhập qua hệ thống đăng nhập chung (GET /api/v1/auth/oidc/start).",
        en="Please sign in at the common sign-in (GET /api/v1/auth/oidc/start).",
    )


def stale(now: Account | None = None) -> Problem:
    """Return the problem of a change to a version that is no longer the newest; say whose is."""
    errors: list[FieldError] = []
    headers: dict[str, str] = {}
    if now:
        who = f"version {now.version} by {now.changed_by} at {now.changed_at.isoformat()}"
        errors = [FieldError("If-Match", "stale", who)]
        headers = {"ETag": f'"{now.version}"'}
    return Problem(
        412,
        "stale_version",
        vi="Người khác vừa thay đổi tài khoản này. Vui lòng tải lại rồi thực hiện lại.",
        en="Somebody else has changed this account. Please load it again and repeat the change.",
        errors=errors,
        headers=headers,
    )


def version_missing() -> Problem:
    """Return the problem of a change that does not say which version it is meant for."""
    return Problem(
        428,
        "precondition_required",
        vi='Cần gửi If-Match với phiên bản đang xem (giá trị ETag, ví dụ "3").',
        en='Send If-Match with the version that you saw (the ETag, like "3").',
        errors=[FieldError("If-Match", "missing", "the ETag of the account")],
    )


def _wrong_credentials() -> Problem:
    return Problem(
        401,
        "wrong_credentials",
        vi="Tên đăng nhập hoặc mật khẩu không đúng. Sau 5 lần sai, tài khoản tạm khoá từ 1 phút "
        "đến 1 giờ; hãy thử lại sau hoặc liên hệ quản trị viên.",
        en="The username or the password is wrong. After 5 failures an account is locked for "
        "1 minute up to 1 hour; try again later, or ask an administrator.",
        headers=BEARER,
    )


def _oidc_refused() -> Problem:
    return Problem(
        401,
        "oidc_refused",
        vi="Không đăng nhập được qua hệ thống đăng nhập chung. Vui lòng thử lại từ đầu; nếu vẫn "
        "không được, hãy liên hệ quản trị viên để được cấp tài khoản.",
        en="The common sign-in did not work. Please start again; if it fails again, ask an "
        "administrator whether you have an account.",
        headers=BEARER,
    )


def _wait(seconds: int) -> Problem:
    return Problem(
        429,
        "too_many_attempts",
        vi=f"Quá nhiều lần đăng nhập. Vui lòng thử lại sau {seconds} giây.",
        en=f"Too many sign-ins. Please try again in {seconds} seconds.",
        headers={"Retry-After": str(seconds)},
    )


def _refused(reasons: Sequence[tuple[str, str]], language: Language) -> Problem:
    position = 0 if language is Language.VIETNAMESE else 1
    return Problem(
        422,
        "invalid_account",
        vi="Thông tin tài khoản chưa đúng. Vui lòng sửa các mục được nêu rồi gửi lại.",
        en="The account is not right yet. Please correct the fields named and send it again.",
        errors=[FieldError(field, str(code), SAID[code][position]) for field, code in reasons],
    )


def _taken() -> Problem:
    return Problem(
        409,
        "username_taken",
        vi="Tên đăng nhập này đã có tài khoản. Vui lòng chọn tên khác.",
        en="There is an account with this username already. Please choose another one.",
        errors=[FieldError("username", "taken", "there is an account with this username")],
    )


def _last_administrator() -> Problem:
    return Problem(
        409,
        "last_administrator",
        vi="Đây là quản trị viên cuối cùng. Hãy cấp quyền quản trị cho người khác trước.",
        en="This is the last administrator. Please appoint another one first.",
    )


_PLAIN: Mapping[type[Exception], Callable[[], Problem]] = {
    WrongCredentialsError: _wrong_credentials,
    InvalidTokenError: invalid_token,
    OidcRefusedError: _oidc_refused,
    BusyError: lambda: _wait(2),
    TakenError: _taken,
    LastAdministratorError: _last_administrator,
    AccountChangedError: stale,
}
