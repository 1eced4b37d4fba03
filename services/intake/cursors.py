"""Cursors of lists in which the soonest due time comes first: opaque to who gets them. Pure."""

import base64
import binascii
from datetime import datetime
from typing import Any

import orjson
from pydantic import TypeAdapter

from shared.errors import CivicError
from shared.instant import Instant

_INSTANT = TypeAdapter[datetime](Instant)


class BadCursorError(CivicError):
    """A cursor that no list of ours gave out."""


def due_cursor(due_at: datetime, identifier: str) -> str:
    """Return the cursor behind an entry: its due time (aware), and what it is stored under."""
    return base64.urlsafe_b64encode(orjson.dumps([due_at.isoformat(), identifier])).decode()


def after_due(field: str, cursor: str, *, newest: bool = False) -> dict[str, Any]:
    """Return the query for what stands behind a cursor in a list sorted by `field` and `_id`.

    Args:
        field: By which the list is sorted.
        cursor: As `due_cursor` made it.
        newest: The list begins with the latest.

    Raises:
        BadCursorError: it is none of ours.
    """
    try:
        due_at, identifier = orjson.loads(base64.urlsafe_b64decode(cursor.encode()))
        at = _INSTANT.validate_python(due_at)  # the database holds no time at the calendar's ends
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursorError(cursor) from error
    behind = "$lt" if newest else "$gt"
    return {"$or": [{field: {behind: at}}, {field: at, "_id": {behind: str(identifier)}}]}
