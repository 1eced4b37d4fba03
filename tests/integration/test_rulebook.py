"""Editions in MongoDB: one that is broken hides no other, and an old one stays readable."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog

from services.intake.shelf import Shelf
from services.sla.handlers import rules_of
from shared import mongo
from shared.rulebook import Rulebook, load_rulebook
from shared.rulebook_store import RulebookStore
from shared.rulefile import RuleFileError
from shared.settings import RULES
from tests.builders import snapshot

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


def book_of(folder: Path, calendar: str, regulation: str = "dalat.yaml") -> Rulebook:
    """The rulebook of a process that is started with a calendar file of this text."""
    calendars = folder / "calendars"
    calendars.mkdir(exist_ok=True)
    (calendars / "vn-state.yaml").write_text(calendar, encoding="utf-8")
    return load_rulebook(RULES / "regulations" / regulation, calendars, AT)


CALENDAR = (RULES / "calendars" / "vn-state.yaml").read_text(encoding="utf-8")
BEFORE = "version: vn-state-2026-10-02"
NEWER = CALENDAR.replace(BEFORE, "version: newer").replace("2026-01-01]", "2026-01-01, 2026-01-13]")
PROMISED = snapshot(calendar="vn-state-2026-10-02")


async def test_an_open_case_keeps_its_calendar_when_a_newer_one_is_installed(
    base: Any, tmp_path: Path
) -> None:
    assert NEWER.count("2026-01-13") == CALENDAR.count("2026-01-13") + 1
    await RulebookStore(base, book_of(tmp_path, CALENDAR)).install()
    known = book_of(tmp_path, NEWER)
    store = RulebookStore(base, known)
    await store.install()

    await store.look()

    tuesday = date(2026, 1, 13)
    shelf = Shelf(known)
    assert shelf.now(AT).calendar.hours_on(tuesday) == ()
    assert shelf.of(PROMISED).calendar.version == PROMISED.calendar
    assert shelf.of(PROMISED).calendar.hours_on(tuesday)
    assert rules_of(known, PROMISED).calendar.hours_on(tuesday)
    assert shelf.of(snapshot(calendar="never kept")).calendar.version == "newer"


async def test_a_calendar_that_says_something_else_under_its_name_is_told(
    base: Any, tmp_path: Path
) -> None:
    altered = NEWER.replace("version: newer", BEFORE)
    await RulebookStore(base, book_of(tmp_path, CALENDAR)).install()

    with structlog.testing.capture_logs() as logs:
        await RulebookStore(base, book_of(tmp_path, CALENDAR + "\n# a remark\n")).install()
        assert logs == []
        await RulebookStore(base, book_of(tmp_path, altered)).install()

    assert [each["event"] for each in logs] == ["rulebook.calendar_altered"]


async def test_a_file_that_was_installed_once_holds_for_its_own_cases_only(
    base: Any, tmp_path: Path
) -> None:
    five_wards = book_of(tmp_path, CALENDAR, "lamdong-5-wards.yaml")
    await RulebookStore(base, five_wards).install()
    known = book_of(tmp_path, CALENDAR)
    store = RulebookStore(base, known)

    with structlog.testing.capture_logs() as logs:
        await store.look()

    assert known.current(AT).name == "dalat@2020-1"
    assert known.of("lamdong_5_wards@2025-1").regulation.id == "lamdong_5_wards"
    assert [each["event"] for each in logs] == ["rulebook.only_for_its_cases"]


async def test_what_an_administrator_published_holds_whatever_its_name(base: Any) -> None:
    other = TEXT.replace("\nid: dalat\n", "\nid: dalat_anew\n")
    known = book()
    store = RulebookStore(base, known)
    await store.documents.insert({**document("x", other), "_id": "dalat_anew@2020-1"})

    with structlog.testing.capture_logs() as logs:
        await store.look()

    assert known.current(AT).name == "dalat_anew@2020-1"
    assert [each["event"] for each in logs] == ["rulebook.in_force"]
