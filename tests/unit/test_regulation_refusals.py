"""Each refusal of a regulation file: the real file with one thing wrong, and the line it names."""

from pathlib import Path

import pytest

from shared.regulation import load_regulation, read_regulation
from shared.rulefile import RuleFileError, parse

FOLDER = Path(__file__).parents[2] / "shared" / "regulations"
TEXT = (FOLDER / "dalat.yaml").read_text(encoding="utf-8")
HERE = "  # here"  # ends the line that the refusal must name


def refusal(text: str) -> RuleFileError:
    with pytest.raises(RuleFileError) as caught:
        read_regulation(parse(text, "dalat.yaml"), {"vn-state.yaml"})
    return caught.value


def changed(*changes: tuple[str, str]) -> str:
    """Return the real text with parts replaced; each part must stand there exactly once."""
    text = TEXT
    for old, new in changes:
        assert text.count(old) == 1, f"{text.count(old)} × {old}"
        text = text.replace(old, new)
    return text


def rule(name: str) -> str:
    """Return the text of a rule without its id."""
    start = TEXT.index(f"  - id: {name}\n") + len(f"  - id: {name}\n")
    return TEXT[start : TEXT.index("  - id: ", start)]


def category(name: str) -> str:
    start = TEXT.index(f"  - id: {name}\n")
    return TEXT[start : TEXT.index("\n  - id: ", start) + 1]


FOREST = rule("forest_by_ward")
ENVIRONMENT_ID = "  - id: environment_by_ward\n"
PRICES = rule("market_price_by_ward")
LEADERS = "    kind: leaders\n"
WARD_1 = "    short: P.1\n"
WARD_12 = "    kind: ward\n    name:\n      vi: UBND phường 12\n"
FROM = "    valid_from: 2020-01-01\n"


def second_forest(first_day: str, areas: str = "all") -> str:
    later = FOREST.replace("all", areas).replace("2020-01-01", first_day)
    return f"  - id: second_forest{HERE}\n{later}{ENVIRONMENT_ID}"


REFUSALS = [
    pytest.param(
        [("zone: Asia/Ho_Chi_Minh", f"zone: Asia/Da_Lat{HERE}")],
        "there is no time zone 'Asia/Da_Lat'",
        id="an unknown zone",
    ),
    pytest.param(
        [("calendar: vn-state.yaml", f"calendar: vn.yaml{HERE}")],
        "there is no calendar 'vn.yaml'",
        id="an unknown calendar",
    ),
    pytest.param([("code_prefix: DL", f"code_prefix: d1{HERE}")], "code_prefix", id="a prefix"),
    pytest.param(
        [("code_prefix: DL", f"code_prefix: DL\nlimits: 3{HERE}")],
        "limits: Extra inputs",
        id="a key that means nothing",
    ),
    pytest.param(
        [("calendar: vn-state.yaml", f"calendar: vn-state.yaml\nvalid_to: 2019-12-31{HERE}")],
        "valid_to lies before valid_from",
        id="an end before the beginning",
    ),
    pytest.param(
        [("  - id: food_safety\n", f"  - id: food{HERE}\n")],
        "no category 'food'",
        id="an unknown category",
    ),
    pytest.param(
        [("  - id: food_safety\n", f"  - id: forest{HERE}\n")],
        "the id 'forest' stands twice",
        id="a category twice",
    ),
    pytest.param(
        [(category("food_safety"), ""), ("\ncategories:  # the", "\ncategories:  # here # the")],
        "the category 'food_safety' is missing",
        id="a category missing",
    ),
    pytest.param(
        [
            (category("forest"), ""),
            ("  - id: environment\n", f"  - id: environment{HERE}\n"),
            ("  - id: security_traffic\n", category("forest") + "  - id: security_traffic\n"),
        ],
        "'forest' comes before 'environment'",
        id="categories out of order",
    ),
    pytest.param(
        [
            ("    categories: [forest]\n", "    categories: [environment]\n"),
            ("  - id: forest\n", f"  - id: forest{HERE}\n"),
        ],
        "no rule says who leads 'forest'",
        id="a category without a lead",
    ),
    pytest.param(
        [("aliases: [Vệ sinh môi trường, Rác thải]", f"aliases: [Noise]{HERE}")],
        "'Noise' also names 'noise'",
        id="an alias of another sub-category",
    ),
    pytest.param(
        [("{vi: Tiếng ồn, en: Noise}", f"{{vi: Tiếng ồn, en: Waste and Cleanliness}}{HERE}")],
        "'Waste and Cleanliness' also names 'waste'",
        id="two sub-categories of one name",
    ),
    pytest.param(
        [
            (
                "{vi: Môi trường, en: Environment}",
                f"{{vi: Gia ca thi truong, en: Environment}}{HERE}",
            )
        ],
        "'Gia ca thi truong' also names 'market_price'",
        id="two categories of one name",
    ),
    pytest.param(
        [("home: [Đà Lạt, Dalat]", f"home: [Đà Lạt, Dalat, Bao Loc]{HERE}")],
        "'Bao Loc' also lies elsewhere",
        id="a town that is ours and another",
    ),
    pytest.param(
        [("home: [Đà Lạt, Dalat]", f"home: [Đà Lạt, Dalat, Huế]{HERE}")],
        "'Huế' also lies elsewhere",
        id="a city that is ours and another",
    ),
    pytest.param(
        [("home: [Đà Lạt, Dalat]", f"home: [Đà Lạt, Sa Đéc]{HERE}")],
        "'Sa Đéc' also lies elsewhere",
        id="a town that is ours and, behind a ward, another",
    ),
    pytest.param(
        [("limit_hours: 8", f"limit_hours: 0{HERE}")], "limit_hours", id="a limit of nothing"
    ),
    pytest.param(
        [("limit_hours: 8", f"limit_hours: 241{HERE}")], "limit_hours", id="a limit of weeks"
    ),
    pytest.param(
        [("limit_hours: 8", f"limit_hours: -0.5{HERE}")], "limit_hours", id="a limit below nothing"
    ),
    pytest.param(
        [("limit_hours: 8", f'limit_hours: "8"{HERE}')], "limit_hours", id="a limit in words"
    ),
    pytest.param(
        [(category("forest"), category("forest").replace("working", f"working days{HERE}"))],
        "clock",
        id="an unknown clock",
    ),
    pytest.param(
        [(category("forest"), category("forest").replace("0.75", f"1.5{HERE}"))],
        "approaching",
        id="approaching after the limit",
    ),
    pytest.param(
        [('    emergency: ["113"]', f'    emergency: ["118"]{HERE}')],
        "there is no emergency number '118'",
        id="an unknown emergency number",
    ),
    pytest.param(
        [("[hách dịch,", f'[hách dịch,\n           "!!!",{HERE}\n          ')],
        "the keyword '!!!' has no words",
        id="a keyword without words",
    ),
    pytest.param(
        [("      - id: obstacles\n", f"      - id: manner{HERE}\n")],
        "the id 'manner' stands twice",
        id="a sub-category twice",
    ),
    pytest.param(
        [("  - id: economy\n", f"  - id: health{HERE}\n")],
        "the id 'health' stands twice",
        id="a unit twice",
    ),
    pytest.param(
        [("  - id: economy\n", f"  - id: ward{HERE}\n")],
        "'ward' means the unit of the area",
        id="a unit called ward",
    ),
    pytest.param(
        [("  - id: economy\n    kind: department\n", f"  - id: economy\n    kind: ward{HERE}\n")],
        "a ward, and nobody else, has an area",
        id="a ward without an area",
    ),
    pytest.param(
        [("  - id: economy\n    kind: department\n", f"  - id: economy\n    kind: guild{HERE}\n")],
        "kind",
        id="an unknown kind",
    ),
    pytest.param(
        [("    area: ward_12\n", f"    area: ward_13{HERE}\n")],
        "there is no area 'ward_13'",
        id="the ward of an unknown area",
    ),
    pytest.param(
        [("    area: ward_12\n", f"    area: ward_11{HERE}\n")],
        "'ward_11' administers 'ward_11' at the same time",
        id="two wards of one area",
    ),
    pytest.param(
        [
            ("  - id: office\n    kind: office\n", "  - id: secretariat\n    kind: office\n"),
            ("\nunits:\n", f"\nunits:{HERE}\n"),
        ],
        "there is no unit 'office'",
        id="no Office",
    ),
    pytest.param(
        [(LEADERS, f"{LEADERS}    valid_to: 2029-12-31{HERE}\n")],
        "'leaders' does not exist on every day of the regulation",
        id="leaders who end before the regulation",
    ),
    pytest.param(
        [("impartial: [leaders, office, inspectorate]", f"impartial: [leaders, ombudsman]{HERE}")],
        "there is no unit 'ombudsman'",
        id="an unknown unit that stands in for the Office",
    ),
    pytest.param(
        [('    code: "24781"\n', f'    code: "24784"{HERE}\n')],
        "the code 24784 from 2020-01-01 stands twice",
        id="a code twice",
    ),
    pytest.param(
        [('  - id: ward_2\n    code: "24781"', f'  - id: ward_1{HERE}\n    code: "24781"')],
        "the id 'ward_1' stands twice",
        id="an area twice",
    ),
    pytest.param(
        [('    code: "24781"\n', f'    code: "781"{HERE}\n')], "code", id="not a GSO code"
    ),
    pytest.param(
        [("    aliases: [Tà Nung]\n", f"    aliases: [Phường 02]{HERE}\n")],
        "'Phường 02' also names 'ward_2'",
        id="an alias of another area",
    ),
    pytest.param(
        [
            (
                "    centre: {lat: 11.942241, lon: 108.433949}\n",
                f"    centre: {{lat: 111.9, lon: 1}}{HERE}\n",
            )
        ],
        "lat",
        id="a centre beyond the pole",
    ),
    pytest.param(
        [("    monitoring: forest_rangers\n", f"    monitoring: rangers{HERE}\n")],
        "there is no unit 'rangers'",
        id="an unknown monitoring unit",
    ),
    pytest.param(
        [("    handling: home_affairs\n", f"    handling: personnel{HERE}\n")],
        "there is no unit 'personnel'",
        id="an unknown handling unit",
    ),
    pytest.param(
        [(FOREST, FOREST.replace("[forest]", f"[forest, trees]{HERE}"))],
        "no category 'trees'",
        id="the rule of an unknown category",
    ),
    pytest.param(
        [(FOREST, FOREST.replace("areas: all", f"areas: [ward_1, ward_77]{HERE}"))],
        "there is no area 'ward_77'",
        id="the rule of an unknown area",
    ),
    pytest.param(
        [(FOREST, FOREST.replace("areas: all", f"areas: everywhere{HERE}"))],
        "areas",
        id="a rule of areas that is no list",
    ),
    pytest.param(
        [
            (
                FOREST,
                FOREST.replace("all", "not_needed").replace("ward\n", f"ward{HERE}\n", 1),
            )
        ],
        "'ward' needs areas",
        id="a ward rule that needs no place",
    ),
    pytest.param(
        [
            (WARD_12, WARD_12.replace("kind: ward", "kind: department")),
            ("    area: ward_12\n", ""),
            (PRICES, PRICES.replace("ward\n", f"ward{HERE}\n", 1)),
        ],
        "'ward_12' has no ward unit on 2020-01-01",
        id="a ward rule in an area without a ward",
    ),
    pytest.param(
        [
            (WARD_1, f"{WARD_1}    valid_to: 2024-12-31\n"),
            (PRICES, PRICES.replace("ward\n", f"ward{HERE}\n", 1)),
        ],
        "'ward_1' has no ward unit on 2025-01-01",
        id="a ward that ends before its rule",
    ),
    pytest.param(
        [
            ("    short: Phòng Nội vụ\n", "    short: Phòng Nội vụ\n    valid_to: 2025-06-30\n"),
            ("    handling: home_affairs\n", f"    handling: home_affairs{HERE}\n"),
        ],
        "'home_affairs' does not exist on every day of the rule 'service_attitude_home_affairs'",
        id="a unit that ends before its rule",
    ),
    pytest.param(
        [(ENVIRONMENT_ID, second_forest("2030-01-01"))],
        "contradicts the rule 'forest_by_ward'",
        id="two rules on the same days",
    ),
    pytest.param(
        [(ENVIRONMENT_ID, second_forest("2030-01-01", "[ward_1]"))],
        "both place 'forest' in 'ward_1'",
        id="two rules in one area",
    ),
    pytest.param(
        [(FOREST, FOREST.replace(FROM, f"{FROM}    valid_to: 2024-12-31{HERE}\n"))],
        "no rule says who handles 'forest' in 'ward_1' on 2025-01-01",
        id="a rule that ends too early",
    ),
    pytest.param(
        [(FOREST, FOREST.replace("2020-01-01\n", f"2020-01-02{HERE}\n"))],
        "no rule says who handles 'forest' in 'ward_1' on 2020-01-01",
        id="a rule that starts a day late",
    ),
    pytest.param(
        [
            (FOREST, FOREST.replace(FROM, f"{FROM}    valid_to: 2024-12-31{HERE}\n")),
            (ENVIRONMENT_ID, second_forest("2025-01-02").replace(HERE, "")),
        ],
        "on 2025-01-01",
        id="a gap of one day between two rules",
    ),
    pytest.param(
        [(FOREST, FOREST.replace("areas: all", f"areas: [ward_2]{HERE}"))],
        "no rule says who handles 'forest' in 'ward_1' on 2020-01-01",
        id="a rule that forgets an area",
    ),
    pytest.param(
        [
            (
                FOREST,
                FOREST.replace(
                    FROM, f"    valid_from: 2020-01-01\n    valid_to: 2019-01-01{HERE}\n"
                ),
            )
        ],
        "valid_to lies before valid_from",
        id="a rule that ends before it begins",
    ),
    pytest.param(
        [("\n  confidential:\n", "\n  secret:\n"), ("\nvisibility:\n", f"\nvisibility:{HERE}\n")],
        "visibility.confidential: Field required",
        id="a degree of anonymity missing",
    ),
]


@pytest.mark.parametrize(("changes", "message"), REFUSALS)
def test_a_wrong_file_is_refused_at_its_line(changes: list[tuple[str, str]], message: str) -> None:
    text = changed(*changes)
    (line,) = [n for n, row in enumerate(text.splitlines(), 1) if HERE in row]

    error = refusal(text)

    assert message in error.message
    assert error.line == line


def test_the_real_files_are_accepted() -> None:
    for name in ("dalat.yaml", "lamdong-5-wards.yaml"):
        assert load_regulation(FOLDER / name).categories


def test_a_calendar_beside_the_regulations_is_found_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "regulations").mkdir()
    (tmp_path / "calendars").mkdir()
    file = tmp_path / "regulations" / "dalat.yaml"
    file.write_text(TEXT, encoding="utf-8")

    with pytest.raises(RuleFileError, match="no calendar"):
        load_regulation(file)
    (tmp_path / "calendars" / "vn-state.yaml").touch()

    assert load_regulation(file).id == "dalat"


def test_a_keyword_may_stand_in_two_categories() -> None:
    text = changed(("[hách dịch,", "[hách dịch, phá rừng,"))
    regulation = read_regulation(parse(text, "dalat.yaml"), {"vn-state.yaml"})

    (found,) = regulation.keywords.find("phá rừng")
    assert {keyword.category for keyword in found.values} == {"service_attitude", "forest"}


def test_rules_may_hand_over_without_a_gap() -> None:
    text = changed(
        (FOREST, FOREST.replace(FROM, f"{FROM}    valid_to: 2024-12-31\n")),
        (ENVIRONMENT_ID, second_forest("2025-01-01")),
    )

    assert read_regulation(parse(text, "dalat.yaml"), {"vn-state.yaml"}).rules
