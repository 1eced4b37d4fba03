"""The table of a chaos run: what it says of numbers that are met, not met, or never compared."""

import pytest

from tests.chaos import table
from tests.chaos.checker import COUNTERS, Violation, totals
from tests.chaos.nemesis import Measure, Result


def result(*measures: Measure, **changes: object) -> Result:
    made = Result(1, "SIGKILL intake", faults=3, quiet_s=4.0, acknowledged=10, counters=totals([]))
    made.measures = {each.name: each for each in measures}
    for name, value in changes.items():
        setattr(made, name, value)
    return made


def cells(text: str, begins: str) -> list[str]:
    [line] = [each for each in text.splitlines() if each.startswith(begins)]
    return [cell.strip() for cell in line.strip("|").split("|")]


@pytest.mark.parametrize(
    ("measure", "words"),
    [
        (Measure("ready", 2.0, values=[1.0, 1.5]), "ready 1.2 / 1.5 s (≤ 2: met)"),
        (Measure("ready", 2.0, values=[1.0, 3.0]), "ready 2.0 / 3.0 s (≤ 2: **not met**)"),
        (Measure("healed", None, values=[1.0]), "healed 1.0 / 1.0 s"),
        (
            Measure("goodput", 0.8, unit="×", values=[0.5, 0.9, 2.0], at_least=True),
            "goodput 0.9 / 0.5 × (≥ 0.8: **not met**)",
        ),
    ],
)
def test_a_number_stands_beside_that_of_the_matrix(measure: Measure, words: str):
    text = table.markdown([result(measure)], ["head"], totals([]))

    assert cells(text, "| 1 ")[-1] == words
    assert ("falls short" in text) == ("not met" in words)


def test_the_last_line_sums_up():
    violation = Violation("L", "lost")
    rows = [
        result(Measure("ready", 2.0, values=[3.0])),
        result(Measure("ready", 2.0, values=[1.0])),
    ]

    text = table.markdown(rows, ["head"], totals([violation]))

    found = cells(text, "|  | **all**")
    assert found[2:4] == ["6", "20"]
    assert found[4 : 4 + len(COUNTERS)] == ["1", *"0000000"]
    assert found[-1] == "1 of 2 numbers met"


def test_a_run_that_was_interrupted_does_not_claim_zeros():
    text = table.markdown([result(counters=None)], ["head"], None)

    for begins in ("| 1 ", "|  | **all**"):
        assert cells(text, begins)[4 : 4 + len(COUNTERS)] == ["–"] * len(COUNTERS)
