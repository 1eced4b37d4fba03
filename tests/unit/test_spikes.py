"""When many reports are more than chance, as a table and as properties."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notify.ioc.spikes import (
    LEAST_EXPECTED,
    Seen,
    Thresholds,
    chance,
    expected,
    identifier,
    is_over,
    is_spike,
    weeks_known,
    windows,
)

NOW = datetime(2026, 3, 12, 3, 20, tzinfo=UTC)
RULE = Thresholds()
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("count", "mean", "spike"),
    [
        pytest.param(4, 0.5, False, id="below the floor"),
        pytest.param(5, 0.5, True, id="five where hardly one comes"),
        pytest.param(6, 0.5, True, id="six where hardly one comes"),
        pytest.param(5, 2.0, False, id="five where two come: chance alone does that in 5 %"),
        pytest.param(7, 2.0, False, id="seven where two come: 0.45 %"),
        pytest.param(9, 2.0, True, id="nine where two come: 0.02 %"),
        pytest.param(30, 25.0, False, id="a busy ward on a busy day"),
        pytest.param(45, 25.0, True, id="twice as many in a busy ward"),
        pytest.param(1100, 1000.0, False, id="within 0.1 %, barely"),
    ],
)
def test_more_than_chance_is_a_spike(count: int, mean: float, *, spike: bool) -> None:
    rule = RULE if mean < 1000 else Thresholds(chance=0.0001)

    assert is_spike(count, mean, rule) is spike


def test_an_excess_is_asked_for_even_where_chance_is_small() -> None:
    assert not is_spike(5, 0.5, Thresholds(excess=5.0))


@pytest.mark.parametrize(
    ("count", "mean", "probability"),
    [(0, 2.0, 1.0), (1, 2.0, 0.8646647), (5, 0.5, 0.0001721156), (10, 4.0, 0.008132243)],
)
def test_the_tail_is_that_of_the_tables_of_statistics(
    count: int, mean: float, probability: float
) -> None:
    assert chance(count, mean) == pytest.approx(probability, rel=1e-5)


@given(
    st.integers(0, 300),
    st.floats(LEAST_EXPECTED, 200),
    st.integers(2, 50),
    st.floats(0, 50),
    st.floats(1e-6, 0.5),
)
def test_never_below_the_floor_and_more_cases_never_end_a_spike(
    count: int, mean: float, floor: int, excess: float, likely: float
) -> None:
    rule = Thresholds(floor=floor, excess=excess, chance=likely)

    if is_spike(count, mean, rule):
        assert count >= floor
        assert is_spike(count + 1, mean, rule)


@given(st.integers(0, 100), st.floats(LEAST_EXPECTED, 100))
def test_what_is_expected_more_is_a_spike_no_sooner(count: int, mean: float) -> None:
    if is_spike(count, mean + 1, RULE):
        assert is_spike(count, mean, RULE)


@pytest.mark.parametrize(
    ("before", "weeks", "mean"), [(0, 0, 0.5), (9, 0, 0.5), (0, 4, 0.5), (8, 4, 2.0), (6, 2, 3.0)]
)
def test_the_mean_is_that_of_the_weeks_that_are_known(before: int, weeks: int, mean: float) -> None:
    assert expected(before, weeks) == mean


@pytest.mark.parametrize(
    ("age", "weeks"),
    [
        pytest.param(timedelta(days=1), 0, id="an installation of yesterday"),
        pytest.param(timedelta(days=7, hours=2), 0, id="the window of last week is cut"),
        pytest.param(timedelta(days=7, hours=3), 1, id="last week's window, whole"),
        pytest.param(timedelta(days=400), 4, id="old"),
    ],
)
def test_a_week_counts_once_it_is_known_whole(age: timedelta, weeks: int) -> None:
    assert weeks_known(NOW - age, NOW, RULE.window) == weeks


def test_the_windows_are_the_same_hours_of_the_same_weekday() -> None:
    found = windows(NOW, RULE.window)

    assert len(found) == 5
    assert {(end.weekday(), end.time()) for _, end in found} == {(NOW.weekday(), NOW.time())}
    assert {end - start for start, end in found} == {3 * HOUR}


def test_the_identity_is_of_the_first_hour_whoever_looks_and_when() -> None:
    first = NOW - HOUR
    early = Seen("environment", "ward_1", ("a", "b"), first, 0.5)
    late = Seen("environment", "ward_1", ("a", "b", "c"), first, 0.75)

    assert identifier(early) == identifier(late) == "environment.ward_1.2026-03-12T02"


@pytest.mark.parametrize(
    ("since", "over"),
    [(None, False), (NOW, False), (NOW - HOUR + timedelta(seconds=1), False), (NOW - HOUR, True)],
)
def test_it_is_over_after_an_hour_of_quiet(since: datetime | None, *, over: bool) -> None:
    assert is_over(since, NOW, RULE) is over
