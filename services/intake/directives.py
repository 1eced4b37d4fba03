"""The leaders' instructions over all cases: whom, what, until when, and how far they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from services.intake.domain.case import Case, Directive
from services.intake.domain.parties import Actor, parties
from services.intake.store import CaseStore
from shared.vocabulary import Role

SEES_ALL = frozenset({Role.OFFICE_CLERK, Role.LEADER})
LATELY = timedelta(days=30)  # so long one that was carried out stays in the list
MOST = 2000  # cases with such directives; a city has a few of them a day


@dataclass(frozen=True)
class Given:
    """A directive with the case that it is about."""

    case: Case
    directive: Directive

    def overdue(self, now: datetime) -> bool:
        """Say whether it is neither carried out nor in time."""
        return self.directive.fulfilled_at is None and self.directive.due_at < now


class Directives:
    """The directives in the store of cases."""

    def __init__(self, store: CaseStore) -> None:
        self._store = store

    async def read(self, actor: Actor, now: datetime) -> list[Given]:
        """Return the open directives and those carried out lately, in the order of `by_need`."""
        sort = [("case.due_at", 1), ("_id", 1)]
        found = await self._store.rows(_to_be_shown(now), sort=sort, limit=MOST)
        return by_need([each.case for each in found if parties(each.case, actor)], now)


def by_need(cases: Sequence[Case], now: datetime) -> list[Given]:
    """Return the directives of some cases: overdue ones first, then by due time, the done last."""
    given = [
        Given(case, each) for case in cases for each in case.directives if _is_shown(each, now)
    ]
    return sorted(given, key=_need)


def _need(given: Given) -> tuple[bool, float]:
    """The oldest due time first, which is the longest overdue; of the done, the latest first."""
    done = given.directive.fulfilled_at
    return (done is not None, -done.timestamp() if done else given.directive.due_at.timestamp())


def _is_shown(directive: Directive, now: datetime) -> bool:
    return directive.fulfilled_at is None or directive.fulfilled_at > now - LATELY


def _to_be_shown(now: datetime) -> Mapping[str, Any]:
    state = [{"fulfilled_at": None}, {"fulfilled_at": {"$gt": now - LATELY}}]
    return {
        "parts.directives.0": {"$exists": True},  # as the index has it
        "parts.directives": {"$elemMatch": {"$or": state}},
    }
