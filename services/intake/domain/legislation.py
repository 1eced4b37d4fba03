"""What a new edition of the regulation would change for open cases. Pure.

Nothing changes for them in truth: they keep the edition under which they were promised. The
comparison shows an administrator what the same reports would meet tomorrow.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.intake.domain.rules import Rules
from shared.errors import CivicError
from shared.events import CaseSnapshot
from shared.regulation import Regulation
from shared.vocabulary import CategoryId

UNCLASSIFIED = CategoryId("other")


@dataclass(frozen=True)
class Difference:
    """A case that would be handled by others, or due at another time."""

    code: str
    what: str
    before: str | None
    after: str | None

    def plain(self) -> dict[str, Any]:
        """Return it for an answer."""
        return {
            "code": self.code,
            "what": self.what,
            "before": self.before,
            "after": self.after,
        }


def differences(case: CaseSnapshot, before: Rules, after: Rules, on: date) -> Iterable[Difference]:
    """Yield what would differ for a report like this one.

    Args:
        case: An open case.
        before: The rules it was promised under.
        after: The rules to be.
        on: The day on which they take effect.
    """
    category = case.category or UNCLASSIFIED
    was, becomes = _route(case, before.regulation, on), _route(case, after.regulation, on)
    if was != becomes:
        yield Difference(case.code, "unit", was, becomes)
    due, would_be = _due(case, category, before), _due(case, category, after)
    if due != would_be:
        yield Difference(case.code, "due_at", due, would_be)


def _route(case: CaseSnapshot, regulation: Regulation, on: date) -> str | None:
    route = regulation.route(case.category or UNCLASSIFIED, case.area, on)
    return f"{route.handling} / {route.monitoring}" if route else None


def _due(case: CaseSnapshot, category: CategoryId, rules: Rules) -> str | None:
    try:
        start = case.counted_from or case.received_at
        return rules.deadline(category, start).due_at.isoformat()
    except CivicError:  # the category is gone
        return None
