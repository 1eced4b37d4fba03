"""A brake on wrong passwords from one address, the same for all replicas."""

import hashlib
import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from services.intake.accounts.store import Expiring
from shared.mongo import Database
from shared.pace import WINDOW_S, network


class SharedThrottle:
    """Counts failures per address in windows of five minutes, in the database.

    Args:
        base: Where the counters live; they expire with their window.
        allowed: Failures per window; 0 switches the brake off.
        key: Of the hash that stands for an address, so that the counters hold no personal data.
        clock: The server's time.
    """

    def __init__(
        self, base: Database, allowed: int, *, key: bytes, clock: Callable[[], datetime]
    ) -> None:
        self.documents = Expiring(base, "failures")
        self._allowed = allowed
        self._key = key
        self._clock = clock

    async def wait_s(self, address: str) -> float:
        """Return how long this address has to wait; 0 when it may try."""
        if not self._allowed:
            return 0.0
        identifier, ends = self._window(address)
        found = await self.documents.load(identifier)
        if found is None or found["count"] < self._allowed:
            return 0.0
        return max(1.0, (ends - self._clock()).total_seconds())

    async def count(self, address: str) -> None:
        """Count a failure of this address."""
        if not self._allowed:
            return
        identifier, ends = self._window(address)
        change = {"$inc": {"count": 1}, "$setOnInsert": {"expires_at": ends}}
        await self.documents.update_each([({"_id": identifier}, change)], upsert=True)

    def _window(self, address: str) -> tuple[str, datetime]:
        number = int(self._clock().timestamp() // WINDOW_S)
        named = f"{number}:{network(address)}".encode()
        digest = hmac.new(self._key, named, hashlib.sha256).hexdigest()[:32]
        ends = datetime.fromtimestamp(number * WINDOW_S, UTC) + timedelta(seconds=WINDOW_S)
        return digest, ends
