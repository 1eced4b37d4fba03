"""What an HTTP answer of a provider means, before its own codes are read."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from services.notify.domain import Outcome

THROTTLED = 429
FAULTS = 500
REFUSALS = 400


def judged(status: int, headers: Mapping[str, str], now: datetime) -> Outcome | None:
    """Return what a status says by itself; None: the body decides.

    429 and 503 are refusals before any work; behind another 5xx the message may have been sent.
    """
    if status in {THROTTLED, 503}:
        asked = retry_after(headers.get("retry-after", ""), now)
        return Outcome("retry", f"http_{status}", asked)
    if status >= FAULTS:
        return Outcome("ambiguous", f"http_{status}")
    if status >= REFUSALS or not 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return Outcome("rejected", f"http_{status}")
    return None


def retry_after(text: str, now: datetime) -> timedelta | None:
    """Return the wait that a Retry-After header names, in seconds or by a date; None without."""
    stripped = text.strip()
    if stripped.isdecimal() and len(stripped) < 10:  # noqa: PLR2004 - thirty years
        return timedelta(seconds=int(stripped))
    try:
        at = parsedate_to_datetime(stripped)
        return max(timedelta(), at.replace(tzinfo=at.tzinfo or UTC) - now)
    except (ValueError, OverflowError):  # a day or a zone of twenty digits
        return None
