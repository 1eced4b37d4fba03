"""How long a wrong password costs. Pure.

An attempt is counted BEFORE the password is looked at, and taken back when it was right: so a
hundred guesses at once are a hundred attempts, and not one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FREE_FAILURES = 4  # the fifth failure in a row locks; a person mistypes less often than that
FIRST_LOCK = timedelta(minutes=1)
LONGEST_LOCK = timedelta(hours=1)  # 24 guesses a day; longer would only help to lock people out
FORGOTTEN_AFTER = timedelta(hours=24)  # a quiet day: last week's typing errors do not add up


@dataclass(frozen=True, slots=True)
class Attempts:
    """The wrong passwords of an account since its last right one.

    Attributes:
        serial: Rises with every change; whoever writes names the one that they read.
        failures: In a row.
        last_at: When the last one was counted.
        locked_until: Until then no password is looked at.
    """

    serial: int = 0
    failures: int = 0
    last_at: datetime | None = None
    locked_until: datetime | None = None

    def locked(self, now: datetime) -> bool:
        """Say whether the account is locked; the instant at which a lock ends is free."""
        return self.locked_until is not None and now < self.locked_until


def lock_after(failures: int) -> timedelta:
    """Return the wait after this many failures in a row: 0, then 1 minute, doubling to 1 hour."""
    if failures <= FREE_FAILURES:
        return timedelta(0)
    doublings = min(failures - FREE_FAILURES - 1, 10)  # far beyond the longest already
    return min(FIRST_LOCK * 2**doublings, LONGEST_LOCK)


def attempt(attempts: Attempts, now: datetime) -> Attempts | None:
    """Return the attempts with one more failure, or None while the account is locked."""
    if attempts.locked(now):
        return None
    quiet = attempts.last_at is None or now - attempts.last_at > FORGOTTEN_AFTER
    failures = 1 if quiet else attempts.failures + 1
    wait = lock_after(failures)
    return Attempts(attempts.serial + 1, failures, now, now + wait if wait else None)


def forgiven(attempts: Attempts) -> Attempts:
    """Return the attempts after a right password, or after an administrator's reset."""
    return replace(Attempts(), serial=attempts.serial + 1)
