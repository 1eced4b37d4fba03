"""How far what is counted or listed goes, beside every answer about it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.notify.ioc.cursor import Cursor
from services.notify.ioc.marks import Marks
from services.notify.ioc.tail import IocTail


@dataclass(frozen=True)
class Watermarks:
    """Reads the mark of the projections, and compares it with the end of the stream."""

    tail: IocTail
    marks: Marks

    async def read(self, moment: datetime) -> dict[str, Any]:
        """Return the watermark of an answer about `moment`; read first, it never says too much."""
        mark = await self.marks.read()
        same = mark.epoch == self.tail.epoch
        behind = self.tail.behind(mark.offset) if same else None
        return {
            "complete_up_to": moment if behind == 0 else mark.at,
            "offset": mark.offset,
            "cursor": str(Cursor(mark.offset, mark.epoch)),
            "behind": behind,
            "generation": mark.generation,
        }
