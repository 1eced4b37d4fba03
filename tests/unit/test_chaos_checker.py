"""The chaos checker is fed doctored ledgers: it must see each kind of violation, and only that."""

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.notify.domain import delivery_id
from tests.chaos.checker import (
    COUNTERS,
    Delivery,
    Evidence,
    Mail,
    Seen,
    Stored,
    check,
    first_occurrences,
    totals,
)
from tests.chaos.ledger import Attempt, Report

CODES = ("DL-AAAA-AAAA", "DL-BBBB-BBBB")
SENT, DUE, GRACE_S = 1000.0, 1040.0, 20.0
PHOTO = "f" * 64
FIRST, SECOND = CODES
TYPES = {
    "case.1": "case.submitted.v1",
    "routing.1": "routing.decided.v1",
    "case.2": "case.assigned.v1",
    "deadline.1": "deadline.set.v1",
    "deadline.2": "deadline.approaching.v1",
    "deadline.3": "deadline.missed.v1",
    "deadline.4": "deadline.escalated.v1",
}
TIMES = {"deadline.2": SENT + 20, "deadline.3": DUE + 1, "deadline.4": DUE + GRACE_S}


def attempt(number: int) -> Attempt:
    report = Report(number, f"key{number}", "body", (PHOTO,), f"n{number}@example.com", short=True)
    return Attempt(report, SENT, 201, CODES[number], SENT + 0.1)


def stored(number: int) -> Stored:
    return Stored(
        code=CODES[number],
        key=f"hash{number}",
        media=((PHOTO, f"cases/{CODES[number]}/photo"),),
        sequence=2,
        reporter=f"r{number}",
        due_at=DUE,
        approaching_at=SENT + 20,
        deadline_sequence=4,
    )


def stream() -> list[Seen]:
    ids = [f"{code}.{name}" for name in TYPES for code in CODES]
    return [
        Seen(offset, each, TYPES[each[13:]], TIMES.get(each[13:], SENT))
        for offset, each in enumerate(ids)
    ]


def deliveries() -> list[Delivery]:
    told = [
        (f"{code}.case.{n}", f"reporter:r{number}")
        for number, code in enumerate(CODES)
        for n in (1, 2)
    ]
    told += [(f"{code}.deadline.{n}", "account:head") for code in CODES for n in (2, 3, 4)]
    return [Delivery(delivery_id(e, "email", who), e, who, "sent") for e, who in told]


def address(row: Delivery) -> str:
    return f"n{row.recipient[-1]}@example.com" if "reporter" in row.recipient else "h@city.example"


def clean() -> Evidence:
    rows = deliveries()
    return Evidence(
        attempts=[attempt(0), attempt(1)],
        cases={code: stored(number) for number, code in enumerate(CODES)},
        objects={f"cases/{code}/photo": PHOTO for code in CODES},
        recorders={"amqp": stream()},
        deliveries=rows,
        mails=[Mail(row.id, address(row)) for row in rows],
        left={"router.cases": 0},
        key_hash={"key0": "hash0", "key1": "hash1"},
        grace_s=GRACE_S,
    )


def case_with(**fields) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        evidence.cases = {**evidence.cases, FIRST: replace(evidence.cases[FIRST], **fields)}

    return doctor


def without_event(identifier: str) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        seen = [each for each in evidence.recorders["amqp"] if each.id != identifier]
        evidence.recorders = {"amqp": seen}

    return doctor


def event_at(identifier: str, at: float) -> Callable[[Evidence], None]:
    def doctor(evidence: Evidence) -> None:
        seen = [replace(e, at=at) if e.id == identifier else e for e in evidence.recorders["amqp"]]
        evidence.recorders = {"amqp": seen}

    return doctor


def reordered(evidence: Evidence) -> None:
    seen = list(evidence.recorders["amqp"])
    places = [n for n, each in enumerate(seen) if each.id in (f"{FIRST}.case.1", f"{FIRST}.case.2")]
    first, second = (seen[place] for place in places)
    seen[places[0]] = replace(second, offset=first.offset)
    seen[places[1]] = replace(first, offset=second.offset)
    evidence.recorders = {"amqp": seen}


def not_stored(evidence: Evidence) -> None:
    del evidence.cases[FIRST]  # pyright: ignore[reportIndexIssue]
    keep = [each for each in evidence.recorders["amqp"] if not each.id.startswith(FIRST)]
    evidence.recorders = {"amqp": keep}


def never_sent(evidence: Evidence) -> None:
    evidence.cases = {
        **evidence.cases,
        "DL-CCCC-CCCC": replace(
            stored(0), code="DL-CCCC-CCCC", key="hash9", sequence=0, decisions=0,
            deadline_sequence=0,
        ),
    }  # fmt: skip


def twin(evidence: Evidence) -> None:
    evidence.cases = {
        **evidence.cases,
        "DL-CCCC-CCCC": replace(
            stored(0), code="DL-CCCC-CCCC", sequence=0, decisions=0, deadline_sequence=0
        ),
    }


def two_answers(evidence: Evidence) -> None:
    evidence.attempts = [*evidence.attempts, replace(attempt(0), code=SECOND)]
    evidence.key_hash = {"key0": "hash0", "key1": "hash1"}


def photo_altered(evidence: Evidence) -> None:
    evidence.objects = {**evidence.objects, f"cases/{FIRST}/photo": "0" * 64}


def photo_gone(evidence: Evidence) -> None:
    evidence.objects = {f"cases/{SECOND}/photo": PHOTO}


def mail_missing(evidence: Evidence) -> None:
    evidence.mails = evidence.mails[1:]


def mail_owed(evidence: Evidence) -> None:
    rows = list(evidence.deliveries)
    evidence.deliveries = [replace(rows[-1], state="pending"), *rows[:-1]]


def stage_untold(evidence: Evidence) -> None:
    event = f"{FIRST}.deadline.3"
    rows = [each for each in evidence.deliveries if each.event != event]
    evidence.deliveries = rows
    evidence.mails = [Mail(row.id, address(row)) for row in rows]


def mail_nobody_owes(evidence: Evidence) -> None:
    evidence.mails = [*evidence.mails, Mail("another", "h@city.example")]


def told_twice(evidence: Evidence) -> None:
    row = replace(evidence.deliveries[0], id="another")
    evidence.deliveries = [*evidence.deliveries, row]
    evidence.mails = [*evidence.mails, Mail("another", "z@city.example")]


def stage_doubled(evidence: Evidence) -> None:
    again = Seen(99, f"{FIRST}.deadline.5", "deadline.missed.v1", DUE + 2)
    evidence.recorders = {"amqp": [*evidence.recorders["amqp"], again]}
    case_with(deadline_sequence=5)(evidence)
    row = Delivery("m5", again.id, "account:head", "sent")
    evidence.deliveries = [*evidence.deliveries, row]
    evidence.mails = [*evidence.mails, Mail("m5", "h@city.example")]


def stage_missing(evidence: Evidence) -> None:
    without_event(f"{FIRST}.deadline.4")(evidence)
    case_with(deadline_sequence=3)(evidence)


def left_over(evidence: Evidence) -> None:
    evidence.left = {"sla.cases": 3}


@pytest.mark.parametrize(
    ("doctor", "seen"),
    [
        pytest.param(not_stored, "L", id="an acknowledged case is not stored"),
        pytest.param(case_with(media=()), "L", id="a case without its photo"),
        pytest.param(photo_altered, "L", id="a photo with other bytes"),
        pytest.param(photo_gone, "L", id="a photo that is not in the store"),
        pytest.param(never_sent, "U", id="a case that nobody sent"),
        pytest.param(twin, "D", id="two cases for one key"),
        pytest.param(without_event(f"{FIRST}.routing.1"), "G", id="a gap"),
        pytest.param(reordered, "G", id="a reorder"),
        pytest.param(case_with(sequence=3), "G", id="an event that never came"),
        pytest.param(mail_missing, "N", id="a mail that nobody got"),
        pytest.param(mail_owed, "N", id="a mail that is still owed"),
        pytest.param(stage_untold, "N", id="a stage of which nobody is told"),
        pytest.param(mail_nobody_owes, "X", id="a mail too many"),
        pytest.param(told_twice, "X", id="a person told twice"),
        pytest.param(stage_missing, "S", id="a stage that did not fire"),
        pytest.param(stage_doubled, "S", id="a stage that fired twice"),
        pytest.param(event_at(f"{FIRST}.deadline.3", DUE + 0.5), "S", id="a stage too early"),
        pytest.param(left_over, "Q", id="a queue that is not empty"),
    ],
)
def test_the_checker_sees_each_kind_of_violation_and_no_other(doctor, seen):
    evidence = clean()

    doctor(evidence)

    found = totals(check(evidence))
    assert found[seen] >= 1
    assert {name for name in COUNTERS if found[name]} == {seen}


def test_events_of_other_things_must_come_in_order_too():
    evidence = clean()
    more = [Seen(90, "park.incident.1"), Seen(91, "park.incident.2")]
    evidence.recorders = {"amqp": [*evidence.recorders["amqp"], *more]}
    assert check(evidence) == []

    evidence.recorders = {"amqp": [*evidence.recorders["amqp"][:-2], more[1]]}
    assert totals(check(evidence))["G"] == 1


def test_one_key_with_two_answers_is_a_double():
    evidence = clean()

    two_answers(evidence)

    assert totals(check(evidence))["D"] == 1


def test_a_clean_run_has_no_violation():
    assert check(clean()) == []


def test_later_copies_on_the_stream_are_no_violation_and_neither_is_a_second_copy_of_a_mail():
    evidence = clean()
    seen = list(evidence.recorders["amqp"])
    evidence.recorders = {"amqp": [*seen, replace(seen[0], offset=50)]}
    evidence.mails = [*evidence.mails, evidence.mails[0]]

    assert len(first_occurrences(evidence.recorders["amqp"])) == len(seen)
    assert check(evidence) == []


def test_a_stage_that_had_no_time_to_fire_is_not_missed():
    evidence = clean()
    stage_missing(evidence)
    evidence.until = DUE + GRACE_S - 1

    assert check(evidence) == []


def test_a_mail_that_the_mail_server_refused_for_good_is_not_missing():
    evidence = clean()
    refused = evidence.mails[0].id
    evidence.mails = evidence.mails[1:]
    evidence.refused = frozenset({refused})

    assert check(evidence) == []


def test_the_check_of_a_long_run_takes_seconds():
    number, began = 20_000, time.monotonic()
    codes = [f"DL-{each:04}-0000" for each in range(number)]
    attempts = [
        replace(attempt(0), code=code, report=replace(attempt(0).report, key=code))
        for code in codes
    ]
    mails = [Mail(f"m{each}", "") for each in range(2 * number)]
    cases = {code: replace(stored(0), code=code, key=code) for code in codes}

    check(Evidence(attempts=attempts, cases=cases, mails=mails, key_hash={c: c for c in codes}))

    assert time.monotonic() - began < 20  # a second here; it was minutes when it was quadratic
