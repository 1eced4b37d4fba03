"""What every decision about a case looks at. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain import refusals
from services.intake.domain.case import (
    Case,
    RuleBrokenError,
)
from services.intake.domain.parties import Actor
from services.intake.domain.rules import Rules
from shared.vocabulary import (
    OFFICE,
    AreaId,
    CategoryId,
    UnitId,
)

FARTHEST = timedelta(days=366)  # of an approved date, a directive: more is a slip of the year


@dataclass(frozen=True)
class Request:
    """A decision's circumstances: who, when, and by which rules."""

    actor: Actor
    now: datetime
    rules: Rules

    @property
    def who(self) -> dict[str, Any]:
        """What every event says of its origin."""
        return {"at": self.now, "actor": self.actor.account, "by": self.actor.unit}


def handling_unit(case: Case) -> UnitId:
    """Return the unit that the case lies with; the Office before anybody was named."""
    return case.snapshot.unit or OFFICE


def strictest(case: Case, category: CategoryId, request: Request) -> dict[str, Any]:
    """Return the strictest deadline from first receipt: a promise is never silently extended.

    After a dispute all limits count from it, as the promise that was given then.
    """
    snapshot = case.snapshot
    if category not in {each.id for each in request.rules.regulation.categories}:
        raise RuleBrokenError("category", "unknown_category", **refusals.UNKNOWN_CATEGORY)
    due = request.rules.deadline(category, snapshot.counted_from or snapshot.received_at)
    if due.due_at < snapshot.due_at:
        return {"due_at": due.due_at, "limit_s": due.limit_s, "clock": due.clock}
    return {"due_at": snapshot.due_at, "limit_s": snapshot.limit_s, "clock": snapshot.clock}


def check_units(units: tuple[UnitId, ...], case: Case, request: Request) -> None:
    """Check that the units exist today, and that none of them is what the report is about."""
    on = request.rules.local_day(request.now)
    known = {unit.id for unit in request.rules.regulation.units_on(on)}
    if not set(units) <= known:
        raise RuleBrokenError("unit", "unknown_unit", **refusals.UNKNOWN_UNIT)
    if set(units) & set(case.snapshot.about):
        raise RuleBrokenError("unit", "about_itself", **refusals.ABOUT_ITSELF)


def check_area(area: AreaId | None, request: Request) -> None:
    """Check that an area that was named exists today."""
    on = request.rules.local_day(request.now)
    if area and area not in {each.id for each in request.rules.regulation.areas_on(on)}:
        raise RuleBrokenError("area", "unknown_area", **refusals.UNKNOWN_AREA)


def check_future(field: str, at: datetime, now: datetime) -> None:
    """Check that a date is still to come, within a year; RuleBrokenError at `field` when not."""
    if at <= now:
        raise RuleBrokenError(field, "in_the_past", **refusals.IN_THE_PAST)
    if at > now + FARTHEST:
        raise RuleBrokenError(field, "too_far", **refusals.TOO_FAR)
