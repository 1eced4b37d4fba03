"""A report as it comes in, and the rules that it must keep before it becomes a case. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
)

from shared.instant import Instant
from shared.regulation import Category, Duty, Regulation
from shared.vocabulary import Anonymity, Channel, Language, MediaKind, ReporterKind

TEXT_CHARACTERS = 5000
PHONE = re.compile(r"\+?[0-9][0-9 .()-]{6,18}[0-9]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Meters = Annotated[float, Field(ge=0, le=100_000, allow_inf_nan=False)]


def dialable(value: str) -> str:
    """Return a telephone number as it was typed; ValueError when it cannot be one."""
    if not PHONE.fullmatch(value):
        raise ValueError("not a phone number")
    return value


def writable(value: str) -> str:
    """Return an e-mail address, normalised; ValueError when it cannot be one."""
    try:
        # whether a domain exists is for the delivery to find out, not for a form to ask
        checked = validate_email(value, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError("not an e-mail address") from error
    return checked.normalized


class Incoming(BaseModel):
    """What a client sends: unknown fields are ignored, so that older servers read newer apps."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LocationIn(Incoming):
    """Where it is; an address alone is a place too."""

    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Meters | None = None
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=300)] | None = None


class MediaIn(Incoming):
    """What the client knows of one file: a phone's browser strips EXIF before it sends."""

    name: Annotated[str, StringConstraints(max_length=255)] = ""
    sha256: Annotated[str, StringConstraints(pattern="^[0-9a-fA-F]{64}$")] | None = None
    kind: MediaKind | None = None
    captured_at: Instant | None = None
    lat: Latitude | None = None
    lon: Longitude | None = None
    accuracy_m: Meters | None = None
    source: Annotated[str, StringConstraints(pattern="^(exif|device|pin|none)$")] = "none"
    duration_ms: Annotated[int, Field(ge=0, le=86_400_000)] | None = None


class ReporterIn(Incoming):
    """Who reports, and how visible they want to be."""

    kind: ReporterKind = ReporterKind.RESIDENT
    name: Short | None = None
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=24)] | None = None
    email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)] | None = None
    language: Language = Language.VIETNAMESE
    anonymity: Anonymity = Anonymity.OPEN

    @field_validator("name", "phone", "email", mode="before")
    @classmethod
    def _empty_is_absent(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("phone")
    @classmethod
    def _dialable(cls, value: str | None) -> str | None:
        return None if value is None else dialable(value)

    @field_validator("email")
    @classmethod
    def _writable(cls, value: str | None) -> str | None:
        return None if value is None else writable(value)

    @property
    def identified(self) -> bool:
        """Whether there is anything by which the city could reach or know this person."""
        return bool(self.name or self.phone or self.email)


class TermsIn(Incoming):
    """Acceptance of the terms: "phải đảm bảo tính khách quan, trung thực và chịu trách nhiệm"."""

    accepted: bool = False
    version: str | None = None


class ReportIn(Incoming):
    """The body of `POST /reports`."""

    text: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=TEXT_CHARACTERS)
    ]
    category: Short | None = None
    sub_category: Short | None = None
    location: LocationIn | None = None
    area: Short | None = None
    about_unit: Short | None = None
    captured_at: Instant | None = None
    terms: TermsIn = TermsIn()
    media: Annotated[tuple[MediaIn, ...], Field(max_length=10)] = ()
    reporter: ReporterIn = ReporterIn()
    channel: Channel = Channel.WEB

    @field_validator("terms", mode="before")
    @classmethod
    def _terms_in_short(cls, value: Any) -> Any:
        """Take `true`, or the version that was accepted, for the whole object."""
        if isinstance(value, bool):
            return {"accepted": value}
        if isinstance(value, str):
            return {"accepted": True, "version": value}
        return value

    @field_validator("text")
    @classmethod
    def _readable(cls, value: str) -> str:
        cleaned = CONTROL.sub("", value).strip()
        if not cleaned:
            raise ValueError("there is nothing to read in it")
        return cleaned

    @field_validator("channel")
    @classmethod
    def _own_channel(cls, value: Channel) -> Channel:
        if value is not Channel.WEB:
            raise ValueError("this channel needs an operator's account")
        return value


class OnBehalfIn(ReportIn):
    """What an operator enters for somebody on the telephone or at the counter."""

    channel: Channel = Field(default=Channel.WEB, validate_default=True)  # so it must be said

    @field_validator("channel")
    @classmethod
    def _own_channel(cls, value: Channel) -> Channel:
        if value not in {Channel.HOTLINE, Channel.COUNTER}:
            raise ValueError("an operator enters for the hotline or the counter")
        return value


class CameraIncidentIn(ReportIn):
    """What a camera saw; whoever was issued its key answers for it."""

    channel: Channel = Channel.CAMERA
    terms: TermsIn = TermsIn(accepted=True, version="api_key")
    reporter: ReporterIn = ReporterIn(kind=ReporterKind.ORGANISATION)

    @field_validator("channel")
    @classmethod
    def _own_channel(cls, value: Channel) -> Channel:
        if value is not Channel.CAMERA:
            raise ValueError("this key is for cameras")
        return value


@dataclass(frozen=True)
class Complaint:
    """A rule that a report breaks: at which field, which rule, in both languages."""

    field: str
    code: str
    vi: str
    en: str


@dataclass(frozen=True)
class Position:
    """A position and where it comes from (`reporter`, `exif`, or the manifest's source)."""

    lat: float
    lon: float
    source: str


def complaints(
    report: ReportIn, regulation: Regulation, *, media_count: int, can_attach: bool
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
    if category:
        found += _of_category(report, category, media_count, can_attach=can_attach)
    if report.about_unit and report.about_unit not in {unit.id for unit in regulation.units}:
        found.append(_UNKNOWN_UNIT)
    if report.location and (report.location.lat is None) != (report.location.lon is None):
        found.append(_HALF_A_PLACE)
    return found


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


def position_of(report: ReportIn, evidence: Sequence[Position | None]) -> Position | None:
    """Return where it is: what the reporter said, else the first photo that knows, else None."""
    if report.location and report.location.lat is not None and report.location.lon is not None:
        return Position(report.location.lat, report.location.lon, "reporter")
    for found in evidence:
        if found:
            return found
    for each in report.media:
        if each.lat is not None and each.lon is not None:
            return Position(each.lat, each.lon, each.source)
    return None


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
