"""The board of the hall, live: which number is called where. Numbers only, for everybody."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property
from typing import Any

import orjson
import structlog
from pydantic import ValidationError

from services.notify import sse
from services.notify.onestop.figures import OnestopFigures
from shared.errors import PermanentError
from shared.events import Received
from shared.events.onestop import Board, TicketCalled, TicketEvent
from shared.stream import StreamEvent

log = structlog.get_logger()

DAYS = 3  # of a desk: yesterday, today, and the next, for which numbers are taken after closing
SHOWN = ("waiting", "issued", "served", "now_serving")


@dataclass(frozen=True)
class Shown:
    """A desk's day at one of its versions, as the hall shows it; `called` is the latest call."""

    version: int
    board: Board
    called: TicketCalled | None

    @property
    def desk(self) -> str:
        """Whose day it is."""
        return self.board.desk

    @property
    def on(self) -> str:
        """The day."""
        return self.board.on.isoformat()

    @cached_property
    def body(self) -> bytes:
        """Return it as the stream says it."""
        return _body(self)


class HallBoard:
    """The newest boards of every desk in this process, told by the tail of the stream.

    Args:
        figures: Where the desks stood when the process began.
        today: Returns the city's local day.
    """

    def __init__(self, figures: OnestopFigures, today: Callable[[], date]) -> None:
        self._figures = figures
        self._today = today
        self._days: dict[str, dict[str, Shown]] = {}  # by desk and day, the newest days
        self._moved = asyncio.Event()

    def take(self, event: StreamEvent) -> None:
        """Note an event of the stream; anything but a number's changes nothing."""
        if not event.key.startswith("ticket."):
            return
        try:
            received = Received.from_wire(event.body)
        except (PermanentError, ValidationError) as error:
            log.warning("board.unreadable", offset=event.offset, reason=type(error).__name__)
            return
        shown = _shown(received)
        if shown is None or not self._keep(shown):
            return
        self._moved.set()
        self._moved = asyncio.Event()

    def shown(self) -> list[Shown]:
        """Return where each desk stands: today while anybody is left, else its newest day.

        Intake works a queue off in the same way, though numbers for the next day are taken.
        """
        today = self._today().isoformat()
        return [_chosen(days, today) for days in self._days.values()]

    def _keep(self, shown: Shown) -> bool:
        days = self._days.setdefault(shown.desk, {})
        before = days.get(shown.on)
        if before and before.version >= shown.version:
            return False
        days[shown.on] = _after(before, shown)
        for old in sorted(days)[:-DAYS]:
            del days[old]
        return True

    async def frames(self, desks: Sequence[str]) -> AsyncIterator[bytes]:
        """Yield where each desk stands, then every change; all desks when none is named."""
        told: dict[str, tuple[str, int]] = {}
        while True:
            moved = self._moved
            for each in self.shown():
                desk, stand = each.desk, (each.on, each.version)
                if (desks and desk not in desks) or told.get(desk) == stand:
                    continue
                told[desk] = stand
                yield sse.frame("board", each.body, f"{desk}.{each.on}.{each.version}")
            try:
                async with asyncio.timeout(sse.HEARTBEAT_S):
                    await moved.wait()
            except TimeoutError:
                yield sse.HEARTBEAT

    async def prime(self) -> None:
        """Read where the desks stood, so that a board that opens now is not empty."""
        for version, board in await self._figures.newest_boards():
            self._keep(Shown(version, board, None))


def is_busy(board: Board) -> bool:
    """Say whether anybody waits or is served."""
    return board.waiting + board.serving > 0


def _chosen(days: Mapping[str, Shown], today: str) -> Shown:
    now = days.get(today)
    return now if now and is_busy(now.board) else days[max(days)]


def _after(before: Shown | None, shown: Shown) -> Shown:
    """Keep the call before: a reminder of the same step would hide it from who sees the newest."""
    called = before.called if before else None
    if shown.called or called is None or called.label not in shown.board.now_serving:
        return shown
    return replace(shown, called=called)


def _shown(received: Received) -> Shown | None:
    event = received.event
    if not isinstance(event, TicketEvent):
        return None
    called = event if isinstance(event, TicketCalled) else None
    return Shown(received.sequence, event.board, called)


def _body(shown: Shown) -> bytes:
    board, called = shown.board, shown.called
    plain: dict[str, Any] = {
        "desk": board.desk,
        "on": board.on.isoformat(),
        **{name: getattr(board, name) for name in SHOWN},
        "average_wait_s": round(board.waited_s / board.called) if board.called else None,
        "called": None,
        "version": shown.version,
    }
    if called:
        plain["called"] = {
            "number": called.label,
            "position": called.position,
            "calls": called.calls,
        }
    return orjson.dumps(plain)
