"""How every process comes to know the editions of the regulation, and their calendars."""

import asyncio
from datetime import UTC, date, datetime
from typing import Any

import structlog

from shared import rulefile
from shared.calendar import read_calendar
from shared.errors import CivicError, DuplicateError
from shared.mongo import Database, Document, Documents
from shared.rulebook import Edition, Rulebook
from shared.rulefile import RuleFileError

log = structlog.get_logger()

LOOK_EVERY_S = 2.0


class VersionTakenError(CivicError):
    """A version of this name was published before; it is never altered."""


class RulebookStore:
    """Editions in MongoDB, for all services: `<prefix>_rules.{regulations, calendars}`."""

    def __init__(self, base: Database, book: Rulebook) -> None:
        self.documents = Documents(base, "regulations")
        self.calendars = Documents(base, "calendars")
        self._book = book
        self._in_force = book.installed.name
        self._unreadable: set[str] = set()  # said once; until this process ends

    async def publish(self, edition: Edition) -> None:
        """Store an edition for everybody, its calendar first, and take it in here.

        Raises:
            VersionTakenError: one of this name is stored, with another text.
        """
        await self._keep_calendar(edition)
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

    async def _keep_calendar(self, edition: Edition) -> None:
        """Store the calendar under its version, for the cases that are promised by it."""
        version, text = edition.calendar.version, edition.calendar_text
        if not text:
            return
        try:
            await self.calendars.insert({"_id": version, "text": text})
        except DuplicateError:
            stored = await self.calendars.load(version)
            if stored and _said(stored["text"], version) != _said(text, version):
                # another count under the same name: nobody can tell any more which one was meant
                log.error("rulebook.calendar_altered", version=version)  # noqa: TRY400

    async def install(self) -> None:
        """Publish the installed rule file, so that its cases find it after it was replaced."""
        try:
            await self.publish(self._book.installed)
        except VersionTakenError:
            # the operator changed the file and not its version: reports go on being accepted
            log.error("rulebook.version_altered", version=self._book.installed.name)  # noqa: TRY400

    async def look(self) -> None:
        """Take in what others have published, each apart: one that is broken hides no other."""
        await self._look_for_calendars()
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
        if found:
            self._say_what_holds(datetime.now(UTC))

    async def _look_for_calendars(self) -> None:
        known = [*self._book.calendars(), *self._unreadable]
        for document in await self.calendars.find({"_id": {"$nin": known}}):
            version = document["_id"]
            try:
                self._book.add_calendar(read_calendar(rulefile.parse(document["text"], version)))
            except RuleFileError as error:
                self._unreadable.add(version)
                log.error("rulebook.unreadable", version=version, reason=str(error))  # noqa: TRY400

    def _say_what_holds(self, now: datetime) -> None:
        """Be loud when reports are received under something else than the installed file."""
        for edition in self._book.all():
            if self._book.passed_over(edition):
                log.warning("rulebook.only_for_its_cases", version=edition.name)
        in_force = self._book.current(now).name
        if in_force != self._in_force:
            installed = self._book.installed.name
            log.warning("rulebook.in_force", version=in_force, installed=installed)
        self._in_force = in_force

    def _read(self, document: Document) -> Edition:
        return self._book.read_published(
            document["text"],
            effective_from=date.fromisoformat(document["effective_from"]),
            published_at=document["published_at"],
            published_by=document["published_by"],
        )


def _said(text: str, source: str) -> Any:
    """Return what a rule file says, whatever its comments."""
    return rulefile.parse(text, source).content


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
