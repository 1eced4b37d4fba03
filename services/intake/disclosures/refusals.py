"""Why a disclosure is refused, as problem documents."""

from collections.abc import Mapping

from services.intake.disclosures.model import (
    Disclosure,
    DisclosureChangedError,
    DisclosureNotNowError,
    NoConsentError,
    NoSuchDisclosureError,
    SealedIdentityError,
    Status,
)
from services.intake.domain.refusals import InBoth
from shared.problems import FieldError, Problem, not_found
from shared.vocabulary import Language

CONFLICT, GONE = 409, 410

# Why nothing leaves: whether that may still change, and what to do.
NO_CONSENT: Mapping[str, tuple[int, InBoth]] = {
    "requested": (
        CONFLICT,
        {
            "vi": "Lãnh đạo UBND chưa đồng ý; chưa thể cung cấp nội dung.",
            "en": "The leaders have not consented yet; nothing may leave.",
        },
    ),
    "rejected": (
        CONFLICT,
        {
            "vi": "Lãnh đạo UBND không đồng ý cung cấp nội dung này.",
            "en": "The leaders did not consent; nothing may leave.",
        },
    ),
    "restricted": (
        CONFLICT,
        {
            "vi": "Phản ánh đã được xác định là khiếu nại, tố cáo; cần gửi đề nghị mới.",
            "en": "The case has become a complaint or denunciation; please ask for consent anew.",
        },
    ),
    "expired": (
        GONE,
        {
            "vi": "Thời hạn cung cấp đã hết; cần gửi đề nghị mới.",
            "en": "The consent has expired; please ask for a new one.",
        },
    ),
    "revoked": (
        GONE,
        {
            "vi": "Sự đồng ý đã được thu hồi; không được cung cấp nội dung này nữa.",
            "en": "The consent was revoked; nothing may leave any more.",
        },
    ),
}
STATUSES: Mapping[Status, InBoth] = {
    Status.REQUESTED: {"vi": "chờ đồng ý", "en": "waiting for consent"},
    Status.APPROVED: {"vi": "đã đồng ý", "en": "approved"},
    Status.REJECTED: {"vi": "đã từ chối", "en": "rejected"},
    Status.REVOKED: {"vi": "đã thu hồi", "en": "revoked"},
}

DOING: Mapping[str, InBoth] = {
    "approve": {"vi": "đồng ý", "en": "approving it"},
    "preview": {"vi": "xem trước", "en": "looking at it"},
    "reject": {"vi": "từ chối", "en": "rejecting it"},
    "revoke": {"vi": "thu hồi", "en": "revoking it"},
}


def problem_of(error: Exception, _language: Language) -> Problem | None:
    """Return the problem that an error of a disclosure means to a caller; None: it means none."""
    match error:
        case NoSuchDisclosureError():
            return not_found("đề nghị cung cấp này", "this disclosure")
        case NoConsentError(reason=reason):
            status, said = NO_CONSENT[reason]
            return Problem(status, f"disclosure_{reason}", **said)
        case DisclosureNotNowError(status=status, what=what):
            return _not_now(status, what)
        case DisclosureChangedError(disclosure=disclosure):
            return _changed(disclosure)
        case SealedIdentityError():
            return _sealed()
        case _:
            return None


def _not_now(status: Status, what: str) -> Problem:
    said, doing = STATUSES[status], DOING[what]
    return Problem(
        CONFLICT,
        "disclosure_not_now",
        vi=f"Đề nghị cung cấp {said['vi']}; lúc này không thể {doing['vi']}.",
        en=f"The disclosure is {said['en']}; {doing['en']} is not possible now.",
    )


def _changed(disclosure: Disclosure) -> Problem:
    said = STATUSES[disclosure.status]
    return Problem(
        412,
        "changed_meanwhile",
        vi=f"Đề nghị cung cấp đã được thay đổi, nay {said['vi']}. Vui lòng xem lại rồi thực hiện.",
        en=f"The disclosure was changed meanwhile and is {said['en']} now. Please look at it again "
        "before you go on.",
        errors=[FieldError("If-Match", disclosure.status.value, f"it is {said['en']} now")],
        headers={"ETag": f'"{disclosure.sequence}"'},
    )


def _sealed() -> Problem:
    return Problem(
        403,
        "identity_sealed",
        vi="Danh tính người phản ánh được giữ kín đối với đơn vị của bạn, nên không thuộc quyền "
        "cung cấp của đơn vị. Vui lòng đề nghị Văn phòng.",
        en="The reporter's identity is sealed from your unit and is not yours to pass on. Please "
        "ask the Office.",
    )
