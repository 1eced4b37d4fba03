"""The promise in plain words, from the deadline and the calendar that counted it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from shared.calendar import Calendar, Closure
from shared.vocabulary import Clock, Language

WEEKDAYS_VI = ("thứ Hai", "thứ Ba", "thứ Tư", "thứ Năm", "thứ Sáu", "thứ Bảy", "Chủ nhật")
WEEKDAYS_EN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True)
class Promise:
    """Until when, and why then: "xử lý trước 09:00 thứ Hai 23/02 (2 giờ làm việc; …)"."""

    vi: str
    en: str

    def text(self, language: Language) -> str:
        """Return the sentence in one language."""
        return self.vi if language is Language.VIETNAMESE else self.en


@lru_cache(maxsize=256)  # the reports of a busy second are promised the same
def promise(
    received_at: datetime,
    due_at: datetime,
    *,
    limit: timedelta,
    clock: Clock,
    calendar: Calendar,
) -> Promise:
    """Say a deadline in words, in local time, with the closed days that lie before it.

    Args:
        received_at: First receipt; any zone.
        due_at: The last instant that is on time; any zone.
        limit: The regulation's limit.
        clock: How it is counted.
        calendar: Its zone is the one that people live in.
    """
    due = due_at.astimezone(calendar.zone)
    received = received_at.astimezone(calendar.zone)
    closed = calendar.closures(received, due) if clock is Clock.WORKING else ()
    year = f"/{due.year}" if due.year != received.year else ""
    day = f"{due.day:02}/{due.month:02}{year}"  # strftime takes ten times as long
    hour = f"{due.hour:02}:{due.minute:02}"
    hours = f"{limit.total_seconds() / 3600:g}"
    unit_vi = "giờ làm việc" if clock is Clock.WORKING else "giờ"
    unit_en = "working hours" if clock is Clock.WORKING else "hours"
    reasons_vi = [f"{hours} {unit_vi}", *(f"nghỉ {words}" for words in _spans(closed, vi=True))]
    reasons_en = [f"{hours} {unit_en}", *(f"closed {words}" for words in _spans(closed, vi=False))]
    return Promise(
        vi=f"xử lý trước {hour} {WEEKDAYS_VI[due.weekday()]} {day} ({'; '.join(reasons_vi)})",
        en=f"answered by {hour} on {WEEKDAYS_EN[due.weekday()]} {day} ({'; '.join(reasons_en)})",
    )


def _spans(closed: Sequence[Closure], *, vi: bool) -> list[str]:
    """Join the days of one feast: "Tết Nguyên đán 16–20/02". A weekend between does not part it."""
    spans: list[tuple[str, list[Closure]]] = []
    for each in closed:
        name = each.name_vi if vi else each.name_en
        if spans and spans[-1][0] == name:
            spans[-1][1].append(each)
        else:
            spans.append((name, [each]))
    return [f"{name} {_days(days)}".strip() for name, days in spans]


def _days(days: Sequence[Closure]) -> str:
    first, last = days[0].on, days[-1].on
    if first == last:
        return f"{first:%d/%m}"
    if first.month == last.month:
        return f"{first:%d}–{last:%d/%m}"
    return f"{first:%d/%m}–{last:%d/%m}"
