"""The rules of the regulation that a report must keep before it becomes a case. Pure."""

from dataclasses import dataclass

from services.intake.domain.report import ReportIn
from shared.regulation import Category, Duty, Regulation
from shared.vocabulary import Anonymity


@dataclass(frozen=True)
class Complaint:
    """A rule that a report breaks: at which field, which rule, in both languages."""

    field: str
    code: str
    vi: str
    en: str


def complaints(
    report: ReportIn,
    regulation: Regulation,
    *,
    media_count: int,
    can_attach: bool,
) -> list[Complaint]:
    """Return every rule that the report breaks; none, and it may become a case.

    Args:
        report: What was sent.
        regulation: The rules.
        media_count: Files that arrived.
        can_attach: Whether the way it came in carries files. A plain JSON report is taken
            without them and flagged, since a hotline or an integration has none to send.
    """
    found: list[Complaint] = []
    if not report.terms.accepted:
        found.append(_TERMS)
    category = next((each for each in regulation.categories if each.id == report.category), None)
    if report.category and category is None:
        known = ", ".join(each.id for each in regulation.categories)
        found.append(_unknown_category(known))
    if report.sub_category and not _known(report, category, regulation):
        found.append(_UNKNOWN_SUB_CATEGORY)
    if category:
        found += _of_category(report, category, media_count, can_attach=can_attach)
    if report.about_unit and report.about_unit not in {unit.id for unit in regulation.units}:
        found.append(_UNKNOWN_UNIT)
    if report.location and (report.location.lat is None) != (report.location.lon is None):
        found.append(_HALF_A_PLACE)
    return found


def _known(report: ReportIn, category: Category | None, regulation: Regulation) -> bool:
    """Say whether there is such a sub-category; an unknown category is complaint enough."""
    if report.category and category is None:
        return True
    among = [category] if category else regulation.categories
    return any(each.sub_category(report.sub_category or "") for each in among)


def _of_category(
    report: ReportIn, category: Category, media_count: int, *, can_attach: bool
) -> list[Complaint]:
    found: list[Complaint] = []
    if category.identity is Duty.REQUIRED and (
        report.reporter.anonymity is Anonymity.ANONYMOUS or not report.reporter.identified
    ):
        found.append(_IDENTITY)
    if category.evidence.report is Duty.REQUIRED and can_attach and not media_count:
        found.append(_EVIDENCE)
    return found


_TERMS = Complaint(
    "terms",
    "terms_not_accepted",
    "Bạn cần đồng ý chịu trách nhiệm về nội dung phản ánh trước khi gửi.",
    "Please accept responsibility for the content of your report before sending it.",
)
_IDENTITY = Complaint(
    "reporter",
    "identity_required",
    "Phản ánh về thái độ phục vụ cần họ tên hoặc cách liên hệ; danh tính của bạn được giữ kín.",
    "A report about staff needs your name or a contact; your identity is kept sealed.",
)
_EVIDENCE = Complaint(
    "media",
    "evidence_required",
    "Lĩnh vực này cần ít nhất một ảnh hoặc bản ghi âm hiện trường.",
    "This category needs at least one photo or recording of the scene.",
)
_UNKNOWN_SUB_CATEGORY = Complaint(
    "sub_category",
    "unknown_sub_category",
    "Lĩnh vực này không có tiểu mục đó.",
    "There is no such sub-category under this category.",
)
_UNKNOWN_UNIT = Complaint(
    "about_unit",
    "unknown_unit",
    "Không có đơn vị này trong danh sách.",
    "There is no such unit.",
)
NOT_YOUR_CHANNEL = Complaint(
    "channel",
    "not_your_channel",
    "Vai trò của bạn không nhập phản ánh cho kênh này.",
    "Your role does not enter reports for this channel.",
)
_HALF_A_PLACE = Complaint(
    "location",
    "incomplete_position",
    "Vị trí cần cả vĩ độ và kinh độ.",
    "A position needs both latitude and longitude.",
)


def _unknown_category(known: str) -> Complaint:
    return Complaint(
        "category",
        "unknown_category",
        f"Không có lĩnh vực này. Các lĩnh vực: {known}.",
        f"There is no such category. The categories are: {known}.",
    )
