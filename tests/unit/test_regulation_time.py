"""The time of a regulation has no gap: small regulations, cut from the shipped one."""

import re
from typing import Any

import pytest
import yaml

from shared.regulation import Regulation, read_regulation
from shared.rulefile import RuleFileError, parse
from shared.settings import RULES

SHIPPED = yaml.safe_load((RULES / "regulations" / "dalat.yaml").read_text(encoding="utf-8"))
SECTIONS = ("units", "areas", "rules")
END = "2026-06-30"


def read(content: dict[str, Any]) -> Regulation:
    return read_regulation(parse(written(content), "dalat.yaml"), {"vn-state.yaml"})


def written(content: dict[str, Any]) -> str:
    return yaml.safe_dump(content, allow_unicode=True, sort_keys=False)


def everything(**dates: str) -> dict[str, Any]:
    """The shipped regulation with dates set on the head (`head_…`) and on all of a section."""
    content: dict[str, Any] = {**SHIPPED}
    for section in SECTIONS:
        content[section] = [{**part} for part in SHIPPED[section]]
    for name, day in dates.items():
        section, field = name.split("_", 1)
        parts = [content] if section == "head" else content[section]
        for part in parts:
            part[field] = yaml.safe_load(day)
    return content


def refused(content: dict[str, Any]) -> tuple[str, str]:
    """What is said, and the text of the line that it is said about."""
    with pytest.raises(RuleFileError) as caught:
        read(content)
    return caught.value.message, written(content).splitlines()[caught.value.line - 1].strip()


def test_the_shipped_one_is_read() -> None:
    assert read(everything()).id == "dalat"


def test_areas_and_rules_may_end_with_the_regulation() -> None:
    read(everything(head_valid_to=END, areas_valid_to=END, rules_valid_to=END))


def test_a_regulation_without_an_end_needs_rules_without_one() -> None:
    said, line = refused(everything(areas_valid_to=END, rules_valid_to=END))

    assert re.search("who handles .* on 2026-07-01", said)
    assert line == f"valid_to: {END}"


def test_areas_do_not_end_without_successors() -> None:
    said, line = refused(everything(areas_valid_to=END))

    assert said == "nothing says which areas there are on 2026-07-01"
    assert line == f"valid_to: {END}"


def test_a_regulation_does_not_begin_before_its_rules_and_areas() -> None:
    said, line = refused(everything(head_valid_from="2019-01-01"))

    assert "on 2019-01-01" in said
    assert line == "valid_from: 2019-01-01"


def test_a_regulation_does_not_begin_before_its_areas() -> None:
    dates = {f"{section}_valid_from": "2019-01-01" for section in ("head", "units", "rules")}
    said, line = refused(everything(**dates))

    assert said == "nothing says which areas there are on 2019-01-01"
    assert line == "valid_from: 2019-01-01"


def test_what_needs_no_place_needs_a_rule_on_every_day_too() -> None:
    content = everything(areas_valid_to=END)
    again = yaml.safe_load("2026-07-02")  # a day later than it should
    content["areas"] += [
        {**area, "id": f"{area['id']}_2", "valid_from": again} for area in SHIPPED["areas"]
    ]
    content["units"] += [
        {**unit, "id": f"{unit['id']}_2", "area": f"{unit['area']}_2", "valid_from": again}
        for unit in SHIPPED["units"]
        if "area" in unit
    ]
    (other,) = [each for each in content["rules"] if each["categories"] == ["other"]]
    assert other["areas"] == "not_needed"
    content["rules"].append({**other, "id": "other_again", "valid_from": again})
    other["valid_to"] = yaml.safe_load(END)

    said, line = refused(content)

    assert said == "nothing says who handles 'other' on 2026-07-01"
    assert line == f"valid_to: {END}"
