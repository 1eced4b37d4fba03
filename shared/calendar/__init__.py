"""Working time: hours as data, and what an allowance of them comes to. Pure but for loading."""

from shared.calendar.arithmetic import Proof, began_at, due_at, prove, working_time
from shared.calendar.file import load_calendar, read_calendar
from shared.calendar.hours import CalendarEndsError, CalendarError, Closure
from shared.calendar.model import Calendar

__all__ = [
    "Calendar",
    "CalendarEndsError",
    "CalendarError",
    "Closure",
    "Proof",
    "began_at",
    "due_at",
    "load_calendar",
    "prove",
    "read_calendar",
    "working_time",
]
