"""When officials are left in peace. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo


@dataclass(frozen=True)
class QuietHours:
    """When officials get no mail: from one local time until another, over midnight if need be.

    The same time twice means that there are none. They are for people, never for the clock: a
    deadline passes at night, and who has to act reads of it in the morning. Reporters are told at
    once: they sent their report a moment ago, or wait for what an official has just decided.
    """

    begins: time
    ends: time
    zone: tzinfo

    def chosen(self, hours: tuple[time, time] | None) -> "QuietHours":
        """Return the hours that a person chose, from and until, or these if they chose none."""
        return QuietHours(*hours, self.zone) if hours else self

    def over_at(self, at: datetime) -> datetime:
        """Return `at` (aware), or the end of the quiet hours in which it lies."""
        local = at.astimezone(self.zone)
        clock = local.time()
        past_midnight = self.begins > self.ends
        after, before = clock >= self.begins, clock < self.ends
        if not ((after or before) if past_midnight else (after and before)):
            return at
        day = local.date() if before else local.date() + timedelta(days=1)
        end = datetime.combine(day, self.ends, self.zone).astimezone(UTC)
        return max(at, end)  # an hour that the clocks repeat has ended once already
