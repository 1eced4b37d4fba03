"""The events of a disclosure, said by intake."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event
from shared.vocabulary import CaseCode, UnitId


class DisclosureEvent(Event):
    """Said by intake of content that may go to a third party; `subject` is the disclosure.

    Neither the recipient nor the purpose is on the wire: they stay with the disclosure. `fields`
    names kinds of content, never content.
    """

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    by: UnitId | None = None
    code: CaseCode


class DisclosureRequested(DisclosureEvent):
    """A unit, or the Office, asks the leaders to let content of a case go to a third party."""

    type: ClassVar[str] = "disclosure.requested.v1"
    fields: tuple[str, ...]
    expires_at: AwareDatetime


class DisclosureApproved(DisclosureEvent):
    """A leader consented ("khi có sự đồng ý của lãnh đạo UBND"), to these fields, until then."""

    type: ClassVar[str] = "disclosure.approved.v1"
    fields: tuple[str, ...]
    expires_at: AwareDatetime


class DisclosureRejected(DisclosureEvent):
    """A leader did not consent: nothing leaves."""

    type: ClassVar[str] = "disclosure.rejected.v1"


class DisclosureRevoked(DisclosureEvent):
    """The consent, or the request, was taken back: nothing leaves any more."""

    type: ClassVar[str] = "disclosure.revoked.v1"


class DisclosureDownloaded(DisclosureEvent):
    """The package is handed out; `sha256` is the hash of its bytes."""

    type: ClassVar[str] = "disclosure.downloaded.v1"
    sha256: str
    size_bytes: int


DISCLOSURE_EVENTS: tuple[type[DisclosureEvent], ...] = (
    DisclosureRequested,
    DisclosureApproved,
    DisclosureRejected,
    DisclosureRevoked,
    DisclosureDownloaded,
)
