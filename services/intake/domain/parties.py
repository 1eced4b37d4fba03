"""Which part somebody has in a case. Pure."""

from dataclasses import dataclass

from services.intake.domain.case import Case
from shared.parties import DESK, Party, is_sealed, parties_of
from shared.vocabulary import Role, UnitId

__all__ = ["Actor", "Party", "parties"]


@dataclass(frozen=True)
class Actor:
    """Who acts: a personal account with its role and unit, or the reporter (no role)."""

    account: str
    role: Role | None
    unit: UnitId | None = None


def parties(case: Case, actor: Actor) -> frozenset[Party]:
    """Return the parts that an actor has in a case; none means that it is none of their business.

    Nobody has a part in a report about their own unit: "a unit never sees or closes" one.
    """
    if actor.role is None:
        return frozenset({Party.REPORTER})
    snapshot = case.snapshot
    found = parties_of(snapshot, actor.role, actor.unit)
    if _is_addressee(case, actor) and not is_sealed(snapshot, actor.unit):
        found |= {Party.ADDRESSEE}
    return found


def _is_addressee(case: Case, actor: Actor) -> bool:
    """Look at the directives themselves: the snapshots of older cases do not name their units."""
    mine = any(each.addressee == actor.unit for each in case.directives)
    return mine and actor.role in DESK
