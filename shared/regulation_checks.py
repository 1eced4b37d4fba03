"""What a regulation file may not say. Every refusal names the line that is wrong."""

from collections.abc import Collection, Iterable, Sequence
from typing import Literal
from zoneinfo import available_timezones

from shared.regulation_coverage import Place, check_coverage, first_gap, meet, overlap
from shared.regulation_model import (
    NOT_NEEDED,
    WARD,
    Area,
    Category,
    Content,
    Dated,
    Rule,
    SubCategory,
)
from shared.rulefile import RuleFile
from shared.text import fold
from shared.vocabulary import LEADERS, OFFICE, CategoryId, UnitKind

# the regulation's ten in its order (its table of limits); all that is filed under them is data
CATEGORY_IDS = tuple(
    CategoryId(name)
    for name in (
        "service_attitude",
        "market_price",
        "culture_tourism",
        "forest",
        "environment",
        "security_traffic",
        "construction_order",
        "food_safety",
        "urban_order",
        "other",
    )
)


def check(content: Content, rules: RuleFile, calendars: Collection[str]) -> None:
    """Refuse a regulation that contradicts itself or leaves somebody without an answer.

    Args:
        content: What the file says.
        rules: The file, for its lines.
        calendars: File names of the calendars that exist.

    Raises:
        RuleFileError: the first thing that is wrong, at its line.
    """
    _check_head(content, rules, calendars)
    _check_identifiers(content, rules)
    _check_periods(content, rules)
    _check_units(content, rules)
    _check_areas(content, rules)
    _check_towns(content, rules)
    _check_categories(content, rules)
    _check_aliases(content.categories, rules, ("categories",))
    for index, category in enumerate(content.categories):
        _check_aliases(category.sub_categories, rules, ("categories", index, "sub_categories"))
    _check_keywords(content, rules)
    for index, rule in enumerate(content.rules):
        _check_rule(content, rules, rule, index)
    check_coverage(content, rules)
    _check_always(content, rules)
    _check_retention(content, rules)


def _check_head(content: Content, rules: RuleFile, calendars: Collection[str]) -> None:
    if content.zone not in available_timezones():
        raise rules.error(f"there is no time zone {content.zone!r}", "zone")
    if content.calendar not in calendars:
        raise rules.error(f"there is no calendar {content.calendar!r}", "calendar")


def _check_retention(content: Content, rules: RuleFile) -> None:
    """Refuse a term that never comes: erasing a reporter erases the originals of the case too."""
    terms = content.retention
    if terms and terms.originals_days_after_close > terms.reporter_days_after_close:
        raise rules.error(
            f"the originals go with the reporter, after {terms.reporter_days_after_close} days",
            *("retention", "originals_days_after_close"),
        )


def _check_identifiers(content: Content, rules: RuleFile) -> None:
    for section in ("units", "areas", "categories", "rules"):
        _check_unique(rules, [item.id for item in getattr(content, section)], section)
    for index, category in enumerate(content.categories):
        names = [sub.id for sub in category.sub_categories]
        _check_unique(rules, names, "categories", index, "sub_categories")
    codes = [(area.code, area.valid_from) for area in content.areas]
    for index, code in enumerate(codes):
        if code in codes[:index]:
            raise rules.error(
                f"the code {code[0]} from {code[1]} stands twice", "areas", index, "code"
            )


def _check_unique(rules: RuleFile, names: Sequence[str], *place: str | int) -> None:
    for index, name in enumerate(names):
        if name in names[:index]:
            raise rules.error(f"the id {name!r} stands twice", *place, index, "id")


def _check_periods(content: Content, rules: RuleFile) -> None:
    parts: list[tuple[Dated, Place]] = [(content, ())]
    for section in ("units", "areas", "rules"):
        parts += [(part, (section, i)) for i, part in enumerate(getattr(content, section))]
    for part, place in parts:
        if part.last_day < part.valid_from:
            raise rules.error("valid_to lies before valid_from", *place, "valid_to")


def _check_units(content: Content, rules: RuleFile) -> None:
    areas = {area.id for area in content.areas}
    for index, unit in enumerate(content.units):
        if unit.id == WARD:
            raise rules.error(f"{WARD!r} means the unit of the area", "units", index, "id")
        if (unit.kind is UnitKind.WARD) != (unit.area is not None):
            raise rules.error("a ward, and nobody else, has an area", "units", index, "kind")
        if unit.area is not None and unit.area not in areas:
            raise rules.error(f"there is no area {unit.area!r}", "units", index, "area")
        for other in content.units[:index]:
            if unit.area is not None and unit.area == other.area and meet(unit, other):
                raise rules.error(
                    f"{other.id!r} administers {unit.area!r} at the same time",
                    *("units", index, "area"),
                )
    for needed, kind in ((OFFICE, UnitKind.OFFICE), (LEADERS, UnitKind.LEADERS)):
        if not any(unit.id == needed and unit.kind is kind for unit in content.units):
            raise rules.error(f"there is no unit {needed!r} of kind {kind.value!r}", "units")


def _check_always(content: Content, rules: RuleFile) -> None:
    """Refuse a day without the Office, the leaders, or who stands in for them."""
    known = {unit.id: index for index, unit in enumerate(content.units)}
    for place, name in enumerate(content.impartial):
        if name not in known:
            raise rules.error(f"there is no unit {name!r}", "impartial", place)
    for name in dict.fromkeys((OFFICE, LEADERS, *content.impartial)):
        unit = content.units[known[name]]
        if content.valid_from < unit.valid_from or unit.last_day < content.last_day:
            key = "valid_to" if unit.last_day < content.last_day else "valid_from"
            raise rules.error(
                f"{name!r} does not exist on every day of the regulation",
                *("units", known[name], key),
            )


def _check_areas(content: Content, rules: RuleFile) -> None:
    owners: dict[str, list[Area]] = {}
    for index, area in enumerate(content.areas):
        names: list[tuple[str, Place]] = [(area.name.vi, ("name",)), (area.name.en, ("name",))]
        names += [(alias, ("aliases", i)) for i, alias in enumerate(area.aliases)]
        for name, place in names:
            for other in owners.setdefault(fold(name), []):
                if other is not area and meet(other, area):
                    raise rules.error(f"{name!r} also names {other.id!r}", "areas", index, *place)
            owners[fold(name)].append(area)


def _check_towns(content: Content, rules: RuleFile) -> None:
    """Refuse a town that is ours and another one as well."""
    others = (*content.outside, *content.outside_exactly, *content.outside_behind)
    elsewhere = {fold(name) for name in others}
    for index, name in enumerate(content.home):
        if fold(name) in elsewhere:
            raise rules.error(f"{name!r} also lies elsewhere", "home", index)


def _check_categories(content: Content, rules: RuleFile) -> None:
    for index, category in enumerate(content.categories):
        if category.id not in CATEGORY_IDS:
            raise rules.error(
                f"the regulation has no category {category.id!r}", "categories", index, "id"
            )
        for place, number in enumerate(category.emergency):
            if number not in content.emergency.numbers:
                raise rules.error(
                    f"there is no emergency number {number!r}",
                    *("categories", index, "emergency", place),
                )
    ids = [category.id for category in content.categories]
    if missing := [name for name in CATEGORY_IDS if name not in ids]:
        raise rules.error(f"the category {missing[0]!r} is missing", "categories")
    for index, (name, expected) in enumerate(zip(ids, CATEGORY_IDS, strict=True)):
        if name != expected:
            raise rules.error(
                f"out of order: {expected!r} comes before {name!r}", "categories", index, "id"
            )


def _check_aliases(named: Sequence[Category | SubCategory], rules: RuleFile, here: Place) -> None:
    """Refuse a name that means two things on one level; of two equal names the later is wrong."""
    for index, each in enumerate(named):
        for place, alias in enumerate(each.aliases):
            for other in named:
                if other is not each and (other.id == alias or other.called(alias)):
                    raise rules.error(
                        f"{alias!r} also names {other.id!r}", *here, index, "aliases", place
                    )
        for language, name in (("vi", each.name.vi), ("en", each.name.en)):
            for other in named[:index]:
                if other.called(name):
                    raise rules.error(
                        f"{name!r} also names {other.id!r}", *here, index, "name", language
                    )


def _check_keywords(content: Content, rules: RuleFile) -> None:
    for place, keywords in _all_keywords(content):
        for index, keyword in enumerate(keywords):
            if not fold(keyword):
                raise rules.error(f"the keyword {keyword!r} has no words", *place, index)


def _all_keywords(content: Content) -> Iterable[tuple[Place, Sequence[str]]]:
    for index, category in enumerate(content.categories):
        yield ("categories", index, "keywords"), category.keywords
        yield ("categories", index, "hints"), category.hints
        for number, sub in enumerate(category.sub_categories):
            yield ("categories", index, "sub_categories", number, "keywords"), sub.keywords
    for number, emergency in content.emergency.numbers.items():
        yield ("emergency", "numbers", number, "keywords"), emergency.keywords
        yield ("emergency", "numbers", number, "unless"), emergency.unless


def _check_rule(content: Content, rules: RuleFile, rule: Rule, index: int) -> None:
    here: Place = ("rules", index)
    for place, category in enumerate(rule.categories):
        if category not in CATEGORY_IDS:
            raise rules.error(
                f"the regulation has no category {category!r}", *here, "categories", place
            )
    if not isinstance(rule.areas, str):
        known = {area.id for area in content.areas}
        for place, area in enumerate(rule.areas):
            if area not in known:
                raise rules.error(f"there is no area {area!r}", *here, "areas", place)
    if rule.handling == WARD:
        _check_wards(content, rules, rule, index)
    else:
        _check_serves(content, rules, index, "handling")
    _check_serves(content, rules, index, "monitoring")


def _check_serves(
    content: Content, rules: RuleFile, index: int, duty: Literal["handling", "monitoring"]
) -> None:
    rule = content.rules[index]
    name = rule.handling if duty == "handling" else rule.monitoring
    unit = next((unit for unit in content.units if unit.id == name), None)
    if unit is None:
        raise rules.error(f"there is no unit {name!r}", "rules", index, duty)
    if not (unit.valid_from <= rule.valid_from and rule.last_day <= unit.last_day):
        raise rules.error(
            f"{name!r} does not exist on every day of the rule {rule.id!r}", "rules", index, duty
        )


def _check_wards(content: Content, rules: RuleFile, rule: Rule, index: int) -> None:
    place: Place = ("rules", index, "handling")
    if rule.areas == NOT_NEEDED:
        raise rules.error(f"{WARD!r} needs areas, and the rule needs no place", *place)
    for area in content.areas:
        if rule.reaches(area.id) and meet(rule, area):
            first, last = overlap(rule, area)
            wards = [unit for unit in content.units if unit.area == area.id]
            gap = first_gap(wards, first, last)
            if gap is not None:
                raise rules.error(f"{area.id!r} has no ward unit on {gap.day}", *place)
