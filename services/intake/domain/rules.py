"""The rules that intake decides by: one regulation and its calendar."""

from dataclasses import dataclass
from datetime import date, datetime

from shared.calendar import Calendar
from shared.deadline import Deadline, deadline
from shared.regulation import Regulation
from shared.vocabulary import CategoryId


@dataclass(frozen=True)
class Rules:
    """All that a decision of intake rests on."""

    regulation: Regulation
    calendar: Calendar

    def deadline(self, category: CategoryId, start: datetime) -> Deadline:
        """Return the deadline of a category for a report received at `start` (aware)."""
        return deadline(start, self.regulation.category(category), self.calendar)

    def local_day(self, at: datetime) -> date:
        """Return the city's date at an instant."""
        return at.astimezone(self.calendar.zone).date()
