"""The event of the router."""

from typing import ClassVar

from shared.events.base import Event
from shared.vocabulary import AreaId, CaseCode, CategoryId, Origin, RuleId, UnitId


class RoutingDecided(Event):
    """The router says which unit handles a case, which one monitors it, and by which rule."""

    type: ClassVar[str] = "routing.decided.v1"
    source: ClassVar[str] = "/civic/router"
    code: CaseCode
    case_sequence: int
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    area_origin: str | None = None
    flags: tuple[str, ...] = ()
