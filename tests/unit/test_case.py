"""The case: the transition table, who may do what, and what each command demands."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.case import (
    TRANSITIONS,
    Case,
    Fact,
    NotNowError,
    NotYoursError,
    RuleBrokenError,
)
from services.intake.domain.decisions import COMMANDS, Request, actions, decide
from services.intake.domain.evolve import evolve, replay
from services.intake.domain.following import MOST_STEPS, follow
from services.intake.domain.parties import Actor, Party, parties
from services.intake.domain.reporting import MOST_MESSAGES, close_undisputed
from services.intake.domain.routing import apply_decision
from services.intake.domain.rules import Rules
from services.intake.store import StoredCase
from services.intake.views import clock_of, desk_view, own_view, public_view
from shared.deadline import Deadline
from shared.events import (
    CASE_EVENTS,
    CaseAssigned,
    CaseHeld,
    CaseReopened,
    CaseSnapshot,
    CaseSubmitted,
)
from shared.vocabulary import LEADERS, OFFICE, CategoryId, Clock, Role, State, UnitId
from tests.builders import RECEIVED, dalat, decision, snapshot, state_calendar

RULES = Rules(dalat(), state_calendar())
WARD = UnitId("ward_1")
SAME = Deadline(snapshot().due_at, timedelta(hours=2), Clock.WORKING)
NOW = RECEIVED + timedelta(minutes=30)

OFFICER = Actor("a_ward_1", Role.OFFICER, WARD)
MONITOR = Actor("a_team", Role.OFFICER, UnitId("urban_order_team"))
STRANGER = Actor("a_ward_2", Role.UNIT_HEAD, UnitId("ward_2"))
HELPER = Actor("a_health", Role.OFFICER, UnitId("health"))
CLERK = Actor("a_office", Role.OFFICE_CLERK, OFFICE)
LEADER = Actor("a_leader", Role.LEADER, LEADERS)
REPORTER = Actor("reporter", None)
ADMIN = Actor("a_admin", Role.ADMINISTRATOR)

RESULT = {"outcome": "solved", "text": "Đã dọn sạch lòng đường", "evidence": ("m2",)}


def do(case: Case, actor: Actor, name: str, now=NOW, **body: Any) -> Case:
    command = COMMANDS[name].model.model_validate(body)
    for fact in decide(name, case, command, Request(actor, now, RULES)):
        case = evolve(case, fact)
    return case


def assigned(**changes: Any) -> Case:
    case = Case(snapshot=snapshot(**changes))
    [fact] = apply_decision(case, decision(), SAME, RECEIVED)
    return evolve(case, fact)


def at_office() -> Case:
    return do(assigned(), OFFICER, "forward", text="Không thuộc thẩm quyền của phường")


def resolved() -> Case:
    return do(assigned(), OFFICER, "result", **RESULT)


def test_every_case_event_stands_in_the_transition_table():
    assert set(CASE_EVENTS) == set(TRANSITIONS)


def test_a_decision_assigns_the_case_to_the_unit_and_its_monitor():
    case = assigned()

    assert case.state is State.ASSIGNED
    assert (case.snapshot.unit, case.snapshot.monitoring_unit) == (WARD, "urban_order_team")
    assert (case.sequence, case.routing_sequence) == (2, 1)


def test_a_decision_that_was_applied_changes_nothing():
    assert apply_decision(assigned(), decision(), SAME, RECEIVED) == []


def test_a_held_case_keeps_the_routers_decision_for_its_release():
    held = evolve(
        Case(snapshot=snapshot()), Fact(CaseHeld(at=NOW, actor="screening", reasons=("abuse",)))
    )
    [fact] = apply_decision(held, decision(case_sequence=1), SAME, RECEIVED)
    waiting = evolve(held, fact)

    released = do(waiting, CLERK, "release", text="Nội dung phản ánh là thật")

    assert waiting.state is State.HELD
    assert (released.state, released.snapshot.unit) == (State.ASSIGNED, WARD)


def _held_in(state: State) -> Case:
    """A case that the Office holds while it stands in `state`."""
    case = assigned()
    placed = case.model_copy(update={"snapshot": case.snapshot.model_copy(update={"state": state})})
    return do(placed, CLERK, "hold", reason="abuse")


@pytest.mark.parametrize("state", sorted(TRANSITIONS[CaseHeld][0] - {State.SUBMITTED}))
def test_what_is_held_in_the_middle_and_released_lies_with_the_office_who_assigns_it(state: State):
    released = do(_held_in(state), CLERK, "release", text="Nội dung phản ánh là thật")

    assert (released.state, released.snapshot.unit) == (State.AT_OFFICE, OFFICE)
    again = do(released, CLERK, "assign", unit="ward_2")
    assert (again.state, again.snapshot.unit) == (State.ASSIGNED, "ward_2")


def test_the_routers_old_decision_serves_one_release_only():
    held = evolve(
        Case(snapshot=snapshot()), Fact(CaseHeld(at=NOW, actor="screening", reasons=("abuse",)))
    )
    [fact] = apply_decision(held, decision(case_sequence=1), SAME, RECEIVED)
    back = do(evolve(held, fact), CLERK, "release", text="Nội dung phản ánh là thật")
    forwarded = do(back, OFFICER, "forward", text="Không thuộc thẩm quyền")
    elsewhere = do(forwarded, CLERK, "assign", unit="ward_2")

    released = do(do(elsewhere, CLERK, "hold", reason="abuse"), CLERK, "release", text="Thật")

    assert released.snapshot.unit == OFFICE


def test_after_a_dispute_every_limit_counts_from_the_dispute():
    solved = do(assigned(), OFFICER, "result", **RESULT)
    later = NOW + timedelta(days=1)
    case = do(solved, REPORTER, "reopen", now=later, text="Vẫn còn rác")
    promised = case.snapshot.due_at

    same = do(case, CLERK, "recategorise", now=later, category=case.snapshot.category)
    sent_on = do(case, OFFICER, "forward", now=later, text="Không thuộc thẩm quyền")
    again = do(sent_on, CLERK, "assign", now=later, unit="ward_2")

    assert promised > later
    assert (same.snapshot.due_at, again.snapshot.due_at) == (promised, promised)


@pytest.mark.parametrize("moved", [timedelta(days=-1), timedelta(days=400)])
def test_an_approved_date_lies_ahead_and_within_a_year(moved: timedelta):
    body = {"units": ("health",), "expected_at": NOW + moved, "text": "Cần phối hợp"}

    with pytest.raises(RuleBrokenError) as refused:
        do(assigned(), OFFICER, "coordination", **body)

    assert refused.value.field == "expected_at"


@pytest.mark.parametrize(
    ("expected_at", "now"),
    [
        pytest.param(datetime(2029, 5, 4, 2, 0, tzinfo=UTC), NOW, id="a date nobody announced"),
        pytest.param(None, datetime(2031, 5, 5, 2, 0, tzinfo=UTC), id="a year nobody announced"),
    ],
)
def test_a_case_is_shown_also_past_the_announced_years(expected_at: datetime | None, now: datetime):
    case = assigned()
    seen = case.snapshot.model_copy(update={"expected_at": expected_at})

    clock = clock_of(seen, RULES, now)

    assert clock["left_s"] != 0


def test_a_talkative_reporter_leaves_room_for_the_unit():
    case = assigned()
    for _ in range(MOST_MESSAGES // 2):
        case = do(case, REPORTER, "messages", text="Vẫn chưa ai đến")

    with pytest.raises(RuleBrokenError) as refused:
        do(case, REPORTER, "messages", text="Thêm một lần nữa")

    assert (refused.value.field, refused.value.code) == ("text", "too_many_messages")
    answered = do(case, OFFICER, "messages", text="Sẽ đến trong sáng nay")
    assert answered.messages == MOST_MESSAGES // 2 + 1
    assert do(answered, OFFICER, "result", **RESULT).state is State.RESOLVED


def test_who_comes_and_goes_for_ever_is_not_counted_for_ever():
    case = assigned().model_copy(update={"sequence": MOST_STEPS})

    with pytest.raises(RuleBrokenError):
        follow(case, "f_one", NOW)


def test_the_office_assigns_to_no_area_that_does_not_exist():
    with pytest.raises(RuleBrokenError) as refused:
        do(at_office(), CLERK, "assign", unit="ward_2", area="atlantis")

    assert (refused.value.field, refused.value.code) == ("area", "unknown_area")


@pytest.mark.parametrize(
    ("hours", "kept"),
    [
        pytest.param(8, True, id="a longer limit never extends the promise"),
        pytest.param(1, False, id="a stricter limit holds from first receipt"),
    ],
)
def test_the_strictest_limit_holds(hours: int, kept: bool):  # noqa: FBT001
    other = Deadline(RECEIVED + timedelta(hours=hours), timedelta(hours=hours), Clock.WORKING)

    [fact] = apply_decision(
        Case(snapshot=snapshot()), decision(category=CategoryId("other")), other, RECEIVED
    )

    assert isinstance(fact.event, CaseAssigned)
    assert (fact.event.due_at == snapshot().due_at) is kept
    assert fact.event.limit_s == (7200 if kept else 3600)


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        pytest.param(OFFICER, {Party.HANDLING}, id="the handling unit"),
        pytest.param(MONITOR, {Party.MONITORING}, id="the monitoring unit"),
        pytest.param(STRANGER, set(), id="another ward learns nothing"),
        pytest.param(CLERK, {Party.OFFICE}, id="the Office"),
        pytest.param(LEADER, {Party.LEADER}, id="a leader"),
        pytest.param(ADMIN, set(), id="an administrator sees no content"),
    ],
)
def test_who_has_a_part_in_a_case(actor: Actor, expected: set[Party]):
    assert parties(assigned(), actor) == expected


def test_nobody_has_a_part_in_a_report_about_their_own_unit():
    case = assigned(about=(WARD, OFFICE))

    assert parties(case, OFFICER) == parties(case, CLERK) == frozenset()


def test_a_restricted_case_is_for_the_office_and_the_leaders_only():
    case = do(
        at_office(),
        CLERK,
        "redirect",
        reason="denunciation",
        agency="Thanh tra thành phố",
        text="Đơn tố cáo theo Luật Tố cáo",
    )

    assert case.snapshot.restricted
    assert case.state is State.REDIRECTED
    assert parties(case, MONITOR) == frozenset()
    assert parties(case, CLERK)


@pytest.mark.parametrize(
    ("actor", "name", "body"),
    [
        pytest.param(STRANGER, "accept", {}, id="another ward accepts"),
        pytest.param(MONITOR, "result", RESULT, id="the monitoring unit resolves"),
        pytest.param(OFFICER, "assign", {"unit": "ward_2"}, id="a ward assigns to another"),
        pytest.param(CLERK, "accept", {}, id="the Office accepts for a ward"),
        pytest.param(
            CLERK,
            "directives",
            {"addressee": "ward_1", "due_at": "2027-01-01T00:00:00Z", "text": "x"},
            id="the Office gives a directive",
        ),
        pytest.param(REPORTER, "accept", {}, id="the reporter accepts"),
        pytest.param(OFFICER, "rating", {"score": 5}, id="the unit rates itself"),
    ],
)
def test_what_is_not_yours_is_refused(actor: Actor, name: str, body: dict[str, Any]):
    with pytest.raises(NotYoursError):
        do(assigned(), actor, name, **body)


def test_a_forward_goes_to_the_office_and_counts_the_hop():
    case = at_office()

    assert (case.snapshot.unit, case.state, case.snapshot.hops) == (OFFICE, State.AT_OFFICE, 1)


def test_the_office_assigns_what_came_back_to_the_competent_unit():
    case = do(at_office(), CLERK, "assign", unit="ward_2", text="Thuộc địa bàn phường 2")

    assert (case.state, case.snapshot.unit) == (State.ASSIGNED, "ward_2")
    assert case.snapshot.due_at == snapshot().due_at


def test_a_case_that_comes_back_to_a_unit_is_counted_as_a_loop():
    case = do(at_office(), CLERK, "assign", unit="ward_1", text="Đúng địa bàn phường 1")

    assert (case.snapshot.hops, case.snapshot.loops) == (1, 1)
    assert do(at_office(), CLERK, "assign", unit="ward_2").snapshot.loops == 0


def test_the_office_never_assigns_to_the_unit_that_the_report_is_about():
    about = UnitId("ward_2")
    case = do(assigned(about=(about,)), OFFICER, "forward", text="Không thuộc thẩm quyền")

    with pytest.raises(RuleBrokenError, match="about_itself"):
        do(case, CLERK, "assign", unit="ward_2")


def test_of_a_report_about_the_office_the_leaders_do_its_work():
    held = evolve(
        Case(snapshot=snapshot(about=(OFFICE,))),
        Fact(CaseHeld(at=NOW, actor="screening", reasons=("abuse",))),
    )
    [fact] = apply_decision(
        held, decision(case_sequence=1, unit=LEADERS, monitoring_unit=LEADERS), SAME, RECEIVED
    )
    waiting = evolve(held, fact)

    assert {"release", "refuse", "redirect"} <= {*actions(waiting, LEADER)}
    assert not {"release", "hold", "guidance"} & {*actions(assigned(), LEADER)}
    released = do(waiting, LEADER, "release", text="Nội dung phản ánh là thật")
    assert (released.state, released.snapshot.unit) == (State.ASSIGNED, LEADERS)
    assert do(waiting, LEADER, "refuse", reason="spam", text="Thư rác").state is State.REFUSED
    with pytest.raises(NotYoursError):
        do(waiting, CLERK, "release", text="Nội dung phản ánh là thật")
    with pytest.raises(NotYoursError):
        do(_held_in(State.ASSIGNED), LEADER, "release", text="Nội dung phản ánh là thật")


def test_guidance_and_directive():
    asked = do(at_office(), CLERK, "guidance", text="Xin ý kiến chỉ đạo")
    due = NOW + timedelta(days=1)
    told = do(
        asked, LEADER, "directives", addressee="ward_2", due_at=due, text="Phường 2 xử lý ngay"
    )
    addressee = Actor("a_head_2", Role.UNIT_HEAD, UnitId("ward_2"))
    read = do(told, addressee, "directives/acknowledge", directive="d1")
    done = do(read, addressee, "directives/fulfil", directive="d1", text="Đã thực hiện")

    assert (told.snapshot.directives_open, told.snapshot.directive_due_at) == (1, due)
    assert (done.snapshot.directives_open, done.snapshot.directive_due_at) == (0, None)
    assert asked.state is State.AWAITING_DIRECTION
    assert told.state is State.AT_OFFICE
    assert read.directives[0].acknowledged_at == NOW
    assert done.directives[0].fulfilled_at == NOW
    with pytest.raises(NotYoursError):
        do(told, OFFICER, "directives/acknowledge", directive="d1")


def test_coordination_is_proposed_before_the_deadline_and_approved_by_the_office():
    expected = NOW + timedelta(days=3)
    asked = do(
        assigned(),
        OFFICER,
        "coordination",
        units=("health",),
        expected_at=expected,
        text="Cần Y tế",
    )
    agreed = do(asked, CLERK, "coordination/approve")
    later = expected + timedelta(days=1)
    moved = do(agreed, OFFICER, "coordination/move", expected_at=later, text="Chờ kết quả mẫu")
    answered = do(moved, HELPER, "coordination/answer", text="Đã lấy mẫu")

    assert asked.snapshot.expected_at is None
    assert (agreed.state, agreed.snapshot.expected_at) == (State.COORDINATING, expected)
    assert agreed.snapshot.due_at == snapshot().due_at
    assert moved.snapshot.expected_at == later
    assert answered.coordination
    assert answered.coordination.tasks[0].answer == "Đã lấy mẫu"


def test_after_the_deadline_nobody_coordinates_a_lateness_away():
    late = snapshot().due_at + timedelta(seconds=1)

    with pytest.raises(RuleBrokenError, match="deadline_passed"):
        do(
            assigned(),
            OFFICER,
            "coordination",
            now=late,
            units=("health",),
            expected_at=late + timedelta(days=1),
            text="Cần Y tế",
        )


@pytest.mark.parametrize(
    ("category", "body", "field"),
    [
        pytest.param("urban_order", {"evidence": ()}, "evidence", id="photo after the work"),
        pytest.param("service_attitude", {"officer": None}, "officer", id="the officer sent"),
        pytest.param("other", {"officer": "Ông A"}, "site_visit_at", id="time of the site visit"),
        pytest.param("urban_order", {"outcome": "outside_authority"}, "agency", id="whose"),
        pytest.param("urban_order", {"outcome": "duplicate"}, "duplicate_of", id="of which"),
    ],
)
def test_a_result_carries_what_its_category_demands(category: str, body: Any, field: str):
    case = assigned()
    case = case.model_copy(
        update={"snapshot": case.snapshot.model_copy(update={"category": CategoryId(category)})}
    )

    with pytest.raises(RuleBrokenError) as caught:
        do(case, OFFICER, "result", **{**RESULT, **body})

    assert caught.value.field == field


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

    case = do(assigned(), OFFICER, "result", now=now, **RESULT)

    assert case.results[-1].on_time is on_time


def test_a_content_reporter_closes_the_case_and_a_discontent_one_does_not():
    assert do(resolved(), REPORTER, "rating", score=4).state is State.CLOSED
    assert do(resolved(), REPORTER, "rating", score=1).state is State.RESOLVED


def test_a_dispute_within_the_window_reopens_and_never_counts_as_done():
    case = do(resolved(), REPORTER, "reopen", text="Chưa dọn xong")

    assert (case.state, case.snapshot.unit, case.snapshot.disputes) == (State.REOPENED, WARD, 1)
    assert case.snapshot.due_at > snapshot().due_at
    assert case.snapshot.counted_from == NOW
    window = timedelta(days=RULES.regulation.procedures.dispute_days, seconds=1)
    with pytest.raises(RuleBrokenError, match="window_passed"):
        do(resolved(), REPORTER, "reopen", now=NOW + window, text="Chưa dọn xong")


def test_actions_name_what_the_role_may_do_in_the_state():
    assert set(actions(assigned(), OFFICER)) == {
        "accept",
        "dispatch",
        "progress",
        "forward",
        "recategorise",
        "coordination",
        "result",
        "messages",
    }
    assert actions(assigned(), MONITOR) == []
    assert {"assign", "guidance", "refuse", "redirect"} <= set(actions(at_office(), CLERK))
    assert "directives" in actions(assigned(), LEADER)


SEALED = str(snapshot().reporter)  # the only thread to a name that a case holds


def _views(case: Case, opened: CaseSnapshot) -> list[str]:
    """Everything that anybody is shown of a case, as text."""
    content = {
        "text": "Vỉa hè bị lấn chiếm",
        "sub_category": None,
        "location": {},
        "captured_at": None,
        "media": [],
    }
    stored = StoredCase(case, opened, 1, content, {"emergency": []}, [], {})
    desks = [desk_view(stored, actor, RULES, NOW) for actor in ACTORS]
    others = (own_view(stored, RULES, NOW), public_view(stored, RULES, NOW))
    return [repr(each) for each in (*desks, *others)]


ACTORS = (OFFICER, MONITOR, STRANGER, HELPER, CLERK, LEADER, REPORTER, ADMIN)
BODIES: dict[str, dict[str, Any]] = {
    "dispatch": {"officer": "Ông A"},
    "progress": {"text": "Đang làm"},
    "forward": {"text": "Không thuộc thẩm quyền"},
    "recategorise": {"category": "environment"},
    "coordination": {"units": ("health",), "expected_at": "2027-01-04T01:00:00Z", "text": "x"},
    "coordination/move": {"expected_at": "2027-01-05T01:00:00Z", "text": "x"},
    "coordination/answer": {"text": "x"},
    "coordination/reject": {"text": "x"},
    "result": RESULT,
    "assign": {"unit": "ward_1"},
    "hold": {"reason": "abuse"},
    "refuse": {"reason": "spam", "text": "x"},
    "redirect": {"reason": "complaint", "agency": "x", "text": "x"},
    "guidance": {"text": "x"},
    "directives": {"addressee": "ward_1", "due_at": "2027-01-04T01:00:00Z", "text": "x"},
    "directives/acknowledge": {"directive": "d1"},
    "directives/fulfil": {"directive": "d1", "text": "x"},
    "messages": {"text": "x"},
    "rating": {"score": 2},
    "reopen": {"text": "x"},
}


@given(
    steps=st.lists(
        st.tuples(st.sampled_from(sorted(COMMANDS)), st.sampled_from(ACTORS)), max_size=40
    )
)
def test_no_sequence_of_commands_closes_without_a_result_or_loses_a_fact(steps):
    opened = snapshot()
    [first] = apply_decision(Case(snapshot=opened), decision(), SAME, RECEIVED)
    facts, case = [first], evolve(Case(snapshot=opened), first)
    for number, (name, actor) in enumerate(steps):
        command = COMMANDS[name].model.model_validate(BODIES.get(name, {}))
        request = Request(actor, NOW + timedelta(seconds=number), RULES)
        try:
            new = decide(name, case, command, request)
        except (NotYoursError, NotNowError, RuleBrokenError):
            continue
        for fact in new:
            case = evolve(case, fact)
            facts.append(fact)

    for shown in _views(case, opened):
        assert SEALED not in shown
    assert case.sequence == len(facts) + 1
    assert replay(opened, facts) == case
    if case.state in {State.RESOLVED, State.CLOSED}:
        assert case.results
    reopened = sum(isinstance(fact.event, CaseReopened) for fact in facts)
    assert case.snapshot.disputes == reopened
    assert not any(isinstance(fact.event, CaseSubmitted) for fact in facts)


def test_replaying_what_was_stored_rebuilds_the_case():
    case = do(resolved(), REPORTER, "rating", score=5, text="Tốt")

    plain = case.model_dump()

    assert Case.model_validate(plain) == case


def test_what_nobody_disputed_closes_when_the_window_has_passed():
    window = timedelta(days=RULES.regulation.procedures.dispute_days)

    before = close_undisputed(resolved(), RULES, NOW + window)
    after = close_undisputed(resolved(), RULES, NOW + window + timedelta(seconds=1))

    assert before == []
    assert evolve(resolved(), after[0]).state is State.CLOSED
    assert close_undisputed(assigned(), RULES, NOW + window * 2) == []
