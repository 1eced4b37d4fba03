"""A desk's queue: nobody called twice, nobody lost, the order fair; and what is counted."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.onestop.domain import calling, reminding
from services.intake.onestop.domain.calling import Caller, Wish
from services.intake.onestop.domain.queue import (
    AlreadyRatedError,
    CallKeyReusedError,
    NotYourTicketError,
    Queue,
    QueueError,
    QueueFullError,
    Rating,
    Step,
    Ticket,
    TicketState,
    TicketStateError,
    board_of,
    estimate_s,
)
from shared.vocabulary import DeskId, Language

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
LAND, CIVIL = DeskId("land"), DeskId("civil_status")
CLERK, OTHER = Caller("a_one"), Caller("a_two")


def empty(desk: DeskId = CIVIL) -> Queue:
    return Queue(desk=desk, on=date(2026, 1, 12))


def take(queue: Queue, identifier: str, now: datetime = NOW, **wish: object) -> Step:
    wanted = Wish(id=identifier, through="online", language=Language.VIETNAMESE, **wish)  # type: ignore[arg-type]
    return calling.issue(queue, wanted, "A", most=400, now=now)


def with_numbers(many: int) -> Queue:
    queue = empty()
    for number in range(many):
        queue = take(queue, f"t_{number}", NOW + timedelta(seconds=number)).queue
    return queue


def called(step: Step) -> Ticket:
    assert step.ticket is not None
    return step.ticket


def types(step: Step) -> list[str]:
    return [each.event.type for each in step.happened]


def test_numbers_are_given_out_in_order_and_begin_with_the_desks_letter() -> None:
    assert [each.label for each in with_numbers(3).tickets] == ["A-001", "A-002", "A-003"]


def test_who_waits_longest_is_called_first() -> None:
    step = calling.call_next(with_numbers(3), CLERK, NOW + timedelta(minutes=9))

    assert called(step).label == "A-001"
    assert types(step) == ["ticket.called.v1"]
    assert called(step).waited_s == 540


def test_numbers_of_clocks_that_differ_are_called_in_their_order() -> None:
    """Three replicas give numbers out; the clock of one is three seconds behind."""
    queue = empty()
    for identifier, second in (("t_d", 10), ("t_c", 7), ("t_b", 7), ("t_a", 7), ("t_e", 11)):
        queue = take(queue, identifier, NOW + timedelta(seconds=second)).queue

    assert [each.label for each in queue.waiting()] == [f"A-00{n}" for n in range(1, 6)]
    assert [queue.ahead(each) for each in queue.tickets] == [0, 1, 2, 3, 4]


def test_calling_the_next_finishes_what_the_clerk_has_in_hand_and_nobody_elses() -> None:
    queue = calling.call_next(with_numbers(3), CLERK, NOW).queue
    queue = calling.call_next(queue, OTHER, NOW).queue

    step = calling.call_next(queue, CLERK, NOW + timedelta(minutes=5))

    assert types(step) == ["ticket.served.v1", "ticket.called.v1"]
    states = [each.state for each in step.queue.tickets]
    assert states == [TicketState.SERVED, TicketState.SERVING, TicketState.SERVING]


def test_the_same_key_calls_the_same_number_again() -> None:
    caller = Caller("a_one", key="k")
    first = calling.call_next(with_numbers(2), caller, NOW)

    again = calling.call_next(first.queue, caller, NOW)

    assert (again.happened, called(again).label) == ([], "A-001")


def test_a_key_that_called_with_another_body_is_refused() -> None:
    first = calling.call_next(with_numbers(2), Caller("a_one", "1", "k", "at window 1"), NOW)

    with pytest.raises(CallKeyReusedError):
        calling.call_next(first.queue, Caller("a_one", "2", "k", "at window 2"), NOW)


def test_an_empty_queue_calls_nobody() -> None:
    step = calling.call_next(empty(), CLERK, NOW)

    assert (step.ticket, step.happened) == (None, [])


def test_a_skipped_number_can_be_called_again_by_anybody_at_the_desk() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)
    queue = calling.skip(step.queue, called(step).id, CLERK, NOW).queue

    again = calling.recall(queue, called(step).id, OTHER, NOW + timedelta(minutes=3))

    assert called(again).state is TicketState.SERVING
    assert (called(again).clerk, called(again).calls) == ("a_two", 2)


def test_only_the_clerk_who_has_a_number_in_hand_goes_on_with_it() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)

    for act in (calling.skip, calling.serve, calling.recall):
        with pytest.raises(NotYourTicketError):
            act(step.queue, called(step).id, OTHER, NOW)


def test_a_waiting_number_is_neither_served_nor_skipped() -> None:
    queue = with_numbers(1)

    for act in (calling.skip, calling.serve, calling.recall):
        with pytest.raises(TicketStateError):
            act(queue, "t_0", CLERK, NOW)


def test_a_transferred_number_keeps_its_time_and_is_called_before_who_came_later() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)
    moving = called(step)
    there = empty(LAND)
    there = take(there, "t_later", NOW + timedelta(minutes=1)).queue
    there = calling.arrive(
        there, moving, "a_one", from_desk=CIVIL, now=NOW + timedelta(minutes=2)
    ).queue
    here = calling.hand_over(step.queue, moving.id, CLERK, to=LAND, now=NOW).queue

    first = calling.call_next(there, OTHER, NOW + timedelta(minutes=5))

    assert called(first).label == "A-001"
    assert called(first).waited_s == 180  # at this desk
    assert board_of(here).transferred == 1
    assert board_of(there).arrived == 1


def test_an_arrival_that_is_repeated_after_a_crash_counts_once() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)
    once = calling.arrive(empty(LAND), called(step), "a_one", from_desk=CIVIL, now=NOW)

    twice = calling.arrive(once.queue, called(step), "a_one", from_desk=CIVIL, now=NOW)

    assert (twice.happened, twice.queue) == ([], once.queue)


def test_a_number_that_comes_back_to_its_first_desk_waits_there_again() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)
    moving = called(step)
    gone = calling.hand_over(step.queue, moving.id, CLERK, to=LAND, now=NOW).queue

    back = calling.arrive(gone, moving, "a_two", from_desk=LAND, now=NOW).queue

    assert [each.label for each in back.waiting()] == ["A-001"]
    assert (board_of(back).transferred, board_of(back).arrived) == (1, 1)


def test_a_reminder_comes_once_when_so_few_are_ahead() -> None:
    queue = with_numbers(4)
    queue = take(queue, "t_me", NOW + timedelta(minutes=1), remind_at=2).queue
    reminded: list[tuple[str, int]] = []

    for _ in range(5):
        step = reminding.remind(calling.call_next(queue, CLERK, NOW))
        queue = step.queue
        reminded += [
            (each.ticket.id, each.fields["ahead"])
            for each in step.happened
            if each.event.type == "ticket.nearing.v1"
        ]

    assert reminded == [("t_me", 2)]


def test_who_comes_when_few_wait_is_reminded_at_once() -> None:
    step = reminding.remind(take(empty(), "t_me", remind_at=3))

    assert types(step) == ["ticket.issued.v1", "ticket.nearing.v1"]
    assert called(step).reminded


def test_a_served_number_is_rated_once_and_no_other() -> None:
    step = calling.call_next(with_numbers(2), CLERK, NOW)
    rating = Rating(score=2, reason="Chờ lâu", at=NOW)
    with pytest.raises(TicketStateError):
        calling.rate(step.queue, "t_0", rating)
    queue = calling.serve(step.queue, "t_0", CLERK, NOW).queue

    rated = calling.rate(queue, "t_0", rating)

    assert board_of(rated.queue).ratings == (0, 1, 0, 0, 0)
    [event] = rated.events(NOW)
    assert "Chờ lâu" not in event.model_dump_json()
    with pytest.raises(AlreadyRatedError):
        calling.rate(rated.queue, "t_0", rating)


def test_a_full_desk_gives_out_no_number() -> None:
    wish = Wish(id="t_x", through="kiosk", language=Language.VIETNAMESE)

    with pytest.raises(QueueFullError):
        calling.issue(with_numbers(3), wish, "A", most=3, now=NOW)


def test_the_end_of_the_day_ends_every_number() -> None:
    queue = calling.call_next(with_numbers(3), CLERK, NOW).queue

    step = calling.end_day(queue, NOW + timedelta(hours=12))

    assert types(step) == ["ticket.served.v1", "ticket.expired.v1", "ticket.expired.v1"]
    assert board_of(step.queue).served_s == 0  # the night is no service
    assert step.queue.waiting() == step.queue.in_hand() == []


@pytest.mark.parametrize(
    ("ahead", "clerks", "expected_s"),
    [
        pytest.param(0, 0, 0, id="next, and nobody in hand"),
        pytest.param(5, 1, 1800, id="one clerk: five ahead and the one in hand"),
        pytest.param(5, 2, 900, id="two clerks share them"),
    ],
)
def test_the_wait_is_estimated_from_who_is_ahead_and_who_calls(
    ahead: int, clerks: int, expected_s: int
) -> None:
    queue = with_numbers(10)
    for number in range(clerks):
        queue = calling.call_next(queue, Caller(f"a_{number}"), NOW).queue

    assert estimate_s(queue, ahead, 300, NOW) == expected_s


def test_a_clerk_who_has_been_busy_for_long_is_counted_on() -> None:
    queue = with_numbers(12)
    for clerk in ("a_0", "a_1"):
        queue = calling.call_next(queue, Caller(clerk), NOW).queue
    later = NOW + timedelta(minutes=45)
    queue = calling.call_next(queue, Caller("a_0"), later).queue

    assert estimate_s(queue, 5, 300, later) == 900  # two clerks, and not one


def test_a_service_over_a_closing_has_no_length() -> None:
    step = calling.call_next(with_numbers(1), CLERK, NOW)

    done = calling.serve(step.queue, "t_0", CLERK, NOW + timedelta(hours=14))

    assert (called(done).served_s, board_of(done.queue).served_s) == (0, 0)
    assert [each.fields for each in done.happened] == [{"served_s": 0}]


def test_the_estimate_learns_from_the_day() -> None:
    queue, now = with_numbers(6), NOW
    for _ in range(5):
        queue = calling.call_next(queue, CLERK, now).queue
        now += timedelta(seconds=100)

    assert estimate_s(queue, 1, 9999, now) == 200


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["take", "next", "skip", "recall", "serve", "leave", "rate"]),
        st.integers(0, 5),
    ),
    max_size=120,
)


@given(STEPS)
def test_no_number_is_called_first_twice_and_none_is_lost(steps: list[tuple[str, int]]) -> None:
    queue, now = empty(), NOW
    first_calls: list[str] = []
    sequence = 0
    for what, who in steps:
        now += timedelta(seconds=1)
        step = _any_step(queue, what, who, now)
        if step is None:
            continue
        step = reminding.remind(step)
        for event in step.events(now):
            sequence += 1
            if event.type == "ticket.called.v1" and getattr(event, "calls", 0) == 1:
                first_calls.append(event.label)
        queue = step.queue
        assert queue.sequence == sequence
        board = board_of(queue)
        ended = board.served + board.skipped + board.left
        assert board.issued == board.waiting + board.serving + ended == len(queue.tickets)
        assert len({each.clerk for each in queue.in_hand()}) <= 6

    assert len(first_calls) == len(set(first_calls))
    assert first_calls == sorted(first_calls)  # first come, first called


def _any_step(queue: Queue, what: str, who: int, now: datetime) -> Step | None:
    clerk = Caller(f"a_{who}")
    chosen = queue.tickets[who % len(queue.tickets)].id if queue.tickets else ""
    try:
        match what:
            case "take":
                return take(queue, f"t_{len(queue.tickets)}", now, remind_at=who or None)
            case "next":
                return calling.call_next(queue, clerk, now)
            case "leave":
                return calling.leave(queue, chosen, now)
            case "rate":
                return calling.rate(queue, chosen, Rating(score=5, reason="", at=now))
            case _:
                return getattr(calling, what)(queue, chosen, clerk, now)
    except QueueError:
        return None
