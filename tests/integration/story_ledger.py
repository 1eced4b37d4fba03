"""What an independent ledger counts of the lives of cases.

It knows nothing of journeys, pipelines or databases: it goes through the events one by one.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import mean, median
from typing import Any

from shared.calendar import working_time
from shared.events import (
    CaseAssigned,
    CaseEvent,
    CaseForwarded,
    CaseRated,
    CaseRecategorised,
    CaseReopened,
    CaseResolved,
    CaseSnapshot,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    EvidenceAdded,
)
from shared.vocabulary import Clock, State
from tests.builders import state_calendar
from tests.integration.stories import Story

FINISHED = {State.RESOLVED, State.CLOSED, State.REFUSED}
EDITS = (CaseRecategorised, CoordinationProposed, CoordinationApproved, CoordinationMoved)


def count(
    stories: Sequence[Story], moment: datetime, keep: Callable[[CaseSnapshot], bool]
) -> dict[str, Any]:
    """Count what the figures say of `moment`, over the cases that `keep` names as they stood."""
    totals: Counter[str] = Counter()
    works: list[float] = []
    scores: list[int] = []
    for story in stories:
        known = [each for each in story.told if each[0] <= moment]
        if known and story.told[0][2].received_at <= moment and keep(known[-1][2]):
            _count_one(known, moment, totals, (works, scores))
    works.sort()
    shares: dict[str, Any] = {
        "on_time_share": (totals["resolved"], totals["on_time"] / max(totals["resolved"], 1)),
        "reopened_share": (totals["answered"], totals["reopened"] / max(totals["answered"], 1)),
        "median_work_s": (len(works), median(works or [0])),
        "p90_work_s": (len(works), works[-(-9 * len(works) // 10) - 1] if works else 0),
        "satisfaction": (len(scores), mean(scores or [0])),
        "satisfied_share": (len(scores), sum(each >= 4 for each in scores) / max(len(scores), 1)),
    }
    enough = {name: round(value, 4) for name, (many, value) in shares.items() if many >= 5}
    return {**totals, **enough}


def open_cases(
    stories: Sequence[Story], moment: datetime, keep: Callable[[CaseSnapshot], bool]
) -> list[tuple[str, str, datetime]]:
    """Return code, channel and the date that counts of what was open, the soonest due first."""
    found: list[tuple[str, str, datetime]] = []
    for story in stories:
        known = [case for at, _, case in story.told if at <= moment]
        if known and story.told[0][2].received_at <= moment and keep(known[-1]):
            case = known[-1]
            if case.state not in FINISHED:
                found.append((case.code, case.channel.value, _milliseconds(case)))
    return sorted(found, key=lambda each: (each[2], each[0]))


def _milliseconds(case: CaseSnapshot) -> datetime:
    """The date that counts as precisely as a database keeps it."""
    due = _date_that_counts(case)
    return due.replace(microsecond=due.microsecond // 1000 * 1000)


def _count_one(
    known: Sequence[tuple[datetime, CaseEvent, CaseSnapshot]],
    moment: datetime,
    totals: Counter[str],
    lists: tuple[list[float], list[int]],
) -> None:
    case = known[-1][2]
    finished = case.state in FINISHED
    due = _date_that_counts(case)
    late, soon = due < moment, moment <= due < moment + timedelta(hours=1)
    resolved = case.resolved_at is not None
    results = [each for each in known if isinstance(each[1], CaseResolved)]
    ratings = [event.score for _, event, _ in known if isinstance(event, CaseRated)]
    directed = case.directive_due_at is not None
    totals.update(
        total=1,
        open=not finished,
        overdue=not finished and late,
        due_within_hour=not finished and soon,
        resolved=resolved,
        on_time=resolved and case.on_time is True,
        late=resolved and case.on_time is False,
        answered=bool(results),
        reopened=any(isinstance(event, CaseReopened) for _, event, _ in known),
        forwarded=any(isinstance(event, CaseForwarded) for _, event, _ in known),
        forwarded_late=any(
            isinstance(event, CaseForwarded) and _spent(case, at).total_seconds() * 2 > case.limit_s
            for at, event, case in known
        ),
        edited_after_deadline=any(
            _edited(before, event, case) and at > _date_that_counts(before)
            for (_, _, before), (at, event, case) in pairwise(known)
        ),
        rated=bool(ratings),
        directives_open=case.directives_open,
        directives_overdue=directed and case.directive_due_at < moment,
    )
    if resolved:
        at, _, then = results[-1]
        lists[0].append(round(_spent(then, at).total_seconds()))
    lists[1].extend(ratings[-1:])


def _edited(before: CaseSnapshot, event: CaseEvent, case: CaseSnapshot) -> bool:
    if event.by is None:
        return False
    if isinstance(event, CaseAssigned):
        return before.category != case.category
    if isinstance(event, EvidenceAdded):
        return before.resolved_at is not None
    return isinstance(event, EDITS)


def _date_that_counts(case: CaseSnapshot) -> datetime:
    return case.due_at if case.expected_at is None else case.expected_at


def _spent(case: CaseSnapshot, at: datetime) -> timedelta:
    start = case.counted_from or case.received_at
    if case.clock is Clock.ELAPSED:
        return at - start
    return working_time(start, at, state_calendar())
