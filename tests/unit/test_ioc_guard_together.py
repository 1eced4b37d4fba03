"""The small-number guard over several tables of one answer: what became of a few never follows.

Each ledger is tiny, so that every other one that would look the same can be tried. Whoever reads
the answer is taken to know which case stands in which row, and only not what became of it.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import product
from math import ceil
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from services.notify.ioc.figures import together
from services.notify.ioc.guard import withheld

SMALL = 3
NAMES = ("unit", "category", "area", "channel")
TABLES = (*NAMES, "outcome")
Case = tuple[str, ...]  # its row in each of the tables
Group = frozenset[int]  # which cases of the ledger
Fates = Sequence[int]


def p90(fates: Sequence[int]) -> int:
    return sorted(fates)[ceil(0.9 * len(fates)) - 1]


def middle(fates: Sequence[int]) -> Any:
    return median(fates), p90(fates)


class Told(NamedTuple):
    """What is told of a group of cases, and all that each of them may have become."""

    field: str
    of: Callable[[Sequence[int]], Any]
    may_be: Sequence[int]


ON_TIME = Told("on_time", sum, (0, 1))
WORKED = Told("median_work_s", middle, (1, 2, 3))


def counted(cases: Sequence[Case], fates: Fates, rows: Iterable[str], at: int) -> list[Any]:
    found: list[Any] = []
    for row in rows:
        of = [fate for case, fate in zip(cases, fates, strict=True) if row in ("", case[at])]
        late = {"resolved": len(of), "on_time": sum(of), "late": len(of) - sum(of)}
        works = {"works": len(of), "median_work_s": median(of), "p90_work_s": p90(of)}
        found.append({"_id": row, "total": len(of), **late, **works})
    return found


def shown(cases: Sequence[Case], fates: Fates, small: int = SMALL) -> dict[str, Any]:
    """The answer about a ledger."""
    found = {"all": counted(cases, fates, [""], 0)}
    for at, name in enumerate(TABLES):
        found[name] = counted(cases, fates, sorted({case[at] for case in cases}), at)
    return together(found, NAMES, small)


def groups(cases: Sequence[Case], answer: dict[str, Any], field: str) -> tuple[set[Group], ...]:
    """The groups of which the answer tells the field, and the rows of which it does not."""
    told, untold = set[Group](), set[Group]()
    everybody = frozenset(range(len(cases)))
    (told if answer[field] is not None else untold).add(everybody)
    for at, name in enumerate(TABLES):
        table = answer[f"by_{name}"]
        rows = table if isinstance(table, list) else [{name: n, **e} for n, e in table.items()]
        for row in rows:
            if field in row:
                group = frozenset(n for n in everybody if cases[n][at] == row[name])
                (told if row[field] is not None else untold).add(group)
    return told, untold


def pieces(cases: Sequence[Case], told: set[Group]) -> set[Group]:
    """The cases that nothing that is told tells apart."""
    found: dict[tuple[bool, ...], set[int]] = {}
    for n in range(len(cases)):
        found.setdefault(tuple(n in group for group in told), set()).add(n)
    return {frozenset(each) for each in found.values()}


def follows(of: Group, told: set[Group], cases: int) -> bool:
    """Whether adding and subtracting what is told gives what is said of a group."""
    rows = [[float(n in group) for n in range(cases)] for group in told]
    wanted = [float(n in of) for n in range(cases)]
    rank = np.linalg.matrix_rank
    return bool(rows) and rank(np.array([*rows, wanted])) == rank(np.array(rows))


def ledgers(most: int) -> st.SearchStrategy[list[Case]]:
    row = st.sampled_from("abc")
    return st.lists(st.tuples(*[row] * len(TABLES)), min_size=SMALL, max_size=most)


many = settings(max_examples=400, deadline=None, print_blob=True)


FOREST = [
    ("u", "food", "x", "web", "solved"),
    *[("f", "forest", "x", "web", "solved")] * 3,
    *[("u", "waste", "x", "web", "solved")] * 4,
]


@pytest.mark.parametrize("told", [ON_TIME, WORKED], ids=lambda told: told.field)
@many
@given(data=st.data())
def test_what_became_of_a_few_is_never_the_only_way_to_read_the_answer(
    told: Told, data: st.DataObject
) -> None:
    cases = data.draw(ledgers(9 if told is ON_TIME else 6), "cases")
    fate = st.sampled_from(told.may_be)
    fates = data.draw(st.lists(fate, min_size=len(cases), max_size=len(cases)), "fates")
    known, unknown = groups(cases, shown(cases, fates), told.field)
    few = [group for group in unknown if len(group) < SMALL]

    def of(group: Group, fates: Fates) -> Any:
        return told.of([fates[n] for n in group])

    facts = [(group, of(group, fates)) for group in known]
    alike = [
        other
        for other in product(told.may_be, repeat=len(cases))
        if all(of(group, other) == fact for group, fact in facts)
    ]
    for group in few:
        if len({of(group, other) for other in alike}) == 1:
            # the one way that is left: all of them ended alike, and a figure of enough says so
            parts = [piece for piece in pieces(cases, known) if piece & group]
            assert all(len({fates[n] for n in piece}) == 1 for piece in parts), group


@many
@given(ledgers(12))
@example(FOREST)
def test_no_sum_of_what_is_told_is_that_of_a_few(cases: list[Case]) -> None:
    for field in (ON_TIME.field, WORKED.field):
        told, untold = groups(cases, shown(cases, [1] * len(cases)), field)

        few = [group for group in untold if len(group) < SMALL]
        assert not any(len(group) < SMALL for group in told)
        assert not any(follows(group, told, len(cases)) for group in few)
        if few and told:
            assert min(map(len, pieces(cases, told))) >= SMALL


def test_a_category_of_three_does_not_follow_from_the_units() -> None:
    """Of 3 food, 5 forest and 20 other cases; one unit has all of the forest, one the rest."""
    same = ("ward", "web", "solved")
    cases = [("others", "food", *same)] * 3 + [("foresters", "forest", *same)] * 5
    cases += [("others", "environment", *same)] * 20
    fates = [1, 0, 0] + [1] * 4 + [0] + [1] * 15 + [0] * 5

    found = shown(cases, fates, 5)

    assert found["on_time"] == 20
    assert {each["unit"]: each["on_time"] for each in found["by_unit"]} == {
        "foresters": 4,
        "others": 16,
    }
    assert [each["on_time"] for each in found["by_category"]] == [None] * 3
    assert {"on_time", "late", "on_time_share", "p90_work_s"} <= {
        *found["by_category"][0]["withheld"]
    }
    assert [each["resolved"] for each in found["by_category"]] == [20, 3, 5]  # always said
    assert [each["on_time"] for each in found["by_area"]] == [20]  # what the total says


@pytest.mark.parametrize(
    ("tables", "places"),
    [
        pytest.param([[5, 9], [7, 7]], [set(), set()], id="nobody has a few"),
        pytest.param([[5, 9], [13, 1]], [set(), {0, 1}], id="the first goes on telling"),
        pytest.param([[6, 7, 1], [7, 7]], [{0, 2}, {0, 1}], id="with what it withholds itself"),
        pytest.param([[13, 1], [7, 7]], [{0, 1}, set()], id="it tells nothing: the next one"),
        pytest.param([[14, 0], [13, 1], [7, 7]], [set(), {0, 1}, set()], id="nothing is divided"),
        pytest.param([[4], [3, 1, 0]], [{0}, {0, 1}], id="all are a few"),
    ],
)
def test_one_table_goes_on_telling(tables: list[list[int]], places: list[set[int]]) -> None:
    assert withheld(tables, 5) == places
