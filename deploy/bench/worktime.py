"""Working-time answers per second: the engine alone, on one core."""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared import calendar
from shared.calendar import due_at, load_calendar

FILE = Path(calendar.__file__).parents[1] / "calendars" / "vn-state.yaml"
FIRST, LAST = datetime(2020, 1, 1, tzinfo=UTC), datetime(2026, 12, 31, tzinfo=UTC)
STARTS = 2000  # any hour of seven years: open, closed, before a feast
TWO_HOURS = 2.0
TEN_YEARS = 20_000.0  # 250 working days of 8 hours a year


def answers(hours: float, seconds: float) -> float:
    """Return how many deadlines of so many working hours are counted per second of CPU time."""
    counted = load_calendar(FILE).provisional()  # goes on after the announced years
    chance = random.Random(1)  # noqa: S311 - the same starts in every run
    span = (LAST - FIRST).total_seconds()
    starts = [FIRST + timedelta(seconds=chance.uniform(0, span)) for _ in range(STARTS)]
    allowance = timedelta(hours=hours)
    due_at(starts[0], allowance, counted)  # what is built once is not measured
    began = time.process_time()
    count = 0
    while (used := time.process_time() - began) < seconds:
        for start in starts:
            due_at(start, allowance, counted)
        count += STARTS
    return count / used
