"""The terms after which personal data is erased: in both files, optional, and not contradictory."""

from pathlib import Path

import pytest

from shared.regulation import Regulation, read_regulation
from shared.rulefile import RuleFileError, parse
from tests.builders import dalat, five_wards

FILE = Path(__file__).parents[2] / "shared" / "regulations" / "dalat.yaml"
TEXT = FILE.read_text(encoding="utf-8")
ORIGINALS = "  originals_days_after_close: 180"


def read(text: str) -> Regulation:
    return read_regulation(parse(text, FILE.name), {"vn-state.yaml"})


@pytest.mark.parametrize("regulation", [dalat(), five_wards()], ids=["dalat", "five_wards"])
def test_both_regulations_say_how_long_data_stays_and_where_that_comes_from(
    regulation: Regulation,
) -> None:
    terms = regulation.retention

    assert terms
    assert terms.originals_days_after_close <= terms.reporter_days_after_close
    assert "91/2025" in terms.source


def test_a_regulation_without_terms_is_a_regulation() -> None:
    text = TEXT[: TEXT.index("\nretention:") + 1]

    assert read(text).retention is None


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        pytest.param(
            ORIGINALS,
            "  originals_days_after_close: 366",
            "the originals go with the reporter, after 365 days",
            id="originals that outlive their reporter",
        ),
        pytest.param(
            ORIGINALS, "  originals_days_after_close: 0", "greater than or equal to 1", id="no time"
        ),
        pytest.param(
            ORIGINALS, "  originals_days_after_close: soon", "valid integer", id="no number"
        ),
    ],
)
def test_terms_that_cannot_be_are_refused_at_their_line(old: str, new: str, words: str) -> None:
    assert TEXT.count(old) == 1

    with pytest.raises(RuleFileError) as caught:
        read(TEXT.replace(old, new))

    assert words in caught.value.message
    assert caught.value.line == TEXT[: TEXT.index(old)].count("\n") + 1


def test_terms_without_a_source_are_refused() -> None:
    start = TEXT.index("  source: >-", TEXT.index("\nretention:"))

    with pytest.raises(RuleFileError, match=r"retention\.source"):
        read(TEXT[:start])
