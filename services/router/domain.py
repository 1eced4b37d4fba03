"""Which unit handles a case and which one monitors it. Pure: rules and boundaries are passed in."""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from shared.boundaries import Boundaries
from shared.events import CaseSnapshot, CaseSubmitted, RoutingDecided, Suggestion
from shared.regulation import Regulation
from shared.vocabulary import (
    ABOUT_ITSELF,
    ABOUT_LEADERS_TOO,
    ABOUT_THE_TOP,
    LEADERS,
    NO_RULE,
    OFFICE,
    UNKNOWN_PLACE,
    AreaId,
    CategoryId,
    Origin,
    RuleId,
    UnitId,
)

OTHER = CategoryId("other")
SERVICE_ATTITUDE = CategoryId("service_attitude")

# Below this the Office confirms the category that the text suggests. Of reports written after the
# keywords were tuned (UNSEEN in tests/unit/test_suggestion.py), six in seven suggestions from 0.6
# on are right; all of them stay marked, and no suggestion extends the promise.
TRUSTED = 0.6


@dataclass(frozen=True)
class Rules:
    """All that a decision rests on."""

    regulation: Regulation
    boundaries: Boundaries | None


@dataclass(frozen=True)
class Located:
    """Where a case is: the area, how we know, and what a person should look at."""

    area: AreaId | None
    origin: str | None
    flags: tuple[str, ...] = ()


def decide(
    case: CaseSnapshot, submitted: CaseSubmitted, sequence: int, rules: Rules
) -> RoutingDecided:
    """Decide who handles a new case.

    The category's department leads and monitors, the unit that the table names executes. The
    Office gets what no rule places; a unit never gets a report about itself.
    """
    on = case.received_at.astimezone(ZoneInfo(rules.regulation.zone)).date()
    category, origin, doubts = _category(case, submitted.suggestion)
    located = locate(case, submitted, on, rules)
    unit, monitoring, rule = _place(category, located.area, on, rules.regulation)
    if submitted.mentions:
        top = {OFFICE, rules.regulation.lead(SERVICE_ATTITUDE, on, located.area)}
        placed, impartial = (unit, monitoring, rule), rules.regulation.impartial
        unit, monitoring, rule = _unbiased(placed, {*submitted.mentions}, top, impartial)
    flags = {*case.flags, *located.flags, *doubts}
    return RoutingDecided(
        code=case.code,
        case_sequence=sequence,
        unit=unit,
        monitoring_unit=monitoring,
        rule=rule,
        category=category,
        category_origin=origin,
        area=located.area,
        area_origin=located.origin,
        flags=tuple(sorted(flags)),
    )


def _category(
    case: CaseSnapshot, suggestion: Suggestion | None
) -> tuple[CategoryId, Origin, tuple[str, ...]]:
    """Take the reporter's word; else the text's, marked; else the Office classifies."""
    if case.category:
        return case.category, Origin.REPORTER, ()
    if suggestion and suggestion.confidence >= TRUSTED:
        return suggestion.category, Origin.SUGGESTED, ("category_suggested",)
    if suggestion:
        return OTHER, Origin.SUGGESTED, ("category_to_confirm",)
    return OTHER, Origin.OFFICE, ("category_to_confirm",)


def locate(case: CaseSnapshot, submitted: CaseSubmitted, on: date, rules: Rules) -> Located:
    """Find the area: by the official boundaries when there are any, else by the stated ward.

    Never by the nearest centre and never by the schematic map: their boxes overlap.
    """
    boundaries = rules.boundaries
    if case.place and boundaries and boundaries.official:
        area = boundaries.locate(case.place.lat, case.place.lon, on)
        if area is None:
            return Located(None, None, ("outside_boundaries",))
        contradicted = submitted.stated_area not in {None, area}
        return Located(area, "boundary", ("area_contradicted",) if contradicted else ())
    if submitted.stated_area:
        return Located(submitted.stated_area, "stated")
    return Located(None, None)


def _place(
    category: CategoryId, area: AreaId | None, on: date, regulation: Regulation
) -> tuple[UnitId, UnitId, RuleId]:
    route = regulation.route(category, area, on)
    if route:
        return route.handling, route.monitoring, route.rule
    lead = regulation.lead(category, on)
    rule = NO_RULE if area else UNKNOWN_PLACE
    return OFFICE, lead or OFFICE, rule


def _unbiased(
    placed: tuple[UnitId, UnitId, RuleId],
    about: AbstractSet[UnitId],
    top: AbstractSet[UnitId | None],
    impartial: Sequence[UnitId],
) -> tuple[UnitId, UnitId, RuleId]:
    """Keep a report from the unit it is about: "a unit never sees or closes" one about itself.

    Args:
        placed: Unit, monitoring unit and rule of the regulation's table.
        about: The units that the report is about.
        top: The Office and who leads reports about staff; of those somebody else judges.
        impartial: Who does, the first that the report is not about.
    """
    unit, monitoring, rule = placed
    if about & top:
        # nobody is left: the Office, which parties.py lets in then
        judge = next((each for each in impartial if each not in about), OFFICE)
        return judge, judge, ABOUT_THE_TOP if judge == LEADERS else ABOUT_LEADERS_TOO
    if unit in about:
        return OFFICE, OFFICE if monitoring in about else monitoring, ABOUT_ITSELF
    return unit, OFFICE if monitoring in about else monitoring, rule
