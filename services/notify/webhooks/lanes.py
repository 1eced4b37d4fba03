"""Whose turn it is: every receiver has places of its own, so that an ill one takes nobody's.

A receiver that answers may be called sixteen times at once, one that fails once at a time and after
a pause that grows to two seconds. The first place of a receiver is nobody else's; the others come
out of a pool that all share, which the ill ones leave with their first failure.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.notify.webhooks.store import Message

EACH = 16  # requests on their way to one receiver that answers
SPARE = 128  # requests on their way in all, beyond the first of every receiver
WAITING = 64  # messages in memory for one receiver; the others wait in the database
PAUSE = timedelta(seconds=0.1)  # after a failure, doubled by each further one:
LONGEST_PAUSE = timedelta(seconds=2)


@dataclass
class Lane:
    """One receiver, as this process knows it."""

    busy: int = 0
    failures: int = 0  # in a row
    rests_until: datetime | None = None
    waiting: deque[Message] = field(default_factory=deque[Message])

    @property
    def is_ill(self) -> bool:
        """Say whether the last answer was a failure."""
        return self.failures > 0

    def takes(self) -> bool:
        """Say whether another message may wait here, in memory."""
        return not self.is_ill and len(self.waiting) < WAITING

    def answered(self, *, well: bool, now: datetime) -> None:
        """Note what came of a call."""
        self.failures = 0 if well else self.failures + 1
        self.rests_until = None
        if self.is_ill:
            pause = PAUSE * 2 ** min(self.failures - 1, 10)
            self.rests_until = now + min(pause, LONGEST_PAUSE)


class Lanes:
    """All receivers, as this process knows them."""

    def __init__(self) -> None:
        self._lanes: dict[str, Lane] = {}

    def of(self, endpoint: str) -> Lane:
        """Return the lane of an endpoint."""
        return self._lanes.setdefault(endpoint, Lane())

    def room(self, endpoint: str, now: datetime) -> int:
        """Return how many calls to an endpoint may begin now."""
        lane = self._lanes.get(endpoint) or Lane()
        if lane.is_ill:
            resting = lane.rests_until is not None and now < lane.rests_until
            return 0 if lane.busy or resting else 1
        spare = SPARE - sum(max(0, each.busy - 1) for each in self._lanes.values())
        first = 0 if lane.busy else 1
        return max(0, min(EACH - lane.busy, first + max(0, spare)))

    def next(self, now: datetime) -> Message | None:
        """Take the next message that may be sent now out of those that wait, in turns."""
        for name, lane in list(self._lanes.items()):
            if lane.waiting and self.room(name, now) > 0:
                self._lanes[name] = self._lanes.pop(name)  # the others are next
                return lane.waiting.popleft()
        return None

    def forget_idle(self, known: set[str]) -> None:
        """Forget endpoints that are no more."""
        for name, lane in list(self._lanes.items()):
            if name not in known and not lane.busy and not lane.waiting:
                del self._lanes[name]

    def waiting(self) -> list[Message]:
        """Take everything that waits."""
        found = [each for lane in self._lanes.values() for each in lane.waiting]
        for lane in self._lanes.values():
            lane.waiting.clear()
        return found
