"""A dossier's steps, its due date and its pauses; the file of procedures and desks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.intake.onestop.catalogue import Catalogue, load_catalogue, read_catalogue
from services.intake.onestop.domain import dossier as rules
from services.intake.onestop.domain.dossier_parts import (
    TRANSITIONS,
    ChecklistError,
    Circumstances,
    Dossier,
    DossierStateError,
    HandIn,
    PromisedError,
    PromiseError,
    Refusal,
)
from services.intake.onestop.domain.opening import opening
from shared import rulefile
from shared.calendar import Calendar
from shared.events.onestop import DOSSIER_EVENTS
from shared.rulefile import RuleFileError
from shared.settings import RULES
from shared.vocabulary import DossierState, Language
from tests.builders import state_calendar

FILE = RULES / "regulations" / "dalat-onestop.yaml"
FRIDAY_16 = datetime(2026, 1, 9, 9, 0, tzinfo=UTC)  # 16:00 in Đà Lạt; the Saturday is worked


def catalogue() -> Catalogue:
    return load_catalogue(FILE)


def about(at: datetime, procedure: str = "marital_status") -> Circumstances:
    found = catalogue().procedure(procedure, at.date())
    return Circumstances("a_clerk", at, found, state_calendar())


def handed_in(at: datetime, papers: tuple[str, ...] = (), procedure: str = "marital_status"):
    given = HandIn(
        "HS-7K3Q-9M2F", "HS-260109-7K3Q-9M2F", "online", papers, None, Language.VIETNAMESE
    )
    return rules.submit(given, about(at, procedure)).dossier


def local(at: datetime) -> str:
    return f"{at.astimezone(state_calendar().zone):%a %d/%m %H:%M}"


@pytest.mark.parametrize(
    ("procedure", "due"),
    [
        pytest.param("certified_copy", "Sat 10/01 16:00", id="one day, into a worked saturday"),
        pytest.param("marital_status", "Tue 13/01 16:00", id="three days"),
    ],
)
def test_the_limit_is_counted_in_working_time(procedure: str, due: str) -> None:
    assert local(handed_in(FRIDAY_16, procedure=procedure).snapshot.due_at) == due


def test_the_clock_stands_while_papers_are_missing() -> None:
    opened = handed_in(FRIDAY_16, ("form",))
    waiting = rules.ask_supplement(
        opened, (), "Thiếu giấy tờ tuỳ thân", about(FRIDAY_16 + timedelta(hours=1))
    ).dossier
    brought_at = datetime(2026, 1, 13, 2, 0, tzinfo=UTC)  # Tuesday 09:00

    back = rules.supply(waiting, ("identity",), "", about(brought_at)).dossier

    assert waiting.missing == ("identity",)
    assert waiting.snapshot.paused_at is not None
    # one hour was used on Friday; the other 23 run from Tuesday 09:00
    assert local(back.snapshot.due_at) == "Fri 16/01 08:00"
    assert (back.snapshot.paused_at, back.missing) == (None, ())


def asked(
    papers: tuple[str, ...] = (), items: tuple[str, ...] = (), text: str = ""
) -> tuple[Dossier, datetime]:
    """Return a dossier of which a clerk asked something an hour after it was handed in."""
    at = FRIDAY_16 + timedelta(hours=1)
    return rules.ask_supplement(handed_in(FRIDAY_16, papers), items, text, about(at)).dossier, at


def test_with_the_papers_that_a_clerk_names_go_the_required_ones_that_are_not_there() -> None:
    assert asked((), ("divorce",))[0].missing == ("divorce", "form", "identity")
    assert asked(("form",), ("form",))[0].missing == ("form", "identity")


def test_nothing_at_all_is_not_asked_for() -> None:
    complete = ("form", "identity")

    with pytest.raises(ChecklistError) as refused:
        asked(complete)

    assert refused.value.code == "missing"
    assert asked(complete, ("form",))[0].missing == ("form",)
    assert asked(complete, (), "Tờ khai chưa ký")[0].missing == ()


def test_a_dossier_waits_on_until_nothing_is_lacking() -> None:
    waiting, at = asked((), ("divorce",))
    later = at + timedelta(days=2)

    some = rules.supply(waiting, ("divorce", "form"), "", about(later))
    done = rules.supply(some.dossier, ("identity",), "", about(later + timedelta(days=2)))

    assert some.dossier.state is some.event.dossier.state is DossierState.SUPPLEMENT
    assert some.dossier.missing == ("identity",)
    assert some.dossier.snapshot.paused_at == at  # the applicant still owes something
    assert some.dossier.snapshot.due_at == waiting.snapshot.due_at
    assert done.dossier.state is DossierState.RECEIVED
    assert (done.dossier.missing, done.dossier.snapshot.paused_at) == ((), None)
    assert done.dossier.present == ("divorce", "form", "identity")
    assert [each.until for each in done.dossier.pauses] == [later + timedelta(days=2)]


@pytest.mark.parametrize(
    ("items", "text", "code"),
    [
        pytest.param((), "", "missing", id="nothing"),
        pytest.param((), "Đã nộp đủ", "missing", id="words for papers"),
        pytest.param(("form",), "", "incomplete", id="what was there already"),
    ],
)
def test_what_was_asked_for_is_named_when_it_is_brought(
    items: tuple[str, ...], text: str, code: str
) -> None:
    waiting, at = asked(("form",))

    with pytest.raises(ChecklistError) as refused:
        rules.supply(waiting, items, text, about(at))

    assert (refused.value.code, refused.value.items) == (code, ("identity",))


def test_words_answer_what_was_asked_for_in_words() -> None:
    waiting, at = asked(("form", "identity"), (), "Số nhà là số mấy?")

    with pytest.raises(ChecklistError):
        rules.supply(waiting, (), "", about(at))
    assert rules.supply(waiting, (), "Số 12", about(at)).dossier.state is DossierState.RECEIVED


@pytest.mark.parametrize(
    ("asked_after", "refused_after", "on_time"),
    [
        pytest.param(timedelta(hours=1), timedelta(days=30), True, id="asked in time"),
        pytest.param(timedelta(days=10), timedelta(days=30), False, id="asked too late"),
        pytest.param(None, timedelta(days=30), False, id="never asked"),
        pytest.param(None, timedelta(hours=1), True, id="refused at once"),
    ],
)
def test_a_dossier_that_is_refused_in_its_pause_is_not_late_for_the_pause(
    asked_after: timedelta | None, refused_after: timedelta, *, on_time: bool
) -> None:
    dossier = handed_in(FRIDAY_16, ("form",))
    if asked_after:
        dossier = rules.ask_supplement(dossier, (), "", about(FRIDAY_16 + asked_after)).dossier
    at = FRIDAY_16 + refused_after

    step = rules.refuse(dossier, Refusal.NOT_COMPLETED, "Không bổ sung", about(at))

    assert step.event.dossier.on_time is on_time
    assert (step.event.dossier.due_at >= at) is on_time
    assert step.event.dossier.paused_at is None
    assert all(each.until == at for each in step.dossier.pauses)


def test_a_dossier_that_is_taken_back_in_its_pause_ends_the_pause() -> None:
    waiting, at = asked(("form",))

    back = rules.withdraw(waiting, "", about(at + timedelta(days=30))).dossier

    assert [each.until for each in back.pauses] == [at + timedelta(days=30)]
    assert back.snapshot.due_at > waiting.snapshot.due_at


LATER = FRIDAY_16 + timedelta(days=10)  # the due date is four days from FRIDAY_16


def test_a_late_dossier_has_a_new_date_once_and_is_late_all_the_same() -> None:
    complete = handed_in(FRIDAY_16, ("form", "identity"))
    late = about(FRIDAY_16 + timedelta(days=5))

    step = rules.postpone(complete, LATER, "Chờ xác minh", late)
    ready = rules.make_ready(
        rules.receive(step.dossier, (), "", late).dossier, "", about(LATER - timedelta(hours=1))
    )

    assert step.event.dossier.promised_at == LATER
    assert step.event.dossier.due_at == complete.snapshot.due_at
    assert step.dossier.state is complete.state
    assert "xác minh" not in step.event.model_dump_json()
    assert step.words == {"text": "Chờ xác minh"}
    assert ready.event.dossier.on_time is False
    with pytest.raises(PromisedError):
        rules.postpone(step.dossier, LATER + timedelta(days=1), "Nữa", late)


@pytest.mark.parametrize(
    ("now", "to", "code"),
    [
        pytest.param(FRIDAY_16, FRIDAY_16 + timedelta(days=2), "too_early", id="before the due"),
        pytest.param(LATER, LATER, "too_early", id="now"),
        pytest.param(LATER, LATER + timedelta(days=367), "too_late", id="a mistyped year"),
    ],
)
def test_a_new_date_lies_ahead(now: datetime, to: datetime, code: str) -> None:
    with pytest.raises(PromiseError) as refused:
        rules.postpone(handed_in(FRIDAY_16), to, "Chờ", about(now))

    assert refused.value.code == code


def test_a_new_date_moves_by_a_pause_like_the_first() -> None:
    late = about(FRIDAY_16 + timedelta(days=5))
    dossier = rules.postpone(handed_in(FRIDAY_16), LATER, "Chờ", late).dossier
    monday = datetime(2026, 1, 19, 1, 0, tzinfo=UTC)  # 08:00; LATER is Monday 16:00
    waiting = rules.ask_supplement(dossier, ("form", "identity"), "", about(monday)).dossier

    back = rules.supply(
        waiting, ("form", "identity"), "", about(monday + timedelta(days=1))
    ).dossier

    assert back.snapshot.promised_at
    assert local(LATER) == "Mon 19/01 16:00"
    assert local(back.snapshot.promised_at) == "Tue 20/01 16:00"


def test_a_receipt_needs_every_required_paper() -> None:
    opened = handed_in(FRIDAY_16, ("form",))

    with pytest.raises(ChecklistError) as refused:
        rules.receive(opened, (), "", about(FRIDAY_16))

    assert refused.value.items == ("identity",)
    received = rules.receive(opened, ("identity",), "", about(FRIDAY_16)).dossier
    assert received.state is DossierState.RECEIVED


def test_a_paper_that_the_procedure_does_not_know_is_refused() -> None:
    with pytest.raises(ChecklistError, match="unknown_paper"):
        handed_in(FRIDAY_16, ("passport_of_the_dog",))


@pytest.mark.parametrize(("late_s", "on_time"), [(0, True), (1, False)])
def test_a_result_within_the_due_second_is_on_time(late_s: int, *, on_time: bool) -> None:
    opened = handed_in(FRIDAY_16, ("form", "identity"))
    received = rules.receive(opened, (), "", about(FRIDAY_16)).dossier
    at = received.snapshot.due_at + timedelta(seconds=late_s, milliseconds=900)

    ready = rules.make_ready(received, "", about(at)).dossier

    assert ready.snapshot.on_time is on_time


def _in_state(state: DossierState) -> Dossier:
    opened = handed_in(FRIDAY_16, ("form", "identity"))
    return opened.model_copy(
        update={"snapshot": opened.snapshot.model_copy(update={"state": state})}
    )


@pytest.mark.parametrize("state", list(DossierState))
def test_every_step_follows_the_table_and_nothing_else(state: DossierState) -> None:
    now = about(FRIDAY_16)
    steps = {
        rules.receive: ((), ""),
        rules.ask_supplement: (("form",), ""),
        rules.supply: (("form",), ""),
        rules.process: ("",),
        rules.make_ready: ("",),
        rules.hand_out: ("",),
        rules.refuse: (Refusal.NOT_ELIGIBLE, "Không đủ điều kiện"),
        rules.withdraw: ("",),
        rules.postpone: (FRIDAY_16 + timedelta(days=30), "Chờ xác minh"),
    }
    reached = set()
    for step, arguments in steps.items():
        try:
            done = step(_in_state(state), *arguments, now)  # type: ignore[operator]
        except DossierStateError:
            continue
        reached.add(type(done.event))
        assert done.dossier.state is (TRANSITIONS[type(done.event)][1] or state)

    assert reached == {event for event, (allowed, _) in TRANSITIONS.items() if state in allowed}
    assert set(TRANSITIONS) == set(DOSSIER_EVENTS)


def test_words_stay_with_the_dossier() -> None:
    opened = handed_in(FRIDAY_16)

    step = rules.ask_supplement(opened, ("form",), "Ông Bảy thiếu tờ khai", about(FRIDAY_16))

    assert "Bảy" not in step.event.model_dump_json()
    assert step.words == {"text": "Ông Bảy thiếu tờ khai"}


@pytest.mark.parametrize(
    ("at", "on", "open_now"),
    [
        pytest.param("2026-01-09T16:00+07:00", "2026-01-09", True, id="open"),
        pytest.param("2026-01-09T12:00+07:00", "2026-01-09", False, id="lunch"),
        pytest.param("2026-01-09T06:00+07:00", "2026-01-09", False, id="before opening"),
        pytest.param("2026-01-09T17:30+07:00", "2026-01-10", False, id="closed: worked saturday"),
        pytest.param("2026-01-10T18:00+07:00", "2026-01-12", False, id="over the sunday"),
        pytest.param("2030-01-07T08:00+07:00", "2030-01-07", True, id="after the calendar's end"),
    ],
)
def test_a_number_belongs_to_the_working_day_that_is_left(
    at: str, on: str, *, open_now: bool
) -> None:
    found = opening(datetime.fromisoformat(at), state_calendar())

    assert (found.on.isoformat(), found.open_now) == (on, open_now)


def test_where_it_never_closes_a_number_belongs_to_its_own_day() -> None:
    days = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    always = Calendar.parse(
        {"zone": "Asia/Ho_Chi_Minh", "week": {day: [["00:00", "24:00"]] for day in days}}
    )

    found = opening(datetime.fromisoformat("2026-11-24T23:30:00+07:00"), always)

    assert (found.on.isoformat(), found.open_now) == ("2026-11-24", True)
    assert found.closes_at.isoformat() == "2026-11-25T00:00:00+07:00"


CASES = [
    ("prefix: B", "prefix: A", "'A' stands twice, see line"),
    ("  - id: land\n", "  - id: civil_status\n", "'civil_status' stands twice"),
    ("desk: land\n", "desk: lend\n", "there is no desk 'lend'"),
    ("limit_hours: 8\n", "limit_hours: 0\n", "limit_hours"),
    ("      - id: identity\n", "      - id: form\n", "'form' stands twice"),
    ("usual_minutes: 6\n", "usual_minutes: six\n", "usual_minutes"),
    ("    valid_from: 2020-01-01\n", "    valid_from: 2020-02-30\n", "2020-02-30"),
    ("    place: Tầng 1, quầy 6\n", "    place: Tầng 1\n    colour: red\n", "colour"),
]


@pytest.mark.parametrize(("old", "new", "said"), CASES)
def test_a_mistake_in_the_file_is_named_with_its_line(old: str, new: str, said: str) -> None:
    text = FILE.read_text(encoding="utf-8")
    assert old in text

    with pytest.raises(RuleFileError) as refused:
        read_catalogue(rulefile.parse(text.replace(old, new, 1), "onestop.yaml"))

    assert said in refused.value.message
    changed = new.strip().splitlines()[-1]
    lines = text.replace(old, new, 1).splitlines()
    near = lines[max(refused.value.line - 3, 0) : refused.value.line + 2]
    assert any(changed.partition(":")[0].strip("- ") in each for each in near)


def test_what_has_ended_is_not_offered_and_still_known() -> None:
    text = FILE.read_text(encoding="utf-8")
    ended = text.replace(
        "    result: {vi: Giấy khai sinh, en: Birth certificate}\n    valid_from: 2020-01-01\n",
        "    result: {vi: Giấy khai sinh, en: Birth certificate}\n    valid_from: 2020-01-01\n"
        "    valid_to: 2025-12-31\n",
    )
    found = read_catalogue(rulefile.parse(ended, "onestop.yaml"))
    day = FRIDAY_16.date()

    assert "birth_registration" not in [each.id for each in found.procedures_on(day)]
    assert found.procedure_of("birth_registration", day).limit_hours == 8


def test_the_shipped_file_is_read_whatever_folder_one_starts_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)

    assert len(catalogue().content.procedures) >= 8
