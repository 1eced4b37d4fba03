"""Which part somebody has in a case. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from services.intake.domain.case import Case
from shared.vocabulary import Role, State, UnitId


@dataclass(frozen=True)
class Actor:
    """Who acts: a personal account with its role and unit, or the reporter (no role)."""

    account: str
    role: Role | None
    unit: UnitId | None = None


class Party(StrEnum):
    """A part that somebody has in a case."""

    HANDLING = "handling"
    COORDINATING = "coordinating"
    MONITORING = "monitoring"
    ADDRESSEE = "addressee"
    OFFICE = "office"
    LEADER = "leader"
    REPORTER = "reporter"


def parties(case: Case, actor: Actor) -> frozenset[Party]:
    """Return the parts that an actor has in a case; none means that it is none of their business.

    Nobody has a part in a report about their own unit: "a unit never sees or closes" one.
    """
    if actor.role is None:
        return frozenset({Party.REPORTER})
    snapshot = case.snapshot
    if actor.unit in snapshot.about or actor.role not in _DESK:
        return frozenset()
    found: set[Party] = set()
    if actor.role is Role.OFFICE_CLERK:
        found.add(Party.OFFICE)
    if actor.role is Role.LEADER:
        found.add(Party.LEADER)
    if not snapshot.restricted and case.state is not State.HELD:
        found |= _unit_parties(case, actor.unit)
    return frozenset(found)


_DESK = {Role.OFFICER, Role.UNIT_HEAD, Role.OFFICE_CLERK, Role.LEADER}


def _unit_parties(case: Case, unit: UnitId | None) -> set[Party]:
    snapshot = case.snapshot
    found: set[Party] = set()
    if unit is None:
        return found
    if unit == snapshot.unit:
        found.add(Party.HANDLING)
    if unit == snapshot.monitoring_unit:
        found.add(Party.MONITORING)
    if unit in snapshot.coordinating_units:
        found.add(Party.COORDINATING)
    if any(each.addressee == unit for each in case.directives):
        found.add(Party.ADDRESSEE)
    return found
