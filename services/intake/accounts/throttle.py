"""A brake on wrong passwords from one address. In memory: an extra beside the accounts' locks."""

import time
from collections import OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

WINDOW_S = 300.0
ADDRESSES = 10_000  # remembered; bounds memory, the oldest is forgotten first


class Throttle:
    """Counts failures per address in windows of five minutes.

    Args:
        allowed: Failures per window; 0 switches the brake off.
        clock: Seconds that only rise.
    """

    def __init__(self, allowed: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._allowed = allowed
        self._clock = clock
        self._windows: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Return how long this address has to wait; 0 when it may try."""
        until, failures = self._windows.get(_network(address), (0.0, 0))
        left = until - self._clock()
        return left if self._allowed and failures >= self._allowed and left > 0 else 0.0

    def count(self, address: str) -> None:
        """Count a failure of this address."""
        now, key = self._clock(), _network(address)
        until, failures = self._windows.pop(key, (0.0, 0))
        if until <= now:
            until, failures = now + WINDOW_S, 0
        self._windows[key] = (until, failures + 1)
        if len(self._windows) > ADDRESSES:
            self._windows.popitem(last=False)


def _network(address: str) -> str:
    """Return what one person holds: an IPv4 address, or the /64 of an IPv6 one."""
    try:
        known = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(known, IPv6Address):
        return known.ipv4_mapped.exploded if known.ipv4_mapped else known.exploded[:19]
    return known.exploded
