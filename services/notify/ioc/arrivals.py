"""When each of the newest events had arrived, at the latest. Pure.

The broker says of no event when it took it. It was before we saw it, whoever of us that was.
"""

from collections import deque
from datetime import datetime, timedelta

SKEW = timedelta(seconds=5)  # how far the clocks of the broker and the services may differ


class Arrivals:
    """The offsets of as many events as the ring has, each with a moment by which it was there."""

    def __init__(self, capacity: int) -> None:
        self._kept: deque[tuple[int, datetime]] = deque(maxlen=capacity)

    def note(self, offset: int, by: datetime) -> None:
        """Keep that the event at this offset, and all before it, had arrived by then."""
        self._kept.append((offset, by))

    def clear(self) -> None:
        """Forget all: another stream begins."""
        self._kept.clear()

    def before(self, moment: datetime) -> int | None:
        """Return the greatest offset that was surely there before `moment` (aware), if any."""
        surely = moment - SKEW
        return next((offset for offset, by in reversed(self._kept) if by < surely), None)
