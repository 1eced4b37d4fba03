"""Which bytes of a file a Range header asks for (RFC 9110, section 14)."""

import re

from services.intake.refusals import bad_range

# one range of bytes; fifteen digits are more than any file has
RANGE = re.compile(r"bytes=([0-9]{0,15})-([0-9]{0,15})", re.IGNORECASE)


def span(header: str, size: int) -> tuple[int, int] | None:
    """Return the half-open span of bytes that is asked for; None means the whole file.

    The whole answers what may be ignored: another unit, several ranges, an end before its start.

    Raises:
        Problem: 416, the file ends before the range begins.
    """
    found = RANGE.fullmatch(header.strip())
    if found is None or found[1] == found[2] == "":
        return None
    first, last = (int(each) if each else None for each in found.groups())
    if first is None:
        first, last = max(size - (last or 0), 0), None
    elif last is not None and last < first:
        return None
    if first >= size:
        raise bad_range(size)
    return first, size if last is None else min(last + 1, size)
