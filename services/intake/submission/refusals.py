"""Why a submission is refused: status, stable code, the place, and what to do, in two languages."""

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final

from services.intake.evidence import EvidenceRefused
from shared.errors import CivicError


class Fault(Enum):
    """HTTP status, stable code, and the sentences in Vietnamese and English."""

    CONTENT_TYPE = (
        415,
        "unsupported_content_type",
        "Yêu cầu phải là multipart/form-data hoặc application/json, mã UTF-8, không nén.",
        "The request must be multipart/form-data or application/json, in UTF-8, not compressed.",
    )
    NO_BOUNDARY = (
        400,
        "missing_boundary",
        "Content-Type thiếu boundary hoặc boundary không hợp lệ (RFC 2046).",
        "The Content-Type lacks a boundary, or the boundary is not valid (RFC 2046).",
    )
    BROKEN = (
        400,
        "broken_multipart",
        "Nội dung gửi lên bị hỏng hoặc bị cắt ngang. Vui lòng gửi lại.",
        "The body is damaged or cut off. Please send it again.",
    )
    BODY = (
        413,
        "body_too_large",
        "Tổng dung lượng gửi lên vượt quá {limit} MB. Vui lòng bớt tệp.",
        "The whole is larger than {limit} MB. Please send fewer or smaller files.",
    )
    FILES = (
        413,
        "too_many_files",
        "Chỉ nhận tối đa {limit} tệp cho một phản ánh.",
        "A report takes at most {limit} files.",
    )
    FILE = (
        413,
        "file_too_large",
        "Tệp lớn hơn {limit} MB. Vui lòng gửi tệp nhỏ hơn.",
        "The file is larger than {limit} MB. Please send a smaller one.",
    )
    REPORT_SIZE = (
        413,
        "report_too_large",
        "Phần report lớn hơn {limit} KB.",
        "The part report is larger than {limit} KB.",
    )
    HEADERS = (
        413,
        "part_headers_too_large",
        "Tiêu đề của một phần multipart quá dài.",
        "The headers of a multipart part are too long.",
    )
    PARTS = (
        413,
        "too_many_parts",
        "Nội dung gửi lên có quá nhiều phần.",
        "The body has too many parts.",
    )
    UNKNOWN_PART = (
        422,
        "unknown_part",
        "Chỉ nhận phần report (JSON) và các phần media (tệp).",
        "Only the part report (JSON) and parts media (files) are taken.",
    )
    NO_REPORT = (
        422,
        "missing_report",
        "Thiếu phần report (JSON) mô tả phản ánh.",
        "The part report (JSON) that describes the report is missing.",
    )
    TWO_REPORTS = (
        422,
        "duplicate_report",
        "Phần report xuất hiện nhiều lần.",
        "The part report stands more than once.",
    )
    ENCODING = (
        400,
        "invalid_utf8",
        "Nội dung phản ánh không phải mã UTF-8 hợp lệ.",
        "The report is not valid UTF-8.",
    )
    JSON = (
        400,
        "invalid_json",
        "Nội dung phản ánh không phải JSON hợp lệ.",
        "The report is not valid JSON.",
    )
    NOT_A_NUMBER = (
        400,
        "not_a_number",
        "JSON không được chứa NaN hay vô cực.",
        "JSON has no NaN and no infinity (RFC 8259).",
    )
    DUPLICATE_KEY = (
        400,
        "duplicate_key",
        "Một khóa xuất hiện hai lần trong cùng một đối tượng JSON.",
        "A key stands twice in the same JSON object.",
    )
    NOT_AN_OBJECT = (
        422,
        "not_an_object",
        "Nội dung phản ánh phải là một đối tượng JSON.",
        "The report must be a JSON object.",
    )
    SLOW = (
        408,
        "too_slow",
        "Đường truyền quá chậm, chưa nhận đủ sau {limit} giây. Vui lòng gửi lại.",
        "The body had not arrived after {limit} seconds. Please send it again.",
    )


class SubmissionRefused(CivicError):  # noqa: N818 - an answer to the client, not a failure of ours
    """The request cannot be taken as it is; becomes one RFC 9457 problem document.

    Attributes:
        status: HTTP status, 4xx.
        code: Stable, for programs.
        field: The place in the request, such as `report` or `media[10]`; empty for the whole.
        detail_vi: What happened and what to do, in Vietnamese.
        detail_en: The same in English.
    """

    def __init__(
        self, status: int, code: str, field: str, *, detail_vi: str, detail_en: str
    ) -> None:
        super().__init__(f"{status} {code} {field}: {detail_en}")
        self.status = status
        self.code = code
        self.field = field
        self.detail_vi = detail_vi
        self.detail_en = detail_en


def refused(fault: Fault, field: str = "", *, limit: float = 0) -> SubmissionRefused:
    """Return the refusal for a fault of the request; `limit` is in the unit of its sentence."""
    status, code, vietnamese, english = fault.value
    return SubmissionRefused(
        status,
        code,
        field,
        detail_vi=vietnamese.format(limit=f"{limit:g}"),
        detail_en=english.format(limit=f"{limit:g}"),
    )


_EVIDENCE_STATUS: Final[Mapping[str, int]] = MappingProxyType(
    {"too_large": 413, "not_media": 415, "unsupported_type": 415}
)


def refused_evidence(error: EvidenceRefused, index: int) -> SubmissionRefused:
    """Return the refusal for the file at `index` of the submission, counted from zero."""
    return SubmissionRefused(
        _EVIDENCE_STATUS.get(error.code, 422),
        error.code,
        f"media[{index}]",
        detail_vi=error.detail_vi,
        detail_en=error.detail_en,
    )
