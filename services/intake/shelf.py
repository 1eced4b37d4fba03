"""The rules at hand: those of now for a new report, those of its promise for an open case."""

from datetime import datetime

from services.intake.domain.rules import Rules
from shared.events import CaseSnapshot
from shared.rulebook import Rulebook


class Shelf:
    """Gives every decision the edition of the regulation that it falls under."""

    def __init__(self, book: Rulebook) -> None:
        self.book = book

    def now(self, at: datetime) -> Rules:
        """Return the rules for a report received at `at`."""
        edition = self.book.current(at)
        return Rules(edition.regulation, edition.calendar)

    def of(self, case: CaseSnapshot) -> Rules:
        """Return the rules under which a case was promised.

        Raises:
            OutageError: its edition is not known here yet.
        """
        edition = self.book.of(case.regulation)
        return Rules(edition.regulation, self.book.calendar(edition, case.calendar))
