"""Why the router decided as it did, in the regulation's words. Pure."""

from collections.abc import Mapping
from typing import Any

from services.intake.domain.rules import Rules
from services.intake.store import StoredCase
from shared.regulation import Regulation, Rule, UnknownError
from shared.regulation_model import Words
from shared.vocabulary import (
    ABOUT_ITSELF,
    ABOUT_LEADERS_TOO,
    ABOUT_THE_TOP,
    NO_RULE,
    UNKNOWN_PLACE,
    AreaId,
    CategoryId,
    Origin,
    UnitId,
)

SAMPLE = "sample"  # how a source of the regulation begins that is not the city's own word
KEYWORDS = 3  # of a suggestion; more say nothing more
WARD = UnitId("ward")  # what a rule calls the unit of the area

SAMPLE_WORDS = Words(
    vi="bảng phân công mẫu, chờ thành phố ban hành",
    en="sample table, until the city issues its own",
)
NOWHERE = Words(vi="chưa rõ địa bàn", en="an unknown place")
BY_REPORTER = Words(vi="người phản ánh chọn", en="chosen by the reporter")
BY_OFFICE = Words(vi="chưa phân loại được", en="not classified yet")
STATED = Words(vi="theo lời người phản ánh", en="as the reporter says")
ON_THE_MAP = Words(vi="theo vị trí", en="by its position")

EXCEPTIONS: Mapping[str, Words] = {
    NO_RULE: Words(
        vi="bảng phân công không có dòng nào cho trường hợp này, nên Văn phòng phân loại",
        en="no line of the table covers this, so the Office classifies",
    ),
    UNKNOWN_PLACE: Words(
        vi="loại này giao theo địa bàn mà địa bàn chưa rõ, nên Văn phòng phân loại",
        en="this category goes by area and the area is unknown, so the Office classifies",
    ),
    ABOUT_ITSELF: Words(
        vi="phản ánh nói về chính đơn vị sẽ xử lý, nên Văn phòng giao đơn vị khác",
        en="it is about the very unit that would handle it, so the Office gives it to another",
    ),
    ABOUT_THE_TOP: Words(
        vi="phản ánh nói về Văn phòng hoặc Phòng Nội vụ, nên lãnh đạo UBND xem",
        en="it is about the Office or Home Affairs, so the leaders look at it",
    ),
    ABOUT_LEADERS_TOO: Words(
        vi="phản ánh nói về cả lãnh đạo UBND và Văn phòng hoặc Phòng Nội vụ, nên nơi khác xem",
        en="it is about the leaders as well as the Office or Home Affairs, so others look at it",
    ),
}


def routed(stored: StoredCase, rules: Rules) -> dict[str, Any] | None:
    """Return what decided the router's last word on a case, or None while it has said none.

    `why` is category × area and what follows, `source` where that line of the table comes from.
    """
    decision = _decision(stored)
    if decision is None:
        return None
    regulation = rules.regulation
    rule = next((each for each in regulation.rules if each.id == decision["rule"]), None)
    category, area = _category(decision, stored, regulation), _area(decision, stored, regulation)
    outcome = EXCEPTIONS.get(decision["rule"]) or _outcome(decision, rule, regulation)
    why = Words(
        vi=f"{category.vi} × {area.vi}: {outcome.vi}.",
        en=f"{category.en} × {area.en}: {outcome.en}.",
    )
    source = _source(rule)
    return {
        "rule": decision["rule"],
        "unit": decision["unit"],
        "why": _plain(why),
        "source": _plain(source) if source else None,
    }


def _decision(stored: StoredCase) -> Mapping[str, Any] | None:
    if stored.case.suggested:
        return stored.case.suggested.model_dump(mode="json")
    said = (
        each["event"]
        for each in reversed(stored.history)
        if each["type"] == "case.assigned.v1" and each["event"]["actor"] == "router"
    )
    return next(said, None)


def _category(decision: Mapping[str, Any], stored: StoredCase, regulation: Regulation) -> Words:
    name = _category_name(decision["category"], regulation)
    origin = decision["category_origin"]
    if origin == Origin.REPORTER:
        how = BY_REPORTER
    elif origin == Origin.SUGGESTED and (words := _keywords(stored, decision["category"])):
        how = Words(vi=f"theo lời: {words}", en=f"by the words {words}")
    else:
        how = BY_OFFICE
    return Words(vi=f"{name.vi} ({how.vi})", en=f"{name.en} ({how.en})")


def _keywords(stored: StoredCase, category: str) -> str:
    """Return the words of the text that spoke for a category; empty when others did."""
    found = stored.history[0]["event"].get("suggestion") or {}
    if found.get("category") != category:
        return ""
    return ", ".join(f"“{each}”" for each in found["keywords"][:KEYWORDS])


def _area(decision: Mapping[str, Any], stored: StoredCase, regulation: Regulation) -> Words:
    if not decision["area"]:
        return NOWHERE
    try:
        name = regulation.area(AreaId(decision["area"])).name
    except UnknownError:  # an area of another edition
        return NOWHERE
    stated = stored.history[0]["event"].get("stated_area") == decision["area"]
    how = STATED if stated else ON_THE_MAP
    return Words(vi=f"{name.vi} ({how.vi})", en=f"{name.en} ({how.en})")


def _outcome(decision: Mapping[str, Any], rule: Rule | None, regulation: Regulation) -> Words:
    unit = _unit_name(decision["unit"], regulation)
    watch = _unit_name(decision["monitoring_unit"], regulation)
    ward = rule is not None and rule.handling == WARD
    who = Words(
        vi=f"{unit.vi} xử lý{' vì là phường, xã sở tại' if ward else ''}",
        en=f"{unit.en} handles it{', being the ward of the place' if ward else ''}",
    )
    if decision["monitoring_unit"] == decision["unit"]:
        return who
    return Words(vi=f"{who.vi}, {watch.vi} giám sát", en=f"{who.en}, {watch.en} monitors")


def _source(rule: Rule | None) -> Words | None:
    if rule is None:
        return None
    if rule.source.lower().startswith(SAMPLE):
        return SAMPLE_WORDS
    return Words(vi=rule.source, en=rule.source)


def _category_name(category: str, regulation: Regulation) -> Words:
    try:
        return regulation.category(CategoryId(category)).name
    except UnknownError:
        return Words(vi=category, en=category)


def _unit_name(unit: str, regulation: Regulation) -> Words:
    try:
        return regulation.unit(UnitId(unit)).name
    except UnknownError:
        return Words(vi=unit, en=unit)


def _plain(words: Words) -> dict[str, str]:
    return {"vi": words.vi, "en": words.en}
