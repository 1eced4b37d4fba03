"""The table of roles and calls, from the command table of the code: docs/roles.json."""

from datetime import UTC, datetime
from typing import Any

from services.intake.domain.case import Case
from services.intake.domain.decisions import COMMANDS
from services.intake.domain.parties import Actor, Party, parties
from shared.events import CaseSnapshot
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    Anonymity,
    CaseCode,
    CategoryId,
    Channel,
    Clock,
    Language,
    Origin,
    ReporterKind,
    Role,
    State,
    UnitId,
)

WARD, MONITOR = UnitId("ward_1"), UnitId("natural_resources")

CALLERS: dict[str, Actor] = {
    "handling unit": Actor("a", Role.OFFICER, WARD),
    "handling unit's head": Actor("a", Role.UNIT_HEAD, WARD),
    "monitoring unit": Actor("a", Role.OFFICER, MONITOR),
    "another ward": Actor("a", Role.OFFICER, UnitId("ward_2")),
    "Office": Actor("a", Role.OFFICE_CLERK, OFFICE),
    "leader": Actor("a", Role.LEADER, LEADERS),
    "IOC operator": Actor("a", Role.IOC_OPERATOR),
    "administrator": Actor("a", Role.ADMINISTRATOR),
    "one-stop clerk": Actor("a", Role.ONESTOP_CLERK),
}


def table(case: Case) -> dict[str, dict[str, str]]:
    """Return, for every desk call on a case, what each caller gets: allowed, 403 or 404.

    404 is for those who have no part in the case: they do not learn that it exists.
    """
    calls: dict[str, frozenset[Party]] = {"read": frozenset(Party)}
    calls |= {
        name: spec.parties for name, spec in COMMANDS.items() if spec.parties - {Party.REPORTER}
    }
    return {
        call: {name: _answer(case, actor, allowed) for name, actor in CALLERS.items()}
        for call, allowed in calls.items()
    }


def _answer(case: Case, actor: Actor, allowed: frozenset[Party]) -> str:
    mine = parties(case, actor)
    if not mine:
        return "404"
    return "allowed" if mine & allowed else "403"


def roles_document() -> dict[str, Any]:
    """Return the document for a case that lies with a ward."""
    return {
        "case": f"assigned to {WARD}, monitored by {MONITOR}",
        "allowed": "the role may; the state and the rules of the case may still refuse (409, 422)",
        "404": "no part in the case: the caller does not learn that it exists",
        "calls": table(Case(snapshot=_EXAMPLE)),
    }


_AT = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
_EXAMPLE = CaseSnapshot(
    code=CaseCode("DL-7K3Q-9M2F"),
    state=State.ASSIGNED,
    category=CategoryId("environment"),
    category_origin=Origin.REPORTER,
    unit=WARD,
    monitoring_unit=MONITOR,
    area=None,
    place=None,
    channel=Channel.WEB,
    received_at=_AT,
    due_at=_AT,
    limit_s=14_400,
    clock=Clock.WORKING,
    regulation="dalat",
    calendar="vn-state",
    reporter_kind=ReporterKind.RESIDENT,
    anonymity=Anonymity.OPEN,
    language=Language.VIETNAMESE,
)
