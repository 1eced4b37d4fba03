"""The promise in words: until when, in local time, and what is closed before."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.deadline import count
from shared.promise import Promise, promise
from shared.vocabulary import Clock, Language
from tests.builders import state_calendar


def promised(received: str, hours: float, clock: Clock = Clock.WORKING) -> Promise:
    start, limit = datetime.fromisoformat(received), timedelta(hours=hours)
    due = count(start, limit, clock, state_calendar())
    return promise(start, due, limit=limit, clock=clock, calendar=state_calendar())


@pytest.mark.parametrize(
    ("received", "hours", "vi", "en"),
    [
        pytest.param(
            "2026-01-12T08:00+07:00",
            2,
            "xử lý trước 10:00 thứ Hai 12/01 (2 giờ làm việc)",
            "answered by 10:00 on Monday 12/01 (2 working hours)",
            id="the same morning",
        ),
        pytest.param(
            "2026-01-10T22:00+07:00",
            2,
            "xử lý trước 09:30 thứ Hai 12/01 (2 giờ làm việc)",
            "answered by 09:30 on Monday 12/01 (2 working hours)",
            id="a plain weekend needs no words",
        ),
        pytest.param(
            "2026-02-13T16:30+07:00",
            2,
            "xử lý trước 08:30 thứ Hai 23/02 (2 giờ làm việc; nghỉ Tết Nguyên đán 16–20/02)",
            "answered by 08:30 on Monday 23/02 "
            "(2 working hours; closed Lunar New Year (Tết) 16–20/02)",
            id="the days of one feast are one span",
        ),
        pytest.param(
            "2026-04-29T16:00+07:00",
            8,
            "xử lý trước 16:00 thứ Hai 04/05 "
            "(8 giờ làm việc; nghỉ Ngày Chiến thắng 30/4 30/04; nghỉ Quốc tế Lao động 1/5 01/05)",
            "answered by 16:00 on Monday 04/05 (8 working hours; closed Reunification Day 30/04; "
            "closed International Labour Day 01/05)",
            id="two feasts side by side",
        ),
        pytest.param(
            "2026-12-31T16:30+07:00",
            2,
            "xử lý trước 08:30 thứ Hai 04/01/2027 (2 giờ làm việc; nghỉ Tết Dương lịch 01/01)",
            "answered by 08:30 on Monday 04/01/2027 (2 working hours; closed New Year's Day 01/01)",
            id="another year is named",
        ),
    ],
)
def test_a_promise_says_until_when_and_why(received: str, hours: int, vi: str, en: str) -> None:
    words = promised(received, hours)

    assert words.vi == vi
    assert words.en == en
    assert words.text(Language.VIETNAMESE) == vi
    assert words.text(Language.ENGLISH) == en


def test_elapsed_hours_are_no_working_hours_and_know_no_feast() -> None:
    words = promised("2026-02-16T20:30+07:00", 4, Clock.ELAPSED)

    assert words.vi == "xử lý trước 00:30 thứ Ba 17/02 (4 giờ)"
    assert words.en == "answered by 00:30 on Tuesday 17/02 (4 hours)"


def test_the_zone_of_the_instants_changes_nothing_in_the_words() -> None:
    start = datetime.fromisoformat("2026-01-12T08:00+07:00")
    due = start + timedelta(hours=2)
    words = {"limit": timedelta(hours=2), "clock": Clock.WORKING, "calendar": state_calendar()}

    assert promise(start.astimezone(UTC), due.astimezone(UTC), **words) == promise(
        start, due, **words
    )


def test_a_second_that_is_on_time_is_never_promised_away() -> None:
    """Words have minutes: they round down, to the earlier promise."""
    assert "10:00" in promised("2026-01-12T08:00:37+07:00", 2).vi


def test_half_an_hour_is_said_as_a_number() -> None:
    assert "(1.5 working hours)" in promised("2026-01-12T08:00+07:00", 1.5).en
