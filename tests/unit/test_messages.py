"""What people read: every message in both languages, whole, and nothing personal in it."""

from collections.abc import Iterator
from datetime import UTC, datetime, time
from typing import Any

import pytest
from jinja2 import Environment, FileSystemLoader, meta

from services.notify.domain import (
    TOLD,
    Delivery,
    Heard,
    Notice,
    Person,
    QuietHours,
    deliveries,
    notices,
)
from services.notify.messages import TEMPLATES, Messages, moment
from shared.errors import OutageError
from shared.events import (
    CaseRedirected,
    CaseRefused,
    CaseSubmitted,
    DeadlineApproaching,
    DeadlineMissed,
    Event,
)
from shared.identity import TrackingTokens
from shared.rulebook import Edition, Rulebook
from shared.settings import RULES
from shared.vocabulary import LEADERS, OFFICE, Clock, Language, State, UnitId
from tests.builders import CODE, RECEIVED, dalat, state_calendar
from tests.unit.notify_events import (
    APPROVED,
    FROM_REPORTER,
    HELD,
    LATER,
    MOVED,
    NOON,
    REOPENED,
    RESOLVED,
    SAID,
    TO_REPORTER,
    TOLD_OF,
    assigned,
    case,
    deadline,
)

BOOK = Rulebook(
    Edition(dalat(), state_calendar(), "", dalat().valid_from, RECEIVED, "file"),
    RULES / "calendars",
)
TOKENS = TrackingTokens(["a secret of the tests"])
TOKEN = TOKENS.issue(CODE)
MESSAGES = Messages(BOOK, TOKENS, "https://dalat.example/")
QUIET = QuietHours(time(22), time(6), state_calendar().zone)
BOTH = [pytest.param(Language.VIETNAMESE, id="vi"), pytest.param(Language.ENGLISH, id="en")]


def owed(event: Event, language: Language, **changes: Any) -> dict[str, Delivery]:
    """What is owed about an event, by template, to readers of one language."""
    heard = Heard(
        f"{CODE}.case.2", event, case(**{"language": language, "followers": 1, **changes})
    )
    told = [(each, _people(each, language)) for each in notices(heard)]
    return {each.template: each for each in deliveries(heard, told, now=NOON, quiet=QUIET)}


def _people(notice: Notice, language: Language) -> tuple[Person, ...]:
    if notice.followers:
        return (Person("f_1", language, "f@x"),)
    return (Person(f"u_{notice.unit}", language, f"{notice.unit}@x"),) if notice.unit else ()


def written(template: str, event: Event, language: Language, **changes: Any) -> tuple[str, str]:
    return MESSAGES.render(owed(event, language, **changes)[template])


def everything(language: Language) -> Iterator[tuple[Delivery, str, str]]:
    for event, changes in TOLD_OF:
        for delivery in owed(event, language, **changes).values():
            yield delivery, *MESSAGES.render(delivery)


def names() -> set[str]:
    of_cases = [*TEMPLATES.glob("[!_]*.txt"), *TEMPLATES.glob("follow/*.txt")]
    return {str(path.relative_to(TEMPLATES)).partition(".")[0] for path in of_cases}


def test_every_row_has_a_template_in_both_languages_and_every_template_a_row():
    rows = {row.template for row in TOLD}

    assert names() == rows
    for language in Language:
        for row in rows:
            assert (TEMPLATES / f"{row}.{language.value}.txt").exists()


@pytest.mark.parametrize("language", BOTH)
def test_every_row_can_be_written(language: Language):
    found = {delivery.template for delivery, _, _ in everything(language)}

    assert found == names()


@pytest.mark.parametrize("language", BOTH)
def test_a_subject_is_one_short_line_that_names_the_case(language: Language):
    for _, subject, text in everything(language):
        assert subject.startswith(f"[{CODE}] ")
        assert len(subject) < 100
        assert subject.isprintable()
        assert CODE in text


@pytest.mark.parametrize("language", BOTH)
def test_texts_are_whole_and_have_no_gaps(language: Language):
    for delivery, _, text in everything(language):
        assert text[0].isupper(), delivery.template
        assert text.endswith("\n")
        assert "\n\n\n" not in text, delivery.template
        assert "None" not in text
        assert not [line for line in text.splitlines() if line != line.rstrip()], delivery.template
        assert "  " not in text


def test_no_branch_of_a_template_asks_for_a_word_that_is_not_there():
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=False)  # noqa: S701
    delivery = owed(assigned(), Language.VIETNAMESE)["desk_assigned"]
    known = {*MESSAGES.words(delivery), "status"}  # the last of the short line's own

    for path in (*TEMPLATES.glob("*.txt"), *TEMPLATES.glob("follow/*.txt")):
        asked = meta.find_undeclared_variables(environment.parse(path.read_text()))
        assert asked <= known, path.name


@pytest.mark.parametrize("language", BOTH)
def test_a_reporters_link_opens_the_case_and_an_officials_asks_to_sign_in(language: Language):
    for delivery, _, text in everything(language):
        if delivery.to_reporter:
            assert f"https://dalat.example/r/{CODE}#{TOKEN}\n" in text
        elif delivery.to_follower:
            assert f"https://dalat.example/r/{CODE}\n" in text
            assert TOKEN not in text
        else:
            assert f"https://dalat.example/desk/cases/{CODE}\n" in text
            assert TOKEN not in text


@pytest.mark.parametrize("language", BOTH)
def test_no_message_names_anybody(language: Language):
    for delivery, subject, text in everything(language):
        for secret in (str(case().reporter), "u_somebody", "@x", "screening", delivery.recipient):
            assert secret not in subject + text


SAYABLE = {  # code, state, due time and link; the others choose between sentences
    *("code", "template", "promise", "due", "expected", "previous", "directive_due", "until"),
    *("link", "confirm_code", "confirm_link", "dispute_days", "escalates_after", "onestop"),
    *("running", "coordinated", "on_time", "task", "gone"),
}


def test_a_template_can_say_code_state_due_time_and_link_and_nothing_else():
    delivery = owed(assigned(), Language.VIETNAMESE)["desk_assigned"]

    assert set(MESSAGES.words(delivery)) == SAYABLE


@pytest.mark.parametrize("language", BOTH)
def test_no_message_says_what_a_report_is_about_who_handles_it_or_why(language: Language):
    rules = dalat()
    hidden = {each.name.in_language(language) for each in (*rules.categories, *rules.areas)}
    hidden |= {
        each.name.in_language(language)
        for each in rules.units
        if each.id not in {OFFICE, LEADERS}  # whose part in every case is the regulation's
    }
    for delivery, subject, text in everything(language):
        for name in hidden:
            assert name not in subject + text, delivery.template


@pytest.mark.parametrize("language", BOTH)
def test_all_refusals_and_all_redirections_read_alike_whatever_the_reason(language: Language):
    refusals = {
        written("refused", CaseRefused(**SAID, reason=each), language, state=State.REFUSED)
        for each in ("insulting", "not_clear", "spam", "one_of_tomorrow")
    }
    redirections = {
        written("redirected", CaseRedirected(**SAID, reason=each), language, state=State.REDIRECTED)
        for each in ("other_authority", "complaint", "denunciation")
    }

    assert len(refusals) == len(redirections) == 1


# What it says


def test_a_receipt_says_the_promise_before_anybody_has_named_a_category():
    event = CaseSubmitted(at=RECEIVED, actor="reporter")
    _, text = written("receipt", event, Language.VIETNAMESE, category=None, unit=None)

    assert "Thời hạn: xử lý trước 10:00 thứ Hai 12/01 (2 giờ làm việc)" in text


def test_a_unit_reads_the_promise_with_its_reasons():
    _, vi = written("desk_assigned", assigned(), Language.VIETNAMESE)
    _, en = written("desk_assigned", assigned(), Language.ENGLISH)

    assert "Thời hạn: xử lý trước 10:00 thứ Hai 12/01 (2 giờ làm việc)\n" in vi
    assert "Time limit: answered by 10:00 on Monday 12/01 (2 working hours)\n" in en


@pytest.mark.parametrize(
    ("unit", "next_step"),
    [
        pytest.param("ward_1", "tiếp nhận, cử cán bộ xử lý", id="a unit handles"),
        pytest.param("office", "giao đơn vị có thẩm quyền", id="the Office assigns"),
        pytest.param("leaders", "giao đơn vị không bị phản ánh", id="leaders give it away"),
    ],
)
def test_each_is_told_what_is_theirs_to_do(unit: str, next_step: str):
    event = assigned(unit=UnitId(unit))
    _, text = written("desk_assigned", event, Language.VIETNAMESE, unit=UnitId(unit))

    assert f"Việc cần làm: {next_step}" in text


def test_a_held_report_is_asked_for_other_words_while_its_clock_runs():
    _, vi = written("held", HELD, Language.VIETNAMESE, state=State.HELD)
    _, en = written("held", HELD, Language.ENGLISH, state=State.HELD)

    assert "viết lại bằng lời khác" in vi
    assert "Thời hạn vẫn được tính: xử lý trước 10:00" in vi
    assert "write it again in other words" in en
    assert "The clock runs on: answered by 10:00" in en


def test_a_coordination_shows_both_dates():
    _, text = written("coordination", APPROVED, Language.VIETNAMESE, expected_at=LATER)

    assert "Thời gian dự kiến có kết quả: 12:00 thứ Năm 15/01/2026\n" in text
    assert "Thời hạn ban đầu: xử lý trước 10:00 thứ Hai 12/01 (2 giờ làm việc)\n" in text


def test_a_moved_date_shows_the_old_one_too():
    _, text = written("coordination_moved", MOVED, Language.ENGLISH, expected_at=LATER)

    assert "New expected date: 12:00 on Thursday 15/01/2026\n" in text
    assert "Old expected date: 12:00 on Monday 12/01/2026\n" in text
    assert "First time limit: answered by 10:00 on Monday 12/01" in text


def test_a_disputes_new_limit_counts_from_the_dispute():
    changes = {
        "state": State.REOPENED,
        "due_at": datetime(2026, 2, 23, 2, 0, tzinfo=UTC),
        "counted_from": datetime(2026, 2, 13, 10, 0, tzinfo=UTC),
    }
    _, text = written("reopened", REOPENED, Language.VIETNAMESE, **changes)

    assert "xử lý trước 09:00 thứ Hai 23/02 (2 giờ làm việc; nghỉ Tết Nguyên đán" in text


@pytest.mark.parametrize("language", BOTH)
def test_a_reminder_shows_the_date_that_has_come(language: Language):
    event = deadline(DeadlineApproaching, due_at=LATER)
    _, text = written("desk_approaching", event, language, expected_at=LATER)

    assert moment(LATER, state_calendar(), language) in text
    assert "12/01" not in text


def test_only_before_a_coordination_is_it_proposed_to_coordinate():
    event = deadline(DeadlineApproaching)
    _, alone = written("desk_approaching", event, Language.VIETNAMESE)
    _, together = written("desk_approaching", event, Language.VIETNAMESE, expected_at=LATER)

    assert "phối hợp" in alone
    assert "phối hợp" not in together


def test_who_has_to_chase_is_told_apart_from_who_has_to_act():
    head = written("desk_missed", deadline(DeadlineMissed), Language.VIETNAMESE)
    others = written("desk_missed_elsewhere", deadline(DeadlineMissed), Language.VIETNAMESE)

    assert head[0] == f"[{CODE}] Đã quá hạn xử lý"
    assert others[0] == f"[{CODE}] Một đơn vị quá hạn xử lý"
    assert "xem đơn vị nào trong hồ sơ và đôn đốc công bố kết quả ngay" in others[1]
    assert "sau 8 giờ làm việc" in others[1]


def test_a_message_after_the_result_speaks_of_no_deadline():
    for event, template in ((TO_REPORTER, "message"), (FROM_REPORTER, "desk_message")):
        _, before = written(template, event, Language.VIETNAMESE)
        _, after = written(template, event, Language.VIETNAMESE, state=State.RESOLVED)

        assert "10:00" in before
        assert "10:00" not in after
        assert "\n\n\n" not in after


@pytest.mark.parametrize(
    ("on_time", "words"),
    [
        pytest.param(True, "đúng thời hạn", id="on time"),
        pytest.param(False, "trễ hạn", id="late"),
    ],
)
def test_a_result_says_whether_it_kept_the_promise_and_how_long_one_may_disagree(
    on_time: bool,  # noqa: FBT001 - a column of the table
    words: str,
):
    event = RESOLVED.model_copy(update={"on_time": on_time})
    _, text = written("result", event, Language.VIETNAMESE, state=State.RESOLVED)

    assert words in text
    assert "trong 10 ngày" in text


def test_an_elapsed_limit_is_not_called_working_hours():
    _, text = written("desk_assigned", assigned(), Language.VIETNAMESE, clock=Clock.ELAPSED)

    assert "(2 giờ)" in text


def test_a_case_of_an_edition_that_is_not_known_here_yet_waits():
    found = owed(assigned(), Language.VIETNAMESE, regulation="dalat@2031-1")

    with pytest.raises(OutageError):
        MESSAGES.render(found["assigned"])
