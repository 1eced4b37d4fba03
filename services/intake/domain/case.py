"""The case: its transition table, and evolve, the only place where a case changes. Pure.

What happened to a case is a list of facts. A fact is an event, which goes on the wire, and the
words that somebody wrote with it, which stay with the case. Folding the facts over the opening
snapshot gives the case again, whole.
"""

from collections.abc import Iterable, Mapping
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
    MediaCount,
    MessageAdded,
    ReporterErased,
)
from shared.vocabulary import OFFICE, CaseCode, State, UnitId

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


def replay(opened: CaseSnapshot, facts: Iterable[Fact]) -> Case:
    """Rebuild a case from its opening snapshot and all facts after the first."""
    case = Case(snapshot=opened)
    for fact in facts:
        case = evolve(case, fact)
    return case


def evolve(case: Case, fact: Fact) -> Case:
    """Return the case after a fact."""
    event = fact.event
    state = TRANSITIONS[type(event)][1] or case.state
    if isinstance(event, DirectiveGiven) and case.state is State.AWAITING_DIRECTION:
        state = State.AT_OFFICE
    parts = _parts(case, fact)
    seen = {**_seen(case, event), **_directives_seen(parts), "state": state}
    snapshot = case.snapshot.model_copy(update=seen)
    return case.model_copy(update={**parts, "snapshot": snapshot, "sequence": case.sequence + 1})


def _directives_seen(parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what everybody sees of directives: how many are open, which is next, for whom."""
    if "directives" not in parts:
        return {}
    still_due = [each.due_at for each in parts["directives"] if each.fulfilled_at is None]
    return {
        "directives_open": len(still_due),
        "directive_due_at": min(still_due, default=None),
        "addressees": tuple(sorted({each.addressee for each in parts["directives"]})),
    }


def _seen(case: Case, event: CaseEvent) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return what an event changes of what everybody sees."""
    snapshot = case.snapshot
    match event:
        case CaseAssigned():
            fields = ("unit", "monitoring_unit", "category", "category_origin", "area", "flags")
            names = (*fields, "due_at", "limit_s", "clock")
            loops = snapshot.loops + (event.unit in case.units)
            return {**{name: getattr(event, name) for name in names}, "loops": loops}
        case CaseRecategorised() | CaseReopened():
            fields = {"category", "due_at", "limit_s", "clock", "disputes"}
            names = fields & type(event).model_fields.keys()
            changed = {name: getattr(event, name) for name in names}
            if isinstance(event, CaseReopened):
                changed |= {"counted_from": event.at.replace(microsecond=0), **_NO_COORDINATION}
                changed |= {"resolved_at": None, "on_time": None}
            return changed
        case CaseResolved(at=at, on_time=on_time):
            return {"resolved_at": at, "on_time": on_time}
        case CaseForwarded(hops=hops):
            return {"unit": OFFICE, "hops": hops, **_NO_COORDINATION}
        case CoordinationApproved(units=units, expected_at=expected_at):
            return {"coordinating_units": units, "expected_at": expected_at}
        case CoordinationMoved(expected_at=expected_at, unit=None):
            return {"expected_at": expected_at}
        case CaseRedirected(restricted=restricted):
            return {"restricted": restricted}
        case CaseHeld(reasons=reasons):
            return {"flags": tuple(sorted({*snapshot.flags, *reasons}))}
        case EvidenceAdded(media=added):
            return {
                "media": MediaCount(
                    image=snapshot.media.image + added.image,
                    audio=snapshot.media.audio + added.audio,
                )
            }
        case CaseFollowed(followers=followers) | CaseUnfollowed(followers=followers):
            return {"followers": followers}
        case ReporterErased():
            return {"reporter": None}
        case _:
            return {}


_NO_COORDINATION: Mapping[str, Any] = {"coordinating_units": (), "expected_at": None}


def _parts(case: Case, fact: Fact) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return what a fact changes of the case's own parts."""
    match fact.event:
        case CaseAssigned(routing_sequence=sequence, unit=unit):
            routed = max(sequence, case.routing_sequence)
            return {"routing_sequence": routed, "officer": None, "units": (*case.units, unit)}
        case CaseRoutingSuggested() as suggested:
            return {"suggested": suggested, "routing_sequence": suggested.routing_sequence}
        case CaseDispatched():
            return {"officer": fact.words.get("officer")}
        case CaseForwarded():
            return {"coordination": None, "officer": None}
        case CaseResolved():
            return {"results": (*case.results, _result(fact.event, fact.words))}
        case CaseFollowed():
            return {"followers": (*case.followers, fact.words["follower"])}
        case CaseUnfollowed():
            left = fact.words["follower"]
            return {"followers": tuple(each for each in case.followers if each != left)}
        case CaseRated(score=score, at=at):
            return {"rating": Rating(score=score, text=fact.text, at=at)}
        case CaseReopened():
            return {"coordination": None, "rating": None}
        case CoordinationProposed() | CoordinationApproved() | CoordinationRejected():
            return {"coordination": _coordination(case, fact)}
        case CoordinationMoved() | CoordinationAnswered():
            return {"coordination": _coordination_goes_on(case, fact)}
        case DirectiveGiven() | DirectiveAcknowledged() | DirectiveFulfilled():
            return {"directives": _directives(case, fact)}
        case _:
            return {}


def _result(event: CaseResolved, words: Mapping[str, Any]) -> Result:
    return Result(
        outcome=event.outcome, unit=event.unit, at=event.at, on_time=event.on_time, **words
    )


def _coordination(case: Case, fact: Fact) -> Coordination | None:
    match fact.event:
        case CoordinationProposed(units=units, expected_at=expected_at, by=by):
            return Coordination(
                state="proposed",
                proposed_by=by,
                reason=fact.text,
                expected_at=expected_at,
                tasks=tuple(Task(unit=unit, expected_at=expected_at) for unit in units),
            )
        case CoordinationApproved(units=units, expected_at=expected_at):
            tasks = tuple(Task(unit=unit, expected_at=expected_at) for unit in units)
            changed = {"state": "approved", "expected_at": expected_at, "tasks": tasks}
            return case.coordination and case.coordination.model_copy(update=changed)
        case _:
            return case.coordination and case.coordination.model_copy(update={"state": "rejected"})


def _coordination_goes_on(case: Case, fact: Fact) -> Coordination | None:
    if case.coordination is None:
        return None
    match fact.event:
        case CoordinationMoved(unit=None, expected_at=expected_at):
            return case.coordination.model_copy(update={"expected_at": expected_at})
        case CoordinationMoved(unit=unit, expected_at=expected_at):
            changed = {"expected_at": expected_at}
        case CoordinationAnswered(unit=unit, at=at):
            changed = {"answered_at": at, "answer": fact.text}
        case _:
            return case.coordination
    tasks = tuple(
        task.model_copy(update=changed) if task.unit == unit else task
        for task in case.coordination.tasks
    )
    return case.coordination.model_copy(update={"tasks": tasks})


def _directives(case: Case, fact: Fact) -> tuple[Directive, ...]:
    match fact.event:
        case DirectiveGiven(directive=identifier, addressee=addressee, due_at=due_at) as given:
            new = Directive(
                id=identifier,
                text=fact.text,
                addressee=addressee,
                given_by=given.actor,
                given_at=given.at,
                due_at=due_at,
            )
            return (*case.directives, new)
        case DirectiveAcknowledged(directive=identifier, at=at):
            changed = {"acknowledged_at": at}
        case DirectiveFulfilled(directive=identifier, at=at):
            changed = {"fulfilled_at": at, "answer": fact.text}
        case _:
            return case.directives
    return tuple(
        each.model_copy(update=changed) if each.id == identifier else each
        for each in case.directives
    )
