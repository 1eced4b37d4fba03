"""The rulebook: every version of the regulation, what holds now, what a case was promised under.

A regulation is data that changes. A version is published once and never altered; open cases keep
the version under which they were promised. Intake publishes, every process follows within seconds.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import structlog

from shared import rulefile
from shared.calendar import Calendar, load_calendar
from shared.errors import CivicError, DuplicateError, OutageError
from shared.mongo import Database, Document, Documents
from shared.regulation import Regulation, read_regulation, shaped_regulation
from shared.rulefile import RuleFileError

log = structlog.get_logger()

LOOK_EVERY_S = 2.0


@dataclass(frozen=True)
class Edition:
    """One version of the regulation with its calendar.

    Attributes:
        regulation: Checked.
        calendar: The one that the regulation names.
        text: The rule file as it was published.
        effective_from: Local day from which reports are received under it.
        published_at: Aware; of two for the same day the later one holds.
        published_by: An account, or `file` for the one that was installed.
    """

    regulation: Regulation
    calendar: Calendar
    text: str
    effective_from: date
    published_at: datetime
    published_by: str

    @property
    def name(self) -> str:
        """What cases call it: `dalat@2020-1`."""
        return f"{self.regulation.id}@{self.regulation.version}"


class VersionTakenError(CivicError):
    """A version of this name was published before; it is never altered."""


class Rulebook:
    """All editions that this process knows.

    Args:
        installed: The edition of the rule file that the operator installed.
        calendars: Folder of the calendars.
    """

    def __init__(self, installed: Edition, calendars: Path) -> None:
        self._editions = {installed.name: installed}
        self._calendars = calendars
        self.installed = installed

    def current(self, at: datetime) -> Edition:
        """Return what a report received at `at` (aware) falls under."""
        day = at.astimezone(self.installed.calendar.zone).date()
        begun = [each for each in self._editions.values() if each.effective_from <= day]
        return max(
            begun or [self.installed], key=lambda each: (each.effective_from, each.published_at)
        )

    def of(self, name: str) -> Edition:
        """Return the edition under which a case was promised.

        Raises:
            OutageError: not known here yet; it will be within seconds.
        """
        try:
            return self._editions[name]
        except KeyError as error:
            raise OutageError(f"the regulation {name} is not known here yet") from error

    def all(self) -> Sequence[Edition]:
        """Return every edition, in the order in which they take effect."""
        return sorted(
            self._editions.values(), key=lambda each: (each.effective_from, each.published_at)
        )

    def knows(self, name: str) -> bool:
        """Say whether an edition of this name is known."""
        return name in self._editions

    def add(self, edition: Edition) -> None:
        """Take an edition in."""
        self._editions[edition.name] = edition

    def read(self, text: str, *, effective_from: date | None, at: datetime, by: str) -> Edition:
        """Check a rule file's text and return the edition that it would be.

        Raises:
            RuleFileError: it is incomplete or contradicts itself, at the line that does.
        """
        return _edition(
            rulefile.parse(text, "regulation.yaml"),
            text,
            self._calendars,
            {"effective_from": effective_from, "published_at": at, "published_by": by},
        )

    def read_published(self, text: str, **origin: Any) -> Edition:
        """Return an edition that was published, with `origin` as of `Edition`.

        Cases were promised under it, so it is not refused for what only later versions of this
        software check: that is logged.

        Raises:
            RuleFileError: it can no longer be read.
            OSError: its calendar is missing.
        """
        rules = rulefile.parse(text, "regulation.yaml")
        try:
            return _edition(rules, text, self._calendars, origin)
        except RuleFileError as error:
            regulation = shaped_regulation(rules)
            log.warning("rulebook.would_be_refused", version=regulation.version, reason=str(error))
            calendar = load_calendar(self._calendars / regulation.calendar)
            return Edition(regulation, calendar, text, **origin)


def load_rulebook(path: Path, calendars: Path, at: datetime) -> Rulebook:
    """Return the rulebook with the edition of an installed rule file.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself, at the line that does.
    """
    text = path.read_text(encoding="utf-8")
    origin = {"effective_from": None, "published_at": at, "published_by": "file"}
    return Rulebook(_edition(rulefile.parse(text, path.name), text, calendars, origin), calendars)


def _edition(
    rules: rulefile.RuleFile, text: str, calendars: Path, origin: dict[str, Any]
) -> Edition:
    names = {calendar.name for calendar in calendars.glob("*.yaml")}
    regulation = read_regulation(rules, names)
    origin["effective_from"] = origin["effective_from"] or regulation.valid_from
    return Edition(regulation, load_calendar(calendars / regulation.calendar), text, **origin)


class RulebookStore:
    """Editions in MongoDB, for all services: `<prefix>_rules.regulations`."""

    def __init__(self, base: Database, book: Rulebook) -> None:
        self.documents = Documents(base, "regulations")
        self._book = book
        self._unreadable: set[str] = set()  # said once; until this process ends

    async def publish(self, edition: Edition) -> None:
        """Store an edition for everybody, and take it in here.

        Raises:
            VersionTakenError: one of this name is stored, with another text.
        """
        document = {
            "_id": edition.name,
            "text": edition.text,
            "effective_from": edition.effective_from.isoformat(),
            "published_at": edition.published_at,
            "published_by": edition.published_by,
        }
        try:
            await self.documents.insert(document)
        except DuplicateError as error:
            stored = await self.documents.load(edition.name)
            if stored is None or stored["text"] != edition.text:
                raise VersionTakenError(edition.name) from error
        self._book.add(edition)

    async def install(self) -> None:
        """Publish the installed rule file, so that its cases find it after it was replaced."""
        try:
            await self.publish(self._book.installed)
        except VersionTakenError:
            # the operator changed the file and not its version: reports go on being accepted
            log.error("rulebook.version_altered", version=self._book.installed.name)  # noqa: TRY400

    async def look(self) -> None:
        """Take in what others have published, each apart: one that is broken hides no other."""
        known = [*(edition.name for edition in self._book.all()), *self._unreadable]
        found = await self.documents.find({"_id": {"$nin": known}}, sort=[("published_at", 1)])
        for document in found:
            try:
                self._book.add(self._read(document))
            except RuleFileError as error:
                self._unreadable.add(document["_id"])
                log.error("rulebook.unreadable", version=document["_id"], reason=str(error))  # noqa: TRY400
            except Exception:  # its calendar is missing, a field is
                log.exception("rulebook.not_taken", version=document["_id"])

    def _read(self, document: Document) -> Edition:
        return self._book.read_published(
            document["text"],
            effective_from=date.fromisoformat(document["effective_from"]),
            published_at=document["published_at"],
            published_by=document["published_by"],
        )


class RulebookFollower:
    """Keeps a process's rulebook up to date."""

    def __init__(self, store: RulebookStore) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look, every two seconds."""
        self._task = asyncio.create_task(self._follow())

    async def stop(self) -> None:
        """Look no longer."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _follow(self) -> None:
        while True:
            try:
                await self._store.look()
            except CivicError as error:
                log.warning("rulebook.waits", reason=str(error))
            except Exception:
                log.exception("rulebook.failed")  # a bug must not end all looking unseen
            await asyncio.sleep(LOOK_EVERY_S)
