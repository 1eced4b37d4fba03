"""The case, its parts, and the table of what may follow in which state. Pure.

What happened to a case is a list of facts. A fact is an event, which goes on the wire, and the
words that somebody wrote with it, which stay with the case. `evolve.py` makes a case of its facts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from shared.errors import CivicError
from shared.events import (
    CaseAccepted,
    CaseAssigned,
    CaseClosed,
    CaseDispatched,
    CaseEvent,
    CaseFollowed,
    CaseForwarded,
    CaseHeld,
    CaseProgressed,
    CaseRated,
    CaseRecategorised,
    CaseRedirected,
    CaseRefused,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    CaseRoutingSuggested,
    CaseSnapshot,
    CaseSubmitted,
    CaseUnfollowed,
    CaseWithdrawn,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    EvidenceAdded,
    GuidanceAsked,
    MessageAdded,
    ReporterErased,
)
from shared.vocabulary import CaseCode, State, UnitId

WITH_A_UNIT = frozenset(
    {State.ASSIGNED, State.ACCEPTED, State.IN_PROGRESS, State.COORDINATING, State.REOPENED}
)
OPEN = WITH_A_UNIT | {State.SUBMITTED, State.HELD, State.AT_OFFICE, State.AWAITING_DIRECTION}
ENDED = frozenset({State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN})
ANY = frozenset(State)

# Which event may follow in which state, and where it leads (None: the state stays). What is not in
# this table for the state of a case is refused; nothing else decides about states.
TRANSITIONS: Mapping[type[CaseEvent], tuple[frozenset[State], State | None]] = {
    CaseSubmitted: (frozenset(), State.SUBMITTED),
    CaseHeld: (OPEN - {State.HELD}, State.HELD),
    CaseRoutingSuggested: (frozenset({State.HELD}), None),
    CaseReleased: (frozenset({State.HELD}), State.AT_OFFICE),
    CaseAssigned: (WITH_A_UNIT | {State.SUBMITTED, State.AT_OFFICE}, State.ASSIGNED),
    CaseAccepted: (frozenset({State.ASSIGNED, State.REOPENED}), State.ACCEPTED),
    CaseDispatched: (WITH_A_UNIT - {State.COORDINATING}, State.IN_PROGRESS),
    CaseProgressed: (WITH_A_UNIT - {State.COORDINATING}, State.IN_PROGRESS),
    CaseForwarded: (WITH_A_UNIT, State.AT_OFFICE),
    CaseRecategorised: (OPEN, None),
    CoordinationProposed: (WITH_A_UNIT - {State.COORDINATING}, None),
    CoordinationApproved: (WITH_A_UNIT - {State.COORDINATING}, State.COORDINATING),
    CoordinationRejected: (WITH_A_UNIT - {State.COORDINATING}, None),
    CoordinationMoved: (frozenset({State.COORDINATING}), None),
    CoordinationAnswered: (frozenset({State.COORDINATING}), None),
    GuidanceAsked: (frozenset({State.AT_OFFICE, State.ASSIGNED}), State.AWAITING_DIRECTION),
    DirectiveGiven: (OPEN, None),  # one that was asked for leads back to the Office: see evolve
    DirectiveAcknowledged: (ANY, None),
    DirectiveFulfilled: (ANY, None),
    CaseResolved: (WITH_A_UNIT | {State.AT_OFFICE}, State.RESOLVED),
    CaseRefused: (WITH_A_UNIT | {State.HELD, State.AT_OFFICE}, State.REFUSED),
    CaseRedirected: (
        WITH_A_UNIT | {State.HELD, State.AT_OFFICE, State.AWAITING_DIRECTION},
        State.REDIRECTED,
    ),
    CaseRated: (frozenset({State.RESOLVED}), None),
    CaseReopened: (frozenset({State.RESOLVED}), State.REOPENED),
    CaseClosed: (frozenset({State.RESOLVED}), State.CLOSED),
    CaseWithdrawn: (OPEN, State.WITHDRAWN),
    MessageAdded: (OPEN | {State.RESOLVED}, None),
    EvidenceAdded: (OPEN | {State.RESOLVED}, None),
    CaseFollowed: (OPEN | {State.RESOLVED}, None),
    CaseUnfollowed: (ANY, None),
    ReporterErased: (ANY, None),
}

# They change nothing that anybody works on: in no timeline, and no version that was seen is older.
UNNOTICED = frozenset({CaseFollowed.type, CaseUnfollowed.type})


class NotNowError(CivicError):
    """The case is in a state in which this cannot be done."""

    def __init__(self, code: CaseCode, state: State, what: str) -> None:
        super().__init__(f"{code} is {state}: no {what} now")
        self.state = state
        self.what = what


class NotYoursError(CivicError):
    """The actor has no part in this case that allows it."""


class RuleBrokenError(CivicError):
    """A command lacks something that a rule demands; `field` says where."""

    def __init__(self, field_: str, code: str, *, vi: str, en: str) -> None:
        super().__init__(f"{field_}: {code}")
        self.field = field_
        self.code = code
        self.vi = vi
        self.en = en


class Part(BaseModel):
    """A part of a case: unchangeable."""

    model_config = ConfigDict(frozen=True)


class Task(Part):
    """What a coordinating unit has to do, until when, and what it answered."""

    unit: UnitId
    expected_at: datetime
    answered_at: datetime | None = None
    answer: str = ""


class Coordination(Part):
    """Units that work together on a case ("báo cáo đề xuất đơn vị phối hợp")."""

    state: str  # proposed, approved or rejected
    proposed_by: UnitId | None
    reason: str
    expected_at: datetime
    tasks: tuple[Task, ...]


class Directive(Part):
    """A leader's instruction ("trực tiếp chỉ đạo")."""

    id: str
    text: str
    addressee: UnitId
    given_by: str
    given_at: datetime
    due_at: datetime
    acknowledged_at: datetime | None = None
    fulfilled_at: datetime | None = None
    answer: str = ""


class Result(Part):
    """The published result, with the evidence that its category demands."""

    outcome: str
    text: str
    unit: UnitId
    at: datetime
    on_time: bool
    evidence: tuple[str, ...] = ()
    officer: str | None = None
    site_visit_at: datetime | None = None
    agency: str | None = None
    duplicate_of: str | None = None


class Rating(Part):
    """What the reporter thinks of the result, 1 to 5."""

    score: int
    text: str
    at: datetime


class Case(Part):
    """A case as its facts make it.

    Attributes:
        snapshot: What everybody may need of it.
        sequence: The number of its latest event.
        routing_sequence: The case event that the router decided about last; 0 before the first.
        suggested: The router's decision about a held case.
        officer: Who was sent.
        units: Every unit that it has lain with, in order.
        messages: How many both sides have written.
        results: Every published result, the valid one last; disputed ones stay.
    """

    snapshot: CaseSnapshot
    sequence: int = 1
    routing_sequence: int = 0
    suggested: CaseRoutingSuggested | None = None
    coordination: Coordination | None = None
    directives: tuple[Directive, ...] = ()
    officer: str | None = None
    units: tuple[UnitId, ...] = ()
    results: tuple[Result, ...] = ()
    rating: Rating | None = None
    followers: tuple[str, ...] = ()  # random references
    messages: int = 0

    @property
    def code(self) -> CaseCode:
        """The public code."""
        return self.snapshot.code

    @property
    def state(self) -> State:
        """Where it stands."""
        return self.snapshot.state

    def allows(self, event: type[CaseEvent]) -> bool:
        """Say whether the transition table lets this event follow now."""
        return self.state in TRANSITIONS[event][0]

    def require(self, event: type[CaseEvent], what: str) -> None:
        """Check the transition table.

        Raises:
            NotNowError: the state does not allow it.
        """
        if not self.allows(event):
            raise NotNowError(self.code, self.state, what)


@dataclass(frozen=True)
class Fact:
    """Something that happened to a case: the event for everybody, the words for those concerned."""

    event: CaseEvent
    words: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def text(self) -> str:
        """What somebody wrote with it."""
        return str(self.words.get("text", ""))
