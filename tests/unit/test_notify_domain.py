"""Who is told what: the table row by row, who is left out, and when people are left in peace."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.domain import (
    TOLD,
    Delivery,
    DeliveryState,
    Heard,
    Made,
    Notice,
    Outcome,
    Person,
    QuietHours,
    after,
    concerns,
    deliveries,
    notices,
    reminder,
)
from services.notify.domain.audiences import EVERYBODY, HEADS, TOLD_NOBODY
from shared.events import (
    EVENTS,
    CaseAccepted,
    CaseClosed,
    CaseProgressed,
    CaseRated,
    CaseRefused,
    CaseSubmitted,
    DeadlineApproaching,
    DeadlineEscalated,
    DeadlineMissed,
    DeadlineSet,
    Event,
    EvidenceAdded,
    GuidanceAsked,
    MediaCount,
    ReporterErased,
    RoutingDecided,
)
from shared.events.onestop import DossierEvent, DueDateEvent, TicketEvent
from shared.vocabulary import LEADERS, OFFICE, Language, State, UnitId
from tests.builders import RECEIVED, snapshot, state_calendar
from tests.unit.notify_events import (
    ANSWERED,
    APPROVED,
    DIRECTIVE,
    FORWARDED,
    FROM_REPORTER,
    FULFILLED,
    HELD,
    HELPER,
    LATER,
    LEAD,
    MORE_EVIDENCE,
    MORNING,
    MOVED,
    NIGHT,
    NOON,
    PROPOSED,
    RECATEGORISED,
    REDIRECTED,
    REJECTED,
    REOPENED,
    RESOLVED,
    SAID,
    TO_REPORTER,
    TOLD_OF,
    WARD,
    WITHDRAWN,
    assigned,
    case,
    deadline,
)

COUNTER = (TicketEvent, DossierEvent, DueDateEvent)
ZONE = state_calendar().zone
QUIET = QuietHours(time(22), time(6), ZONE)


def told(event: Event, **changes: Any) -> set[tuple[str, str | None, str]]:
    """Which template goes to which unit, to whom there."""
    names = {EVERYBODY: "all", HEADS: "heads"}
    return {
        (each.template, each.unit, names[each.roles] if each.unit else "reporter")
        for each in notices(Heard("e", event, case(**changes)))
    }


def test_every_event_is_told_to_somebody_or_to_nobody_for_a_reason():
    rows = {row.event for row in TOLD}
    # of the counter's events its visitors, applicants and clerks hear: see test_onestop_notices
    counter = {each for each in EVENTS.values() if issubclass(each, COUNTER)}

    assert rows | set(TOLD_NOBODY) | counter == set(EVENTS.values())
    assert not rows & set(TOLD_NOBODY)
    assert all(TOLD_NOBODY.values())


@pytest.mark.parametrize(
    ("event", "changes", "expected"),
    [
        pytest.param(
            WITHDRAWN,
            {"state": State.WITHDRAWN},
            {("desk_withdrawn", WARD, "all")},
            id="who works on what was withdrawn may stop",
        ),
        pytest.param(
            REJECTED,
            {},
            {("desk_proposal_rejected", WARD, "all")},
            id="who proposed hears that the Office does not agree",
        ),
        pytest.param(
            ANSWERED,
            {"coordinating_units": (HELPER,), "expected_at": LATER},
            {("desk_answered", WARD, "all")},
            id="the handling unit waits for the others' answers",
        ),
        pytest.param(
            FULFILLED,
            {},
            {("desk_directive_done", LEADERS, "all")},
            id="the leaders hear of what they told somebody to do",
        ),
        pytest.param(
            MORE_EVIDENCE,
            {},
            {("desk_evidence", WARD, "all")},
            id="the sender's new photos",
        ),
        pytest.param(
            EvidenceAdded(at=RECEIVED, actor="a_ward_1", by=WARD, media=MediaCount(image=1)),
            {},
            set(),
            id="the unit's own photos are told to nobody",
        ),
        pytest.param(
            RECATEGORISED,
            {},
            {("recategorised", None, "reporter"), ("desk_recategorised", WARD, "all")},
            id="another category, perhaps another limit",
        ),
        pytest.param(
            CaseSubmitted(at=RECEIVED, actor="reporter"),
            {"state": State.SUBMITTED, "unit": None},
            {("receipt", None, "reporter")},
            id="a receipt for the sender",
        ),
        pytest.param(
            assigned(),
            {},
            {("assigned", None, "reporter"), ("desk_assigned", WARD, "all")},
            id="an assignment for the sender and the whole handling unit",
        ),
        pytest.param(
            assigned(unit=OFFICE),
            {"unit": OFFICE},
            {("assigned", None, "reporter"), ("desk_assigned", OFFICE, "all")},
            id="what no rule places is told to the Office",
        ),
        pytest.param(
            HELD,
            {"state": State.HELD},
            {("held", None, "reporter"), ("desk_held", OFFICE, "all")},
            id="a held report is the Office's",
        ),
        pytest.param(
            FORWARDED,
            {"state": State.AT_OFFICE, "unit": OFFICE},
            {("desk_forwarded", OFFICE, "all")},
            id="a forward goes to the Office",
        ),
        pytest.param(
            PROPOSED,
            {},
            {("desk_proposed", OFFICE, "all")},
            id="a proposal waits for the Office",
        ),
        pytest.param(
            APPROVED,
            {"coordinating_units": (HELPER, LEAD), "expected_at": LATER},
            {
                ("coordination", None, "reporter"),
                ("desk_coordinating", HELPER, "all"),
                ("desk_coordinating", LEAD, "all"),
            },
            id="an approved coordination for the sender and every coordinating unit",
        ),
        pytest.param(
            MOVED, {}, {("coordination_moved", None, "reporter")}, id="a moved date of the whole"
        ),
        pytest.param(
            MOVED.model_copy(update={"unit": HELPER}),
            {},
            set(),
            id="a moved task of one unit is no date that the sender was given",
        ),
        pytest.param(GuidanceAsked(**SAID), {}, {("desk_guidance", LEADERS, "all")}, id="guidance"),
        pytest.param(
            DIRECTIVE, {}, {("desk_directive", HELPER, "all")}, id="a directive to its addressee"
        ),
        pytest.param(
            FROM_REPORTER, {}, {("desk_message", WARD, "all")}, id="a message of the sender"
        ),
        pytest.param(
            TO_REPORTER, {}, {("message", None, "reporter")}, id="a message to the sender"
        ),
        pytest.param(
            RESOLVED,
            {"state": State.RESOLVED},
            {("result", None, "reporter")},
            id="a result",
        ),
        pytest.param(
            CaseRefused(**SAID, reason="spam"),
            {"state": State.REFUSED},
            {("refused", None, "reporter")},
            id="a refusal",
        ),
        pytest.param(
            REDIRECTED,
            {"state": State.REDIRECTED, "restricted": True},
            {("redirected", None, "reporter")},
            id="a complaint is told to its sender alone",
        ),
        pytest.param(
            REOPENED,
            {"state": State.REOPENED},
            {("reopened", None, "reporter"), ("desk_reopened", WARD, "all")},
            id="a dispute for both sides",
        ),
        pytest.param(
            deadline(DeadlineApproaching),
            {},
            {("desk_approaching", WARD, "all")},
            id="approaching: officers and head of the unit",
        ),
        pytest.param(
            deadline(DeadlineMissed),
            {},
            {
                ("desk_missed", WARD, "heads"),
                ("desk_missed_elsewhere", LEAD, "all"),
                ("desk_missed_elsewhere", OFFICE, "all"),
            },
            id="missed: the head, the monitoring unit, the Office",
        ),
        pytest.param(
            deadline(DeadlineEscalated),
            {},
            {("desk_escalated", LEADERS, "all")},
            id="escalated: the leaders",
        ),
    ],
)
def test_every_row_of_the_table(event: Event, changes: dict[str, Any], expected: set[Any]):
    assert told(event, **changes) == expected


def test_every_row_has_an_event_that_leads_to_it():
    found = {
        (type(event), each.template)
        for event, changes in TOLD_OF
        for each in notices(Heard("e", event, case(followers=1, **changes)))
    }

    assert found == {(row.event, row.template) for row in TOLD}


def test_the_table_names_each_audience_of_an_event_once():
    rows = [(row.event, row.audience, row.when) for row in TOLD]

    assert len(rows) == len(set(rows))


@pytest.mark.parametrize(
    "kind",
    [
        CaseAccepted,
        CaseProgressed,
        CaseRated,
        CaseClosed,
        DeadlineSet,
        ReporterErased,
        RoutingDecided,
    ],
)
def test_what_is_not_in_the_table_concerns_nobody(kind: type[Event]):
    assert not any(row.event is kind for row in TOLD)
    assert not concerns(kind.model_construct())


def test_every_event_of_the_table_is_one_of_the_contract():
    assert {row.event for row in TOLD} <= set(EVENTS.values())
    assert all(concerns(row.event.model_construct()) for row in TOLD)
    assert not concerns(None)


def test_who_left_no_contact_is_told_nothing():
    assert told(assigned(), reporter=None) == {("desk_assigned", WARD, "all")}


# Who is left out


@pytest.mark.parametrize(
    ("event", "changes", "expected"),
    [
        pytest.param(
            deadline(DeadlineMissed),
            {"about": (LEAD,)},
            {WARD, OFFICE},
            id="the monitoring unit",
        ),
        pytest.param(deadline(DeadlineMissed), {"about": (WARD,)}, {LEAD, OFFICE}, id="the unit"),
        pytest.param(
            deadline(DeadlineMissed),
            {"about": (OFFICE,)},
            {WARD, LEAD, LEADERS},
            id="the Office: the leaders hear in its place",
        ),
        pytest.param(DIRECTIVE, {"about": (HELPER,)}, set(), id="an addressee"),
        pytest.param(
            FORWARDED,
            {"about": (OFFICE,), "unit": OFFICE},
            {LEADERS},
            id="the Office, of a forward",
        ),
        pytest.param(deadline(DeadlineEscalated), {"about": (LEADERS,)}, set(), id="the leaders"),
    ],
)
def test_a_unit_never_hears_of_a_report_about_itself(
    event: Event, changes: dict[str, Any], expected: set[str]
):
    assert {unit for _, unit, _ in told(event, **changes)} == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"state": State.HELD}, id="held"),
        pytest.param({"state": State.AT_OFFICE, "restricted": True}, id="restricted"),
    ],
)
def test_while_a_case_is_kept_from_the_units_only_the_top_hears_of_it(changes: dict[str, Any]):
    missed = told(deadline(DeadlineMissed), **changes)

    assert {unit for _, unit, _ in missed} == {OFFICE}
    assert told(FROM_REPORTER, **changes) == {("desk_message", OFFICE, "all")}
    assert told(deadline(DeadlineApproaching), **changes) == {("desk_approaching", OFFICE, "all")}
    assert told(DIRECTIVE, **changes) == set()


def test_a_deadline_that_passes_before_anybody_is_assigned_is_the_offices():
    event = deadline(DeadlineMissed, unit=None, monitoring_unit=None)
    heard = reminder("e", event, snapshot())

    assert {each.unit for each in notices(heard)} == {OFFICE}


def test_a_deadline_event_goes_to_the_units_that_it_names():
    newest = case(unit=HELPER, monitoring_unit=HELPER)

    heard = reminder("e", deadline(DeadlineMissed), newest)

    assert {each.unit for each in notices(heard)} == {WARD, LEAD, OFFICE}


@pytest.mark.parametrize(
    "state",
    [State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN],
)
@pytest.mark.parametrize("kind", [DeadlineApproaching, DeadlineMissed, DeadlineEscalated])
def test_nobody_is_chased_for_a_case_that_has_its_answer(state: State, kind: type[Any]):
    assert told(deadline(kind), state=state) == set()


# To whom by name


def person(account: str, mailbox: str | None = None, language: Language = Language.VIETNAMESE):
    return Person(account, language, mailbox or f"{account}@example.com")


def to_unit(*people: Person, unit: UnitId = WARD, template: str = "desk_assigned"):
    return Notice(template, unit), people


def owed(
    told_: Iterable[Any],
    *,
    now: datetime = NOON,
    event: Event | None = None,
    quiet: QuietHours = QUIET,
    **changes: Any,
) -> list[Delivery]:
    heard = Heard("DL-7K3Q-9M2F.case.2", event or assigned(), case(**changes))
    return deliveries(heard, list(told_), now=now, quiet=quiet)


def test_everybody_of_a_unit_is_told_under_their_account_and_in_their_language():
    found = owed([to_unit(person("u_1"), person("u_2", language=Language.ENGLISH))])

    assert [(each.recipient, each.language, each.unit) for each in found] == [
        ("account:u_1", Language.VIETNAMESE, WARD),
        ("account:u_2", Language.ENGLISH, WARD),
    ]
    assert len({each.id for each in found}) == 2


def test_whoever_is_meant_twice_is_told_once_by_the_first_row():
    first = to_unit(person("u_1"), template="desk_missed")
    second = to_unit(person("u_1"), person("u_2"), template="desk_missed_elsewhere")

    found = owed([first, second], event=deadline(DeadlineMissed))

    assert [(each.recipient, each.template) for each in found] == [
        ("account:u_1", "desk_missed"),
        ("account:u_2", "desk_missed_elsewhere"),
    ]


def test_a_mailbox_that_several_share_gets_one_mail():
    found = owed([to_unit(person("u_1", "ward@example.com"), person("u_2", "ward@example.com"))])

    assert [each.recipient for each in found] == ["account:u_1"]


def test_nobody_is_told_what_they_did_themselves():
    event = assigned(actor="u_1")

    found = owed([to_unit(person("u_1"), person("u_2"))], event=event)

    assert [each.recipient for each in found] == ["account:u_2"]


def test_who_acted_alone_in_their_unit_leaves_no_unit_without_contact():
    assert owed([to_unit(person("u_1"))], event=assigned(actor="u_1")) == []


def test_a_unit_without_contacts_leaves_one_row_that_somebody_sees():
    empty = to_unit()

    found = owed([empty, empty, to_unit(unit=LEAD)])

    assert [(each.recipient, each.state, each.reason, each.next_at) for each in found] == [
        ("unit:ward_1", DeliveryState.UNDELIVERABLE, "no_contact", None),
        ("unit:natural_resources", DeliveryState.UNDELIVERABLE, "no_contact", None),
    ]


def test_the_identity_of_a_delivery_depends_on_event_and_recipient_only():
    one = owed([to_unit(person("u_1"), template="desk_missed")], now=NOON)
    other = owed([to_unit(person("u_1", "new@example.com"))], now=NIGHT)

    assert one[0].id == other[0].id
    assert owed([to_unit(person("u_2"))])[0].id != one[0].id


def test_a_delivery_holds_no_address():
    found = owed([to_unit(person("u_1", "an.nguyen@example.com"))])

    assert "example.com" not in repr(found)
    assert "example.com" not in repr(person("u_1", "an.nguyen@example.com"))


# Quiet hours


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("at", "ends"),
    [
        pytest.param("2026-01-12T21:59:59", None, id="the last second of the day"),
        pytest.param("2026-01-12T22:00:00", "2026-01-13T06:00", id="the first of the night"),
        pytest.param("2026-01-12T23:59:59", "2026-01-13T06:00", id="before midnight"),
        pytest.param("2026-01-13T00:00:00", "2026-01-13T06:00", id="midnight"),
        pytest.param("2026-01-13T05:59:59", "2026-01-13T06:00", id="the last of the night"),
        pytest.param("2026-01-13T06:00:00", None, id="the first of the morning"),
        pytest.param("2026-02-28T22:30:00", "2026-03-01T06:00", id="over the end of a month"),
        pytest.param("2026-12-31T23:00:00", "2027-01-01T06:00", id="over the end of a year"),
    ],
)
def test_a_mail_of_the_night_waits_for_the_morning(at: str, ends: str | None):
    now = local(at)

    assert QUIET.over_at(now) == (local(ends) if ends else now)
    assert QUIET.over_at(now.astimezone(UTC)) == QUIET.over_at(now)


@pytest.mark.parametrize(
    ("begins", "ends", "at", "expected"),
    [
        pytest.param("12:00", "14:00", "13:00", "14:00", id="within one day"),
        pytest.param("12:00", "14:00", "14:00", "14:00", id="its end is outside"),
        pytest.param("12:00", "14:00", "11:59", "11:59", id="before it"),
        pytest.param("00:00", "06:00", "00:00", "06:00", id="from midnight"),
        pytest.param("22:00", "00:00", "23:00", "24:00", id="until midnight"),
        pytest.param("22:00", "00:00", "00:00", "00:00", id="midnight is outside"),
        pytest.param("06:00", "06:00", "06:00", "06:00", id="none at all"),
        pytest.param("06:00", "06:00", "23:00", "23:00", id="none at night either"),
    ],
)
def test_an_operator_may_set_other_hours(begins: str, ends: str, at: str, expected: str):
    quiet = QuietHours(time.fromisoformat(begins), time.fromisoformat(ends), ZONE)
    hours, minutes = map(int, expected.split(":"))
    midnight = local("2026-01-13T00:00")

    found = quiet.over_at(local(f"2026-01-13T{at}"))

    assert found == midnight + timedelta(hours=hours, minutes=minutes)


def test_the_calendars_zone_decides_and_not_the_servers():
    tokyo = QuietHours(time(22), time(6), ZoneInfo("Asia/Tokyo"))
    at = datetime(2026, 1, 12, 13, 30, tzinfo=UTC)  # 20:30 in Đà Lạt, 22:30 in Tokyo

    assert QUIET.over_at(at) == at
    assert tokyo.over_at(at) == datetime(2026, 1, 12, 21, 0, tzinfo=UTC)


def test_an_hour_that_the_clocks_repeat_ends_the_first_time():
    berlin = ZoneInfo("Europe/Berlin")
    quiet = QuietHours(time(22), time(2, 30), berlin)
    second = datetime(2026, 10, 25, 2, 15, tzinfo=berlin, fold=1)

    assert quiet.over_at(second) == second


INSTANTS = st.integers(0, 10 * 366 * 86_400).map(lambda s: NOON + timedelta(seconds=s))


@given(at=INSTANTS, begins=st.times(), ends=st.times())
def test_the_end_is_never_past_never_a_day_away_and_never_quiet(
    at: datetime, begins: time, ends: time
):
    quiet = QuietHours(begins, ends, ZONE)

    over = quiet.over_at(at)

    assert at <= over < at + timedelta(days=1)
    assert quiet.over_at(over) == over


@pytest.mark.parametrize(
    ("now", "flags", "expected"),
    [
        pytest.param(NOON, (), NOON, id="by day at once"),
        pytest.param(NIGHT, (), MORNING, id="by night in the morning"),
        pytest.param(NIGHT, ("emergency", "x"), NIGHT, id="an emergency at once"),
    ],
)
def test_officials_are_told_by_day(now: datetime, flags: tuple[str, ...], expected: datetime):
    found = owed([to_unit(person("u_1"))], now=now, flags=flags)

    assert [each.next_at for each in found] == [expected]


def test_reporters_are_told_at_once_at_any_hour():
    found = owed([(Notice("assigned"), ())], now=NIGHT)

    assert [each.next_at for each in found] == [NIGHT]
    assert found[0].recipient == f"reporter:{case().reporter}"
    assert found[0].language is case().language
    assert found[0].unit is None


# What a message is written from


def facts(event: Event, **changes: Any) -> dict[str, Any]:
    return owed([to_unit(person("u_1"))], event=event, **changes)[0].facts


def test_a_disputes_promise_counts_from_the_dispute():
    found = facts(REOPENED, counted_from=NOON)

    assert (found["from_at"], found["limit_s"]) == (NOON, 7200)


def test_a_deadlines_own_date_is_told_without_a_limit_that_did_not_count_it():
    found = facts(deadline(DeadlineMissed, due_at=LATER), expected_at=LATER)

    assert (found["due_at"], found["limit_s"], found["expected_at"]) == (LATER, None, None)


def test_both_dates_of_a_moved_coordination_are_told():
    found = facts(MOVED, expected_at=LATER)

    assert (found["previous_at"], found["expected_at"]) == (NOON, LATER)
    assert found["due_at"] == case().due_at


# What becomes of it


@pytest.mark.parametrize(
    ("kind", "attempts", "state", "wait_s"),
    [
        pytest.param("accepted", 1, DeliveryState.SENT, None, id="accepted"),
        pytest.param("rejected", 1, DeliveryState.UNDELIVERABLE, None, id="rejected"),
        pytest.param("retry", 1, DeliveryState.PENDING, 5, id="the first try failed"),
        pytest.param("ambiguous", 3, DeliveryState.PENDING, 120, id="the third is not known"),
        pytest.param("retry", 49, DeliveryState.PENDING, 3600, id="the last but one"),
        pytest.param("retry", 50, DeliveryState.FAILED, None, id="given up"),
    ],
)
def test_an_attempt_ends_or_is_made_again(
    kind: str, attempts: int, state: DeliveryState, wait_s: int | None
):
    expected = None if wait_s is None else NOON + timedelta(seconds=wait_s)

    then = after(made_of(attempts), Made("email", Outcome(kind)), NOON)

    assert (then.state, then.next_at) == (state, expected)


def made_of(attempts: int, **changes: Any) -> Delivery:
    [delivery] = owed([to_unit(person("u_1"))])
    return replace(delivery, attempts=attempts, **changes)


def test_each_official_waits_for_the_end_of_their_own_quiet_hours() -> None:
    people = (
        Person("u_city", Language.VIETNAMESE, "a@x"),
        Person("u_late", Language.VIETNAMESE, "b@x", (time(23, 30), time(8))),
        Person("u_never", Language.VIETNAMESE, "c@x", (time(0), time(0))),
    )
    heard = Heard("e", assigned(), case(reporter=None))

    found = deliveries(heard, [(Notice("desk_assigned", WARD), people)], now=NIGHT, quiet=QUIET)

    assert {each.recipient: each.next_at for each in found} == {
        "account:u_city": MORNING,
        "account:u_late": NIGHT,
        "account:u_never": NIGHT,
    }
