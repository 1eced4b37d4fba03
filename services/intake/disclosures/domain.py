"""A disclosure: content of a case for a third party, and the leaders' consent to it. Pure.

`request`, `approve`, `reject`, `revoke` and `hand_out` check who acts and what stands, and return
the disclosure after it with the event that says so; or they refuse and nothing changes.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.intake.disclosures import words
from services.intake.disclosures.commands import Approve, Ask, Content, Reject, Revoke
from services.intake.disclosures.model import (
    Act,
    Disclosure,
    DisclosureNotNowError,
    Download,
    Grant,
    NoConsentError,
    Package,
    Recipient,
    SealedIdentityError,
    Status,
    Step,
)
from services.intake.domain.case import NotYoursError, RuleBrokenError
from services.intake.domain.parties import Actor, Party
from shared.events import (
    DisclosureApproved,
    DisclosureDownloaded,
    DisclosureEvent,
    DisclosureRejected,
    DisclosureRequested,
    DisclosureRevoked,
)
from shared.vocabulary import CaseCode

IDENTITY = "identity"  # beside the kinds of content, and never among them
LONGEST = timedelta(days=30)  # of a consent, from when it is asked for; the regulation names none

ASKING = frozenset({Party.HANDLING, Party.OFFICE})
CONSENTING = frozenset({Party.LEADER})
REVOKING = frozenset({Party.LEADER, Party.OFFICE})
SEEING = frozenset({Party.HANDLING, Party.OFFICE, Party.LEADER})


@dataclass(frozen=True)
class Acting:
    """Who acts, with which part in the case, and when (aware)."""

    actor: Actor
    parties: frozenset[Party]
    now: datetime

    def require(self, allowed: Collection[Party], what: str) -> None:
        """Check the part in the case.

        Raises:
            NotYoursError: it does not allow that.
        """
        if not self.parties & frozenset(allowed):
            raise NotYoursError(f"{self.actor.account} may not {what} a disclosure")

    def says(self, code: CaseCode) -> dict[str, Any]:
        """Return what every event says of its origin."""
        actor = self.actor
        return {"at": self.now, "actor": actor.account, "by": actor.unit, "code": code}

    def signed(self, text: str = "") -> dict[str, Any]:
        """Return what stands with every act."""
        actor = self.actor
        return {"by": actor.account, "unit": actor.unit, "at": self.now, "text": text}


@dataclass(frozen=True)
class Subject:
    """What a disclosure is about.

    Attributes:
        code: The case.
        sequence: Of its latest event.
        media: Ids of its files.
        has_identity: Whether anything is known of its reporter.
        sealed: Whether that is sealed from the actor.
        restricted: A complaint or denunciation.
    """

    code: CaseCode
    sequence: int
    media: tuple[str, ...]
    has_identity: bool
    sealed: bool
    restricted: bool


def request(identifier: str, command: Ask, subject: Subject, acting: Acting) -> Step:
    """Ask for consent.

    Raises:
        NotYoursError: neither the handling unit nor the Office.
        RuleBrokenError: nothing is asked for, for too long, or an identity that nobody has.
        SealedIdentityError: the identity is not the actor's to pass on.
    """
    acting.require(ASKING, "ask for")
    _check_expiry(command.expires_at, acting.now)
    if not command.fields and command.identity is None:
        raise RuleBrokenError("fields", "required", **words.WHAT_LEAVES)
    if command.identity is not None and not subject.has_identity:
        raise RuleBrokenError("identity", "no_identity", **words.NO_IDENTITY)
    if command.identity is not None and subject.sealed:
        raise SealedIdentityError(subject.code)
    after = Disclosure(
        id=identifier,
        code=subject.code,
        status=Status.REQUESTED,
        recipient=Recipient(**command.recipient.model_dump()),
        purpose=command.purpose,
        legal_basis=command.legal_basis,
        fields=_in_order(command.fields),
        identity=command.identity.justification if command.identity else None,
        expires_at=command.expires_at,
        asked=Act(**acting.signed()),
    )
    named = names(after.fields, identity=command.identity is not None)
    event = DisclosureRequested(
        **acting.says(subject.code), fields=named, expires_at=after.expires_at
    )
    return Step(after, event)


def approve(before: Disclosure, command: Approve, subject: Subject, acting: Acting) -> Step:
    """Consent: to all that was asked for, or to less, and to nothing that comes later.

    The reporter's identity leaves only when the leader says so beside the other fields.

    Raises:
        NotYoursError: no leader.
        DisclosureNotNowError: decided before.
        RuleBrokenError: it would expire before it began, or more than was asked for, or nothing.
    """
    acting.require(CONSENTING, "approve")
    _require(before, "approve", Status.REQUESTED)
    if before.expires_at <= acting.now:
        raise RuleBrokenError("expires_at", "in_the_past", **words.OVER_BEFORE_IT_BEGINS)
    fields = before.fields if command.fields is None else _in_order(command.fields)
    if not set(fields) <= set(before.fields):
        raise RuleBrokenError("fields", "not_asked_for", **words.NOT_ASKED_FOR)
    if command.identity and before.identity is None:
        raise RuleBrokenError("identity", "not_asked_for", **words.NOT_ASKED_FOR)
    if not fields and not command.identity:
        raise RuleBrokenError("fields", "required", **words.WHAT_LEAVES)
    grant = _grant(command, fields, subject, acting)
    event = DisclosureApproved(
        **acting.says(before.code),
        fields=names(fields, identity=command.identity),
        expires_at=before.expires_at,
    )
    return _step(before, event, status=Status.APPROVED, grant=grant)


def prospect(before: Disclosure, subject: Subject, acting: Acting) -> Grant:
    """Return the consent that stands, or the one that agreeing to all of it now would be.

    Raises:
        NotYoursError: no part in the case that allows it.
        DisclosureNotNowError: it was refused or taken back.
    """
    acting.require(SEEING, "preview")
    _require(before, "preview", Status.REQUESTED, Status.APPROVED)
    everything = Approve(text="-", identity=before.identity is not None)
    return before.grant or _grant(everything, before.fields, subject, acting)


def reject(before: Disclosure, command: Reject, acting: Acting) -> Step:
    """Refuse consent, with a reason.

    Raises:
        NotYoursError: no leader.
        DisclosureNotNowError: decided before.
    """
    acting.require(CONSENTING, "reject")
    _require(before, "reject", Status.REQUESTED)
    act = Act(**acting.signed(command.text))
    event = DisclosureRejected(**acting.says(before.code))
    return _step(before, event, status=Status.REJECTED, rejection=act)


def revoke(before: Disclosure, command: Revoke, acting: Acting) -> Step:
    """Take a consent, or a request that waits for one, back.

    Raises:
        NotYoursError: neither a leader nor the Office.
        DisclosureNotNowError: there is nothing to take back.
    """
    acting.require(REVOKING, "revoke")
    _require(before, "revoke", Status.REQUESTED, Status.APPROVED)
    act = Act(**acting.signed(command.text))
    event = DisclosureRevoked(**acting.says(before.code))
    return _step(before, event, status=Status.REVOKED, revocation=act)


def consent(disclosure: Disclosure, subject: Subject, acting: Acting) -> Grant:
    """Return the consent under which the actor may fetch the package now.

    A consent to pass feedback on is none to pass on what turned out to be a complaint or a
    denunciation: that is asked for anew.

    Raises:
        NotYoursError: no part in the case that allows it.
        NoConsentError: there is none, or none any more.
        SealedIdentityError: the identity is inside, and sealed from the actor.
    """
    acting.require(SEEING, "fetch")
    grant = disclosure.grant
    if disclosure.status is not Status.APPROVED or grant is None:
        raise NoConsentError(disclosure.id, disclosure.status.value)
    if is_expired(disclosure, acting.now):
        raise NoConsentError(disclosure.id, "expired")
    if subject.restricted and not grant.restricted:
        raise NoConsentError(disclosure.id, "restricted")
    if grant.identity and subject.sealed:
        raise SealedIdentityError(disclosure.id)
    return grant


def hand_out(before: Disclosure, package: Package, subject: Subject, acting: Acting) -> Step:
    """Record that a package leaves; it may leave only when this is written.

    Raises:
        NotYoursError, NoConsentError, SealedIdentityError: see `consent`.
    """
    consent(before, subject, acting)
    size = len(package.body)
    download = Download(**acting.signed(), sha256=package.sha256, size_bytes=size)
    event = DisclosureDownloaded(**acting.says(before.code), sha256=package.sha256, size_bytes=size)
    return _step(before, event, downloads=(*before.downloads, download))


def is_expired(disclosure: Disclosure, now: datetime) -> bool:
    """Say whether a consent, or a request for one, has passed; the last instant is too late."""
    return now >= disclosure.expires_at


def names(fields: Collection[Content], *, identity: bool) -> tuple[str, ...]:
    """Return what leaves, as events and audit name it."""
    return (*(each.value for each in _in_order(fields)), *((IDENTITY,) if identity else ()))


def _check_expiry(expires_at: datetime, now: datetime) -> None:
    if expires_at <= now:
        raise RuleBrokenError("expires_at", "in_the_past", **words.IN_THE_PAST)
    if expires_at > now + LONGEST:
        raise RuleBrokenError("expires_at", "too_late", **words.TOO_LONG)


def _grant(
    command: Approve, fields: tuple[Content, ...], subject: Subject, acting: Acting
) -> Grant:
    return Grant(
        **acting.signed(command.text),
        fields=fields,
        identity=command.identity,
        media=_media(command, fields, subject),
        case_sequence=subject.sequence,
        restricted=subject.restricted,
    )


def _media(command: Approve, fields: Collection[Content], subject: Subject) -> tuple[str, ...]:
    if Content.MEDIA not in fields:
        return ()
    if command.media is None:
        return subject.media
    if not set(command.media) <= set(subject.media):
        raise RuleBrokenError("media", "unknown_media", **words.UNKNOWN_MEDIA)
    return tuple(each for each in subject.media if each in command.media)


def _in_order(fields: Collection[Content]) -> tuple[Content, ...]:
    return tuple(each for each in Content if each in fields)


def _require(disclosure: Disclosure, what: str, *allowed: Status) -> None:
    if disclosure.status not in allowed:
        raise DisclosureNotNowError(disclosure.id, disclosure.status, what)


def _step(before: Disclosure, event: DisclosureEvent, **changes: Any) -> Step:
    return Step(
        before.model_copy(update={**changes, "sequence": before.sequence + 1}),
        event,
    )
