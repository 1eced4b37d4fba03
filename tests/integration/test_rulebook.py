"""Editions in MongoDB: one that is broken hides no other, and an old one stays readable."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared import mongo
from shared.rulebook import Rulebook, RulebookStore, load_rulebook
from shared.rulefile import RuleFileError
from shared.settings import RULES

AT = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
TEXT = (RULES / "regulations" / "dalat.yaml").read_text(encoding="utf-8")
LEAD = "  - id: other_by_office\n"


def book() -> Rulebook:
    return load_rulebook(RULES / "regulations" / "dalat.yaml", RULES / "calendars", AT)


def version(name: str, *changes: tuple[str, str]) -> str:
    text = TEXT
    for old, new in (('version: "2020-1"', f'version: "{name}"'), *changes):
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


def document(name: str, text: str, minutes: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "_id": f"dalat@{name}",
        "text": text,
        "effective_from": date(2026, 1, 12).isoformat(),
        "published_at": AT + timedelta(minutes=minutes),
        "published_by": "administrator",
        **changes,
    }


@pytest.fixture
async def base(mongo_url: str, database_prefix: str) -> AsyncIterator[Any]:
    client = mongo.connect(mongo_url)
    yield mongo.database(client, f"{database_prefix}_rules")
    client.close()


async def test_a_broken_edition_hides_no_later_one(base: Any) -> None:
    known = book()
    store = RulebookStore(base, known)
    without_a_day = document("no-day", version("no-day"), 3)
    del without_a_day["effective_from"]
    for each in (
        document("broken", "no: regulation", 1),
        document("no-yaml", "a: [", 2),
        without_a_day,
        document(
            "no-calendar",
            version("no-calendar", ("calendar: vn-state.yaml", "calendar: nowhere.yaml")),
            4,
        ),
        document("good", version("good"), 5),
    ):
        await store.documents.insert(each)

    await store.look()
    await store.look()

    assert [each.name for each in known.all()] == ["dalat@2020-1", "dalat@good"]
    assert known.current(AT).name == "dalat@good"


async def test_an_edition_that_is_mended_in_time_is_taken_in_later(base: Any) -> None:
    known = book()
    store = RulebookStore(base, known)
    await store.documents.insert(document("late", version("late"), effective_from="soon"))

    await store.look()
    assert not known.knows("dalat@late")
    await store.documents.update_one(
        {"_id": "dalat@late"}, {"$set": {"effective_from": "2026-01-12"}}
    )
    await store.look()

    assert known.knows("dalat@late")


async def test_what_was_published_before_a_check_came_stays_readable(base: Any) -> None:
    known = book()
    store = RulebookStore(base, known)
    begins_early = version("old", ("\nvalid_from: 2020-01-01", "\nvalid_from: 2019-01-01"))
    with pytest.raises(RuleFileError, match="on 2019-01-01"):
        known.read(begins_early, effective_from=None, at=AT, by="administrator")
    await store.documents.insert(document("old", begins_early))

    await store.look()

    old = known.of("dalat@old")
    assert old.regulation.route("environment", "ward_1", date(2026, 1, 12))
    assert old.calendar.version == known.installed.calendar.version
