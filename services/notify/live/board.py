"""Where every case stands now, in memory, told by the tail of the stream.

Holds where recent cases stand, wakes whoever watches one of them, and keeps the last moves for the
desks: what a case was before and after, since a unit that has lost its part in a case must hear of
it once more. Of a case it keeps what is told and whom it concerns, 0.3 kB; as whole snapshots
20,000 of them were 140 MB.
"""

import asyncio
import sys
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import orjson
import structlog
from pydantic import ValidationError

from services.notify.case_view import CaseView
from shared.events import CaseSnapshot
from shared.stream import StreamEvent
from shared.vocabulary import CaseCode, State, UnitId

log = structlog.get_logger()

KEPT_CASES = 20_000
KEPT_MOVES = 5_000


@dataclass(frozen=True, slots=True)
class Standing:
    """A case at one of its versions: what is told of it, and what `parties_of` asks for.

    Attributes:
        due_at: As it is told, ISO 8601.
    """

    code: CaseCode
    version: int
    due_at: str
    state: State
    restricted: bool
    unit: UnitId | None
    monitoring_unit: UnitId | None
    coordinating_units: tuple[UnitId, ...]
    addressees: tuple[UnitId, ...]
    about: tuple[UnitId, ...]

    @classmethod
    def of(cls, version: int, case: CaseSnapshot) -> Self:
        """Take from a snapshot what is kept."""
        return cls(
            case.code,
            version,
            case.due_at.isoformat(),
            case.state,
            case.restricted,
            _shared(case.unit),
            _shared(case.monitoring_unit),
            _all_shared(case.coordinating_units),
            _all_shared(case.addressees),
            _all_shared(case.about),
        )

    def told(self) -> bytes:
        """Return what a live stream says of it: no more than this leaves by that way."""
        return orjson.dumps(
            {
                "code": self.code,
                "state": self.state.value,
                "version": self.version,
                "due_at": self.due_at,
            }
        )


@dataclass(frozen=True, slots=True)
class Move:
    """A step of a case, at a place in the stream; `before` is None where it is not known."""

    offset: int
    before: Standing | None
    after: Standing


class Board:
    """The newest standings and moves of this process."""

    def __init__(self, view: CaseView) -> None:
        self._view = view
        self._known: OrderedDict[str, Standing] = OrderedDict()
        self._moves: deque[Move] = deque(maxlen=KEPT_MOVES)
        self._moved = asyncio.Event()
        self._watched: dict[str, list[asyncio.Event]] = {}
        self.began: int | None = None  # offset of the first event that was heard

    async def prime(self) -> None:
        """Read where the open cases stand, so that the first move of each has a before."""
        for version, case in await self._view.unfinished(KEPT_CASES):
            self._keep(Standing.of(version, case))

    def take(self, event: StreamEvent) -> None:
        """Note an event of the stream; anything but a new version of a case changes nothing."""
        if self.began is None:
            self.began = event.offset
        if (after := _standing(event)) is None:
            return
        before = self._known.get(after.code)
        if before is not None and before.version >= after.version:
            return
        self._keep(after)
        self._moves.append(Move(event.offset, before, after))
        self._moved.set()
        self._moved = asyncio.Event()
        for watcher in self._watched.get(after.code, ()):
            watcher.set()

    async def standing(self, code: CaseCode) -> Standing | None:
        """Return where a case stands: what was heard here, or what is stored if that is newer."""
        stored = await self._view.standing(code)
        found = Standing.of(*stored) if stored else None
        known = self._known.get(code)
        if known and (found is None or known.version > found.version):
            return known
        return found

    def known(self, code: CaseCode) -> Standing | None:
        """Return where a case stands by what was heard here."""
        return self._known.get(code)

    def watch(self, code: CaseCode) -> asyncio.Event:
        """Return an event that is set whenever this case moves; give it back with `unwatch`."""
        watcher = asyncio.Event()
        self._watched.setdefault(code, []).append(watcher)
        return watcher

    def unwatch(self, code: CaseCode, watcher: asyncio.Event) -> None:
        """Watch no longer."""
        rest = [each for each in self._watched[code] if each is not watcher]
        if rest:
            self._watched[code] = rest
        else:
            del self._watched[code]

    @property
    def moved(self) -> asyncio.Event:
        """An event that the next move of any case sets."""
        return self._moved

    def holds(self, offset: int) -> bool:
        """Say whether every move after an offset is still kept."""
        if len(self._moves) == KEPT_MOVES:
            return self._moves[0].offset <= offset + 1
        return self.began is not None and self.began <= offset + 1

    def after(self, offset: int) -> Sequence[Move]:
        """Return the kept moves behind an offset, in order."""
        found: list[Move] = []
        for move in reversed(self._moves):
            if move.offset <= offset:
                break
            found.append(move)
        return found[::-1]

    def _keep(self, standing: Standing) -> None:
        code = standing.code
        self._known[code] = standing
        self._known.move_to_end(code)
        if len(self._known) > KEPT_CASES:
            self._known.popitem(last=False)


def _standing(event: StreamEvent) -> Standing | None:
    if not event.key.startswith("case."):
        return None
    try:
        envelope = orjson.loads(event.body)
        case = CaseSnapshot.model_validate(envelope["data"]["case"])
        return Standing.of(envelope["sequence"], case)
    except (ValidationError, ValueError, KeyError, TypeError) as error:
        log.warning("live.unreadable", offset=event.offset, reason=type(error).__name__)
        return None


def _shared(unit: UnitId | None) -> UnitId | None:
    """Return the one copy of a unit's name that all standings share."""
    return None if unit is None else UnitId(sys.intern(unit))


def _all_shared(units: tuple[UnitId, ...]) -> tuple[UnitId, ...]:
    return tuple(UnitId(sys.intern(each)) for each in units)
