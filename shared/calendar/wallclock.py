"""Wall time and instants: which instant the local clock means, whatever it was set to.

Instants are microseconds since 1970-01-01T00:00Z, as integers, so that no answer is rounded.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from shared.calendar.hours import CalendarError, Day

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = _EPOCH.toordinal()
_SECOND = 1_000_000
_MICROSECOND = timedelta(microseconds=1)
MINUTE_US = 60 * _SECOND
DAY_US = 24 * 60 * MINUTE_US


def to_microseconds(span: timedelta) -> int:
    """Return a span of time as an integer; much faster than dividing timedeltas."""
    return (span.days * 86_400 + span.seconds) * _SECOND + span.microseconds


def to_instant(at: datetime) -> int:
    """Return an aware datetime as an instant.

    Raises:
        CalendarError: `at` has no zone, so nobody knows which instant it means.
    """
    try:
        since = at - _EPOCH
    except TypeError:
        raise CalendarError(f"{at!r} is no datetime with a time zone") from None
    return (since.days * 86_400 + since.seconds) * _SECOND + since.microseconds


def day_of(instant: int) -> int:
    """Return the ordinal of the UTC day that holds an instant."""
    return instant // DAY_US + _EPOCH_DAY


class WallClock:
    """The clock on the wall in one zone.

    A wall time means the first instant at which the clock shows it or has passed it: a repeated
    hour counts its first passage, and a skipped time is the moment of the jump. So wall times keep
    their order as instants, and intervals that were disjoint stay so.
    """

    def __init__(self, zone: ZoneInfo) -> None:
        """Hang the clock up in `zone`."""
        self._zone = zone
        self._epoch = _EPOCH.replace(tzinfo=zone)  # what fromutc() takes: UTC digits, this zone

    def shown_at(self, instant: int) -> datetime:
        """Return the aware datetime of an instant, in this zone.

        Raises:
            OverflowError: the instant lies outside the years 1 to 9999.
        """
        return self._zone.fromutc(self._epoch + instant * _MICROSECOND)

    def instant(self, day: int, minutes: int = 0) -> int:
        """Return the instant that is `minutes` of wall time into an ordinal day."""
        wall = datetime.fromordinal(day).replace(tzinfo=self._zone) + timedelta(minutes=minutes)
        local = (day - _EPOCH_DAY) * DAY_US + minutes * MINUTE_US
        before, after = _offset(wall), _offset(wall.replace(fold=1))
        if before >= after:
            return local - before
        return self._jump((local - after) // _SECOND, (local - before) // _SECOND)

    def intervals(self, day: int, shifts: Day) -> Iterator[tuple[int, int]]:
        """Yield the shifts of an ordinal day as instants; a clock change can swallow one."""
        offset = self._zone.utcoffset(datetime.fromordinal(day))
        # In the time zone data (2026.6) no zone changes twice within two days and back again.
        if offset == self._zone.utcoffset(datetime.fromordinal(day + 1)):
            midnight = (day - _EPOCH_DAY) * DAY_US - to_microseconds(offset or timedelta())
            for opens, closes in shifts:
                yield midnight + opens * MINUTE_US, midnight + closes * MINUTE_US
            return
        for opens, closes in shifts:
            begin, end_of_shift = self.instant(day, opens), self.instant(day, closes)
            if begin < end_of_shift:
                yield begin, end_of_shift

    def _jump(self, low: int, high: int) -> int:
        """Return the instant between two seconds, before and after it, when the clock jumps."""
        before = _offset(self.shown_at(low * _SECOND))
        while high - low > 1:  # clocks change on whole seconds
            middle = (low + high) // 2
            if _offset(self.shown_at(middle * _SECOND)) == before:
                low = middle
            else:
                high = middle
        return high * _SECOND


def _offset(at: datetime) -> int:
    return to_microseconds(at.utcoffset() or timedelta())
