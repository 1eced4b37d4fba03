"""Boxes and numbers of an ISO base media file, read with bounds; nothing in it is believed."""

from collections.abc import Iterable, Iterator

from services.intake.evidence.model import EvidenceRefused, Reason

MAX_BOXES = 512  # side by side; a phone's file has under 40
WIDE_HEADER = 16


class Reader:
    """Reads big-endian numbers from a part of a file; past its end is a verdict on the file."""

    def __init__(self, data: bytes, start: int = 0, end: int | None = None) -> None:
        self._data = data
        self.at = start
        self.end = len(data) if end is None else end

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            EvidenceRefused: there are fewer.
        """
        if count < 0 or self.at + count > self.end:
            raise EvidenceRefused(Reason.CORRUPT)
        self.at += count
        return self._data[self.at - count : self.at]

    def number(self, width: int) -> int:
        """Return the next number of `width` bytes; 0 for a width of 0.

        Raises:
            EvidenceRefused: there are fewer bytes.
        """
        return int.from_bytes(self.take(width))

    def version(self) -> tuple[int, int]:
        """Return version and flags of a full box, which it begins with."""
        return self.number(1), self.number(3)

    def text(self) -> None:
        """Pass over a text that ends with a zero, or with the box."""
        found = self._data.find(b"\0", self.at, self.end)
        self.at = self.end if found < 0 else found + 1


def boxes(data: bytes, start: int = 0, end: int | None = None) -> Iterator[tuple[bytes, Reader]]:
    """Yield the kind and the body of each box; one that does not fit ends the walk.

    Raises:
        EvidenceRefused: there are too many.
    """
    end = len(data) if end is None else end
    for _ in range(MAX_BOXES):
        size, kind, header = int.from_bytes(data[start : start + 4]), data[start + 4 : start + 8], 8
        if size == 1:
            size, header = int.from_bytes(data[start + 8 : start + 16]), WIDE_HEADER
        if size == 0:  # "to the end"
            size = end - start
        if size < header or start + size > end:
            return
        yield kind, Reader(data, start + header, start + size)
        start += size
    raise EvidenceRefused(Reason.CORRUPT)


def first_of_each(found: Iterable[tuple[bytes, Reader]]) -> dict[bytes, Reader]:
    """Return the first box of each kind."""
    kept: dict[bytes, Reader] = {}
    for kind, body in found:
        kept.setdefault(kind, body)
    return kept


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box of our own."""
    body = b"".join(parts)
    return (8 + len(body)).to_bytes(4) + kind + body
