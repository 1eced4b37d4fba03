"""What a step of a case's journey keeps: the date that counts, and what was edited after it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.ioc.journey import Step, begun, step
from shared.events import (
    CaseAssigned,
    CaseEvent,
    CaseRecategorised,
    CaseSnapshot,
    CaseSubmitted,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    EvidenceAdded,
)
from shared.vocabulary import CategoryId, UnitId
from tests.builders import RECEIVED, snapshot
from tests.contract.golden_events import example

HOUR = timedelta(hours=1)
FOUR = snapshot(due_at=RECEIVED + 4 * HOUR)


def stepped(before: Step, event: type[CaseEvent], after: CaseSnapshot, at: datetime) -> Step:
    said = example(event).model_copy(update={"at": at})
    return step(before, 2, said, after, at=at, worked=lambda _case, start, end: end - start)


def by_office(before: Step, event: type[CaseEvent], after: CaseSnapshot, at: datetime) -> Step:
    said = example(event).model_copy(update={"at": at, "by": UnitId("office")})
    return step(before, 2, said, after, at=at, worked=lambda _case, start, end: end - start)


def moved(**changes: Any) -> CaseSnapshot:
    return FOUR.model_copy(update=changes)


@pytest.mark.parametrize(
    ("expected_at", "counts"),
    [
        pytest.param(None, RECEIVED + 4 * HOUR, id="the promise"),
        pytest.param(RECEIVED + 90 * HOUR, RECEIVED + 90 * HOUR, id="a later date, approved"),
        pytest.param(RECEIVED + HOUR, RECEIVED + HOUR, id="a sooner date, approved"),
    ],
)
def test_a_step_keeps_the_date_that_counts(expected_at: datetime | None, counts: datetime) -> None:
    case = moved(expected_at=expected_at)

    assert stepped(begun(), CaseSubmitted, case, RECEIVED)["due_at"] == counts


LATER = {"expected_at": RECEIVED + 9 * HOUR}
SOONER = {"due_at": RECEIVED + 2 * HOUR}
OTHER = {"category": CategoryId("environment")}
DONE = {"resolved_at": RECEIVED + 5 * HOUR, "on_time": False}


@pytest.mark.parametrize(
    ("event", "before", "to", "hours", "late"),
    [
        pytest.param(CaseRecategorised, {}, SOONER, 2.5, 0, id="its own date is none yet"),
        pytest.param(CaseRecategorised, {}, SOONER, 4.1, 1, id="after the date before"),
        pytest.param(CaseRecategorised, {}, {}, 4, 0, id="at the last instant"),
        pytest.param(EvidenceAdded, {}, {}, 4.1, 0, id="the photos of a late result"),
        pytest.param(EvidenceAdded, DONE, {}, 6, 1, id="evidence of a result that stands"),
        pytest.param(EvidenceAdded, {**DONE, **LATER}, {}, 6, 0, id="before the approved date"),
        pytest.param(CaseAssigned, {}, OTHER, 4.1, 1, id="assigned with another category"),
        pytest.param(CaseAssigned, {}, OTHER, 3.9, 0, id="assigned so in time"),
        pytest.param(CaseAssigned, {}, {}, 4.1, 0, id="assigned as it was"),
        pytest.param(CoordinationApproved, {}, LATER, 4.1, 1, id="approved after the promise"),
        pytest.param(CoordinationApproved, {}, LATER, 3.9, 0, id="approved in time"),
        pytest.param(CoordinationMoved, LATER, {"expected_at": RECEIVED + 20 * HOUR}, 9.1, 1),
        pytest.param(CoordinationMoved, LATER, {"expected_at": RECEIVED + 8 * HOUR}, 8.5, 0),
        pytest.param(CoordinationProposed, {}, {}, 3, 0, id="proposed in time"),
        pytest.param(CaseSubmitted, {}, {}, 9, 0, id="no edit"),
    ],
)
def test_an_edit_is_late_by_the_date_before_it(
    event: type[CaseEvent], before: dict[str, Any], to: dict[str, Any], hours: float, late: int
) -> None:
    first = stepped(begun(), CaseSubmitted, moved(**before), RECEIVED)

    after = by_office(first, event, moved(**{**before, **to}), RECEIVED + hours * HOUR)

    assert after["edited_late"] == late
    assert first["edited_late"] == 0


def test_what_no_official_did_is_no_edit() -> None:
    first = stepped(begun(), CaseSubmitted, FOUR, RECEIVED)
    said = example(CaseAssigned).model_copy(update={"by": None})

    after = step(
        first,
        2,
        said,
        moved(**OTHER),
        at=RECEIVED + 9 * HOUR,
        worked=lambda _case, start, end: end - start,
    )

    assert after["edited_late"] == 0
