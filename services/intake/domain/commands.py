"""What people do with a case: one command each, as a client sends it. Pure.

Unknown fields are refused, so that a wrong name is not lost. Who may give which command, and what
it leads to, stands in decisions.py.
"""

from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from shared.instant import Instant
from shared.vocabulary import AreaId, CategoryId, UnitId

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5000)]
OptionalText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=5000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Units = Annotated[tuple[UnitId, ...], Field(min_length=1, max_length=10)]


class Command(BaseModel):
    """A command's own words."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Outcome(StrEnum):
    """How a result ends a case, honestly."""

    SOLVED = "solved"
    TEMPORARILY_SOLVED = "temporarily_solved"
    NO_VIOLATION = "no_violation_found"
    OUTSIDE_AUTHORITY = "outside_authority"
    DUPLICATE = "duplicate"
    REFUSED = "refused"


# Outcomes that say something was done or looked at on the spot, and so must show it.
SHOWN = {Outcome.SOLVED, Outcome.TEMPORARILY_SOLVED, Outcome.NO_VIOLATION}


class Refusal(StrEnum):
    """Why a report is refused; a code, so that refusals can be counted."""

    INSULTING = "insulting"
    NOT_CLEAR = "not_clear"
    NO_EVIDENCE = "no_evidence"
    NOT_TRUE = "not_true"
    SPAM = "spam"


class Elsewhere(StrEnum):
    """Where a report belongs that is no feedback for this city."""

    OTHER_AUTHORITY = "other_authority"
    COMPLAINT = "complaint"
    DENUNCIATION = "denunciation"


class Accept(Command):
    """Take the case on."""


class Dispatch(Command):
    """Send somebody to the scene."""

    officer: Word
    text: OptionalText = ""


class Progress(Command):
    """Say how far it is."""

    text: Text


class Forward(Command):
    """Hand everything to the Office: not within this unit's powers."""

    reason: Word = "not_competent"
    text: Text


class Coordinate(Command):
    """Propose units to work with, and when it will be done."""

    units: Units
    expected_at: Instant
    text: Text


class MoveCoordination(Command):
    """Move the expected date, of the whole or of one unit's task, for a recorded reason."""

    expected_at: Instant
    text: Text
    unit: UnitId | None = None


class AnswerCoordination(Command):
    """Answer a coordinating unit's own task."""

    text: Text


class ApproveCoordination(Command):
    """Agree with a proposal, or with a changed one."""

    units: tuple[UnitId, ...] = ()
    expected_at: Instant | None = None
    text: OptionalText = ""


class RejectCoordination(Command):
    """Disagree with a proposal."""

    reason: Word = "not_needed"
    text: Text


class PublishResult(Command):
    """Publish the result: an outcome, a text, and the evidence that the category demands."""

    outcome: Outcome
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10, max_length=5000)]
    evidence: tuple[Word, ...] = ()
    officer: Word | None = None
    site_visit_at: Instant | None = None
    agency: Word | None = None
    duplicate_of: Word | None = None


class Recategorise(Command):
    """Correct the category."""

    category: CategoryId
    text: OptionalText = ""


class Assign(Command):
    """Give the case to the competent unit."""

    unit: UnitId
    monitoring_unit: UnitId | None = None
    category: CategoryId | None = None
    area: AreaId | None = None
    text: OptionalText = ""


class Hold(Command):
    """Keep the case from being handled until somebody of the Office has looked."""

    reason: Word
    text: OptionalText = ""


class Release(Command):
    """Let a held report go its way."""

    text: OptionalText = ""


class Refuse(Command):
    """Refuse the report, with a reason that is counted and words that are read."""

    reason: Refusal
    text: Text


class Redirect(Command):
    """Say where it belongs, and tell the sender."""

    reason: Elsewhere
    agency: Word
    text: Text


class AskGuidance(Command):
    """Ask a leader for direction."""

    text: Text


class GiveDirective(Command):
    """Instruct a unit, with a due time."""

    addressee: UnitId
    due_at: Instant
    text: Text


class AcknowledgeDirective(Command):
    """Say that a directive was read."""

    directive: Word


class FulfilDirective(Command):
    """Say that a directive is carried out."""

    directive: Word
    text: Text


class Rate(Command):
    """Rate the result, 1 to 5."""

    score: Annotated[int, Field(ge=1, le=5)]
    text: OptionalText = ""


class Reopen(Command):
    """Dispute the result."""

    text: Text


class Withdraw(Command):
    """Take the report back."""

    text: OptionalText = ""


class AddMessage(Command):
    """Write to the other side."""

    text: Text
