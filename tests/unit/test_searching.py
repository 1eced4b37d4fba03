"""What is found by what somebody types into an inbox."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from services.intake.searching import MOST_WORDS, searchable, searched
from tests.builders import dalat

CODE = "DL-7K3Q-9M2F"
TEXT = "Lấn chiếm vỉa hè, xe máy dựng kín lối đi (trước chợ)"
ADDRESS = "12 Phan Đình Phùng, P.2"
CASE: Mapping[str, Any] = {
    "_id": CODE,
    "case.unit": "ward_1",
    "content.folded": searchable(TEXT, ADDRESS),
}


def holds(condition: Mapping[str, Any], case: Mapping[str, Any]) -> bool:
    """Read the few operators of MongoDB that a search is made of."""
    for name, wanted in condition.items():
        if name in {"$or", "$and"}:
            choose = any if name == "$or" else all
            met = choose(holds(each, case) for each in wanted)
        elif isinstance(wanted, dict):
            ((operator, value),) = wanted.items()
            given = case[name]
            met = re.search(value, given) is not None if operator == "$regex" else given in value
        else:
            met = case[name] == wanted
        if not met:
            return False
    return True


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param(CODE, id="the code"),
        pytest.param("9M2F", id="the last part of the code"),
        pytest.param("DL-7K3Q", id="its first parts"),
        pytest.param("DL-7K3Q-9", id="as far as it is typed"),
        pytest.param("7k3q9m2f", id="without its hyphens"),
        pytest.param("3q 9m", id="over a hyphen"),
        pytest.param("lấn vỉa", id="words that do not stand side by side"),
        pytest.param("xe hè", id="in another order"),
        pytest.param("xe má lo", id="beginnings of words"),
        pytest.param("iem via he", id="a piece of the text as it stands"),
        pytest.param("(trước chợ)", id="signs"),
        pytest.param("phan phung", id="the address"),
        pytest.param("phường 2", id="a ward as the address shortens it"),
        pytest.param("9M2F vỉa", id="code and words"),
        pytest.param("ubnd phuong 1 vỉa", id="unit and words"),
        pytest.param(" ".join(["xe"] * MOST_WORDS + ["nothing"]), id="more words than are read"),
        pytest.param("%%%", id="signs alone"),
    ],
)
def test_a_case_is_found_by(typed: str):
    assert holds(searched(typed, dalat()), CASE)


@pytest.mark.parametrize(
    "typed",
    [
        pytest.param("DL-7K3Q-9M2G", id="another code"),
        pytest.param("M2", id="two characters from within the code"),
        pytest.param("7k3q rác", id="its code and a word that is not in it"),
        pytest.param("vỉa rác", id="one word of two"),
        pytest.param("áy vỉa", id="a word from within one"),
        pytest.param("l.*i", id="a pattern"),
        pytest.param("v.a", id="a pattern of a word"),
    ],
)
def test_a_case_is_not_found_by(typed: str):
    assert not holds(searched(typed, dalat()), CASE)


def test_the_words_that_are_looked_for_are_bounded():
    many = " ".join(f"w{n}" for n in range(100))
    (words,) = (each["$and"] for each in searched(many, dalat())["$or"] if "$and" in each)
    assert len(words) == MOST_WORDS
