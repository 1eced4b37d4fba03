"""Which cases the map shows, how coarsely, and what a new report is compared with."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.case import Case, NotNowError
from services.intake.domain.evolve import replay
from services.intake.domain.following import follow, unfollow
from services.intake.domain.publicity import (
    PRECISION_M,
    alike,
    is_public,
    mark_of,
    public_place,
)
from shared.events import CaseSnapshot, Place
from shared.geo import Box, around, distance_m, read_box
from shared.vocabulary import CaseCode, CategoryId, State
from tests.builders import RECEIVED, snapshot

HERE = Place(lat=11.94, lon=108.44)


def placed(**changes: Any) -> CaseSnapshot:
    return snapshot(**{"place": HERE, "state": State.ASSIGNED, **changes})


@pytest.mark.parametrize(
    ("changes", "shown"),
    [
        pytest.param({}, True, id="an open case"),
        pytest.param({"state": State.CLOSED}, True, id="a closed one"),
        pytest.param({"state": State.HELD}, False, id="held for a person's look"),
        pytest.param({"state": State.REFUSED}, False, id="refused"),
        pytest.param({"state": State.REDIRECTED}, False, id="no feedback"),
        pytest.param({"state": State.WITHDRAWN}, False, id="withdrawn"),
        pytest.param({"restricted": True}, False, id="a denunciation"),
        pytest.param({"category": CategoryId("service_attitude")}, False, id="about a person"),
        pytest.param({"place": None}, False, id="nowhere"),
    ],
)
def test_what_the_map_shows(changes: dict[str, Any], *, shown: bool) -> None:
    assert is_public(placed(**changes)) is shown


@given(lat=st.floats(-80, 80), lon=st.floats(-179, 179))
def test_a_public_place_is_within_its_precision_and_says_no_more(lat: float, lon: float) -> None:
    where = public_place(Place(lat=lat, lon=lon))

    assert distance_m(lat, lon, where.lat, where.lon) <= PRECISION_M
    assert public_place(where) == where


@pytest.mark.parametrize(
    ("state", "left", "mark"),
    [
        (State.ASSIGNED, timedelta(hours=2), "open"),
        (State.ASSIGNED, timedelta(hours=1), "soon"),
        (State.ASSIGNED, timedelta(0), "soon"),
        (State.ASSIGNED, timedelta(seconds=-1), "overdue"),
        (State.RESOLVED, timedelta(seconds=-1), "done"),
    ],
)
def test_what_the_map_draws(state: State, left: timedelta, mark: str) -> None:
    case = placed(state=state, due_at=RECEIVED + left)

    assert mark_of(case, RECEIVED) == mark


def test_the_same_category_comes_first_then_the_nearest() -> None:
    def at(code: str, lat: float, category: str) -> CaseSnapshot:
        return placed(
            code=CaseCode(code), place=Place(lat=lat, lon=108.44), category=CategoryId(category)
        )

    cases = [
        at("near", 11.94, "forest"),
        at("same, farther", 11.942, "environment"),
        at("same, near", 11.941, "environment"),
        at("too far", 11.95, "environment"),
        placed(code=CaseCode("done"), state=State.RESOLVED),
    ]

    found = alike(cases, HERE, CategoryId("environment"), 250)

    assert [each.case.code for each in found] == ["same, near", "same, farther", "near"]


def test_no_question_finds_out_more_of_a_place_than_its_cell() -> None:
    """Two cases in one cell look alike from everywhere, however small the radius."""
    one, other = (placed(place=Place(lat=lat, lon=108.4402)) for lat in (11.93951, 11.94049))

    for lat in (11.9390, 11.9395, 11.9400, 11.9405):
        for radius in (50, 51, 60, 99.5):
            here = Place(lat=lat, lon=108.44)
            assert [n.distance_m for n in alike([one], here, None, radius)] == [
                n.distance_m for n in alike([other], here, None, radius)
            ]


@given(lat=st.floats(-80, 80), lon=st.floats(-170, 170), radius=st.floats(1, 50_000))
def test_a_box_around_a_point_reaches_as_far_as_asked(
    lat: float, lon: float, radius: float
) -> None:
    box = around(lat, lon, radius)

    for edge_lat, edge_lon in ((box.north, lat), (box.south, lat), (lat, box.east)):
        assert distance_m(lat, lon, edge_lat, edge_lon) >= radius * 0.999


@pytest.mark.parametrize(
    ("text", "box"),
    [
        ("108.4,11.9,108.5,12", Box(108.4, 11.9, 108.5, 12)),
        ("1,2,3", None),
        ("108.5,11.9,108.4,12", None),
        ("nan,11.9,108.4,12", None),
        ("-181,0,0,1", None),
        ("a,b,c,d", None),
    ],
)
def test_only_a_box_is_read_as_one(text: str, box: Box | None) -> None:
    assert read_box(text) == box


def test_a_follower_counts_once_and_can_leave() -> None:
    opened = placed()
    case = Case(snapshot=opened)
    facts = [*follow(case, "f_1", RECEIVED)]
    case = replay(opened, facts)

    assert case.snapshot.followers == 1
    assert follow(case, "f_1", RECEIVED) == []
    facts += unfollow(case, "f_1", RECEIVED)
    assert replay(opened, facts).snapshot.followers == 0
    assert unfollow(replay(opened, facts), "f_1", RECEIVED) == []
    assert [fact.event.type for fact in facts] == ["case.followed.v1", "case.unfollowed.v1"]
    assert all("f_1" not in fact.event.model_dump_json() for fact in facts)


def test_what_has_ended_is_not_followed() -> None:
    with pytest.raises(NotNowError):
        follow(Case(snapshot=placed(state=State.CLOSED)), "f_1", RECEIVED)
