"""A report as it comes in, checked for what can be said of it without the regulation. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
    field_validator,
)

from shared.instant import Instant
from shared.text import legible
from shared.vocabulary import Anonymity, Channel, Language, MediaKind, ReporterKind

TEXT_CHARACTERS = 5000
MOST_FILES = 50  # that an operator may allow with a report; what is allowed is a setting
PHONE = re.compile(r"\+?[0-9][0-9 .()-]{6,18}[0-9]")
# what every mail server takes as it stands, at a domain that is not other letters (xn--)
PLAIN_ADDRESS = re.compile(
    r"(?=.{1,64}@)([a-z0-9]+(?:[._+\-][a-z0-9]+)*)@(?!.*xn--)([a-z0-9.\-]{1,128})"
)
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
    plain = PLAIN_ADDRESS.fullmatch(value)
    if plain:  # nothing to normalise, and few domains have most addresses: a seventh of the time
        return f"{plain[1]}@{_known_domain(plain[2])}"
    return _checked(value)


@lru_cache(maxsize=4096)
def _known_domain(domain: str) -> str:
    return _checked(f"a@{domain}").removeprefix("a@")


def _checked(value: str) -> str:
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


Manifest = Annotated[tuple[MediaIn, ...], Field(max_length=MOST_FILES)]


class MoreMediaIn(Incoming):
    """The JSON beside files that are added to a case: what the client knows of each of them."""

    media: Manifest = ()


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


# Said in a word instead of a version: no consent. Apps keep versions of their own, so that every
# other word counts as the name of one.
NOT_ACCEPTED = {"", "0", "f", "false", "khong", "không", "n", "no", "none", "null", "off"}


class TermsIn(Incoming):
    """Acceptance of the terms: "phải đảm bảo tính khách quan, trung thực và chịu trách nhiệm"."""

    accepted: StrictBool = False
    version: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None


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
    media: Manifest = ()
    reporter: ReporterIn = ReporterIn()
    channel: Channel = Channel.WEB

    @property
    def reference(self) -> str | None:
        """The sender's own number of what is reported, where it has one."""
        return None

    @field_validator("terms", mode="before")
    @classmethod
    def _terms_in_short(cls, value: Any) -> Any:
        """Take `true`, or the version that was accepted, for the whole object."""
        if isinstance(value, bool):
            return {"accepted": value}
        if isinstance(value, str):
            return {"accepted": value.strip().casefold() not in NOT_ACCEPTED, "version": value}
        return value

    @field_validator("text")
    @classmethod
    def _readable(cls, value: str) -> str:
        cleaned = CONTROL.sub("", value).strip()
        if not legible(cleaned):
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
    # its own number: the same from the same key is the same incident, however often it is sent
    incident: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,120}$")] | None = None
    reporter: ReporterIn = ReporterIn(kind=ReporterKind.ORGANISATION)

    @property
    def reference(self) -> str | None:
        """The camera's own number of the incident."""
        return self.incident

    @field_validator("channel")
    @classmethod
    def _own_channel(cls, value: Channel) -> Channel:
        if value is not Channel.CAMERA:
            raise ValueError("this key is for cameras")
        return value


@dataclass(frozen=True)
class Position:
    """A position and where it comes from (`reporter`, `exif`, or the manifest's source)."""

    lat: float
    lon: float
    source: str


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
