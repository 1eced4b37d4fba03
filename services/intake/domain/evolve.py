"""Evolve, the only place where a case changes: a fact over a case gives the next case. Pure.

Folding all facts over the opening snapshot gives the case again, whole.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from services.intake.domain.case import (
    TRANSITIONS,
    Case,
    Coordination,
    Directive,
    Fact,
    Rating,
    Result,
    Task,
)
from shared.events import (
    CaseAssigned,
    CaseDispatched,
    CaseEvent,
    CaseFollowed,
    CaseForwarded,
    CaseHeld,
    CaseRated,
    CaseRecategorised,
    CaseRedirected,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    CaseRoutingSuggested,
    CaseSnapshot,
    CaseUnfollowed,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    EvidenceAdded,
    MediaCount,
    MessageAdded,
    ReporterErased,
)
from shared.vocabulary import OFFICE, State

_NO_COORDINATION: Mapping[str, Any] = {"coordinating_units": (), "expected_at": None}


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
        case CaseReleased() if snapshot.unit is not None:
            # held while a unit had it: it lies with the Office now, who assigns it
            return {"unit": OFFICE, **_NO_COORDINATION}
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


def _parts(case: Case, fact: Fact) -> dict[str, Any]:  # noqa: C901, PLR0911, PLR0912 - a table
    """Return what a fact changes of the case's own parts."""
    match fact.event:
        case CaseAssigned(routing_sequence=sequence, unit=unit):
            routed = max(sequence, case.routing_sequence)
            units = (*case.units, unit)
            return {
                "routing_sequence": routed,
                "suggested": None,  # it is for one release only, not for one after a forward
                "officer": None,
                "units": units,
            }
        case CaseRoutingSuggested() as suggested:
            return {"suggested": suggested, "routing_sequence": suggested.routing_sequence}
        case CaseDispatched():
            return {"officer": fact.words.get("officer")}
        case CaseForwarded():
            return {"coordination": None, "officer": None}
        case CaseReleased():
            return {"coordination": None, "officer": None, "suggested": None}
        case CaseResolved():
            return {"results": (*case.results, _result(fact.event, fact.words))}
        case CaseFollowed():
            return {"followers": (*case.followers, fact.words["follower"])}
        case CaseUnfollowed():
            left = fact.words["follower"]
            return {"followers": tuple(each for each in case.followers if each != left)}
        case MessageAdded():
            return {"messages": case.messages + 1}
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
