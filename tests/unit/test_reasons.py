"""Why a report was not taken up, and until when its result may be disputed."""

from datetime import timedelta

import pytest

from services.intake.domain.case import Case, Fact, RuleBrokenError
from services.intake.domain.commands import Elsewhere, Refusal
from services.intake.domain.decisions import COMMANDS, Request, decide
from services.intake.domain.evolve import evolve
from services.intake.reasons import dispute_until, reason_of
from services.intake.store import StoredCase
from services.intake.views import FOR_THE_REPORTER, own_view, public_view, timeline
from shared.vocabulary import State
from tests.builders import snapshot
from tests.unit.test_case import CLERK, NOW, REPORTER, RULES, at_office, do, resolved

CONTENT = {"text": "Rác", "location": None, "captured_at": None, "media": []}


def stored_of(case: Case, *facts: Fact) -> StoredCase:
    """Return a case as it is read, with these facts as its history."""
    history = [
        {
            "sequence": n,
            "type": each.event.type,
            "event": each.event.model_dump(),
            "words": each.words,
        }
        for n, each in enumerate(facts, 1)
    ]
    return StoredCase(case, snapshot(), 1, CONTENT, {"emergency": []}, history, {})


@pytest.mark.parametrize("code", list(Refusal))
def test_every_refusal_has_words_in_both_languages(code: Refusal):
    found = reason_of("case.refused.v1", code.value)

    assert found
    assert found["code"] == code.value
    assert found["vi"] != found["en"]


@pytest.mark.parametrize("code", list(Elsewhere))
def test_every_redirection_has_words_in_both_languages(code: Elsewhere):
    found = reason_of("case.redirected.v1", code.value)

    assert found
    assert found["vi"] != found["en"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        pytest.param("case.held.v1", "spam", id="why it was held is between officials"),
        pytest.param("case.refused.v1", "something_new", id="a code of a later version"),
        pytest.param("case.refused.v1", None, id="none"),
    ],
)
def test_other_reasons_are_not_told(kind: str, code: str | None):
    assert reason_of(kind, code) is None


def test_the_reporter_reads_why_and_where_and_the_public_does_not():
    away = {"reason": "complaint", "agency": "Thanh tra thành phố", "text": "Theo Luật"}
    command = COMMANDS["redirect"].model.model_validate(away)
    (fact,) = decide("redirect", at_office(), command, Request(CLERK, NOW, RULES))
    stored = stored_of(evolve(at_office(), fact), fact)

    (own,) = timeline(stored, RULES, FOR_THE_REPORTER)
    (public,) = timeline(stored, RULES, ())

    assert (own["agency"], own["reason_name"]["vi"]) == (away["agency"], "Đây là đơn khiếu nại")
    assert {"agency", "reason_name", "text", "reason"} & set(public) == set()


def test_a_result_may_be_disputed_until_what_its_own_view_says():
    case = resolved()
    until = dispute_until(case, RULES)

    assert until
    assert until == case.results[-1].at + timedelta(days=10)
    assert (
        own_view(stored_of(case), RULES, NOW)["dispute_until"]
        == until.astimezone(RULES.calendar.zone).isoformat()
    )
    assert "dispute_until" not in public_view(stored_of(case), RULES, NOW)
    assert do(case, REPORTER, "reopen", now=until, text="Chưa xong").state is State.REOPENED
    with pytest.raises(RuleBrokenError, match="window_passed"):
        do(case, REPORTER, "reopen", now=until + timedelta(seconds=1), text="Chưa xong")


def test_what_is_closed_or_open_has_no_window():
    assert dispute_until(at_office(), RULES) is None
    assert dispute_until(do(resolved(), REPORTER, "rating", score=5), RULES) is None
