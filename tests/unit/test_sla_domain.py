"""Deadlines: announced with the assignment, each stage once per version, in order."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.sla.domain import MISSED, Rules, Tracking, fire, hear
from shared.calendar import working_time
from shared.deadline import count
from shared.events import (
    CaseAccepted,
    CaseAssigned,
    CaseClosed,
    CaseReopened,
    CaseResolved,
    CaseSubmitted,
    CoordinationApproved,
    DeadlineApproaching,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
)
from shared.vocabulary import Clock, State, UnitId
from tests.builders import RECEIVED, dalat, decision, received, snapshot, state_calendar

RULES = Rules(dalat(), state_calendar())
DUE = snapshot().due_at
SUBMITTED = received(CaseSubmitted(at=RECEIVED, actor="reporter"), snapshot(), 1)


def assigned(sequence: int = 2, **changes):
    case = snapshot(state=State.ASSIGNED, unit=UnitId("ward_1"), **changes)
    facts = decision().model_dump(include={"unit", "monitoring_unit", "rule", "category"})
    event = CaseAssigned(
        at=RECEIVED,
        actor="router",
        category_origin=decision().category_origin,
        due_at=case.due_at,
        limit_s=case.limit_s,
        clock=Clock.WORKING,
        routing_sequence=1,
        **facts,
    )
    return received(event, case, sequence)


def resolved(at: datetime, *, on_time: bool):
    event = CaseResolved(
        at=at, actor="officer", unit=UnitId("ward_1"), outcome="solved", on_time=on_time
    )
    case = snapshot(state=State.RESOLVED, resolved_at=at, on_time=on_time)
    return received(event, case, 3)


def track(*messages) -> tuple[Tracking, list]:
    tracking, said = None, []
    for message in messages:
        step = hear(tracking, message, RULES)
        if step:
            tracking, events = step
            said += events
    assert tracking
    return tracking, said


def names(events) -> list[str]:
    return [type(event).__name__ for event in events]


def test_the_clock_runs_from_the_first_sign_and_is_announced_with_the_assignment():
    before, silence = track(SUBMITTED)
    after, said = track(SUBMITTED, assigned())

    assert silence == []
    assert before.next_at is not None
    assert names(said) == ["DeadlineSet"]
    assert (after.sequence, after.version) == (1, 1)


def test_the_proof_adds_up_to_the_limit():
    _, [event] = track(SUBMITTED, assigned())

    assert isinstance(event, DeadlineSet)
    consumed = sum((each.end - each.start for each in event.intervals), timedelta())
    assert consumed == timedelta(hours=2)
    assert event.intervals[-1].end == event.due_at == DUE


def test_an_older_event_that_comes_later_changes_nothing():
    tracking, _ = track(assigned())

    assert hear(tracking, SUBMITTED, RULES) is None


def test_the_stages_fire_once_each_and_in_order():
    tracking, _ = track(SUBMITTED, assigned())

    early = fire(tracking, tracking.approaching_at - timedelta(seconds=1), RULES)
    first, approaching = fire(tracking, tracking.approaching_at, RULES)
    nothing = fire(first, DUE, RULES)
    second, missed = fire(first, DUE + timedelta(seconds=1), RULES)
    third, escalated = fire(second, second.escalating_at, RULES)
    again = fire(third, DUE + timedelta(days=9), RULES)

    assert early == (tracking, [])
    assert names(approaching) == ["DeadlineApproaching"]
    assert nothing == (first, [])
    assert names(missed) == ["DeadlineMissed"]
    assert names(escalated) == ["DeadlineEscalated"]
    assert again == (third, [])
    assert third.next_at is None


def test_after_an_outage_of_hours_each_stage_fires_once_and_says_how_late():
    tracking, _ = track(SUBMITTED, assigned())

    _, said = fire(tracking, DUE + timedelta(hours=6), RULES)

    assert names(said) == ["DeadlineApproaching", "DeadlineMissed"]
    assert isinstance(said[1], DeadlineMissed)
    assert said[1].late_firing_s == 6 * 3600 - 1


def test_a_case_that_nobody_routes_is_announced_when_its_first_stage_fires():
    tracking, _ = track(SUBMITTED)

    after, said = fire(tracking, tracking.approaching_at, RULES)

    assert names(said) == ["DeadlineSet", "DeadlineApproaching"]
    assert after.sequence == 2


def test_a_stricter_limit_is_a_new_version_whose_stages_fire_anew():
    tracking, _ = track(SUBMITTED, assigned())
    tracking, _ = fire(tracking, tracking.approaching_at, RULES)

    stricter = assigned(3, due_at=RECEIVED + timedelta(hours=1), limit_s=3600)
    step = hear(tracking, stricter, RULES)

    assert step is not None
    after, said = step
    assert (after.version, after.fired, after.sequence) == (2, frozenset(), 3)
    assert names(said) == ["DeadlineSet"]


@pytest.mark.parametrize(
    ("on_time", "late_s", "expected"),
    [
        pytest.param(True, -60, DeadlineMet, id="in time"),
        pytest.param(False, 60, DeadlineMissed, id="late, and the ticker had not fired yet"),
    ],
)
def test_a_result_stops_the_clock(on_time: bool, late_s: int, expected):  # noqa: FBT001
    message = resolved(DUE + timedelta(seconds=late_s), on_time=on_time)

    tracking, said = track(SUBMITTED, assigned(), message)

    assert isinstance(said[-1], expected)
    assert tracking.next_at is None


def test_a_late_result_does_not_miss_the_deadline_twice():
    tracking, _ = track(SUBMITTED, assigned())
    tracking, _ = fire(tracking, DUE + timedelta(minutes=1), RULES)

    step = hear(tracking, resolved(DUE + timedelta(minutes=2), on_time=False), RULES)

    assert step is not None
    assert MISSED in step[0].fired
    assert step[1] == []


def test_approaching_fires_at_the_regulations_fraction_of_the_limit():
    tracking, _ = track(SUBMITTED, assigned())
    _, [event] = fire(tracking, tracking.approaching_at, RULES)

    assert isinstance(event, DeadlineApproaching)
    assert tracking.approaching_at == RECEIVED + timedelta(hours=2) * 0.75


def test_an_acceptance_moves_neither_the_deadline_nor_its_version():
    accepted = received(
        CaseAccepted(at=RECEIVED, actor="officer", unit=UnitId("ward_1")),
        snapshot(state=State.ACCEPTED),
        3,
    )

    tracking, said = track(SUBMITTED, assigned(), accepted)

    assert names(said) == ["DeadlineSet"]
    assert tracking.version == 1


def test_the_leaders_are_told_the_regulations_working_hours_after_the_limit():
    tracking, _ = track(SUBMITTED, assigned())

    hours = dalat().procedures.escalate_after_hours
    late = working_time(DUE, tracking.escalating_at, state_calendar())

    assert late == timedelta(hours=hours)


def test_an_approved_coordination_is_a_new_version_and_both_dates_stay():
    expected = DUE + timedelta(days=3)
    case = snapshot(state=State.COORDINATING, unit=UnitId("ward_1"), expected_at=expected)
    approved = received(
        CoordinationApproved(
            at=RECEIVED, actor="clerk", units=(UnitId("health"),), expected_at=expected
        ),
        case,
        3,
    )

    tracking, said = track(SUBMITTED, assigned(), approved)

    assert (tracking.version, tracking.due_at, tracking.case.due_at) == (2, expected, DUE)
    assert isinstance(said[-1], DeadlineSet)
    assert (said[-1].basis, said[-1].due_at) == ("coordination", expected)


def test_a_dispute_starts_the_clock_anew():
    message = resolved(DUE - timedelta(minutes=1), on_time=True)
    again_from = DUE + timedelta(days=1)
    case = snapshot(
        state=State.REOPENED,
        unit=UnitId("ward_1"),
        counted_from=again_from,
        due_at=again_from + timedelta(hours=4),  # two of them are lunch
        disputes=1,
    )
    reopened = received(
        CaseReopened(
            at=again_from,
            actor="reporter",
            disputes=1,
            due_at=case.due_at,
            limit_s=7200,
            clock=Clock.WORKING,
        ),
        case,
        4,
    )

    tracking, said = track(SUBMITTED, assigned(), message, reopened)

    assert (tracking.version, tracking.stopped_at) == (2, None)
    assert isinstance(said[-1], DeadlineSet)
    assert said[-1].start == again_from
    assert said[-1].intervals[-1].end == case.due_at


SATURDAY = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)  # 09:00 in Đà Lạt, closed until Monday


def weekend(sequence: int, state: State, **changes):
    """What a case says that came, was resolved and was disputed on one Saturday."""
    due_at = count(SATURDAY, timedelta(hours=2), Clock.WORKING, RULES.calendar)
    case = snapshot(
        received_at=SATURDAY, due_at=due_at, state=state, unit=UnitId("ward_1"), **changes
    )
    event = CaseAccepted(at=SATURDAY, actor="officer", unit=UnitId("ward_1"))
    return received(event, case, sequence)


RESOLVED_AT = SATURDAY + timedelta(hours=1)
DISPUTED_AT = SATURDAY + timedelta(hours=5)
WEEKEND = [
    weekend(2, State.ASSIGNED),
    weekend(3, State.RESOLVED, resolved_at=RESOLVED_AT, on_time=True),
    weekend(4, State.REOPENED, counted_from=DISPUTED_AT, disputes=1),
    weekend(
        *(5, State.RESOLVED),
        counted_from=DISPUTED_AT,
        disputes=1,
        resolved_at=DISPUTED_AT + timedelta(hours=1),
        on_time=True,
    ),
]


def test_a_dispute_in_the_same_closed_stretch_is_a_new_deadline_for_the_same_date():
    before, _ = track(*WEEKEND[:2])
    after, said = track(*WEEKEND[:3])

    assert after.due_at == before.due_at
    assert (after.version, after.stopped_at, after.fired) == (2, None, frozenset())
    assert names(said) == ["DeadlineSet", "DeadlineMet", "DeadlineSet"]
    late = after.due_at + timedelta(minutes=1)
    missed, fired = fire(after, late, RULES)
    assert names(fired) == ["DeadlineApproaching", "DeadlineMissed"]
    assert {event.version for event in fired} == {2}
    assert fire(missed, late, RULES) == (missed, [])


@pytest.mark.parametrize("left_out", [0, 1, 2, None])
def test_whichever_of_its_events_is_late_the_last_result_meets_the_second_deadline(left_out):
    heard = [each for place, each in enumerate(WEEKEND) if place != left_out]

    tracking, said = track(*heard, *WEEKEND)  # and all of them once more

    met = [event.version for event in said if isinstance(event, DeadlineMet)]
    assert met[-1] == tracking.version
    assert len(set(met)) == len(met)
    assert [event.version for event in said if isinstance(event, DeadlineSet)] == [
        *range(1, tracking.version + 1)
    ]
    assert tracking.next_at is None


def test_a_clock_that_stood_by_mistake_runs_again_with_the_next_news():
    """As rows of an earlier release do, in which such a dispute left the clock standing."""
    before, _ = track(*WEEKEND[:2])
    stood = replace(before, case=WEEKEND[2].case, case_sequence=4)

    step = hear(stood, weekend(5, State.ACCEPTED, counted_from=DISPUTED_AT, disputes=1), RULES)

    assert step is not None
    assert (step[0].version, step[0].stopped_at) == (2, None)
    assert names(step[1]) == ["DeadlineSet"]


def test_a_closing_that_is_heard_before_the_result_meets_the_deadline_all_the_same():
    at = DUE - timedelta(minutes=1)
    case = snapshot(state=State.CLOSED, resolved_at=at, on_time=True)
    closed = received(CaseClosed(at=at, actor="reporter", reason="content"), case, 5)

    tracking, said = track(SUBMITTED, assigned(), closed, resolved(at, on_time=True))

    assert names(said) == ["DeadlineSet", "DeadlineMet"]
    assert tracking.stopped_at == at
