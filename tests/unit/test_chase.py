"""The written chase: what is overdue, whose move it is, and what the letters say of it."""

import csv
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given
from hypothesis import strategies as st

from services.intake.chase import (
    COLUMNS,
    Chase,
    ForeignChaseError,
    Overdue,
    chases,
    hours,
    overdue,
    owed_by,
    plain,
    report_by,
    scope,
    table,
)
from services.intake.domain.case import OPEN
from services.intake.domain.parties import Actor
from services.intake.domain.rules import Rules
from services.intake.letter import letters
from services.intake.matter import Issuer, Matter, issuer_of
from services.intake.names import OUTCOMES, STATES, Names
from services.intake.typeface import Style, typeface
from shared.events import CaseSnapshot
from shared.regulation import Regulation
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    CaseCode,
    CategoryId,
    Clock,
    Role,
    State,
    UnitId,
)
from tests.builders import dalat, five_wards, snapshot, state_calendar

RULES = Rules(dalat(), state_calendar())
ZONE = RULES.calendar.zone
NAMES = Names([dalat()])
WARD, OTHER = UnitId("ward_8"), UnitId("ward_3")
NOW = datetime(2026, 11, 25, 3, 30, tzinfo=UTC)  # Wednesday, 10:30; the day before is a holiday

CLERK = Actor("a_1", Role.OFFICE_CLERK, OFFICE)
LEADER = Actor("a_2", Role.LEADER, LEADERS)
HEAD = Actor("a_3", Role.UNIT_HEAD, WARD)


def late(**changes: Any) -> CaseSnapshot:
    """A case of ward 8, due on the same day at 08:30."""
    plain_: dict[str, Any] = {
        "state": State.ASSIGNED,
        "unit": WARD,
        "monitoring_unit": UnitId("natural_resources"),
        "category": CategoryId("environment"),
        "received_at": datetime(2026, 11, 23, 8, 30, tzinfo=UTC),
        "due_at": datetime(2026, 11, 25, 1, 30, tzinfo=UTC),
    }
    return snapshot(**{**plain_, **changes})


def found(*cases: CaseSnapshot, actor: Actor = CLERK) -> list[Chase]:
    return chases(cases, lambda _: RULES, actor, NOW)


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text.decode("utf-8-sig"))))


# ---- who, and what


@pytest.mark.parametrize(
    ("actor", "asked", "expected"),
    [
        pytest.param(CLERK, None, None, id="the Office: everybody"),
        pytest.param(CLERK, WARD, WARD, id="the Office: one unit"),
        pytest.param(LEADER, None, None, id="a leader: everybody"),
        pytest.param(HEAD, None, WARD, id="a head: the own unit"),
        pytest.param(HEAD, WARD, WARD, id="a head: the own unit by name"),
    ],
)
def test_who_may_chase_whom(actor: Actor, asked: UnitId | None, expected: UnitId | None):
    assert scope(actor, asked) == expected


@pytest.mark.parametrize(
    ("actor", "asked"),
    [
        pytest.param(HEAD, OTHER, id="a head another unit"),
        pytest.param(Actor("a", Role.OFFICER, WARD), WARD, id="an officer"),
        pytest.param(Actor("a", Role.IOC_OPERATOR, UnitId("ioc")), None, id="the IOC"),
        pytest.param(Actor("a", Role.ADMINISTRATOR), None, id="an administrator"),
        pytest.param(Actor("a", Role.UNIT_HEAD), None, id="a head of nothing"),
    ],
)
def test_who_may_not_chase(actor: Actor, asked: UnitId | None):
    with pytest.raises(ForeignChaseError):
        scope(actor, asked)


@pytest.mark.parametrize(
    ("due", "expected"),
    [
        pytest.param("2026-11-25T10:30:00+07:00", None, id="due in this second is on time"),
        pytest.param("2026-11-25T10:29:59+07:00", "0:00", id="a second late"),
        pytest.param("2026-11-25T08:30+07:00", "2:00", id="within the morning"),
        pytest.param("2026-11-23T16:30+07:00", "4:00", id="a holiday does not count"),
        pytest.param("2026-11-20T16:30+07:00", "12:00", id="nor does a weekend"),
        pytest.param("2026-11-25T11:00+07:00", None, id="not yet due"),
    ],
)
def test_lateness_is_counted_in_working_time(due: str, expected: str | None):
    case = overdue(late(due_at=datetime.fromisoformat(due)), RULES, NOW)

    assert (hours(case.late) if case else None) == expected


def test_a_limit_in_hours_of_the_clock_is_late_by_the_clock():
    due = NOW - timedelta(days=2, minutes=7)
    case = overdue(late(due_at=due, clock=Clock.ELAPSED), RULES, NOW)

    assert case
    assert hours(case.late) == "48:07"


def test_past_the_announced_calendar_the_last_known_week_goes_on():
    now = datetime(2028, 3, 1, 3, 0, tzinfo=UTC)
    case = overdue(late(due_at=now - timedelta(hours=2)), RULES, now)

    assert case
    assert case.late == timedelta(hours=2)


@pytest.mark.parametrize("state", list(State))
def test_only_open_cases_are_chased(state: State):
    assert bool(overdue(late(state=state), RULES, NOW)) is (state in OPEN)


def test_an_approved_coordination_is_chased_by_its_own_date_and_shows_the_promise():
    promised = late().due_at
    waits = late(expected_at=NOW + timedelta(days=1), state=State.COORDINATING)
    missed = late(expected_at=NOW - timedelta(hours=1), state=State.COORDINATING)

    assert overdue(waits, RULES, NOW) is None
    case = overdue(missed, RULES, NOW)
    assert case
    assert (case.due_at, case.promised_at) == (NOW - timedelta(hours=1), promised)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        pytest.param(late(), WARD, id="the handling unit"),
        pytest.param(late(state=State.HELD), OFFICE, id="the Office holds it"),
        pytest.param(late(state=State.SUBMITTED, unit=None), OFFICE, id="nobody was named"),
        pytest.param(late(state=State.AT_OFFICE, unit=OFFICE), OFFICE, id="it was forwarded"),
        pytest.param(late(unit=LEADERS), LEADERS, id="the leaders' queue"),
    ],
)
def test_a_chase_goes_to_whose_move_it_is(case: CaseSnapshot, expected: UnitId):
    assert owed_by(case) == expected
    assert [each.unit for each in found(case)] == [expected]


def test_nobody_reads_in_a_chase_of_a_report_about_their_own_unit():
    about_office = late(about=(OFFICE,), unit=LEADERS)

    assert found(about_office) == []
    assert [each.unit for each in found(about_office, actor=LEADER)] == [LEADERS]


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(late(state=State.HELD), id="held from it"),
        pytest.param(late(unit=OTHER), id="another's"),
        pytest.param(late(about=(WARD,)), id="about it"),
        pytest.param(late(restricted=True), id="restricted"),
    ],
)
def test_a_head_reads_of_the_own_units_cases_only(case: CaseSnapshot):
    assert found(case, actor=HEAD) == []
    assert len(found(late(), actor=HEAD)) == 1


def test_the_worst_unit_comes_first_and_in_it_the_case_that_is_late_the_longest():
    cases = [
        late(code=CaseCode("A"), unit=OTHER),
        late(code=CaseCode("B")),
        late(code=CaseCode("C"), due_at=late().due_at - timedelta(hours=20)),
    ]

    assert [(each.unit, [case.code for case in each.cases]) for each in found(*cases)] == [
        (WARD, ["C", "B"]),
        (OTHER, ["A"]),
    ]


def test_a_report_is_due_after_two_working_days():
    assert report_by(NOW, RULES) == datetime(2026, 11, 27, 3, 30, tzinfo=UTC)


# ---- the table


def test_the_table_is_read_by_excel_with_its_letters():
    text = table(found(late(hops=2)), NAMES, ZONE)

    assert text.startswith(b"\xef\xbb\xbf")
    assert text.count(b"\r\n") == 2
    [row] = rows(text)
    assert row == {
        "Đơn vị": "UBND phường 8",
        "Mã phản ánh": "DL-7K3Q-9M2F",
        "Lĩnh vực": "Môi trường",
        "Tiếp nhận": "2026-11-23 15:30",
        "Hạn xử lý": "2026-11-25 08:30",
        "Quá hạn (giờ:phút)": "2:00",
        "Cách tính": "giờ làm việc",
        "Trạng thái": "Đã giao, chưa nhận",
        "Số lần chuyển": "2",
        "Đơn vị giám sát": dalat().unit(UnitId("natural_resources")).name.vi,
    }


def test_without_anything_overdue_the_table_has_its_headings():
    assert table([], NAMES, ZONE).decode("utf-8-sig").strip() == ",".join(COLUMNS)


@given(st.integers(min_value=0, max_value=10**7))
def test_hours_and_minutes_say_the_duration_to_the_minute(seconds: int):
    whole, minutes = hours(timedelta(seconds=seconds)).split(":")

    assert 0 <= seconds - (int(whole) * 60 + int(minutes)) * 60 < 60
    assert len(minutes) == 2


def test_the_list_counts_hours_and_keeps_both_dates():
    [chase] = found(late(expected_at=NOW - timedelta(minutes=90), state=State.COORDINATING))
    answer = plain(chase, NAMES, ZONE)

    [case] = answer["cases"]
    assert (answer["unit_name"], answer["count"]) == ("UBND phường 8", 1)
    assert (case["overdue_hours"], case["due_at"]) == (1.5, "2026-11-25T09:00:00+07:00")
    assert case["promised_at"] == "2026-11-25T08:30:00+07:00"


def test_a_unit_of_an_earlier_edition_keeps_its_name():
    both = Names([five_wards(), dalat()])

    assert both.unit(WARD) == "UBND phường 8"
    assert both.unit(OFFICE) == "Văn phòng UBND tỉnh Lâm Đồng"
    assert both.unit(UnitId("ward_99")) == "ward_99"
    assert both.category(CategoryId("gone")) == "gone"
    assert both.knows(WARD)
    assert not both.knows(UnitId("ward_99"))


def test_every_state_and_outcome_has_its_words():
    assert set(STATES) == set(State)
    assert len({each.vi for each in STATES.values()}) == len(State)
    assert all(each.vi and each.en for each in OUTCOMES.values())


# ---- the letters


@pytest.mark.parametrize(
    ("regulation", "expected"),
    [
        pytest.param(
            dalat(), Issuer("UBND thành phố Đà Lạt", "Văn phòng HĐND và UBND", "Đà Lạt"), id="city"
        ),
        pytest.param(
            five_wards(),
            Issuer("UBND tỉnh Lâm Đồng", "Văn phòng UBND", "Lâm Đồng"),
            id="five wards under the province",
        ),
    ],
)
def test_the_letterhead_comes_from_the_regulation(regulation: Regulation, expected: Issuer):
    names = Names([regulation])

    assert issuer_of(names.unit(OFFICE), names.unit(LEADERS)) == expected


MATTER = Matter(
    issuer=Issuer("UBND thành phố Đà Lạt", "Văn phòng HĐND và UBND", "Đà Lạt"),
    regulation=dalat().name.vi,
    names=NAMES,
    as_of=NOW,
    report_by=NOW + timedelta(days=2),
    zone=ZONE,
)


def pages(pdf: bytes) -> int:
    assert pdf.startswith(b"%PDF-")
    return pdf.count(b"/Type /Page\n")


def many(number: int, unit: UnitId = WARD) -> Chase:
    [chase] = found(late(unit=unit))
    [case] = chase.cases
    return Chase(unit, (case,) * number)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        pytest.param(1, 1, id="one case, one page"),
        pytest.param(6, 1, id="a table within the letter"),
        pytest.param(7, 2, id="a letter and its annex"),
    ],
)
def test_a_short_list_stands_in_the_letter_and_a_long_one_behind_it(number: int, expected: int):
    assert pages(letters([many(number)], MATTER)) == expected


def test_each_chased_body_gets_a_letter_of_its_own():
    assert pages(letters([many(1, WARD), many(1, OFFICE), many(1, LEADERS)], MATTER)) == 3


def test_with_nobody_to_chase_there_is_a_sheet_that_says_so():
    assert pages(letters([], MATTER)) == 1


def test_459_cases_of_five_wards_make_letters():
    wards = [UnitId(f"ward_{number}") for number in (3, 6, 8, 9, 10)]
    sizes = (120, 100, 90, 80, 69)

    pdf = letters([many(size, ward) for size, ward in zip(sizes, wards, strict=True)], MATTER)

    assert sum(sizes) == 459
    assert 5 + 459 // 35 < pages(pdf) < 5 + 459 // 12


def test_the_same_chase_gives_the_same_letter():
    assert letters([many(3)], MATTER) == letters([many(3)], MATTER)


def test_a_category_or_unit_that_nobody_knows_does_not_stop_a_letter():
    [case] = many(1).cases
    odd = replace(case, category=CategoryId("gone"), monitoring_unit=UnitId("gone_too"))

    assert pages(letters([Chase(UnitId("ward_99"), (odd,))], MATTER)) == 1


@pytest.mark.parametrize("style", list(Style))
def test_the_typeface_has_every_letter_that_a_letter_may_need(style: Style):
    with TTFont(typeface(style)) as font:
        drawn = set(font.getBestCmap())
    words = [
        *(each.name.vi + each.short for one in (dalat(), five_wards()) for each in one.units),
        *(each.name.vi for one in (dalat(), five_wards()) for each in one.categories),
        *(each.vi for each in STATES.values()),
        "aăâbcdđeêghiklmnoôơpqrstuưvxyáàảãạắằẳẵặấầẩẫậéèẻẽẹếềểễệíìỉĩịóòỏõọốồổỗộớờởỡợúùủũụứừửữựýỳỷỹỵ",
        "AĂÂBCDĐEÊGHIKLMNOÔƠPQRSTUƯVXYÁÀẢÃẠẮẰẲẴẶẤẦẨẪẬÉÈẺẼẸẾỀỂỄỆÍÌỈĨỊÓÒỎÕỌỐỒỔỖỘỚỜỞỠỢÚÙỦŨỤỨỪỬỮỰÝỲỶỸỴ",
        "0123456789 .,:;/()-–·*“”",
    ]

    assert {each for word in words for each in word if ord(each) not in drawn} == set()


def test_an_overdue_row_holds_no_content_of_a_case():
    fields = set(Overdue.__dataclass_fields__)

    assert not fields & {"text", "place", "address", "reporter", "media"}
    assert date(2026, 11, 25) == NOW.astimezone(ZONE).date()
