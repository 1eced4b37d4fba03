"""How a chaos run deals out its time, and when a row has done enough."""

import pytest

from tests.chaos.matrix import Fault, window_s
from tests.chaos.nemesis import Nemesis, Result


async def nothing(_: Nemesis) -> None: ...


def shares(remaining_s: float, *faults: Fault) -> list[float]:
    """Return what each gets when every row takes all that it may."""
    found: list[float] = []
    for done in range(len(faults)):
        found.append(window_s(remaining_s - sum(found), faults[done:]))
    return found


def test_little_time_is_dealt_out_by_weight():
    assert shares(30, Fault("a", nothing, 1000), Fault("b", nothing, 1000, 2.0)) == [10, 20]


def test_what_one_needs_not_goes_to_the_others():
    many, few = Fault("many", nothing, 1000), Fault("few", nothing, 5)

    assert shares(105, few, many) == [5, 100]
    assert shares(105, many, few) == [100, 5]


def test_nobody_gets_more_than_is_enough():
    assert shares(10_000, Fault("a", nothing, 300), Fault("b", nothing, 5)) == [300, 5]


@pytest.mark.parametrize(
    ("done", "asked", "seconds", "goes_on"),
    [
        (0, None, 0, True),  # one is always done
        (0, 200, 0, True),
        (1, None, 0, False),
        (199, 200, 60, True),
        (200, 200, 60, False),
        (200, None, 60, True),
        (5, 200, 0, False),
    ],
)
def test_a_row_goes_on_until_its_count_or_its_time_is_reached(
    done: int,
    asked: int | None,
    seconds: float,
    goes_on: bool,  # noqa: FBT001 - a column of the table
):
    nemesis = Nemesis.__new__(Nemesis)
    nemesis.begin(Result(1, "SIGKILL intake", faults=done, asked=asked), seconds)

    assert nemesis.goes_on() is goes_on
