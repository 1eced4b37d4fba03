"""How far what is counted or listed goes, beside every answer about it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notify.ioc.cursor import Cursor
from services.notify.ioc.flow import ON_ITS_WAY, Flow
from services.notify.ioc.marks import Marks
from services.notify.ioc.tail import IocTail


@dataclass(frozen=True)
class Watermarks:
    """Reads the mark of the projections, and compares it with the end of the stream."""

    tail: IocTail
    marks: Marks
    flow: Flow
    clock: Callable[[], datetime]

    async def read(self, moment: datetime) -> dict[str, Any]:
        """Return the watermark of an answer about `moment`; read first, it never says too much.

        What happened just now may still be on its way to the stream, so `complete_up_to` keeps a
        few seconds behind the clock. What a service owes that alone is cut off, nobody here knows.
        """
        mark = await self.marks.read()
        known = mark.epoch == self.tail.epoch and self.flow.is_open()
        behind = self.tail.behind(mark.offset) if known else None
        reached = moment if behind == 0 else mark.at
        return {
            "complete_up_to": reached and min(reached, self.clock() - ON_ITS_WAY),
            "offset": mark.offset,
            "cursor": str(Cursor(mark.offset, mark.epoch)),
            "behind": behind,
            "generation": mark.generation,
        }
