"""Which cases somebody has a part in, as a query."""

from collections.abc import Mapping
from typing import Any

from services.intake.domain.parties import Actor
from shared.vocabulary import LEADERS, OFFICE, Role, State

_NOBODYS: Mapping[str, Any] = {  # parties.is_nobodys
    "case.about": {"$all": [OFFICE, LEADERS]},
    "$or": [
        {"case.unit": {"$in": [OFFICE, LEADERS]}},
        {"case.restricted": True},
        {"case.state": State.HELD.value},
    ],
}


def scope(actor: Actor) -> Mapping[str, Any]:
    """Return the query for what the actor has a part in; `parties` says the same of one case."""
    if actor.role is Role.OFFICE_CLERK:
        return {"$or": [{"case.about": {"$ne": actor.unit}}, _NOBODYS]}
    if actor.role is Role.LEADER:
        return {"case.about": {"$ne": actor.unit}}
    mine = [
        {"case.unit": actor.unit},
        {"case.monitoring_unit": actor.unit},
        {"case.coordinating_units": actor.unit},
        {"parts.directives.addressee": actor.unit},
    ]
    return {
        "$or": mine,
        "case.about": {"$ne": actor.unit},
        "case.restricted": False,
        "case.state": {"$ne": State.HELD.value},
    }
