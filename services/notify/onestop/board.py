"""The board of the hall, live: which number is called where. Numbers only, for everybody."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
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

SHOWN = ("waiting", "issued", "served", "now_serving")


@dataclass(frozen=True)
class Shown:
    """A desk's day at one of its versions, as the hall shows it."""

    version: int
    desk: str
    on: str
    body: bytes


class HallBoard:
    """The newest board of every desk in this process, told by the tail of the stream."""

    def __init__(self, figures: OnestopFigures) -> None:
        self._figures = figures
        self._newest: dict[str, Shown] = {}
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
        if shown is None:
            return
        before = self._newest.get(shown.desk)
        if before and (before.on, before.version) >= (shown.on, shown.version):
            return
        self._newest[shown.desk] = shown
        self._moved.set()
        self._moved = asyncio.Event()

    async def frames(self, desks: Sequence[str]) -> AsyncIterator[bytes]:
        """Yield where each desk stands, then every change; all desks when none is named."""
        told: dict[str, tuple[str, int]] = {}
        while True:
            moved = self._moved
            for desk, shown in list(self._newest.items()):
                if (desks and desk not in desks) or told.get(desk) == (shown.on, shown.version):
                    continue
                told[desk] = (shown.on, shown.version)
                yield sse.frame("board", shown.body, f"{desk}.{shown.on}.{shown.version}")
            try:
                async with asyncio.timeout(sse.HEARTBEAT_S):
                    await moved.wait()
            except TimeoutError:
                yield sse.HEARTBEAT

    async def prime(self) -> None:
        """Read where the desks stood, so that a board that opens now is not empty."""
        for version, board in await self._figures.newest_boards():
            shown = Shown(version, board.desk, board.on.isoformat(), _body(board, None, version))
            self._newest.setdefault(board.desk, shown)


def _shown(received: Received) -> Shown | None:
    event = received.event
    if not isinstance(event, TicketEvent):
        return None
    called = event if isinstance(event, TicketCalled) else None
    board = event.board
    body = _body(board, called, received.sequence)
    return Shown(received.sequence, board.desk, board.on.isoformat(), body)


def _body(board: Board, called: TicketCalled | None, version: int) -> bytes:
    plain: dict[str, Any] = {
        "desk": board.desk,
        "on": board.on.isoformat(),
        **{name: getattr(board, name) for name in SHOWN},
        "average_wait_s": round(board.waited_s / board.called) if board.called else None,
        "called": None,
        "version": version,
    }
    if called:
        plain["called"] = {
            "number": called.label,
            "position": called.position,
            "calls": called.calls,
        }
    return orjson.dumps(plain)
