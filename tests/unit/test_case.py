"""The case: the transition table, and what a decision of the router does to it."""

from datetime import timedelta

import pytest

from services.intake.domain import case as rules
from services.intake.domain.case import TRANSITIONS, Case, NotNowError, NotYoursError, evolve
from shared.deadline import Deadline
from shared.events import EVENTS, CaseAssigned, CaseEvent
from shared.vocabulary import OFFICE, CategoryId, Clock, State, UnitId
from tests.builders import RECEIVED, decision, snapshot

WARD = UnitId("ward_1")
SAME = Deadline(snapshot().due_at, timedelta(hours=2), Clock.WORKING)


def assigned() -> Case:
    case = Case(snapshot())
    [event] = rules.apply_decision(case, decision(), SAME, RECEIVED)
    return evolve(case, event)


def test_every_case_event_stands_in_the_transition_table():
    events = {event for event in EVENTS.values() if issubclass(event, CaseEvent)}

    assert events == set(TRANSITIONS)


def test_a_decision_assigns_the_case_to_the_unit_and_its_monitor():
    case = assigned()

    assert case.snapshot.state is State.ASSIGNED
    assert (case.snapshot.unit, case.snapshot.monitoring_unit) == (WARD, "urban_order_team")
    assert (case.sequence, case.routing_sequence) == (2, 1)


def test_a_decision_that_was_applied_changes_nothing():
    assert rules.apply_decision(assigned(), decision(), SAME, RECEIVED) == []


@pytest.mark.parametrize(
    ("hours", "kept"),
    [
        pytest.param(8, True, id="a longer limit never extends the promise"),
        pytest.param(1, False, id="a stricter limit holds from first receipt"),
    ],
)
def test_the_strictest_limit_holds(hours: int, kept: bool):  # noqa: FBT001
    other = Deadline(RECEIVED + timedelta(hours=hours), timedelta(hours=hours), Clock.WORKING)

    [event] = rules.apply_decision(
        Case(snapshot()), decision(category=CategoryId("other")), other, RECEIVED
    )

    assert isinstance(event, CaseAssigned)
    assert (event.due_at == snapshot().due_at) is kept
    assert event.limit_s == (7200 if kept else 3600)


def test_only_the_handling_unit_may_act():
    with pytest.raises(NotYoursError):
        rules.accept(assigned(), UnitId("ward_2"), "officer", RECEIVED)


def test_a_forward_goes_to_the_office_and_counts_the_hop():
    case = assigned()
    [event] = rules.forward(case, WARD, "officer", RECEIVED)

    after = evolve(case, event)

    assert (after.snapshot.unit, after.snapshot.state, after.hops) == (OFFICE, State.AT_OFFICE, 1)


def test_nothing_is_forwarded_once_it_is_resolved():
    case = assigned()
    [event] = rules.resolve(case, WARD, "officer", outcome="solved", now=RECEIVED)

    with pytest.raises(NotNowError):
        rules.forward(evolve(case, event), WARD, "officer", RECEIVED)


@pytest.mark.parametrize(
    ("late_s", "on_time"),
    [
        pytest.param(0.0, True, id="exactly at the limit"),
        pytest.param(0.9, True, id="inclusive to the second"),
        pytest.param(1.0, False, id="one second later"),
    ],
)
def test_the_last_second_is_on_time(late_s: float, on_time: bool):  # noqa: FBT001
    now = snapshot().due_at + timedelta(seconds=late_s)

    [event] = rules.resolve(assigned(), WARD, "officer", outcome="solved", now=now)

    assert event.model_dump()["on_time"] is on_time
