"""The rulebook: every version of the regulation, what holds now, what a case was promised under.

A regulation is data that changes. A version is published once and never altered; open cases keep
the version under which they were promised, and the version of the calendar. Intake publishes, every
process follows within seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import structlog

from shared import rulefile
from shared.calendar import Calendar, read_calendar
from shared.errors import OutageError
from shared.regulation import Regulation, read_regulation, shaped_regulation
from shared.rulefile import RuleFileError

log = structlog.get_logger()

FILE = "file"  # who published what was installed


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
        calendar_text: The calendar's file.
    """

    regulation: Regulation
    calendar: Calendar
    text: str
    effective_from: date
    published_at: datetime
    published_by: str
    calendar_text: str = ""

    @property
    def name(self) -> str:
        """What cases call it: `dalat@2020-1`."""
        return f"{self.regulation.id}@{self.regulation.version}"


class Rulebook:
    """All editions that this process knows.

    Args:
        installed: The edition of the rule file that the operator installed.
        calendars: Folder of the calendars.
    """

    def __init__(self, installed: Edition, calendars: Path) -> None:
        self._editions = {installed.name: installed}
        self._dated = {installed.calendar.version: installed.calendar}
        self._calendars = calendars
        self.installed = installed

    def current(self, at: datetime) -> Edition:
        """Return what a report received at `at` (aware) falls under.

        A file that was installed here before, of another regulation, is over with the one that is
        installed now; what an administrator published is not.
        """
        day = at.astimezone(self.installed.calendar.zone).date()
        begun = [
            each
            for each in self._editions.values()
            if each.effective_from <= day and not self.passed_over(each)
        ]
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

    def passed_over(self, edition: Edition) -> bool:
        """Say whether an edition is only there for cases that were promised under it."""
        return (
            edition.published_by == FILE and edition.regulation.id != self.installed.regulation.id
        )

    def calendar(self, edition: Edition, version: str) -> Calendar:
        """Return the version of the calendar that a case names, else the edition's of today.

        Only cases of an earlier release name one that was not kept.
        """
        return self._dated.get(version, edition.calendar)

    def calendars(self) -> Sequence[str]:
        """Return the versions of the calendars that are known."""
        return [*self._dated]

    def add_calendar(self, calendar: Calendar) -> None:
        """Take a version of a calendar in; the first of its name stays."""
        self._dated.setdefault(calendar.version, calendar)

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
        self.add_calendar(edition.calendar)

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
            calendar, written = _calendar(self._calendars / regulation.calendar)
            return Edition(regulation, calendar, text, calendar_text=written, **origin)


def load_rulebook(path: Path, calendars: Path, at: datetime) -> Rulebook:
    """Return the rulebook with the edition of an installed rule file.

    Raises:
        RuleFileError: the file is incomplete or contradicts itself, at the line that does.
    """
    text = path.read_text(encoding="utf-8")
    origin = {"effective_from": None, "published_at": at, "published_by": FILE}
    return Rulebook(_edition(rulefile.parse(text, path.name), text, calendars, origin), calendars)


def _edition(
    rules: rulefile.RuleFile, text: str, calendars: Path, origin: dict[str, Any]
) -> Edition:
    names = {calendar.name for calendar in calendars.glob("*.yaml")}
    regulation = read_regulation(rules, names)
    origin["effective_from"] = origin["effective_from"] or regulation.valid_from
    calendar, written = _calendar(calendars / regulation.calendar)
    return Edition(regulation, calendar, text, calendar_text=written, **origin)


def _calendar(path: Path) -> tuple[Calendar, str]:
    text = path.read_text(encoding="utf-8")
    return read_calendar(rulefile.parse(text, path.name)), text
