"""Who has a part in a case, by its snapshot alone: what the live inbox is filtered by."""

from typing import Any

import pytest

from shared.events import CaseSnapshot
from shared.parties import Party, parties_of
from shared.vocabulary import LEADERS, OFFICE, Role, State, UnitId
from tests.contract.golden_events import example

WARD, OTHER, MONITOR = UnitId("ward_1"), UnitId("ward_9"), UnitId("urban_order_team")
CASE: CaseSnapshot = example(CaseSnapshot).model_copy(
    update={
        "about": (),
        "unit": WARD,
        "monitoring_unit": MONITOR,
        "coordinating_units": (UnitId("health"),),
        "addressees": (UnitId("culture"),),
        "restricted": False,
        "state": State.ASSIGNED,
    }
)


@pytest.mark.parametrize(
    ("changes", "role", "unit", "expected"),
    [
        pytest.param({}, Role.OFFICER, WARD, {Party.HANDLING}, id="the handling unit"),
        pytest.param({}, Role.UNIT_HEAD, MONITOR, {Party.MONITORING}, id="the monitoring unit"),
        pytest.param({}, Role.OFFICER, "health", {Party.COORDINATING}, id="a coordinating unit"),
        pytest.param({}, Role.OFFICER, "culture", {Party.ADDRESSEE}, id="got a directive"),
        pytest.param({}, Role.OFFICER, OTHER, set(), id="another ward"),
        pytest.param({}, Role.OFFICE_CLERK, OFFICE, {Party.OFFICE}, id="the Office sees all"),
        pytest.param({}, Role.LEADER, LEADERS, {Party.LEADER}, id="leaders see all"),
        pytest.param({}, Role.IOC_OPERATOR, "ioc", set(), id="the IOC has no inbox"),
        pytest.param({}, Role.ADMINISTRATOR, None, set(), id="an administrator has no inbox"),
        pytest.param({"state": State.HELD}, Role.OFFICER, WARD, set(), id="held: not the unit"),
        pytest.param(
            {"state": State.HELD}, Role.OFFICE_CLERK, OFFICE, {Party.OFFICE}, id="held: the Office"
        ),
        pytest.param({"restricted": True}, Role.OFFICER, WARD, set(), id="a denunciation"),
        pytest.param({"restricted": True}, Role.LEADER, LEADERS, {Party.LEADER}, id="leaders too"),
        pytest.param({"about": (WARD,)}, Role.OFFICER, WARD, set(), id="about the unit itself"),
        pytest.param(
            {"about": (OFFICE,)}, Role.OFFICE_CLERK, OFFICE, set(), id="about the Office itself"
        ),
        pytest.param(
            {"about": (OFFICE, LEADERS)}, Role.OFFICE_CLERK, OFFICE, set(), id="a ward has it"
        ),
        pytest.param(
            {"about": (OFFICE, LEADERS), "state": State.HELD},
            *(Role.OFFICE_CLERK, OFFICE, {Party.OFFICE}),
            id="held, and about the leaders too: nobody else is left",
        ),
        pytest.param(
            {"about": (OFFICE, LEADERS), "unit": OFFICE},
            *(Role.OFFICE_CLERK, OFFICE, {Party.OFFICE}),
            id="forwarded, and about the leaders too",
        ),
    ],
)
def test_the_parts_that_somebody_has_in_a_case(
    changes: dict[str, Any], role: Role, unit: UnitId | None, expected: set[Party]
) -> None:
    assert parties_of(CASE.model_copy(update=changes), role, unit) == expected
