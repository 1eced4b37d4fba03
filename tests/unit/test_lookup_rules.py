"""Who looks a reporter up from the operations centre's view, as one table; and what comes first."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.intake.domain.case import NotYoursError
from services.intake.privacy.desk import Places
from services.intake.privacy.lookups import Lookups
from services.intake.privacy.rules import SERVICE_ATTITUDE, may_look_up
from shared.errors import OutageError
from shared.identity import Purpose, new_code
from shared.vocabulary import LEADERS, OFFICE, Anonymity, ReporterId, Role, State, UnitId
from tests.builders import dalat, snapshot

IOC = (Role.IOC_OPERATOR, UnitId("ioc"))
LEADER = (Role.LEADER, LEADERS)
OTHERS = [
    (Role.OFFICER, UnitId("ward_1")),
    (Role.UNIT_HEAD, UnitId("ward_1")),
    (Role.OFFICE_CLERK, OFFICE),
    (Role.ONESTOP_CLERK, UnitId("onestop")),
    (Role.ADMINISTRATOR, None),
]
REPORTER = ReporterId("r_0123456789abcdef01234567")


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        pytest.param({"anonymity": Anonymity.OPEN}, [IOC, LEADER], id="open"),
        pytest.param({"anonymity": Anonymity.CONFIDENTIAL}, [LEADER], id="confidential"),
        pytest.param({"anonymity": Anonymity.ANONYMOUS}, [], id="anonymous"),
        pytest.param({"restricted": True}, [], id="restricted"),
        pytest.param({"state": State.HELD}, [], id="held"),
        pytest.param({"about": (IOC[1],)}, [LEADER], id="about the operations centre"),
        pytest.param({"about": (LEADERS,)}, [IOC], id="about the leaders"),
        pytest.param({"category": SERVICE_ATTITUDE}, [LEADER], id="on staff"),
    ],
)
def test_who_may_look_up(changes: dict[str, Any], allowed: list[Any]) -> None:
    case = snapshot(**{"state": State.ACCEPTED, "unit": UnitId("ward_1"), **changes})

    found = [
        (role, unit)
        for role, unit in [IOC, LEADER, *OTHERS]
        if may_look_up(role, unit, case, dalat())
    ]

    assert found == allowed


def edition(_case: object) -> Any:
    return SimpleNamespace(regulation=dalat())


class World:
    """Places that tell in which order they are asked."""

    def __init__(self, *, audit_down: bool = False) -> None:
        self.asked: list[str] = []
        self.audit_down = audit_down
        self.case = snapshot(code=new_code("DL"), reporter=REPORTER)
        places = SimpleNamespace(store=self, vault=self, audit=self, media=None)
        shelf = SimpleNamespace(of=edition)
        self.lookups = Lookups(cast("Places", places), cast("Any", shelf))

    async def load(self, _code: str) -> Any:
        return SimpleNamespace(case=SimpleNamespace(snapshot=self.case), opened=self.case)

    async def note(self, kind: str, **_rest: Any) -> None:
        self.asked.append(kind)
        if self.audit_down:
            raise OutageError("audit")

    async def read(self, _reporter: str, purpose: Purpose) -> Any:
        self.asked.append(f"opened for {purpose}")
        return "somebody"


def who(role: Role, unit: UnitId | None) -> Any:
    return SimpleNamespace(account="a_40", role=role, unit=unit)


async def test_the_look_is_noted_before_the_vault_is_opened() -> None:
    world = World()

    found = await world.lookups.look_up(world.case.code, who(*IOC), Purpose.VERIFY_REPORT)

    assert found == (world.case.code, "somebody")
    assert world.asked == ["reporter.viewed", "opened for verify_report"]


async def test_nothing_is_opened_that_the_audit_did_not_take() -> None:
    world = World(audit_down=True)

    with pytest.raises(OutageError):
        await world.lookups.look_up(world.case.code, who(*IOC), Purpose.VERIFY_REPORT)

    assert world.asked == ["reporter.viewed"]


@pytest.mark.parametrize(("role", "unit"), OTHERS)
async def test_other_roles_learn_nothing_of_the_case(role: Role, unit: UnitId | None) -> None:
    world = World()

    with pytest.raises(NotYoursError):
        await world.lookups.look_up(world.case.code, who(role, unit), Purpose.VERIFY_REPORT)

    assert world.asked == []
