"""When a desk is open, and to which working day a number belongs. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial

from shared.calendar import Calendar, CalendarEndsError

KIOSK = "kiosk"
ONLINE = "online"


@dataclass(frozen=True)
class Opening:
    """What the calendar says of an instant, in the city's time.

    Attributes:
        on: The working day that a number taken now belongs to: today until the last closing,
            then the next working day.
        open_now: Whether somebody is served now.
        opens_at: The next opening, or `now` itself.
        closes_at: The closing after that.
        today: The local day of the instant.
    """

    on: date
    open_now: bool
    opens_at: datetime
    closes_at: datetime
    today: date

    def has_come(self, day: date) -> bool:
        """Say whether a working day is here: who has a number for a later one is at home."""
        return day <= self.today


def opening(now: datetime, calendar: Calendar) -> Opening:
    """Return what the calendar says of `now` (aware); past its end the last week goes on.

    Where it never closes, a day's numbers end with the day: `closes_at` is the next midnight.
    """
    try:
        return _opening(now, calendar, calendar.closing)
    except CalendarEndsError:
        lasting = calendar.provisional()
        return _opening(now, lasting, partial(_closing, lasting))


def _closing(calendar: Calendar, at: datetime) -> datetime:
    try:
        return calendar.closing(at)
    except CalendarEndsError:
        tomorrow = at.astimezone(calendar.zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time(), calendar.zone)


def _opening(now: datetime, calendar: Calendar, closing: Callable[[datetime], datetime]) -> Opening:
    opens_at = calendar.next_open(now)
    return Opening(
        on=opens_at.date(),
        open_now=calendar.is_open(now),
        opens_at=opens_at,
        closes_at=closing(opens_at),
        today=now.astimezone(calendar.zone).date(),
    )
