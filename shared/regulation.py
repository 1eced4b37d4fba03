"""The regulation as data: categories, limits, bodies, areas, and who answers for what.

Values come from a YAML file under regulations/; nothing in the code knows a limit or a body of
a particular city. All dates are local days in the regulation's zone.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from shared import rulefile
from shared.errors import PermanentError
from shared.regulation_checks import CATEGORY_IDS, check
from shared.regulation_model import (
    WARD,
    Access,
    Area,
    Category,
    Content,
    Duty,
    Emergency,
    EmergencyNumber,
    Evidence,
    Identity,
    Location,
    ResultEvidence,
    Rule,
    SubCategory,
    Terms,
    Town,
    Unit,
    Visibility,
    Words,
)
from shared.rulefile import RuleFile
from shared.text import Phrases
from shared.vocabulary import AreaId, CategoryId, RuleId, UnitId

K = TypeVar("K", bound=str)
V = TypeVar("V")

__all__ = [
    "CATEGORY_IDS",
    "Access",
    "Area",
    "Category",
    "Duty",
    "Emergency",
    "EmergencyHint",
    "EmergencyNumber",
    "Evidence",
    "Identity",
    "Keyword",
    "Location",
    "Regulation",
    "ResultEvidence",
    "Route",
    "Rule",
    "SubCategory",
    "Terms",
    "Unit",
    "UnknownError",
    "Visibility",
    "Words",
    "load_regulation",
    "read_regulation",
    "shaped_regulation",
]


class UnknownError(PermanentError):
    """The regulation has no such category, unit or area."""

    def __init__(self, regulation: str, kind: str, identifier: str) -> None:
        super().__init__(f"the regulation {regulation!r} has no {kind} {identifier!r}")
        self.kind = kind
        self.identifier = identifier


@dataclass(frozen=True, slots=True)
class Route:
    """What a rule says about a case: who handles it and who watches.

    Attributes:
        lead: The handling unit, or the monitoring one where a ward executes: the category's
            department leads and monitors then.
    """

    rule: RuleId
    handling: UnitId
    monitoring: UnitId
    lead: UnitId


@dataclass(frozen=True, slots=True)
class EmergencyHint:
    """A number to call, and why it is shown.

    Attributes:
        category: Set when the number always stands beside this category.
        keywords: Words of the report that mean danger, in their natural spelling; when there
            are any, the report is flagged.
    """

    number: str
    name: Words
    category: CategoryId | None
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keyword:
    """What a word in a text speaks for; a hint only leans towards it."""

    category: CategoryId
    hint: bool = False


class Regulation(Content):
    """A regulation that has been checked: every question below has an answer in it."""

    def __hash__(self) -> int:
        """Hash by name, so that what is compiled from a regulation can be kept beside it."""
        return hash((self.id, self.version))

    def category(self, category: CategoryId) -> Category:
        """Return a category.

        Raises:
            UnknownError: the regulation has no such category.
        """
        return self._find(self._categories, "category", category)

    def unit(self, unit: UnitId) -> Unit:
        """Return a unit, whether or not it still exists.

        Raises:
            UnknownError: the regulation has no such unit.
        """
        return self._find(self._units, "unit", unit)

    def area(self, area: AreaId) -> Area:
        """Return an area, whether or not it still exists.

        Raises:
            UnknownError: the regulation has no such area.
        """
        return self._find(self._areas, "area", area)

    def units_on(self, day: date) -> tuple[Unit, ...]:
        """Return the units that exist on a local day, in the file's order."""
        return tuple(unit for unit in self.units if unit.valid_on(day))

    def areas_on(self, day: date) -> tuple[Area, ...]:
        """Return the areas that exist on a local day, in the file's order."""
        return tuple(area for area in self.areas if area.valid_on(day))

    def limit(self, category: CategoryId) -> timedelta:
        """Return the time from receipt to the published result, counted by the category's clock.

        Raises:
            UnknownError: the regulation has no such category.
        """
        return timedelta(hours=self.category(category).limit_hours)

    def route(self, category: CategoryId, area: AreaId | None, on: date) -> Route | None:
        """Return who handles and who monitors a case received on a local day.

        None when no rule says so: the place is needed and nobody knows it, the area or category
        is not this regulation's, or the day lies outside its time. Such a case is the Office's.
        """
        if not self.valid_on(on):
            return None
        known = self._areas.get(area) if area else None
        place = known.id if known and known.valid_on(on) else None
        for rule in self._rules.get(category, ()):
            if rule.valid_on(on) and rule.reaches(place):
                return self._apply(rule, place, on)
        return None

    def lead(self, category: CategoryId, on: date, area: AreaId | None = None) -> UnitId | None:
        """Return the unit that leads a category on a local day.

        None outside the regulation's time, or when the areas differ and none is named.
        """
        places = [area] if area else [None, *(known.id for known in self.areas_on(on))]
        routes = (self.route(category, place, on) for place in places)
        leads = {route.lead for route in routes if route}
        return leads.pop() if len(leads) == 1 else None

    def emergency_numbers(self, category: CategoryId | None, text: str) -> list[EmergencyHint]:
        """Return the numbers to show with a report, in the file's order.

        A number is shown because of the category, of words in the text, or of both.

        Raises:
            UnknownError: the regulation has no such category.
        """
        shown = self.category(category).emergency if category else ()
        heard: dict[str, list[str]] = {}
        for found in self._danger.find(text):
            for number in found.values:
                if number and found.phrase not in heard.setdefault(number, []):
                    heard[number].append(found.phrase)
        return [
            EmergencyHint(
                number=number,
                name=about.name,
                category=category if number in shown else None,
                keywords=tuple(heard.get(number, ())),
            )
            for number, about in self.emergency.numbers.items()
            if number in shown or number in heard
        ]

    def mentions(self, text: str) -> list[UnitId]:
        """Return the units that a text names, in the order of their first mention.

        Names, short names and aliases count as whole folded words: "P.1" and "UBND phường 1"
        name ward 1, "phường 10" does not.
        """
        named = (unit for found in self._unit_names.find(text) for unit in found.values)
        return list(dict.fromkeys(named))

    @cached_property
    def keywords(self) -> Phrases[Keyword]:
        """The keywords and hints of all categories and sub-categories, compiled for matching."""
        pairs: list[tuple[str, Keyword]] = []
        for category in self.categories:
            pairs += [(word, Keyword(category.id)) for word in category.all_keywords()]
            pairs += [(word, Keyword(category.id, hint=True)) for word in category.hints]
        return Phrases(pairs, accents=True)

    @cached_property
    def area_names(self) -> Phrases[AreaId]:
        """The areas' names and aliases, compiled."""
        named = (
            (name, area.id)
            for area in self.areas
            for name in (area.name.vi, area.name.en, *area.aliases)
        )
        return Phrases(dict.fromkeys(named), accents=False)

    @cached_property
    def towns(self) -> tuple[Phrases[Town], ...]:
        """The towns that an address may name, compiled: ours, others, and streets called so."""
        ours = [(name, Town.OURS) for name in self.home]
        others = [(name, Town.OTHER) for name in self.outside]
        kinds = (name for each in self.outside_behind for name in _with_kinds(each))
        exactly = [(name, Town.OTHER) for name in (*self.outside_exactly, *kinds)]
        return (
            Phrases(_with_streets([*ours, *others]), accents=False),
            Phrases(_with_streets(exactly), accents=True),
        )

    @cached_property
    def towns_behind(self) -> Phrases[Town]:
        """The towns that count behind a ward, compiled: ours, and others with ordinary names."""
        ours = [(name, Town.OURS) for name in self.home]
        others = [(name, Town.OTHER) for name in self.outside_behind]
        return Phrases(_with_streets([*ours, *others]), accents=False)

    @cached_property
    def _categories(self) -> dict[CategoryId, Category]:
        return {category.id: category for category in self.categories}

    @cached_property
    def _units(self) -> dict[UnitId, Unit]:
        return {unit.id: unit for unit in self.units}

    @cached_property
    def _areas(self) -> dict[AreaId, Area]:
        return {area.id: area for area in self.areas}

    @cached_property
    def _rules(self) -> dict[CategoryId, list[Rule]]:
        return {
            category.id: [rule for rule in self.rules if category.id in rule.categories]
            for category in self.categories
        }

    @cached_property
    def _unit_names(self) -> Phrases[UnitId]:
        named = (
            (name, unit.id)
            for unit in self.units
            for name in (unit.name.vi, unit.name.en, unit.short, *unit.aliases)
        )
        return Phrases(dict.fromkeys(named), accents=False)

    @cached_property
    def _danger(self) -> Phrases[str | None]:
        words: list[tuple[str, str | None]] = []
        for number, about in self.emergency.numbers.items():
            words += [(word, number) for word in about.keywords]
            words += [(word, None) for word in about.unless]
        return Phrases(dict.fromkeys(words), accents=True)

    def _find(self, known: Mapping[K, V], kind: str, identifier: K) -> V:
        try:
            return known[identifier]
        except KeyError:
            raise UnknownError(self.id, kind, identifier) from None

    def _apply(self, rule: Rule, area: AreaId | None, on: date) -> Route:
        if rule.handling != WARD:
            return Route(rule.id, rule.handling, rule.monitoring, lead=rule.handling)
        wards = (unit.id for unit in self.units if unit.area == area and unit.valid_on(on))
        return Route(rule.id, next(wards), rule.monitoring, lead=rule.monitoring)


def _with_streets(towns: Iterable[tuple[str, Town]]) -> Iterable[tuple[str, Town]]:
    """Add the streets that are called after a town; whoever names one is in none."""
    for name, town in towns:
        yield name, town
        yield f"đường {name}", Town.NONE
        yield f"đ {name}", Town.NONE
        yield f"{name} street", Town.NONE


def _with_kinds(name: str) -> Iterable[str]:
    """Return a name with each kind of place that it can be: so no shop and no street is called."""
    for kind in ("quận", "q", "huyện", "thị xã", "tx", "thành phố", "tp"):
        yield f"{kind} {name}"
    for kind in ("district", "town", "city"):
        yield f"{name} {kind}"


def load_regulation(path: Path, calendars: Path | None = None) -> Regulation:
    """Read and check a regulation file.

    Args:
        path: The YAML file.
        calendars: Folder of the calendars; without it the folder of that name beside the file's.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself, at the line that does.
    """
    folder = calendars or path.resolve().parent.parent / "calendars"
    names = {calendar.name for calendar in folder.glob("*.yaml")}
    return read_regulation(rulefile.load(path), names)


def read_regulation(rules: RuleFile, calendars: Collection[str]) -> Regulation:
    """Check a parsed regulation file; `calendars` are the file names of those that exist.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself, at the line that does.
    """
    regulation = shaped_regulation(rules)
    check(regulation, rules, calendars)
    return regulation


def shaped_regulation(rules: RuleFile) -> Regulation:
    """Return what a parsed regulation file says, without a look for contradictions.

    Raises:
        RuleFileError: something is missing or is of another kind, at its line.
    """
    try:
        return Regulation.model_validate(rules.content)
    except ValidationError as failure:
        raise rules.invalid(failure) from failure
