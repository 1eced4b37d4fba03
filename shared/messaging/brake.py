"""The brake: when everything fails, it is we who are broken, not the messages."""

import asyncio

import structlog

from shared.errors import OutageError
from shared.messaging import limits
from shared.telemetry import BRAKED

log = structlog.get_logger()


class Brake:
    """Holds a queue's messages in hand once many different ones have failed and none was handled.

    A bad deploy would otherwise put every message through its attempts and bury it. While the
    brake is on, one message at a time is tried after a pause that doubles: if it is handled, all go
    on; if it fails, its attempt counts, and the next one is tried. So an innocent message behind
    poison is reached, and poison alone is still buried, slowly.
    """

    def __init__(self, queue: str) -> None:
        self._queue = queue
        self._run: set[str] = set()
        self._pause_s = limits.BRAKE_PAUSE_S
        self._off = asyncio.Event()
        self._off.set()
        self._turns = asyncio.Lock()
        BRAKED.labels(queue).set(0)

    @property
    def engaged(self) -> bool:
        """Whether messages are held."""
        return not self._off.is_set()

    async def turn(self) -> bool:
        """Wait while the brake is on; True says that this message is the one that is tried.

        Raises:
            OutageError: its turn did not come before the broker would take the message back.
        """
        if not self.engaged:
            return False
        try:
            async with asyncio.timeout(limits.OUTAGE_PATIENCE_S), self._turns:
                return not await self._released_within(self._pause_s)
        except TimeoutError as error:
            raise OutageError(f"{self._queue}: the brake is on") from error

    def handled(self) -> None:
        """Note that a message was handled: we work."""
        self._run.clear()
        self._pause_s = limits.BRAKE_PAUSE_S
        if self.engaged:
            self._off.set()
            BRAKED.labels(self._queue).set(0)
            log.info("brake.released", queue=self._queue)

    def failed(self, message: str, reason: str) -> None:
        """Note that a message failed; the same one again does not lengthen the run."""
        if self.engaged:
            self._pause_s = min(self._pause_s * 2, limits.BRAKE_PAUSE_MOST_S)
            return
        self._run.add(message)
        if len(self._run) >= limits.BRAKE_RUN:
            self._off.clear()
            BRAKED.labels(self._queue).set(1)
            log.error("brake.engaged", queue=self._queue, failed=len(self._run), reason=reason)

    async def check(self) -> None:
        """Check that the brake is off.

        Raises:
            OutageError: everything fails, and messages are held.
        """
        if self.engaged:
            raise OutageError(
                f"{self._queue}: {limits.BRAKE_RUN} messages in a row failed, they are held; "
                f"one is tried every {self._pause_s:g} s"
            )

    async def _released_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._off.wait(), seconds)
        except TimeoutError:
            return False
        return True
