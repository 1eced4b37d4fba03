"""What the router's decision does to a case. Pure."""

from datetime import datetime

from services.intake.domain.case import Case, Fact
from shared.deadline import Deadline
from shared.events import CaseAssigned, CaseRoutingSuggested, RoutingDecided
from shared.vocabulary import State


def apply_decision(
    case: Case, decision: RoutingDecided, due: Deadline, now: datetime
) -> list[Fact]:
    """Assign the case as the router decided; a decision already applied, or overtaken, is none.

    A held case is not assigned: the decision waits for the person who releases it.

    Args:
        case: The case.
        decision: What the router said.
        due: The deadline of the decided category, counted from first receipt.
        now: Aware instant.
    """
    if decision.case_sequence <= case.routing_sequence:
        return []
    if case.state is State.HELD:
        return [Fact(_suggested(case, decision, now))]
    if case.state is State.SUBMITTED:
        return [Fact(_assigned(case, decision, due, now))]
    return []


def _assigned(case: Case, decision: RoutingDecided, due: Deadline, now: datetime) -> CaseAssigned:
    promise = case.snapshot
    # a promise is never silently extended: the strictest limit from first receipt holds
    stricter = due.due_at < promise.due_at
    return CaseAssigned(
        at=now,
        actor="router",
        unit=decision.unit,
        monitoring_unit=decision.monitoring_unit,
        rule=decision.rule,
        category=decision.category,
        category_origin=decision.category_origin,
        area=decision.area,
        area_origin=decision.area_origin,
        flags=_flags(case, decision),
        due_at=due.due_at if stricter else promise.due_at,
        limit_s=due.limit_s if stricter else promise.limit_s,
        clock=due.clock if stricter else promise.clock,
        routing_sequence=decision.case_sequence,
    )


def _suggested(case: Case, decision: RoutingDecided, now: datetime) -> CaseRoutingSuggested:
    return CaseRoutingSuggested(
        at=now,
        actor="router",
        unit=decision.unit,
        monitoring_unit=decision.monitoring_unit,
        rule=decision.rule,
        category=decision.category,
        category_origin=decision.category_origin,
        area=decision.area,
        flags=_flags(case, decision),
        routing_sequence=decision.case_sequence,
    )


def _flags(case: Case, decision: RoutingDecided) -> tuple[str, ...]:
    return tuple(sorted({*case.snapshot.flags, *decision.flags}))
