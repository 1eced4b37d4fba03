"""What people ask of a disclosure: one command each, as a client sends it. Pure.

Unknown fields are refused, so that a wrong name is not lost.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from services.intake.domain.commands import Command, Text, Word
from services.intake.domain.report import CONTROL
from shared.instant import Instant


def _one_line(value: str) -> str:
    """Return a text as it fits into a line of a watermark."""
    line = " ".join(CONTROL.sub(" ", value).split())
    if not line:
        raise ValueError("there is nothing to read in it")
    return line


Line = Annotated[str, StringConstraints(min_length=1, max_length=200), AfterValidator(_one_line)]
Basis = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]


class Content(StrEnum):
    """Kinds of content of a case, in the order of a package."""

    TEXT = "text"
    CATEGORY = "category"
    PLACE = "place"
    MEDIA = "media"
    RESULT = "result"
    TIMELINE = "timeline"


class RecipientIn(Command):
    """The third party: which organisation, and whom one reaches there."""

    organisation: Line
    contact: Line


class IdentityIn(Command):
    """The reporter's identity: asked for by itself, never among other fields, and justified."""

    justification: Text


class Ask(Command):
    """Ask the leaders to let content of a case go to a third party."""

    recipient: RecipientIn
    purpose: Text
    legal_basis: Basis
    fields: Annotated[tuple[Content, ...], Field(max_length=len(Content))] = ()
    identity: IdentityIn | None = None
    expires_at: Instant


class Approve(Command):
    """Consent, to all that was asked for or to less; to the identity only by saying so."""

    text: Text
    fields: Annotated[tuple[Content, ...], Field(max_length=len(Content))] | None = None
    media: Annotated[tuple[Word, ...], Field(max_length=100)] | None = None
    identity: bool = False


class Reject(Command):
    """Refuse consent."""

    text: Text


class Revoke(Command):
    """Take a consent or a request back."""

    text: Text
