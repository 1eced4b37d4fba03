"""When many reports of one category in one area are more than chance. Pure.

A window's count is held against the same category and area in the same hours of the same weekday
of the weeks before, as a Poisson variable with their mean.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WEEK = timedelta(days=7)
WEEKS = 4
# Of few weeks a mean says little: below this one a handful of reports would count as a wonder.
LEAST_EXPECTED = 0.5


@dataclass(frozen=True)
class Thresholds:
    """What an operator may set.

    Attributes:
        window: What is counted, up to now.
        floor: Fewer cases are never an incident.
        excess: How many more than expected it must be.
        chance: Probability of so many or more by chance, at most.
        quiet: So long without a spike, and an incident is over.
    """

    window: timedelta = timedelta(hours=3)
    floor: int = 5
    excess: float = 3.0
    chance: float = 0.001
    quiet: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class Seen:
    """What the window holds of one category in one area; `codes` by the time of receipt."""

    category: str
    area: str
    codes: tuple[str, ...]
    first_at: datetime
    expected: float

    @property
    def count(self) -> int:
        """How many cases."""
        return len(self.codes)


def expected(before: int, weeks: int) -> float:
    """Return the mean of `before` cases in `weeks` windows, never less than `LEAST_EXPECTED`."""
    return max(LEAST_EXPECTED, before / weeks if weeks else 0.0)


def weeks_known(oldest: datetime, now: datetime, window: timedelta) -> int:
    """Return how many of the weeks before lie wholly after the oldest case."""
    return sum(now - back * WEEK - window >= oldest for back in range(1, WEEKS + 1))


def windows(now: datetime, window: timedelta) -> Sequence[tuple[datetime, datetime]]:
    """Return the windows to count, this one first: after the first instant, up to the second."""
    ends = [now - back * WEEK for back in range(WEEKS + 1)]
    return [(end - window, end) for end in ends]


def chance(count: int, mean: float) -> float:
    """Return the probability that a Poisson variable of this mean is `count` or more."""
    less = 0.0
    for value in range(count):
        less += math.exp(value * math.log(mean) - mean - math.lgamma(value + 1))
    return max(0.0, 1.0 - less)


def is_spike(count: int, mean: float, rule: Thresholds) -> bool:
    """Say whether `count` cases are an incident where `mean` are expected."""
    if count < rule.floor or count - mean < rule.excess:
        return False
    return chance(count, mean) <= rule.chance


def identifier(seen: Seen) -> str:
    """Return the incident's identity: the same in every replica, one per first hour."""
    return f"{seen.category}.{seen.area}.{seen.first_at.astimezone(UTC):%Y-%m-%dT%H}"


def is_over(below_since: datetime | None, now: datetime, rule: Thresholds) -> bool:
    """Say whether it has been quiet for long enough."""
    return below_since is not None and now - below_since >= rule.quiet
