"""The written chase ("đôn đốc"): what is overdue, unit by unit, as of now.

On 24/11/2022 459 reports stood unprocessed and five wards were reprimanded in writing. This is the
list behind such a letter: every open case past its date, with the body whose move it is. It holds
no content of a case. The rules are pure; `OverdueCases` reads.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.case import OPEN
from services.intake.domain.parties import Actor
from services.intake.domain.rules import Rules
from services.intake.names import STATES, Names
from services.intake.store import COUNTS
from services.intake.views import local
from shared.calendar import working_time
from shared.deadline import count, lasting
from shared.errors import CivicError
from shared.events import CaseSnapshot
from shared.mongo import Aggregates
from shared.vocabulary import OFFICE, CaseCode, CategoryId, Clock, Role, State, UnitId

MOST = 5000  # cases in one answer: ten times what the city had on its worst day
REPORT_WITHIN = timedelta(hours=16)  # of working time, two days; `report_by` names another date
ALL_UNITS = frozenset({Role.OFFICE_CLERK, Role.LEADER})

COLUMNS = (
    "Đơn vị",
    "Mã phản ánh",
    "Lĩnh vực",
    "Tiếp nhận",
    "Hạn xử lý",
    "Quá hạn (giờ:phút)",
    "Cách tính",
    "Trạng thái",
    "Số lần chuyển",
    "Đơn vị giám sát",
)
COUNTED = {Clock.WORKING: "giờ làm việc", Clock.ELAPSED: "giờ"}


class ForeignChaseError(CivicError):
    """This is for the Office and the leaders, and for a head's own unit."""


@dataclass(frozen=True)
class Overdue:
    """An open case past its date.

    Attributes:
        due_at: The date that it missed: the coordinated one where the Office approved one.
        promised_at: The first promise, from first receipt or from a dispute.
        late: By how much, on the clock that counts it.
    """

    code: CaseCode
    category: CategoryId | None
    received_at: datetime
    due_at: datetime
    promised_at: datetime
    late: timedelta
    clock: Clock
    state: State
    hops: int
    monitoring_unit: UnitId | None


@dataclass(frozen=True)
class Chase:
    """What one body is chased for; the case that is late the longest first."""

    unit: UnitId
    cases: tuple[Overdue, ...]


def scope(actor: Actor, asked: UnitId | None) -> UnitId | None:
    """Return the unit that is chased; None means all of them.

    Raises:
        ForeignChaseError: not for the actor.
    """
    if actor.role in ALL_UNITS:
        return asked
    if actor.role is Role.UNIT_HEAD and actor.unit and asked in {None, actor.unit}:
        return actor.unit
    raise ForeignChaseError(f"{actor.account} may not chase {asked or 'everybody'}")


def owed_by(case: CaseSnapshot) -> UnitId:
    """Return the body whose move it is: the Office while it holds a case or nobody was named."""
    if case.state is State.HELD or case.unit is None:
        return OFFICE
    return case.unit


def overdue(case: CaseSnapshot, rules: Rules, now: datetime) -> Overdue | None:
    """Return by how much an open case is late; None when it is not. The last second is on time."""
    due_at = case.counts_at
    if case.state not in OPEN or now.replace(microsecond=0) <= due_at:
        return None
    return Overdue(
        code=case.code,
        category=case.category,
        received_at=case.received_at,
        due_at=due_at,
        promised_at=case.due_at,
        late=_late(due_at, now, case.clock, rules),
        clock=case.clock,
        state=case.state,
        hops=case.hops,
        monitoring_unit=case.monitoring_unit,
    )


def chases(
    cases: Iterable[CaseSnapshot],
    rules_of: Callable[[CaseSnapshot], Rules],
    actor: Actor,
    now: datetime,
) -> list[Chase]:
    """Return what is overdue by the body whose move it is, the one with the most first.

    Nobody reads here of a report about their own unit, and no unit of what is held from it.
    """
    found: dict[UnitId, list[Overdue]] = {}
    for case in cases:
        late = overdue(case, rules_of(case), now)
        unit = owed_by(case)
        if late is None or actor.unit in case.about:
            continue
        if actor.role not in ALL_UNITS and (unit != actor.unit or case.restricted):
            continue
        found.setdefault(unit, []).append(late)
    by_lateness = [
        Chase(unit, tuple(sorted(late, key=lambda each: (each.due_at, each.code))))
        for unit, late in found.items()
    ]
    return sorted(by_lateness, key=lambda each: (-len(each.cases), each.unit))


def report_by(now: datetime, rules: Rules) -> datetime:
    """Return until when a chased unit has to report, two working days from now; UTC."""
    return count(now.replace(second=0, microsecond=0), REPORT_WITHIN, Clock.WORKING, rules.calendar)


class OverdueCases:
    """Reads the cases past their date: their snapshots, never their content."""

    def __init__(self, cases: Aggregates) -> None:
        self._cases = cases

    async def read(self, unit: UnitId | None, now: datetime) -> list[CaseSnapshot]:
        """Return at most `MOST` open cases past the date that counts, the soonest first.

        Args:
            unit: Whose move it is; None: whoever's.
            now: Aware instant.
        """
        query: dict[str, Any] = {
            "case.state": {"$in": sorted(each.value for each in OPEN)},
            COUNTS: {"$lt": now},
            **_whose(unit),
        }
        sort = [(COUNTS, 1), ("_id", 1)]
        found = await self._cases.find(query, sort=sort, limit=MOST, fields=["case"])
        return [CaseSnapshot.model_validate(each["case"]) for each in found]


def _whose(unit: UnitId | None) -> Mapping[str, Any]:
    """Return the query for `owed_by`."""
    if unit is None:
        return {}
    if unit == OFFICE:
        return {"$and": [{"$or": [{"case.unit": {"$in": [OFFICE, None]}}, _HELD]}]}
    return {"case.unit": unit, "$nor": [_HELD]}


_HELD: Mapping[str, Any] = {"case.state": State.HELD.value}


def plain(chase: Chase, names: Names, zone: ZoneInfo) -> dict[str, Any]:
    """Return a unit's chase for an answer; hours are of the clock that counts each case."""
    return {
        "unit": chase.unit,
        "unit_name": names.unit(chase.unit),
        "count": len(chase.cases),
        "cases": [
            {
                "code": each.code,
                "category": each.category,
                "received_at": local(each.received_at, zone),
                "due_at": local(each.due_at, zone),
                "promised_at": local(each.promised_at, zone),
                "overdue_hours": round(each.late / timedelta(hours=1), 2),
                "clock": each.clock.value,
                "state": each.state.value,
                "hops": each.hops,
                "monitoring_unit": each.monitoring_unit,
            }
            for each in chase.cases
        ],
    }


def table(found: Sequence[Chase], names: Names, zone: ZoneInfo) -> bytes:
    """Return the chases as CSV for Excel: UTF-8 with its mark, and no number that it misreads.

    A decimal point would become a date on a Vietnamese machine; `12:30` is a duration on any.
    """
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for chase in found:
        unit = names.unit(chase.unit)
        writer.writerows((unit, *_line(each, names, zone)) for each in chase.cases)
    return out.getvalue().encode("utf-8-sig")


def hours(late: timedelta) -> str:
    """Return a duration as hours and minutes, `12:30`; a begun minute does not count."""
    minutes = int(late.total_seconds()) // 60
    return f"{minutes // 60}:{minutes % 60:02}"


def _line(case: Overdue, names: Names, zone: ZoneInfo) -> tuple[str, ...]:
    return (
        case.code,
        names.category(case.category),
        f"{case.received_at.astimezone(zone):%Y-%m-%d %H:%M}",
        f"{case.due_at.astimezone(zone):%Y-%m-%d %H:%M}",
        hours(case.late),
        COUNTED[case.clock],
        STATES[case.state].vi,
        str(case.hops),
        names.unit(case.monitoring_unit),
    )


def _late(due_at: datetime, now: datetime, clock: Clock, rules: Rules) -> timedelta:
    if clock is Clock.ELAPSED:
        return now.astimezone(UTC) - due_at.astimezone(UTC)
    return lasting(rules.calendar, lambda known: working_time(due_at, now, known))
