"""The small-number guard: what became of a few is not said, and does not follow by subtraction."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.ioc.figures import rows, together, whole
from services.notify.ioc.guard import hidden

SMALL = 5


@pytest.mark.parametrize(
    ("counts", "places"),
    [
        pytest.param([], set(), id="no rows"),
        pytest.param([0, 0], set(), id="nothing to hide"),
        pytest.param([5, 9], set(), id="enough everywhere"),
        pytest.param([1], {0}, id="one row, as small as the total"),
        pytest.param([9, 1, 7, 0], {1, 2}, id="a second one, the smallest of the others"),
        pytest.param([1, 2, 9, 8], {0, 1, 3}, id="two that are too few together"),
        pytest.param([3, 2, 9, 8], {0, 1}, id="two that are enough together"),
        pytest.param([1, 1, 1, 1, 1, 9], {0, 1, 2, 3, 4}, id="many"),
        pytest.param([1, 0, 2], {0, 2}, id="all that there are"),
    ],
)
def test_rows_of_a_few_are_hidden_and_as_many_more_as_it_takes(
    counts: list[int], places: set[int]
) -> None:
    assert hidden(counts, SMALL) == places


@given(st.lists(st.integers(0, 30), max_size=12), st.integers(1, 8))
def test_who_subtracts_what_is_shown_from_the_total_learns_of_no_few(
    counts: list[int], small: int
) -> None:
    places = hidden(counts, small)

    few = {n for n, count in enumerate(counts) if 0 < count < small}
    rest = sum(counts) - sum(count for n, count in enumerate(counts) if n not in places)
    assert few <= places
    assert rest == 0 or rest >= small or rest == sum(counts)
    assert bool(places) == bool(few)
    larger = [counts[n] for n in places - few]
    if larger:  # no more than it takes
        assert rest - max(larger) < small


def group(key: str | None, resolved: int, on_time: int, **more: Any) -> dict[str, Any]:
    plain = {"total": 40, "open": 3, "overdue": 2, "answered": resolved, "reopened": 1, "rated": 0}
    late = resolved - on_time
    told = {"resolved": resolved, "on_time": on_time, "late": late, "score": 0}
    worked = {"works": resolved, "median_work_s": 60, "p90_work_s": 60}
    return {"_id": key, **plain, **told, **worked, "satisfied": 0, **more}


def test_what_became_of_a_few_cannot_be_divided_out_of_their_row() -> None:
    shown = whole(group(None, 4, 3), SMALL)

    assert (shown["resolved"], shown["answered"]) == (4, 4)
    assert (shown["total"], shown["open"], shown["overdue"]) == (40, 3, 2)
    names = ("on_time", "late", "on_time_share", "median_work_s", "p90_work_s")
    names += ("reopened", "reopened_share")
    assert sorted(shown["withheld"]) == sorted(names)
    assert {shown[name] for name in names} == {None}


def test_nothing_is_withheld_of_enough_or_of_none() -> None:
    enough, none = whole(group(None, 5, 3, rated=5, score=20), SMALL), whole({}, SMALL)

    assert (enough["on_time"], enough["late"], enough["on_time_share"]) == (3, 2, 0.6)
    assert (enough["reopened"], enough["satisfaction"]) == (1, 4)
    assert (none["on_time"], none["on_time_share"], none["reopened"]) == (0, None, 0)
    assert enough["withheld"] == none["withheld"] == []


def test_the_total_less_the_other_rows_gives_no_small_row() -> None:
    shown = rows([group("a", 30, 20), group("b", 2, 2), group("c", 9, 1)], "unit", SMALL)

    assert [each["on_time"] for each in shown] == [20, None, None]
    assert [each["late"] for each in shown] == [10, None, None]
    assert [each["reopened"] for each in shown] == [1, None, None]
    # a median is no sum: nothing follows from that of the others
    assert [each["median_work_s"] for each in shown] == [60, None, 60]
    assert "works" not in shown[0]


def test_ratings_of_a_few_are_withheld_whoever_else_has_enough() -> None:
    rated = [
        group("a", 9, 9, rated=9, score=36, satisfied=8),
        group("b", 9, 9, rated=1, score=1),
        group("c", 9, 9, rated=6, score=30, satisfied=6),
    ]

    shown = rows(rated, "unit", SMALL)

    assert [each["satisfaction"] for each in shown] == [4, None, None]
    assert [each["satisfied_share"] for each in shown] == [round(8 / 9, 4), None, None]
    assert [each["rated"] for each in shown] == [9, 1, 6]


@pytest.mark.parametrize(
    ("groups", "shown"),
    [
        pytest.param([], {}, id="no result"),
        pytest.param([group("solved", 4, 4)], {}, id="the only outcome would say it"),
        pytest.param([group("solved", 3, 3), group("partly", 1, 0)], {}, id="two of a few"),
        pytest.param(
            [group("solved", 9, 8), group("partly", 1, 0), group("not_possible", 7, 7)],
            {"solved": (9, 8), "partly": (1, None), "not_possible": (7, None)},
            id="on time of one would follow from the others",
        ),
        pytest.param([group("solved", 5, 5), group(None, 0, 0)], {"solved": (5, 5)}, id="enough"),
    ],
)
def test_outcomes_are_told_of_enough_results(
    groups: list[dict[str, Any]], shown: dict[str, tuple[int, int | None]]
) -> None:
    found = together({"outcome": groups}, (), SMALL)

    told = found["by_outcome"].items()
    assert {name: (each["total"], each["on_time"]) for name, each in told} == shown
    assert ("by_outcome" in found["withheld"]) == (bool(groups) and not shown)
