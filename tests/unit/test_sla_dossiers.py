"""A dossier's due date: near, over, each once; and silent while papers are missing."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.sla.domain import Rules
from services.sla.dossiers import DossierTracking, approaching_at, fire, hear
from shared.events import Received
from shared.events.onestop import (
    DossierEvent,
    DossierPostponed,
    DossierReady,
    DossierReceived,
    DossierRefused,
    DossierSnapshot,
    DossierSubmitted,
    DossierSupplementAsked,
    DossierSupplemented,
    DossierWithdrawn,
    DueDateEvent,
)
from shared.vocabulary import DeskId, DossierState, Language, ProcedureId
from tests.builders import dalat, state_calendar

RULES = Rules(dalat(), state_calendar())
CODE = "HS-7K3Q-9M2F"
START = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)  # Monday, 08:00 in the city
DUE = datetime(2026, 1, 12, 10, 0, tzinfo=UTC)  # 17:00, eight working hours later
S = DossierState


def snapshot(state: DossierState = S.SUBMITTED, **changes: Any) -> DossierSnapshot:
    plain: dict[str, Any] = {
        "number": f"HS-260112-{CODE[3:]}",
        "procedure": ProcedureId("birth_registration"),
        "desk": DeskId("civil_status"),
        "state": state,
        "through": "counter",
        "submitted_at": START,
        "due_at": DUE,
        "limit_s": 8 * 3600,
        "calendar": "vn-state",
        "language": Language.VIETNAMESE,
    }
    return DossierSnapshot(**{**plain, **changes})


def said(
    kind: type[DossierEvent], sequence: int, *, at: datetime = START, **changes: Any
) -> Received:
    given = {"items": ("identity",), "reason": "not_completed"}
    more = {name: value for name, value in given.items() if name in kind.model_fields}
    event = kind(at=at, actor="u", dossier=snapshot(**changes), **more)
    return Received(f"{CODE}.dossier.{sequence}", kind.type, CODE, sequence, START, event, None)


def heard(*messages: Received) -> tuple[DossierTracking, list[DueDateEvent]]:
    tracking: DossierTracking | None = None
    events: list[DueDateEvent] = []
    for message in messages:
        if step := hear(tracking, message, RULES):
            tracking, more = step
            events += more
    assert tracking
    return tracking, events


def ticks(tracking: DossierTracking, *at: datetime) -> tuple[DossierTracking, list[str]]:
    names: list[str] = []
    for now in at:
        tracking, events = fire(tracking, now)
        names += [each.type.split(".")[1] for each in events]
    return tracking, names


SUBMITTED = said(DossierSubmitted, 1)


def test_it_is_near_when_the_regulations_part_of_the_limit_is_left():
    part = dalat().category("other").approaching
    left = timedelta(hours=8 * (1 - part))

    assert approaching_at(snapshot(), RULES) == DUE - left


def test_each_stage_fires_once_in_its_order_and_the_last_second_is_on_time():
    tracking, events = heard(SUBMITTED)
    near = tracking.approaching_at

    before = ticks(tracking, near - timedelta(seconds=1))
    after, names = ticks(
        tracking, near, near, DUE, DUE + timedelta(seconds=1), DUE + timedelta(hours=1)
    )

    assert events == []
    assert before[1] == []
    assert names == ["approaching", "missed"]
    assert after.next_at is None
    assert ticks(after, DUE + timedelta(days=9))[1] == []


def test_after_an_outage_both_fire_at_once_and_say_how_late_we_were():
    tracking, _ = heard(SUBMITTED)
    later = DUE + timedelta(hours=3)

    after, events = fire(tracking, later)

    assert [each.type for each in events] == ["duedate.approaching.v1", "duedate.missed.v1"]
    assert events[1].model_dump()["late_firing_s"] == 3 * 3600 - 1
    assert (after.sequence, after.version) == (2, 1)


def test_while_papers_are_missing_nothing_fires_and_a_moved_date_is_a_new_one():
    asked = said(DossierSupplementAsked, 2, state=S.SUPPLEMENT, paused_at=START)
    standing, _ = heard(SUBMITTED, asked)
    moved = DUE + timedelta(days=1)
    supplied = said(DossierSupplemented, 3, state=S.RECEIVED, due_at=moved)
    tracking, _ = heard(SUBMITTED, asked, supplied)

    assert standing.next_at is None
    assert ticks(standing, DUE + timedelta(days=3))[1] == []
    assert tracking.version == 2
    assert ticks(tracking, DUE + timedelta(hours=1))[1] == []
    assert ticks(tracking, moved + timedelta(seconds=1))[1] == ["approaching", "missed"]


def test_a_date_that_was_near_already_is_said_again_only_if_it_moved():
    tracking, _ = heard(SUBMITTED)
    tracking, _ = ticks(tracking, tracking.approaching_at)
    step = hear(tracking, said(DossierReceived, 2, state=S.RECEIVED), RULES)
    assert step

    assert ticks(step[0], tracking.approaching_at)[1] == []
    assert step[0].version == 1


@pytest.mark.parametrize(("on_time", "names"), [(True, []), (False, ["duedate.missed.v1"])])
def test_a_result_stops_the_clock_and_a_late_one_has_missed_it(on_time: bool, names: list[str]):  # noqa: FBT001
    ready = said(DossierReady, 2, state=S.READY, ready_at=DUE, on_time=on_time)

    tracking, events = heard(SUBMITTED, ready)

    assert [each.type for each in events] == names
    assert tracking.next_at is None
    assert hear(tracking, ready, RULES) is None


def test_a_missed_date_is_not_missed_again_by_its_late_result():
    tracking, _ = heard(SUBMITTED)
    tracking, _ = ticks(tracking, DUE + timedelta(seconds=1))
    ready = said(DossierReady, 2, state=S.READY, ready_at=DUE, on_time=False)

    step = hear(tracking, ready, RULES)

    assert step
    assert step[1] == []


def test_what_was_taken_back_is_late_for_nobody():
    tracking, events = heard(SUBMITTED, said(DossierWithdrawn, 2, state=S.WITHDRAWN))

    assert (tracking.next_at, events) == (None, [])


def test_what_was_refused_in_its_pause_has_missed_nothing():
    asked = said(DossierSupplementAsked, 2, state=S.SUPPLEMENT, paused_at=START)
    moved = DUE + timedelta(days=30)  # by the pause, which the refusal ended
    refused = said(DossierRefused, 3, state=S.REFUSED, due_at=moved, on_time=True)

    tracking, events = heard(SUBMITTED, asked, refused)

    assert (tracking.next_at, events) == (None, [])


def test_a_new_date_is_watched_instead_and_missed_only_when_it_is_over_too():
    promised = DUE + timedelta(days=2)
    tracking, _ = heard(SUBMITTED)
    tracking, first = ticks(tracking, DUE + timedelta(seconds=1))
    step = hear(tracking, said(DossierPostponed, 2, promised_at=promised), RULES)
    assert step
    postponed, events = step

    ready = {"state": S.READY, "promised_at": promised, "ready_at": promised, "on_time": False}
    in_time = hear(postponed, said(DossierReady, 3, at=promised, **ready), RULES)
    after = promised + timedelta(seconds=1)
    too_late = hear(postponed, said(DossierReady, 3, at=after, **ready), RULES)

    assert first == ["approaching", "missed"]
    assert (events, postponed.version) == ([], 2)
    assert ticks(postponed, promised)[1] == ["approaching"]
    assert ticks(postponed, after)[1] == ["approaching", "missed"]
    assert in_time
    assert in_time[1] == []
    assert too_late
    assert [each.due_at for each in too_late[1]] == [promised]
    assert [each.promised for each in too_late[1]] == [True]  # no other date can be given
    assert [each.promised for each in fire(heard(SUBMITTED)[0], DUE + timedelta(hours=1))[1]] == [
        False,
        False,
    ]


def test_older_news_that_come_later_change_nothing():
    tracking, _ = heard(SUBMITTED, said(DossierReady, 3, state=S.READY, on_time=True))

    assert hear(tracking, said(DossierReceived, 2, state=S.RECEIVED), RULES) is None
