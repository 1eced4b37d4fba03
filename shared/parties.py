"""Which part somebody has in a case, by its snapshot. Pure.

Intake asks before it shows or changes a case, notify before it says that one has moved.
"""

from enum import StrEnum
from typing import Protocol

from shared.vocabulary import LEADERS, OFFICE, Role, State, UnitId


class Party(StrEnum):
    """A part that somebody has in a case."""

    HANDLING = "handling"
    COORDINATING = "coordinating"
    MONITORING = "monitoring"
    ADDRESSEE = "addressee"
    OFFICE = "office"
    LEADER = "leader"
    REPORTER = "reporter"


class Concerning(Protocol):
    """What of a case says whom it concerns; every `CaseSnapshot` has it."""

    @property
    def state(self) -> State:
        """Where it stands."""
        ...

    @property
    def restricted(self) -> bool:
        """Whether it is a complaint or denunciation."""
        ...

    @property
    def unit(self) -> UnitId | None:
        """Who handles it."""
        ...

    @property
    def monitoring_unit(self) -> UnitId | None:
        """Who watches that it is handled."""
        ...

    @property
    def coordinating_units(self) -> tuple[UnitId, ...]:
        """Who helps."""
        ...

    @property
    def addressees(self) -> tuple[UnitId, ...]:
        """Who was given a directive."""
        ...

    @property
    def about(self) -> tuple[UnitId, ...]:
        """Whom the report is about."""
        ...


DESK = frozenset({Role.OFFICER, Role.UNIT_HEAD, Role.OFFICE_CLERK, Role.LEADER})


def parties_of(case: Concerning, role: Role, unit: UnitId | None) -> frozenset[Party]:
    """Return the parts that an account has in a case; none: it is none of their business.

    Nobody has a part in a report about their own unit: "a unit never sees or closes" one. But one
    that would be nobody's is the Office's.
    """
    if role is Role.OFFICE_CLERK and is_nobodys(case):
        return frozenset({Party.OFFICE})
    if role not in DESK or (unit is not None and unit in case.about):
        return frozenset()
    found: set[Party] = set()
    if role is Role.OFFICE_CLERK:
        found.add(Party.OFFICE)
    if role is Role.LEADER:
        found.add(Party.LEADER)
    if unit is not None and not is_sealed(case, unit):
        found |= _unit_parties(case, unit)
    return frozenset(found)


def is_sealed(case: Concerning, unit: UnitId | None) -> bool:
    """Say whether a unit as such is kept away: held, restricted, or about this very unit."""
    return case.restricted or case.state is State.HELD or unit in case.about


def is_nobodys(case: Concerning) -> bool:
    """Say whether a report is about the Office and the leaders, and no other unit may have it."""
    return {OFFICE, LEADERS} <= {*case.about} and is_sealed(case, case.unit)


def _unit_parties(case: Concerning, unit: UnitId) -> set[Party]:
    found: set[Party] = set()
    if unit == case.unit:
        found.add(Party.HANDLING)
    if unit == case.monitoring_unit:
        found.add(Party.MONITORING)
    if unit in case.coordinating_units:
        found.add(Party.COORDINATING)
    if unit in case.addressees:
        found.add(Party.ADDRESSEE)
    return found
