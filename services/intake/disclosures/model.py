"""What a disclosure is, and what can be wrong with one. Pure."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.intake.disclosures.commands import Content
from services.intake.domain.case import Part
from shared.errors import CivicError
from shared.events import DisclosureEvent
from shared.vocabulary import CaseCode, UnitId


class Status(StrEnum):
    """Where a disclosure stands; that an approved one has expired is a matter of the clock."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"


class DisclosureError(CivicError):
    """The root of what a disclosure refuses."""


class DisclosureNotNowError(DisclosureError):
    """A disclosure of this status cannot do that."""

    def __init__(self, identifier: str, status: Status, what: str) -> None:
        super().__init__(f"{identifier} is {status}: no {what}")
        self.status = status
        self.what = what


class SealedIdentityError(DisclosureError):
    """The reporter's identity is sealed from the actor, so it is not theirs to pass on."""


class NoConsentError(DisclosureError):
    """Nothing may leave now; `reason`: requested, rejected, revoked, expired or restricted."""

    def __init__(self, identifier: str, reason: str) -> None:
        super().__init__(f"{identifier}: {reason}")
        self.reason = reason


class Recipient(Part):
    """The third party."""

    organisation: str
    contact: str


class Act(Part):
    """Somebody did something; `text` is what they wrote."""

    by: str
    unit: UnitId | None
    at: datetime
    text: str = ""


class Grant(Act):
    """A leader's consent to what was there when it was given.

    Attributes:
        fields: Kinds of content.
        identity: Whether the reporter's identity is among what may leave.
        media: The files; those that came later are not among them.
        case_sequence: The case event up to which content may leave.
        restricted: Whether the leader knew of a complaint or denunciation.
    """

    fields: tuple[Content, ...]
    identity: bool
    media: tuple[str, ...]
    case_sequence: int
    restricted: bool


class Download(Act):
    """A package was handed out; `sha256` is the hash of its bytes."""

    sha256: str
    size_bytes: int


class Disclosure(Part):
    """A request to let content of a case leave, and what became of it.

    Attributes:
        fields: Kinds of content that were asked for.
        identity: Why the reporter's identity is needed; None: it was not asked for.
        expires_at: From this instant on nothing leaves.
        sequence: The number of its latest event, and its version for clients.
    """

    id: str
    code: CaseCode
    status: Status
    recipient: Recipient
    purpose: str
    legal_basis: str
    fields: tuple[Content, ...]
    identity: str | None
    expires_at: datetime
    asked: Act
    grant: Grant | None = None
    rejection: Act | None = None
    revocation: Act | None = None
    downloads: tuple[Download, ...] = ()
    sequence: int = 1


@dataclass(frozen=True)
class Step:
    """A disclosure after something happened, and the event that says so."""

    after: Disclosure
    event: DisclosureEvent


@dataclass(frozen=True)
class Package:
    """What is handed out: one file, always the same bytes for the same consent and content."""

    name: str
    body: bytes
    sha256: str


class NoSuchDisclosureError(DisclosureError):
    """The case has no such disclosure."""


class DisclosureChangedError(DisclosureError):
    """The disclosure is not at the version that the caller has seen."""

    def __init__(self, disclosure: Disclosure, seen: int) -> None:
        super().__init__(f"{disclosure.id} is at {disclosure.sequence}, not at {seen}")
        self.disclosure = disclosure
