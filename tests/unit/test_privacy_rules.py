"""Who may see who reported, as one table; what an erasure takes; when the schedule takes it."""

from datetime import timedelta
from typing import Any

import pytest

from services.intake.domain.case import ENDED
from services.intake.privacy.rules import (
    AUDITORS,
    Extent,
    due_extent,
    is_left,
    kept_objects,
    may_see,
    may_see_original,
    stripped,
    taken_objects,
)
from shared.events import CaseSnapshot
from shared.identity import FOR_PEOPLE, Purpose
from shared.regulation import Regulation
from shared.regulation_model import Retention
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    Anonymity,
    CategoryId,
    ReporterId,
    Role,
    State,
    UnitId,
)
from tests.builders import RECEIVED, dalat, five_wards, snapshot

WARD, OTHER, WATCHER = UnitId("ward_1"), UnitId("ward_2"), UnitId("urban_management")
HOME_AFFAIRS = UnitId("home_affairs")
STAFF = CategoryId("service_attitude")
OPEN, CONFIDENTIAL, ANONYMOUS = Anonymity.OPEN, Anonymity.CONFIDENTIAL, Anonymity.ANONYMOUS

# who asks: role, unit
HANDLING = [(Role.OFFICER, WARD), (Role.UNIT_HEAD, WARD)]
MONITORING = [(Role.OFFICER, WATCHER), (Role.UNIT_HEAD, WATCHER)]
COORDINATING = [(Role.OFFICER, UnitId("police")), (Role.UNIT_HEAD, UnitId("police"))]
FOREIGN = [(Role.OFFICER, OTHER), (Role.UNIT_HEAD, OTHER)]
HOME = [(Role.OFFICER, HOME_AFFAIRS), (Role.UNIT_HEAD, HOME_AFFAIRS)]
CLERK, LEADER = [(Role.OFFICE_CLERK, OFFICE)], [(Role.LEADER, LEADERS)]
TOP = CLERK + LEADER
NEVER = [
    (Role.IOC_OPERATOR, UnitId("ioc")),
    (Role.ONESTOP_CLERK, UnitId("onestop")),
    (Role.ADMINISTRATOR, None),
    (Role.ADMINISTRATOR, WARD),
    (Role.IOC_OPERATOR, WARD),
]
EVERYBODY = [*HANDLING, *MONITORING, *COORDINATING, *FOREIGN, *HOME, *TOP, *NEVER]


def case(**changes: Any) -> CaseSnapshot:
    plain: dict[str, Any] = {
        "state": State.ACCEPTED,
        "unit": WARD,
        "monitoring_unit": WATCHER,
        "coordinating_units": (UnitId("police"),),
    }
    return snapshot(**{**plain, **changes})


TABLE = [
    # "Đơn vị xử lý và Văn phòng thấy tên, số điện thoại để liên hệ"
    pytest.param({"anonymity": OPEN}, HANDLING + TOP, id="open"),
    pytest.param({"anonymity": OPEN, "state": State.CLOSED}, HANDLING + TOP, id="open and closed"),
    pytest.param({"anonymity": OPEN, "unit": OFFICE}, TOP, id="open, at the Office"),
    pytest.param({"anonymity": OPEN, "unit": None}, TOP, id="open, with nobody yet"),
    # "Đơn vị xử lý không thấy. Văn phòng chỉ mở khi có mục đích"
    pytest.param({"anonymity": CONFIDENTIAL}, TOP, id="confidential"),
    # "Không lưu tên, số điện thoại"
    pytest.param({"anonymity": ANONYMOUS}, [], id="anonymous"),
    # what a person of the Office looks at first is not for the unit
    pytest.param({"anonymity": OPEN, "state": State.HELD}, TOP, id="held"),
    # tố cáo: the name of who denounces is protected
    pytest.param({"anonymity": OPEN, "restricted": True}, TOP, id="restricted"),
    # "a unit never sees or closes a report about itself"
    pytest.param({"anonymity": OPEN, "about": (WARD,)}, TOP, id="about the handling unit"),
    pytest.param({"anonymity": OPEN, "about": (OFFICE,)}, HANDLING + LEADER, id="about the Office"),
    pytest.param({"anonymity": OPEN, "about": (LEADERS,)}, HANDLING + CLERK, id="about leaders"),
    # category 1: Phòng Nội vụ chủ trì; the identity is kept sealed from everybody else
    pytest.param({"category": STAFF, "unit": HOME_AFFAIRS}, HOME + TOP, id="staff, open"),
    pytest.param({"category": STAFF, "unit": WARD}, TOP, id="staff, with a unit"),
    pytest.param(
        {"category": STAFF, "unit": WARD, "monitoring_unit": HOME_AFFAIRS},
        HOME + TOP,
        id="staff, with a unit that Home Affairs watches",
    ),
    pytest.param(
        {"category": STAFF, "unit": HOME_AFFAIRS, "anonymity": CONFIDENTIAL},
        TOP,
        id="staff, confidential",
    ),
    pytest.param(
        {"category": STAFF, "unit": HOME_AFFAIRS, "about": (HOME_AFFAIRS,)},
        TOP,
        id="staff of Home Affairs",
    ),
    pytest.param(
        {"category": CategoryId("other"), "monitoring_unit": HOME_AFFAIRS},
        HANDLING + TOP,
        id="Home Affairs watches something else",
    ),
]


@pytest.mark.parametrize(("changes", "allowed"), TABLE)
@pytest.mark.parametrize("regulation", [dalat(), five_wards()], ids=["dalat", "five_wards"])
def test_who_may_see_the_reporter(
    changes: dict[str, Any], allowed: list[tuple[Role, UnitId | None]], regulation: Regulation
) -> None:
    seen = case(**changes)

    found = [who for who in EVERYBODY if may_see(*who, seen, regulation)]

    assert sorted(map(str, found)) == sorted(map(str, allowed))


@pytest.mark.parametrize(("changes", "allowed"), TABLE)
def test_an_original_is_sealed_with_its_reporter(
    changes: dict[str, Any], allowed: list[tuple[Role, UnitId | None]]
) -> None:
    seen = case(**changes)

    found = [who for who in EVERYBODY if may_see_original(*who, seen, dalat())]

    assert sorted(map(str, found)) == sorted(map(str, allowed))


def test_the_regulation_file_can_close_what_the_code_would_open() -> None:
    plain = dalat().model_dump()
    plain["visibility"]["open"]["identity"]["handling_unit"] = "never"
    stricter = Regulation.model_validate(plain)

    assert may_see(Role.OFFICER, WARD, case(), dalat())
    assert not may_see(Role.OFFICER, WARD, case(), stricter)
    assert may_see(Role.OFFICE_CLERK, OFFICE, case(), stricter)


def test_no_person_can_state_the_purpose_of_the_machine() -> None:
    assert set(Purpose) - FOR_PEOPLE == {Purpose.DELIVERY}


def test_only_three_roles_read_the_audit_and_the_administrator_only_of_accounts() -> None:
    assert set(AUDITORS) == {Role.OFFICE_CLERK, Role.LEADER, Role.ADMINISTRATOR}
    assert AUDITORS[Role.ADMINISTRATOR] == {"account", "session"}


# What an erasure takes


def item(identifier: str, **changes: Any) -> dict[str, Any]:
    forms = {
        name: {"object": f"cases/X/{name}/{identifier}"}
        for name in ("original", "public", "thumbnail")
    }
    plain = {
        "id": identifier,
        "name": "nhà chị Đào.jpg",
        "sha256": "0" * 64,
        "lat": 11.94,
        "lon": 108.45,
        "told": {"name": "nhà chị Đào.jpg"},
        "from": "reporter",
        "variants": forms,
    }
    return {**plain, **changes}


MEDIA = [item("m1"), item("m2", **{"from": "unit"})]


@pytest.mark.parametrize(
    ("extent", "forms"),
    [
        (Extent.ORIGINALS, {"public", "thumbnail"}),
        (Extent.REPORTER, {"public", "thumbnail"}),
        (Extent.ALL, set()),
    ],
)
def test_an_erasure_takes_what_the_reporter_sent_and_leaves_what_the_unit_showed(
    extent: Extent, forms: set[str]
) -> None:
    sent, shown = stripped(MEDIA, extent)

    assert set(sent["variants"]) == forms
    assert (sent["name"], sent["told"], sent["lat"], sent["lon"]) == ("", None, None, None)
    assert sent["sha256"] == "0" * 64
    assert shown == MEDIA[1]
    assert "original" in MEDIA[0]["variants"]  # what was given is not changed


def test_a_file_without_an_origin_is_the_reporters() -> None:
    old = item("m1")
    del old["from"]

    assert "original" not in stripped([old], Extent.ORIGINALS)[0]["variants"]
    assert not kept_objects([old])


def test_what_units_put_in_is_kept_in_every_form() -> None:
    assert kept_objects(MEDIA) == {
        "cases/X/original/m2",
        "cases/X/public/m2",
        "cases/X/thumbnail/m2",
    }


@pytest.mark.parametrize(
    ("extent", "forms"),
    [
        (Extent.ORIGINALS, ["original"]),
        (Extent.REPORTER, ["original"]),
        (Extent.ALL, ["original", "public", "thumbnail"]),
    ],
)
def test_the_objects_that_go_are_those_whose_records_go(extent: Extent, forms: list[str]) -> None:
    assert sorted(taken_objects(MEDIA, extent)) == [f"cases/X/{form}/m1" for form in forms]


def test_a_photo_that_both_sides_sent_stays_with_the_unit() -> None:
    forms = item("m1")["variants"]
    both = [item("m1"), item("m2", **{"from": "unit", "variants": forms})]

    assert taken_objects(both, Extent.ALL) == frozenset()


@pytest.mark.parametrize("extent", Extent)
def test_after_an_erasure_nothing_of_it_is_left(extent: Extent) -> None:
    before, after = case(), case(reporter=None)

    assert is_left(before, MEDIA, extent)
    assert not is_left(after, stripped(MEDIA, extent), extent)


def test_a_smaller_erasure_leaves_something_for_a_greater_one() -> None:
    erased = stripped(MEDIA, Extent.REPORTER)

    assert is_left(case(reporter=None), erased, Extent.ALL)
    assert is_left(case(reporter=ReporterId("r_1")), erased, Extent.REPORTER)
    assert not is_left(case(reporter=ReporterId("r_1")), erased, Extent.ORIGINALS)


# When the schedule takes it

TERMS = Retention(reporter_days_after_close=365, originals_days_after_close=180, source="test")


@pytest.mark.parametrize("state", sorted(ENDED))
@pytest.mark.parametrize(
    ("age", "extent"),
    [
        pytest.param(timedelta(0), None, id="just closed"),
        pytest.param(timedelta(days=180, seconds=-1), None, id="a second too early"),
        pytest.param(timedelta(days=180), Extent.ORIGINALS, id="the originals' term ends"),
        pytest.param(timedelta(days=365, seconds=-1), Extent.ORIGINALS, id="in between"),
        pytest.param(timedelta(days=365), Extent.REPORTER, id="the reporter's term ends"),
        pytest.param(timedelta(days=4000), Extent.REPORTER, id="long ago"),
    ],
)
def test_what_is_due(state: State, age: timedelta, extent: Extent | None) -> None:
    assert due_extent(case(state=state), RECEIVED, TERMS, RECEIVED + age) is extent


@pytest.mark.parametrize("state", sorted(set(State) - ENDED))
def test_nothing_is_due_while_a_case_is_open(state: State) -> None:
    late = RECEIVED + timedelta(days=4000)

    assert due_extent(case(state=state), RECEIVED, TERMS, late) is None
