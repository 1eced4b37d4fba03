"""A report as it comes in: what counts as accepted terms, and what as a text."""

from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.domain.complaints import complaints
from services.intake.domain.naming import by_ids
from services.intake.domain.report import MOST_FILES, ReportIn
from tests.builders import dalat

OLD = "2019 edition"
CURRENT = dalat().terms.version


def said(**changes: Any) -> ReportIn:
    return ReportIn.model_validate({"text": "Đèn đường bị hỏng", "category": "other", **changes})


def codes(report: ReportIn) -> list[str]:
    found = complaints(report, dalat(), media_count=0, can_attach=False)
    return [each.code for each in found]


@pytest.mark.parametrize(
    "terms",
    [
        *(True, CURRENT, f" {CURRENT} ", OLD, "true", "2026-01"),
        *(
            {"accepted": True},
            {"accepted": True, "version": OLD},
            {"accepted": True, "version": ""},
        ),
        {"accepted": True, "version": "of an app that kept its own words"},
    ],
)
def test_terms_are_accepted_by_saying_so_or_by_naming_a_version(terms: Any) -> None:
    assert codes(said(terms=terms)) == []


@pytest.mark.parametrize(
    "terms",
    [
        *(False, "", " ", "false", " No ", "0", "KHÔNG", "null"),
        *({}, {"accepted": False}, {"accepted": False, "version": CURRENT}, {"version": CURRENT}),
    ],
)
def test_anything_else_is_no_acceptance(terms: Any) -> None:
    assert codes(said(terms=terms)) == ["terms_not_accepted"]


def test_the_manifest_is_as_long_as_an_operator_may_allow_files() -> None:
    assert len(said(media=[{}] * MOST_FILES).media) == MOST_FILES
    with pytest.raises(ValidationError) as caught:
        said(media=[{}] * (MOST_FILES + 1))

    assert [each["loc"] for each in caught.value.errors()] == [("media",)]


@pytest.mark.parametrize("accepted", ["true", "yes", "1", 1, 1.0, 0, None, [True]])
def test_accepted_is_true_or_false_and_nothing_like_it(accepted: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        said(terms={"accepted": accepted})

    assert [each["loc"] for each in caught.value.errors()] == [("terms", "accepted")]


INVISIBLE = [
    *("\u200b", "\u2060\ufeff", "\u2800", "\u2800 \u2800", "\u00ad", "\u3164", "\uffa0"),
    *("\u115f\u1160", "\x07\x1b", "\u202e\u202c", "\u180e", "...", "?!", "\u0301"),
]


@pytest.mark.parametrize("text", INVISIBLE, ids=[ascii(each) for each in INVISIBLE])
def test_what_nobody_can_read_is_no_text(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        said(text=text)

    assert [each["loc"] for each in caught.value.errors()] == [("text",)]


@pytest.mark.parametrize(
    "text", ["x", "7", "Ổ gà", "o\u0309 ga\u0300", "쓰레기", "ขยะ", "\u200bRác"]
)
def test_one_letter_or_digit_of_any_script_is_a_text(text: str) -> None:
    assert said(text=text).text == text


@pytest.mark.parametrize(
    ("category", "sub_category", "ids"),
    [
        pytest.param("environment", "waste", ("environment", "waste"), id="ids"),
        pytest.param("environment", "rac thai", ("environment", "waste"), id="an alias"),
        pytest.param("Môi trường", "Noise", ("environment", "noise"), id="names"),
        pytest.param(None, "Tiếng ồn", (None, "noise"), id="a sub-category alone"),
        pytest.param("environment", None, ("environment", None), id="none"),
    ],
)
def test_a_category_may_be_called_by_its_names(
    category: str | None, sub_category: str | None, ids: tuple[str | None, str | None]
) -> None:
    report = by_ids(said(category=category, sub_category=sub_category, terms=True), dalat())

    assert (report.category, report.sub_category) == ids
    assert codes(report) == []


@pytest.mark.parametrize(
    ("category", "sub_category", "complaint"),
    [
        pytest.param("environment", "traffic", "unknown_sub_category", id="of another category"),
        pytest.param("environment", "nothing", "unknown_sub_category", id="of none"),
        pytest.param(None, "nothing", "unknown_sub_category", id="of none, alone"),
        pytest.param("nothing", "waste", "unknown_category", id="an unknown category is enough"),
    ],
)
def test_a_sub_category_lies_under_its_category(
    category: str | None, sub_category: str, complaint: str
) -> None:
    report = by_ids(said(category=category, sub_category=sub_category, terms=True), dalat())

    found = complaints(report, dalat(), media_count=1, can_attach=True)
    assert [(each.field, each.code) for each in found] == [
        (complaint.removeprefix("unknown_"), complaint)
    ]
