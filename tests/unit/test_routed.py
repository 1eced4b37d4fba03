"""The router's reasons in the regulation's words, and the marks of a text."""

from typing import Any

import pytest

from services.intake.domain.case import Case
from services.intake.domain.rules import Rules
from services.intake.marks import EXCERPT, excerpt
from services.intake.routed import SAMPLE_WORDS, routed
from services.intake.store import StoredCase
from shared.vocabulary import (
    ABOUT_ITSELF,
    ABOUT_LEADERS_TOO,
    ABOUT_THE_TOP,
    NO_RULE,
    UNKNOWN_PLACE,
    State,
)
from tests.builders import dalat, snapshot, state_calendar

RULES = Rules(dalat(), state_calendar())
SUBMITTED = {"suggestion": None, "stated_area": "ward_1"}


def stored(
    decision: dict[str, Any], submitted: dict[str, Any] = SUBMITTED, actor: str = "router"
) -> StoredCase:
    """A case as the router assigned it."""
    assigned = {
        "actor": actor,
        "unit": "ward_1",
        "monitoring_unit": "natural_resources",
        "rule": "environment_by_ward",
        "category": "environment",
        "category_origin": "reporter",
        "area": "ward_1",
        **decision,
    }
    history = [
        {"type": "case.submitted.v1", "event": submitted},
        {"type": "case.assigned.v1", "event": assigned},
    ]
    return StoredCase(Case(snapshot=snapshot()), snapshot(), 2, {"text": ""}, {}, history, {})


def why(case: StoredCase) -> str:
    found = routed(case, RULES)
    assert found is not None
    assert "_" not in found["why"]["vi"] + found["why"]["en"]
    return found["why"]["vi"]


def test_category_and_area_decide_and_the_source_of_the_line_is_said():
    found = routed(stored({}), RULES)

    assert found is not None
    assert found["why"]["vi"] == (
        "Môi trường (người phản ánh chọn) × Phường 1 (theo lời người phản ánh): UBND phường 1 "
        "xử lý vì là phường, xã sở tại, Phòng Tài nguyên và Môi trường giám sát."
    )
    assert found["why"]["en"].startswith("Environment (chosen by the reporter) × Ward 1")
    assert found["source"] == {"vi": SAMPLE_WORDS.vi, "en": SAMPLE_WORDS.en}


def test_the_words_that_spoke_for_a_category_are_named():
    guess = {"category": "environment", "confidence": 0.8, "keywords": ["rác", "hôi thối"]}
    case = stored({"category_origin": "suggested"}, {**SUBMITTED, "suggestion": guess})

    assert "theo lời: “rác”, “hôi thối”" in why(case)


def test_a_place_on_the_map_is_told_apart_from_words():
    assert "Phường 1 (theo vị trí)" in why(stored({}, {**SUBMITTED, "stated_area": None}))


@pytest.mark.parametrize(
    ("rule", "area", "said"),
    [
        pytest.param(NO_RULE, "ward_1", "không có dòng nào", id="no rule"),
        pytest.param(UNKNOWN_PLACE, None, "chưa rõ địa bàn", id="unknown place"),
        pytest.param(ABOUT_ITSELF, "ward_1", "chính đơn vị", id="about the unit itself"),
        pytest.param(ABOUT_LEADERS_TOO, "ward_1", "nên nơi khác xem", id="about the leaders too"),
        pytest.param(ABOUT_THE_TOP, "ward_1", "lãnh đạo UBND xem", id="about the Office"),
    ],
)
def test_what_no_line_of_the_table_places_is_said_too(rule: str, area: str | None, said: str):
    case = stored({"rule": rule, "area": area, "unit": "office", "monitoring_unit": "office"})

    assert said in why(case)
    found = routed(case, RULES)
    assert found is not None
    assert found["source"] is None


def test_an_assignment_by_a_person_is_no_word_of_the_router():
    assert routed(stored({}, actor="u_clerk"), RULES) is None


def test_the_excerpt_of_a_held_text_begins_near_the_words_that_hold_it():
    text = "a" * 300 + " đồ ngu"
    mark = {"kind": "abuse", "name": {"vi": "x", "en": "x"}, "from": 301, "to": 307}
    held = snapshot(state=State.HELD)
    content = {"text": text, "flagged": [mark]}
    found = excerpt(StoredCase(Case(snapshot=held), held, 1, content, {}, [], {}))

    [moved] = found["flagged"]
    assert found["excerpt"][moved["from"] : moved["to"]] == "đồ ngu"
    assert len(found["excerpt"]) <= EXCERPT + 1

    open_ = snapshot()
    found = excerpt(StoredCase(Case(snapshot=open_), open_, 1, content, {}, [], {}))
    assert found == {"excerpt": text[:EXCERPT]}
