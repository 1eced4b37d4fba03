"""The case: decide (commands in, events out) and evolve (the only place where a case changes).

Pure: `now`, the rules and the router's decision are passed in.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared.deadline import Deadline
from shared.errors import CivicError
from shared.events import (
    CaseAccepted,
    CaseAssigned,
    CaseDispatched,
    CaseEvent,
    CaseForwarded,
    CaseResolved,
    CaseSnapshot,
    CaseSubmitted,
    RoutingDecided,
)
from shared.vocabulary import OFFICE, CaseCode, State, UnitId

# Which event may follow in which state, and where it leads. An event that is not in this table
# for the state of the case is refused; nothing else decides about states.
TRANSITIONS: dict[type[CaseEvent], tuple[frozenset[State], State]] = {
    CaseSubmitted: (frozenset(), State.SUBMITTED),
    CaseAssigned: (
        frozenset({State.SUBMITTED, State.AT_OFFICE, State.REOPENED, State.HELD}),
        State.ASSIGNED,
    ),
    CaseAccepted: (frozenset({State.ASSIGNED}), State.ACCEPTED),
    CaseDispatched: (frozenset({State.ASSIGNED, State.ACCEPTED}), State.IN_PROGRESS),
    CaseForwarded: (
        frozenset({State.ASSIGNED, State.ACCEPTED, State.IN_PROGRESS}),
        State.AT_OFFICE,
    ),
    CaseResolved: (
        frozenset({State.ASSIGNED, State.ACCEPTED, State.IN_PROGRESS, State.AT_OFFICE}),
        State.RESOLVED,
    ),
}


class NotNowError(CivicError):
    """The case is in a state in which this cannot be done."""

    def __init__(self, code: CaseCode, state: State, event: type[CaseEvent]) -> None:
        super().__init__(f"{code} is {state}: no {event.type} now")
        self.state = state


class NotYoursError(CivicError):
    """The unit does not handle this case."""

    def __init__(self, code: CaseCode, unit: UnitId) -> None:
        super().__init__(f"{code} does not lie with {unit}")


@dataclass(frozen=True)
class Case:
    """A case as its events make it.

    Attributes:
        snapshot: What everybody may need of it.
        sequence: The number of its latest event.
        routing_sequence: The latest decision of the router that was applied; 0 before the first.
        hops: How often it was forwarded to the Office.
    """

    snapshot: CaseSnapshot
    sequence: int = 1
    routing_sequence: int = 0
    hops: int = 0

    @property
    def code(self) -> CaseCode:
        """The public code."""
        return self.snapshot.code

    def require(self, event: type[CaseEvent]) -> None:
        """Check the transition table.

        Raises:
            NotNowError: the state does not allow it.
        """
        if self.snapshot.state not in TRANSITIONS[event][0]:
            raise NotNowError(self.code, self.snapshot.state, event)

    def require_unit(self, unit: UnitId) -> None:
        """Check that `unit` handles the case.

        Raises:
            NotYoursError: another one does.
        """
        if unit != self.snapshot.unit:
            raise NotYoursError(self.code, unit)


def apply_decision(
    case: Case, decision: RoutingDecided, due: Deadline, now: datetime
) -> list[CaseEvent]:
    """Assign the case as the router decided; a decision already applied, or overtaken, is none.

    Args:
        case: The case.
        decision: What the router said.
        due: The deadline of the decided category, counted from first receipt.
        now: Aware instant.
    """
    if decision.case_sequence <= case.routing_sequence:
        return []
    if case.snapshot.state not in TRANSITIONS[CaseAssigned][0]:
        return []
    promise = case.snapshot
    # a promise is never silently extended: the strictest limit from first receipt holds
    stricter = due.due_at < promise.due_at
    return [
        CaseAssigned(
            at=now,
            actor="router",
            unit=decision.unit,
            monitoring_unit=decision.monitoring_unit,
            rule=decision.rule,
            category=decision.category,
            category_origin=decision.category_origin,
            area=decision.area,
            area_origin=decision.area_origin,
            flags=tuple(sorted({*case.snapshot.flags, *decision.flags})),
            due_at=due.due_at if stricter else promise.due_at,
            limit_s=due.limit_s if stricter else promise.limit_s,
            clock=due.clock if stricter else promise.clock,
            routing_sequence=decision.case_sequence,
        )
    ]


def accept(case: Case, unit: UnitId, actor: str, now: datetime) -> list[CaseEvent]:
    """The handling unit takes the case on."""
    case.require(CaseAccepted)
    case.require_unit(unit)
    return [CaseAccepted(at=now, actor=actor, unit=unit)]


def dispatch(case: Case, unit: UnitId, actor: str, now: datetime) -> list[CaseEvent]:
    """The handling unit sends somebody ("cử cán bộ xử lý phản ánh")."""
    case.require(CaseDispatched)
    case.require_unit(unit)
    return [CaseDispatched(at=now, actor=actor, unit=unit)]


def forward(case: Case, unit: UnitId, actor: str, now: datetime) -> list[CaseEvent]:
    """A unit that is not competent hands the whole case to the Office (regulation 4.2)."""
    case.require(CaseForwarded)
    case.require_unit(unit)
    return [CaseForwarded(at=now, actor=actor, by=unit, hops=case.hops + 1)]


def resolve(
    case: Case, unit: UnitId, actor: str, *, outcome: str, now: datetime
) -> list[CaseEvent]:
    """The handling unit publishes a result; the last second of the limit is on time."""
    case.require(CaseResolved)
    case.require_unit(unit)
    on_time = now.replace(microsecond=0) <= case.snapshot.due_at
    return [CaseResolved(at=now, actor=actor, unit=unit, outcome=outcome, on_time=on_time)]


def evolve(case: Case, event: CaseEvent) -> Case:
    """Return the case after the event."""
    state = TRANSITIONS[type(event)][1]
    match event:
        case CaseAssigned():
            changes = event.model_dump(
                include={
                    "unit",
                    "monitoring_unit",
                    "category",
                    "category_origin",
                    "area",
                    "flags",
                    "due_at",
                    "limit_s",
                    "clock",
                }
            )
            case = replace(case, routing_sequence=event.routing_sequence)
        case CaseForwarded(hops=hops):
            changes = {"unit": OFFICE}
            case = replace(case, hops=hops)
        case _:
            changes = {}
    snapshot = case.snapshot.model_copy(update={**changes, "state": state})
    return replace(case, snapshot=snapshot, sequence=case.sequence + 1)
