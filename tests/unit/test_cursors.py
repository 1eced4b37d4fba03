"""Cursors of lists by due time: ours come back as they were, and nothing else is taken."""

import base64
from datetime import UTC, datetime

import orjson
import pytest

from services.intake.cursors import BadCursorError, after_due, due_cursor

AT = datetime(2026, 12, 1, 2, 30, tzinfo=UTC)


def test_a_cursor_of_ours_names_what_stands_behind_it():
    assert after_due("due_at", due_cursor(AT, "DL-2345-678B")) == {
        "$or": [{"due_at": {"$gt": AT}}, {"due_at": AT, "_id": {"$gt": "DL-2345-678B"}}]
    }


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(["0001-01-01T00:00:00+14:00", "x"], id="before the calendar begins, in UTC"),
        pytest.param(["9999-12-31T23:59:59-14:00", "x"], id="after it ends, in UTC"),
        pytest.param(["2026-12-01T09:30:00", "x"], id="without its offset"),
        pytest.param(["yesterday", "x"], id="no time"),
        pytest.param([{"$gt": ""}, "x"], id="an operator"),
        pytest.param({"at": "x"}, id="no list"),
        pytest.param(1, id="a number"),
    ],
)
def test_a_cursor_of_nobody_is_refused(content: object):
    cursor = base64.urlsafe_b64encode(orjson.dumps(content)).decode()

    with pytest.raises(BadCursorError):
        after_due("due_at", cursor)
