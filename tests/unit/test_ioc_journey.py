"""What a step of a case's journey keeps: the date that counts, and what was edited after it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from services.notify.ioc.journey import Step, begun, step
from shared.events import (
    CaseEvent,
    CaseRecategorised,
    CaseSnapshot,
    CaseSubmitted,
    CoordinationMoved,
    CoordinationProposed,
    EvidenceAdded,
)
from tests.builders import RECEIVED, snapshot
from tests.contract.golden_events import example

HOUR = timedelta(hours=1)
FOUR = snapshot(due_at=RECEIVED + 4 * HOUR)


def stepped(before: Step, event: type[CaseEvent], after: CaseSnapshot, at: datetime) -> Step:
    said = example(event).model_copy(update={"at": at})
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


@pytest.mark.parametrize(
    ("event", "before", "to", "hours", "late"),
    [
        pytest.param(CaseRecategorised, {}, SOONER, 2.5, 0, id="its own date is none yet"),
        pytest.param(CaseRecategorised, {}, SOONER, 4.1, 1, id="after the date before"),
        pytest.param(CaseRecategorised, {}, {}, 4, 0, id="at the last instant"),
        pytest.param(EvidenceAdded, {}, {}, 4.1, 1, id="evidence after it"),
        pytest.param(EvidenceAdded, LATER, LATER, 4.1, 0, id="before the approved date"),
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

    after = stepped(first, event, moved(**{**before, **to}), RECEIVED + hours * HOUR)

    assert after["edited_late"] == late
    assert first["edited_late"] == 0
