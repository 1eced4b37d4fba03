from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.regulation import (
    CATEGORY_IDS,
    Access,
    Duty,
    Regulation,
    UnknownError,
    Words,
    load_regulation,
    read_regulation,
)
from shared.rulefile import parse
from shared.vocabulary import Anonymity, AreaId, CategoryId, Language, UnitId, UnitKind

FOLDER = Path(__file__).parents[2] / "shared" / "regulations"
TODAY = date(2026, 11, 24)
FILES = ["dalat.yaml", "lamdong-5-wards.yaml"]


@cache
def load(name: str) -> Regulation:
    return load_regulation(FOLDER / name)


@pytest.fixture
def dalat() -> Regulation:
    return load("dalat.yaml")


@pytest.fixture
def five_wards() -> Regulation:
    return load("lamdong-5-wards.yaml")


@pytest.fixture(params=FILES)
def regulation(request: pytest.FixtureRequest) -> Regulation:
    return load(request.param)


@pytest.mark.parametrize(
    ("category", "hours", "lead"),
    [
        ("service_attitude", 8, "home_affairs"),
        ("market_price", 4, "finance_planning"),
        ("culture_tourism", 4, "culture_information"),
        ("forest", 4, "forest_rangers"),
        ("environment", 4, "natural_resources"),
        ("security_traffic", 2, "city_police"),
        ("construction_order", 2, "urban_management"),
        ("food_safety", 2, "health"),
        ("urban_order", 2, "urban_order_team"),
        ("other", 4, "office"),
    ],
)
def test_the_table_of_limits_and_leads(
    dalat: Regulation, category: str, hours: int, lead: str
) -> None:
    found = dalat.category(CategoryId(category))

    assert dalat.limit(found.id) == timedelta(hours=hours)
    assert dalat.lead(found.id, TODAY) == lead
    assert found.evidence.result


def test_only_a_report_on_staff_needs_an_identity(regulation: Regulation) -> None:
    needed = [c.id for c in regulation.categories if c.identity is Duty.REQUIRED]

    assert needed == ["service_attitude"]


def test_the_ten_stand_in_the_order_of_the_regulation(regulation: Regulation) -> None:
    assert tuple(category.id for category in regulation.categories) == CATEGORY_IDS
    assert len(CATEGORY_IDS) == 10


def test_both_files_have_the_same_limits_and_duties() -> None:
    one, other = (
        [
            (c.id, c.limit_hours, c.clock, c.evidence, c.identity, c.quote)
            for c in load(f).categories
        ]
        for f in FILES
    )

    assert one == other


ROUTES = [
    pytest.param("market_price", "ward_1", ("ward_1", "finance_planning"), id="prices"),
    pytest.param("culture_tourism", "ward_2", ("ward_2", "culture_information"), id="tourism"),
    pytest.param("forest", "commune_ta_nung", ("commune_ta_nung", "forest_rangers"), id="forest"),
    pytest.param("environment", "ward_12", ("ward_12", "natural_resources"), id="environment"),
    pytest.param("security_traffic", "ward_3", ("city_police", "city_police"), id="police"),
    pytest.param("construction_order", "ward_8", ("ward_8", "urban_management"), id="construction"),
    pytest.param("food_safety", "ward_9", ("ward_9", "health"), id="food"),
    pytest.param("urban_order", "ward_10", ("ward_10", "urban_order_team"), id="urban order"),
    pytest.param("service_attitude", None, ("home_affairs", "office"), id="attitude, no place"),
    pytest.param("service_attitude", "ward_1", ("home_affairs", "office"), id="attitude, a place"),
    pytest.param("other", None, ("office", "office"), id="other"),
]


@pytest.mark.parametrize(("category", "area", "units"), ROUTES)
def test_the_department_monitors_and_the_ward_executes(
    dalat: Regulation, category: str, area: str | None, units: tuple[str, str]
) -> None:
    route = dalat.route(CategoryId(category), AreaId(area) if area else None, TODAY)

    assert route is not None
    assert (route.handling, route.monitoring) == units
    assert any(rule.id == route.rule for rule in dalat.rules)


@pytest.mark.parametrize(
    ("category", "area", "on"),
    [
        pytest.param("environment", None, TODAY, id="the place is needed and unknown"),
        pytest.param("security_traffic", None, TODAY, id="the police need the place too"),
        pytest.param("environment", "ward_13", TODAY, id="an area of nowhere"),
        pytest.param("environment", "ward_1", date(2019, 12, 31), id="before the regulation"),
        pytest.param("noise", "ward_1", TODAY, id="a category of nowhere"),
    ],
)
def test_without_a_rule_nobody_is_named(
    dalat: Regulation, category: str, area: str | None, on: date
) -> None:
    assert dalat.route(CategoryId(category), AreaId(area) if area else None, on) is None


def test_every_category_has_a_route_in_every_area_and_its_units_exist(
    regulation: Regulation,
) -> None:
    for day in (regulation.valid_from, TODAY, date(2099, 12, 31)):
        existing = {unit.id for unit in regulation.units_on(day)}
        for category in CATEGORY_IDS:
            for area in regulation.areas_on(day):
                route = regulation.route(category, area.id, day)

                assert route is not None
                assert {route.handling, route.monitoring, route.lead} <= existing


def test_a_ward_handles_its_own_area_only(regulation: Regulation) -> None:
    for area in regulation.areas:
        route = regulation.route(CategoryId("environment"), area.id, TODAY)

        assert route is not None
        assert regulation.unit(route.handling).area == area.id


def test_the_day_before_its_first_the_regulation_knows_nobody(five_wards: Regulation) -> None:
    category, area = CategoryId("environment"), AreaId("ward_cam_ly")

    assert five_wards.route(category, area, date(2025, 6, 30)) is None
    assert five_wards.route(category, area, date(2025, 7, 1)) is not None
    assert five_wards.units_on(date(2025, 6, 30)) == ()


def test_the_lead_depends_on_the_area_where_the_areas_differ() -> None:
    text = (FOLDER / "dalat.yaml").read_text(encoding="utf-8")
    others = ", ".join(area.id for area in load("dalat.yaml").areas if area.id != "ward_1")
    split = text.replace(
        "    categories: [forest]\n    areas: all\n",
        "    categories: [forest]\n    areas: [ward_1]\n",
    ).replace(
        "  - id: environment_by_ward\n",
        "  - id: forest_elsewhere\n    categories: [forest]\n"
        f"    areas: [{others}]\n    handling: inspectorate\n    monitoring: office\n"
        "    valid_from: 2020-01-01\n    source: test\n  - id: environment_by_ward\n",
    )
    regulation = read_regulation(parse(split, "split.yaml"), {"vn-state.yaml"})
    forest = CategoryId("forest")

    assert regulation.lead(forest, TODAY) is None
    assert regulation.lead(forest, TODAY, AreaId("ward_1")) == "forest_rangers"
    assert regulation.lead(forest, TODAY, AreaId("ward_2")) == "inspectorate"


def test_a_rule_that_ends_hands_over_on_the_next_day() -> None:
    text = (FOLDER / "dalat.yaml").read_text(encoding="utf-8")
    old = "    areas: all\n    handling: ward\n    monitoring: forest_rangers\n"
    start = text.index(old) + len(old)
    new_rule = (
        "    valid_from: 2020-01-01\n    valid_to: 2024-05-31\n    source: test\n"
        "  - id: forest_later\n    categories: [forest]\n    areas: all\n    handling: ward\n"
        "    monitoring: natural_resources\n    valid_from: 2024-06-01\n"
    )
    end = text.index("    source:", start)
    changed = text[:start] + new_rule + text[end:]
    regulation = read_regulation(parse(changed, "later.yaml"), {"vn-state.yaml"})
    forest = CategoryId("forest")

    assert regulation.lead(forest, date(2024, 5, 31)) == "forest_rangers"
    assert regulation.lead(forest, date(2024, 6, 1)) == "natural_resources"


@pytest.mark.parametrize("ask", ["category", "unit", "area"])
def test_asking_for_what_the_regulation_does_not_have_says_so(dalat: Regulation, ask: str) -> None:
    with pytest.raises(UnknownError, match=f"no {ask} 'nowhere'"):
        getattr(dalat, ask)("nowhere")


def test_every_body_of_the_regulation_is_there(regulation: Regulation) -> None:
    kinds = {unit.kind for unit in regulation.units}

    assert kinds == set(UnitKind)
    assert all(unit.name.vi and unit.name.en and unit.source for unit in regulation.units)


def test_twelve_wards_and_four_communes_then_five_wards() -> None:
    assert len(load("dalat.yaml").areas) == 16
    assert len(load("lamdong-5-wards.yaml").areas) == 5


def test_all_five_new_codes_were_used_before(dalat: Regulation, five_wards: Regulation) -> None:
    new = {(area.code, area.valid_from) for area in five_wards.areas}
    old = {(area.code, area.valid_from) for area in dalat.areas}

    assert len({code for code, _ in new} & {code for code, _ in old}) == 4  # the fifth: Lạc Dương
    assert not new & old


@pytest.mark.parametrize(
    ("text", "units"),
    [
        pytest.param("cán bộ phường 1 hách dịch", ["ward_1"], id="a ward"),
        pytest.param("P.1", ["ward_1"], id="P.1"),
        pytest.param("P1", ["ward_1"], id="P1"),
        pytest.param("UBND phường 1", ["ward_1"], id="UBND"),
        pytest.param("ubnd phuong 1", ["ward_1"], id="no accents"),
        pytest.param("phường 10", ["ward_10"], id="ten is not one"),
        pytest.param("phường 11, phường 12", ["ward_11", "ward_12"], id="eleven and twelve"),
        pytest.param("phường 10 và phường 1", ["ward_10", "ward_1"], id="in order of mention"),
        pytest.param("phường 1 rồi lại P.1", ["ward_1"], id="once each"),
        pytest.param("xã Tà Nung", ["commune_ta_nung"], id="a commune"),
        pytest.param("Phòng Nội vụ không trả lời", ["home_affairs"], id="a department"),
        pytest.param("phong noi vu khong tra loi", ["home_affairs"], id="a department, bare"),
        pytest.param("bộ phận một cửa phường 4", ["onestop", "ward_4"], id="two bodies"),
        pytest.param("Ward 7 People's Committee", ["ward_7"], id="english"),
        pytest.param("văn phòng công ty tôi", [], id="an office is not the Office"),
        pytest.param("đã báo công an", [], id="the police in passing"),
        pytest.param("rác đầy đường", [], id="nobody"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_units_are_recognised_by_whole_words(
    dalat: Regulation, text: str, units: list[str]
) -> None:
    assert dalat.mentions(text) == units


def test_people_go_on_naming_the_former_wards(five_wards: Regulation) -> None:
    assert five_wards.mentions("UBND phường 2 cũ") == ["ward_xuan_huong"]
    assert five_wards.mentions("xã Trạm Hành") == ["ward_xuan_truong"]


@settings(deadline=None)  # the first example also loads the regulation
@given(text=st.text())
def test_mentions_of_any_text_are_units(text: str) -> None:
    regulation = load("dalat.yaml")

    assert {unit.id for unit in regulation.units} >= set(regulation.mentions(text))


@pytest.mark.parametrize(
    ("category", "text", "numbers"),
    [
        pytest.param(None, "Nhà đang cháy lớn ở hẻm 12", ["114"], id="fire"),
        pytest.param(None, "chay nha o hem 12", ["114"], id="fire, no accents"),
        pytest.param(None, "Cháy! Cháy!", ["114"], id="fire, one word"),
        pytest.param(None, "House on fire, people trapped inside", ["114"], id="fire, english"),
        pytest.param(None, "xe chạy nhanh, nước chảy", [], id="running is not burning"),
        pytest.param(None, "xe chay nhanh, quan chay", [], id="one bare syllable decides nothing"),
        pytest.param(None, "Bình chữa cháy của chợ đã hết hạn", [], id="an extinguisher"),
        pytest.param(None, "Bóng đèn bị cháy trước nhà", [], id="a burnt bulb"),
        pytest.param(None, "Phòng cháy kém, nhưng nay cháy thật rồi", ["114"], id="both"),
        pytest.param(None, "Tai nạn giao thông, có người bị thương", ["115"], id="accident"),
        pytest.param(None, "Ổ gà dễ gây tai nạn", [], id="an accident that may come"),
        pytest.param(None, "Potholes here cause accidents", [], id="accidents that may come"),
        pytest.param(None, "danh nhau, co nguoi chay mau", ["113", "115"], id="two numbers"),
        pytest.param(None, "Bạo hành trẻ em ở nhà trẻ", ["113", "111"], id="a child"),
        pytest.param(None, "Lũ quét ở suối, hai người mất tích", ["112"], id="a flash flood"),
        pytest.param(None, "Mùi hôi khó thở quá", [], id="a smell"),
        pytest.param(None, "Dây điện thấp, dễ bị điện giật", [], id="a shock that may come"),
        pytest.param(None, "Có người định tự tử trên cầu", ["113", "115"], id="suicide"),
        pytest.param(None, "Gas leaking in the kitchen", ["114"], id="gas, leaking"),
        pytest.param(None, "There is a strong smell of gas", ["114"], id="gas, smelt"),
        pytest.param(None, "Bình gas rò rỉ, mùi gas nồng", ["114"], id="gas, by its smell"),
        pytest.param(None, "Bếp bị rò khí gas", ["114"], id="gas, in other words"),
        pytest.param(None, "There has been a shooting", ["113"], id="a shooting"),
        pytest.param(None, "help, murder", ["113"], id="murder"),
        pytest.param(None, "Có người bắn nhau ngoài chợ", ["113"], id="shots"),
        pytest.param(None, "someone collapsed at the market", ["115"], id="collapsed"),
        pytest.param(None, "An old man has collapsed", ["115"], id="has collapsed"),
        pytest.param(None, "Cô ấy ngất giữa đường", ["115"], id="fainted"),
        pytest.param(None, "Có người té xỉu", ["115"], id="fainted, as people say it"),
        pytest.param(None, "Giá cao ngất ngưởng", [], id="a price that makes dizzy"),
        pytest.param(None, "Hôi muốn ngất", [], id="a smell that makes dizzy"),
        pytest.param(None, "A shooting star and a wine shop", [], id="a star"),
        pytest.param(None, "Flyers are passed out everywhere", [], id="handed out"),
        pytest.param(None, "The old wall has collapsed", [], id="a wall"),
        pytest.param(None, "Rác chưa lấy", [], id="no danger"),
        pytest.param("security_traffic", "đậu xe sai", ["113"], id="by category"),
        pytest.param("forest", "chặt thông", ["114"], id="by category, forest"),
        pytest.param("food_safety", "ngộ độc", ["115"], id="by category and words"),
        pytest.param("environment", "rác", [], id="a category without a number"),
    ],
)
def test_emergency_numbers(
    regulation: Regulation, category: str | None, text: str, numbers: list[str]
) -> None:
    hints = regulation.emergency_numbers(CategoryId(category) if category else None, text)

    assert [hint.number for hint in hints] == numbers


def test_an_emergency_hint_says_why(dalat: Regulation) -> None:
    police, ambulance = dalat.emergency_numbers(
        CategoryId("security_traffic"), "Tai nạn, có người bị thương, bị thương nặng"
    )

    assert (police.category, police.keywords) == ("security_traffic", ())
    assert (ambulance.category, ambulance.keywords) == (None, ("tai nạn", "bị thương"))
    assert ambulance.name.vi == "Cấp cứu y tế"


def test_an_emergency_of_an_unknown_category_is_refused(dalat: Regulation) -> None:
    with pytest.raises(UnknownError):
        dalat.emergency_numbers(CategoryId("noise"), "")


@pytest.mark.parametrize(
    ("anonymity", "unit", "office"),
    [
        (Anonymity.OPEN, Access.ON_PURPOSE, Access.ON_PURPOSE),
        (Anonymity.CONFIDENTIAL, Access.NEVER, Access.ON_PURPOSE),
        (Anonymity.ANONYMOUS, Access.NEVER, Access.NEVER),
    ],
)
def test_who_sees_the_reporter(
    regulation: Regulation, anonymity: Anonymity, unit: Access, office: Access
) -> None:
    visibility = regulation.visibility.of(anonymity)

    assert visibility.identity.handling_unit is unit
    assert visibility.identity.office is office
    assert visibility.identity.public is Access.NEVER
    assert visibility.identity.ioc is Access.NEVER
    assert visibility.title.vi != visibility.title.en


def test_words_come_in_the_language_asked_for() -> None:
    words = Words(vi="Rừng", en="Forest")

    assert words.in_language(Language.VIETNAMESE) == "Rừng"
    assert words.in_language(Language.ENGLISH) == "Forest"


def test_regulations_loaded_twice_are_equal_and_hash_alike() -> None:
    one, other = load_regulation(FOLDER / "dalat.yaml"), load("dalat.yaml")

    assert one == other
    assert hash(one) == hash(other)
    assert one != load("lamdong-5-wards.yaml")


def test_the_files_can_be_written_as_json(regulation: Regulation) -> None:
    written = Regulation.model_validate_json(regulation.model_dump_json())

    assert written == regulation


def test_evidence_is_required_where_the_thing_can_be_seen(regulation: Regulation) -> None:
    optional = [c.id for c in regulation.categories if c.evidence.report is Duty.OPTIONAL]

    assert optional == ["service_attitude", "other"]


def test_no_unit_shares_its_name_with_another(regulation: Regulation) -> None:
    for unit in regulation.units:
        assert regulation.mentions(unit.name.vi)[0] == unit.id
        assert UnitId(unit.id) in regulation.mentions(unit.short)
