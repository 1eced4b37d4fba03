"""A dossier as a value, what may follow on what, and why it refuses. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.onestop.catalogue import Procedure
from services.intake.onestop.errors import OneStopError
from shared.calendar import Calendar
from shared.events.onestop import (
    DossierEvent,
    DossierPostponed,
    DossierProcessing,
    DossierReady,
    DossierReceived,
    DossierRefused,
    DossierReturned,
    DossierSnapshot,
    DossierSubmitted,
    DossierSupplementAsked,
    DossierSupplemented,
    DossierWithdrawn,
)
from shared.vocabulary import DossierState, Language, ReporterId

S = DossierState  # short, for the tables below
OPEN = frozenset({S.SUBMITTED, S.RECEIVED, S.SUPPLEMENT, S.PROCESSING})
ENDED = frozenset({S.RETURNED, S.REFUSED, S.WITHDRAWN})

# Which event may follow in which state, and where it leads; None: it stays there.
TRANSITIONS: Mapping[type[DossierEvent], tuple[frozenset[DossierState], DossierState | None]] = {
    DossierSubmitted: (frozenset(), S.SUBMITTED),
    DossierReceived: (frozenset({S.SUBMITTED}), S.RECEIVED),
    DossierSupplementAsked: (frozenset({S.SUBMITTED, S.RECEIVED, S.PROCESSING}), S.SUPPLEMENT),
    DossierSupplemented: (frozenset({S.SUPPLEMENT}), S.RECEIVED),  # once nothing is lacking
    DossierProcessing: (frozenset({S.RECEIVED}), S.PROCESSING),
    DossierReady: (frozenset({S.RECEIVED, S.PROCESSING}), S.READY),
    DossierReturned: (frozenset({S.READY}), S.RETURNED),
    DossierRefused: (OPEN, S.REFUSED),
    DossierWithdrawn: (OPEN, S.WITHDRAWN),
    DossierPostponed: (frozenset({S.SUBMITTED, S.RECEIVED, S.PROCESSING}), None),
}


class Refusal(StrEnum):
    """Why a dossier is refused; a code, so that refusals can be counted."""

    NOT_ELIGIBLE = "not_eligible"
    NOT_COMPLETED = "not_completed"
    NOT_COMPETENT = "not_competent"
    FALSE_PAPERS = "false_papers"


class DossierError(OneStopError):
    """The root of what a dossier refuses; nothing changed."""


class DossierStateError(DossierError):
    """The dossier is in a state in which this cannot be done."""

    def __init__(self, state: DossierState, what: str) -> None:
        super().__init__(f"the dossier is {state}: no {what} now")
        self.state = state
        self.what = what


class ChecklistError(DossierError):
    """Papers are missing, unnamed, or none of the procedure's; `items` names them."""

    def __init__(self, code: str, items: Sequence[str]) -> None:
        super().__init__(f"{code}: {', '.join(items)}")
        self.code = code
        self.items = items


class PromisedError(DossierError):
    """Its applicant was told a new date already: that is done once."""


class PromiseError(DossierError):
    """A new date that is none: `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Part(BaseModel):
    """A part of a dossier: unchangeable."""

    model_config = ConfigDict(frozen=True)


class Pause(Part):
    """A time in which the applicant owed something; `until` is None while it lasts."""

    since: datetime
    until: datetime | None = None


class Dossier(Part):
    """A dossier as its steps make it.

    Attributes:
        code: The short code; with the day it is the number.
        snapshot: What everybody may need of it.
        sequence: The number of its latest event.
        present: Papers of the checklist that are there.
        missing: Those that were asked for and are not there yet.
        pauses: When the clock stood.
    """

    code: str
    snapshot: DossierSnapshot
    sequence: int = 0
    present: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    pauses: tuple[Pause, ...] = ()

    @property
    def state(self) -> DossierState:
        """Where it stands."""
        return self.snapshot.state


@dataclass(frozen=True)
class Circumstances:
    """Who, when, by which procedure and calendar."""

    actor: str
    now: datetime
    procedure: Procedure
    calendar: Calendar


@dataclass(frozen=True)
class Step:
    """A dossier after a step, its event, and the words that stay with the dossier."""

    dossier: Dossier
    event: DossierEvent
    words: Mapping[str, Any]


@dataclass(frozen=True)
class HandIn:
    """What is known of a dossier that is handed in."""

    code: str
    number: str
    through: str
    papers: tuple[str, ...]
    applicant: ReporterId | None
    language: Language
