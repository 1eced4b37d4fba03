"""What nobody can wait for: years of cases, and a window of days, in the database of the stack.

Only what lists read is copied; a copy owes nobody an event, and none of them is ever opened.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import MongoClient

LONG_AGO = datetime(2025, 1, 6, 3, tzinfo=UTC)


@contextmanager
def copied(
    stack: dict[str, Any], code: str, count: int, *, prefix: str, **case: Any
) -> Iterator[list[str]]:
    """Put `count` copies of a case beside it, due long ago, one a minute; take them away again.

    Args:
        stack: The running stack.
        code: The case that is copied.
        count: How many.
        prefix: What the copies' codes begin with.
        case: What is different in their snapshots.
    """
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    cases = client["civic_intake"]["cases"]
    pattern = cases.find_one({"_id": code})
    assert pattern is not None
    made = [f"{prefix}-{n:04d}" for n in range(count)]
    documents = []
    for n, each in enumerate(made):
        due_at = LONG_AGO + timedelta(minutes=n)
        snapshot = {**pattern["case"], "code": each, "due_at": due_at, **case}
        own = {"_id": each, "case": snapshot, "counts_at": due_at, "outbox": []}
        documents.append({**pattern, **own})
    try:
        cases.insert_many(documents)
        yield made
    finally:
        cases.delete_many({"_id": {"$in": made}})
        client.close()


def resolved_days_ago(stack: dict[str, Any], code: str, days: int) -> None:
    """Let the last result of a case be as old as that: nobody waits out a window of days."""
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    at = datetime.now(UTC) - timedelta(days=days)
    found = client["civic_intake"]["cases"].update_one(
        {"_id": code}, {"$set": {"parts.results.0.at": at}}
    )
    client.close()
    assert found.modified_count == 1


def directives_due(stack: dict[str, Any], code: str, position: int, at: datetime) -> None:
    """Let a directive of a case have been due at a moment that has passed: none may be given so."""
    client: MongoClient[dict[str, Any]] = MongoClient(stack["mongo"])
    found = client["civic_intake"]["cases"].update_one(
        {"_id": code}, {"$set": {f"parts.directives.{position}.due_at": at}}
    )
    client.close()
    assert found.modified_count == 1
