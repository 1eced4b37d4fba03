"""A transport that sends what is written in one turn of the loop in one system call.

uvloop hands every write to the kernel at once; an answer is written as head and body, and its
client is woken twice for it.
"""

import asyncio
from typing import Any

AT_MOST = 64 * 2**10  # bytes that wait for the end of a turn; the loop's own buffer begins there


class Gathered(asyncio.Transport):
    """Stands before a transport of the loop; all but writing and closing is the transport's own."""

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._to = transport
        self._loop = loop
        self._waiting: list[bytes] = []
        self._size = 0

    @property
    def direct(self) -> asyncio.Transport:
        """The transport itself, behind what was written so far."""
        self._flush()
        return self._to

    def write(self, data: Any) -> None:
        """Write at the end of this turn, or at once when it is much."""
        if not self._waiting:
            self._loop.call_soon(self._flush)
        self._waiting.append(data)
        self._size += len(data)
        if self._size > AT_MOST:
            self._flush()

    def close(self) -> None:
        """Close behind what was written."""
        self._flush()
        self._to.close()

    def abort(self) -> None:
        """Close at once; what was written is dropped."""
        self._waiting, self._size = [], 0
        self._to.abort()

    def is_closing(self) -> bool:
        """Say whether it is closed or about to be."""
        return self._to.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows of its socket."""
        return self._to.get_extra_info(name, default)

    def pause_reading(self) -> None:
        """Read no more."""
        self._to.pause_reading()

    def resume_reading(self) -> None:
        """Read again."""
        self._to.resume_reading()

    def _flush(self) -> None:
        if not self._waiting:
            return
        data = self._waiting[0] if len(self._waiting) == 1 else b"".join(self._waiting)
        self._waiting, self._size = [], 0
        if not self._to.is_closing():
            self._to.write(data)
