"""A place in the stream as clients name it: `<offset>.<epoch>`, or the bare offset. Pure.

The epoch names one life of the stream. A stream that was lost and made anew counts from 0 again;
by the epoch a client with an old cursor is told so, instead of waiting for ever or missing events.
"""

import re
from dataclasses import dataclass

from shared.errors import CivicError

CURSOR = re.compile(r"(-1|\d{1,18})(?:\.([0-9a-f]{8}))?", re.ASCII)
START = -1  # before the first event


@dataclass(frozen=True)
class Cursor:
    """Everything up to `offset` was seen; without an epoch it is taken on trust."""

    offset: int
    epoch: str | None = None

    def __str__(self) -> str:
        return f"{self.offset}.{self.epoch}" if self.epoch else str(self.offset)


class CursorGoneError(CivicError):
    """The stream holds nothing that continues this cursor: it was made anew, or cut off there.

    Attributes:
        restart: The offset behind which the stream can be read without a gap.
    """

    def __init__(self, reason: str, restart: int = -1) -> None:
        super().__init__(reason)
        self.reason = reason
        self.restart = restart


def read_cursor(text: str) -> Cursor | None:
    """Return the cursor that a client sent, or None when it is none."""
    found = CURSOR.fullmatch(text)
    return Cursor(int(found[1]), found[2]) if found else None
