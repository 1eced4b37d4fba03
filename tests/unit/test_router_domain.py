"""Who handles what: the department monitors, the ward executes, the Office gets the rest."""

import json
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.domain import (
    ABOUT_ITSELF,
    ABOUT_LEADERS_TOO,
    ABOUT_THE_TOP,
    UNKNOWN_PLACE,
    Rules,
    decide,
)
from shared.boundaries import Boundaries, read_boundaries
from shared.events import CaseSubmitted, Place, Suggestion
from shared.parties import Party, is_nobodys, parties_of
from shared.vocabulary import LEADERS, OFFICE, AreaId, CategoryId, Origin, Role, State, UnitId
from tests.builders import RECEIVED, dalat, five_wards, snapshot

WARD_1 = AreaId("ward_1")


def submitted(**facts):
    return CaseSubmitted(at=RECEIVED, actor="reporter", **facts)


def of(category, event=None, rules=None, **case):
    known = CategoryId(category) if category else None
    return decide(
        snapshot(category=known, **case),
        event or submitted(stated_area=WARD_1),
        1,
        rules or Rules(dalat(), None),
    )


@pytest.mark.parametrize(
    ("category", "unit", "monitoring"),
    [
        pytest.param("service_attitude", "home_affairs", "office", id="Phòng Nội vụ chủ trì"),
        pytest.param("market_price", "ward_1", "finance_planning", id="Giá cả thị trường"),
        pytest.param("culture_tourism", "ward_1", "culture_information", id="Văn hoá du lịch"),
        pytest.param("forest", "ward_1", "forest_rangers", id="Quản lý, bảo vệ rừng"),
        pytest.param("environment", "ward_1", "natural_resources", id="Môi trường"),
        pytest.param("security_traffic", "city_police", "city_police", id="An ninh giao thông"),
        pytest.param("construction_order", "ward_1", "urban_management", id="Trật tự xây dựng"),
        pytest.param("food_safety", "ward_1", "health", id="Vệ sinh an toàn thực phẩm"),
        pytest.param("urban_order", "ward_1", "urban_order_team", id="Trật tự đô thị"),
        pytest.param("other", "office", "office", id="Những kiến nghị khác"),
    ],
)
def test_each_category_goes_to_the_unit_of_the_table(category, unit, monitoring):
    decision = of(category)

    assert (decision.unit, decision.monitoring_unit) == (unit, monitoring)


def test_an_unknown_place_goes_to_the_office_and_keeps_its_monitor():
    decision = of("environment", submitted())

    assert (decision.unit, decision.rule) == (OFFICE, UNKNOWN_PLACE)
    assert decision.monitoring_unit == "natural_resources"


@pytest.mark.parametrize(
    ("category", "about", "unit", "rule"),
    [
        pytest.param("service_attitude", "home_affairs", LEADERS, ABOUT_THE_TOP, id="home affairs"),
        pytest.param("other", "office", LEADERS, ABOUT_THE_TOP, id="the office"),
        pytest.param("environment", "ward_1", OFFICE, ABOUT_ITSELF, id="the handling ward"),
        pytest.param("security_traffic", "city_police", OFFICE, ABOUT_ITSELF, id="the police"),
    ],
)
def test_a_report_about_a_unit_never_goes_to_that_unit(category, about, unit, rule):
    decision = of(category, submitted(stated_area=WARD_1, mentions=(UnitId(about),)))

    assert (decision.unit, decision.rule) == (unit, rule)
    assert about not in {decision.unit, decision.monitoring_unit}


def test_a_report_about_the_monitoring_department_is_watched_by_the_office():
    about = UnitId("natural_resources")

    decision = of("environment", submitted(stated_area=WARD_1, mentions=(about,)))

    assert (decision.unit, decision.monitoring_unit) == ("ward_1", OFFICE)


@pytest.mark.parametrize(
    ("about", "unit", "rule"),
    [
        pytest.param(("office", "leaders"), "inspectorate", ABOUT_LEADERS_TOO, id="both"),
        pytest.param(("home_affairs", "leaders"), OFFICE, ABOUT_LEADERS_TOO, id="home affairs too"),
        pytest.param(
            ("office", "leaders", "inspectorate"), OFFICE, ABOUT_LEADERS_TOO, id="nobody is left"
        ),
    ],
)
def test_a_report_about_the_top_and_the_leaders_goes_to_who_is_left(about, unit, rule):
    decision = of("service_attitude", submitted(mentions=tuple(map(UnitId, about))))

    assert (decision.unit, decision.monitoring_unit, decision.rule) == (unit, unit, rule)


ROLES = {OFFICE: Role.OFFICE_CLERK, LEADERS: Role.LEADER}
UNITS = [unit.id for unit in dalat().units if unit.id not in {"ioc", "onestop"}]


@given(
    category=st.sampled_from([category.id for category in dalat().categories]),
    area=st.sampled_from([None, WARD_1]),
    about=st.sets(st.sampled_from([*UNITS[:12], "inspectorate", "ward_1"])),
    state=st.sampled_from([State.ASSIGNED, State.AT_OFFICE, State.HELD]),
)
def test_no_report_goes_to_whom_it_is_about_and_somebody_has_a_part_in_it(
    category, area, about, state
):
    decision = of(category, submitted(stated_area=area, mentions=tuple(about)))

    case = snapshot(
        state=state,
        about=tuple(about),
        unit=decision.unit,
        monitoring_unit=decision.monitoring_unit,
    )
    everybody = {unit: ROLES.get(unit, Role.OFFICER) for unit in UNITS}
    parts = {unit: parties_of(case, role, unit) for unit, role in everybody.items()}
    has_a_part = {unit for unit, found in parts.items() if found}
    assert has_a_part
    if is_nobodys(case):
        assert parts[OFFICE] == {Party.OFFICE}
    else:
        assert not has_a_part & about
    if not {OFFICE, LEADERS, "inspectorate"} <= about:
        assert not {decision.unit, decision.monitoring_unit} & about


@pytest.mark.parametrize(
    ("confidence", "category", "origin", "flag"),
    [
        pytest.param(0.9, "food_safety", Origin.SUGGESTED, "category_suggested", id="trusted"),
        pytest.param(0.3, "other", Origin.SUGGESTED, "category_to_confirm", id="to confirm"),
        pytest.param(None, "other", Origin.OFFICE, "category_to_confirm", id="no idea"),
    ],
)
def test_without_a_category_the_text_suggests_one_and_says_so(confidence, category, origin, flag):
    guess = None
    if confidence is not None:
        guess = Suggestion(category=CategoryId("food_safety"), confidence=confidence)

    decision = of(None, submitted(stated_area=WARD_1, suggestion=guess), category_origin=None)

    assert (decision.category, decision.category_origin) == (category, origin)
    assert flag in decision.flags


@cache
def boundaries(kind: str) -> Boundaries:
    area = five_wards().area(AreaId("ward_lam_vien"))
    square = [[108.40, 11.90], [108.50, 11.90], [108.50, 12.00], [108.40, 12.00], [108.40, 11.90]]
    text = json.dumps(
        {
            "type": "FeatureCollection",
            "boundaries": kind,
            "features": [
                {
                    "type": "Feature",
                    "properties": {"code": area.code, "valid_from": str(area.valid_from)},
                    "geometry": {"type": "Polygon", "coordinates": [square]},
                }
            ],
        }
    )
    return read_boundaries(text, "square.geojson", five_wards())


INSIDE, OUTSIDE = Place(lat=11.95, lon=108.45), Place(lat=11.80, lon=108.45)


@pytest.mark.parametrize(
    ("kind", "place", "stated", "area", "origin", "flag"),
    [
        pytest.param(
            "official", INSIDE, None, "ward_lam_vien", "boundary", None, id="in the polygon"
        ),
        pytest.param(
            "official",
            INSIDE,
            "ward_cam_ly",
            "ward_lam_vien",
            "boundary",
            "area_contradicted",
            id="but said",
        ),
        pytest.param(
            "official", OUTSIDE, "ward_cam_ly", None, None, "outside_boundaries", id="outside"
        ),
        pytest.param("official", None, "ward_cam_ly", "ward_cam_ly", "stated", None, id="no point"),
        pytest.param("schematic", INSIDE, None, None, None, None, id="a sketch decides nothing"),
        pytest.param(
            "schematic", INSIDE, "ward_cam_ly", "ward_cam_ly", "stated", None, id="sketch, said"
        ),
    ],
)
def test_official_boundaries_decide_before_the_stated_ward(kind, place, stated, area, origin, flag):
    rules = Rules(five_wards(), boundaries(kind))
    event = submitted(stated_area=AreaId(stated) if stated else None)

    decision = of("environment", event, rules, place=place, received_at=RECEIVED)

    assert (decision.area, decision.area_origin) == (area, origin)
    assert flag is None or flag in decision.flags
