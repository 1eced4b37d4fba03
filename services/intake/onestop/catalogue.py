"""Procedures and desks as data: a YAML file beside the regulations; a mistake names its line.

The reading is I/O, all else is pure.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from services.intake.onestop.errors import OneStopError
from shared import rulefile
from shared.regulation_model import Dated, Identifier, Many, Part, Text, Words
from shared.rulefile import RuleFile
from shared.vocabulary import DeskId, ProcedureId


class NoSuchDeskError(OneStopError):
    """There is no such desk today."""


class NoSuchProcedureError(OneStopError):
    """There is no such procedure today."""


class Paper(Part):
    """A paper of a checklist; `required` ones must be there before a clerk receives a dossier."""

    id: Identifier
    name: Words
    required: bool = True


class Desk(Dated):
    """A desk ("quầy") with its own queue.

    Attributes:
        prefix: Letter of its numbers: "A-042".
        place: Where in the building.
        usual_minutes: Length of a service, until the day itself tells.
        daily_limit: Numbers given out a day.
        clerks: User names that may call here; empty: every clerk of the counter.
    """

    id: Annotated[DeskId, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
    prefix: str = Field(pattern=r"^[A-Z]{1,2}$")
    name: Words
    place: Text
    usual_minutes: int = Field(ge=1, le=240)
    daily_limit: int = Field(default=400, ge=1, le=999)
    clerks: Many[Text] = ()


class Procedure(Dated):
    """An administrative procedure.

    Attributes:
        field: Its field of law, for grouping.
        desk: Where it is handed in.
        limit_hours: Working hours from a complete hand-in to the result; a working day has eight.
        fee: In words, since fees have conditions.
        result: What the applicant gets.
    """

    id: Annotated[ProcedureId, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]
    name: Words
    field: Words
    desk: DeskId
    limit_hours: float = Field(gt=0, le=480)
    checklist: Many[Paper] = Field(min_length=1)
    fee: Words
    result: Words


class Content(Part):
    """All that the file says, before anybody checked it for contradictions.

    Attributes:
        applicant_days_after_end: Then who handed in an ended dossier is erased; the dossier stays.
    """

    id: Identifier
    version: Text
    source: Text
    number_prefix: str = Field(pattern=r"^[A-Z]{2,4}$")
    applicant_days_after_end: int = Field(default=90, ge=1, le=36_500)
    desks: Many[Desk] = Field(min_length=1)
    procedures: Many[Procedure] = Field(min_length=1)


@dataclass(frozen=True)
class Catalogue:
    """The counter's procedures and desks, by day."""

    content: Content

    @property
    def version(self) -> str:
        """What a receipt quotes."""
        return f"{self.content.id}@{self.content.version}"

    def desks_on(self, on: date) -> list[Desk]:
        """Return the desks that exist on a local day, in the file's order."""
        return [each for each in self.content.desks if each.valid_on(on)]

    def procedures_on(self, on: date) -> list[Procedure]:
        """Return the procedures that exist on a local day, in the file's order."""
        return [each for each in self.content.procedures if each.valid_on(on)]

    def desk(self, identifier: str, on: date) -> Desk:
        """Return a desk; NoSuchDeskError when there is none on that day."""
        for each in self.desks_on(on):
            if each.id == identifier:
                return each
        raise NoSuchDeskError(identifier)

    def procedure(self, identifier: str, on: date) -> Procedure:
        """Return a procedure; NoSuchProcedureError when there is none on that day."""
        for each in self.procedures_on(on):
            if each.id == identifier:
                return each
        raise NoSuchProcedureError(identifier)

    def procedure_of(self, identifier: str, on: date) -> Procedure:
        """Return the procedure under which a dossier was handed in, also when it is gone today."""
        try:
            return self.procedure(identifier, on)
        except NoSuchProcedureError:
            known = [each for each in self.content.procedures if each.id == identifier]
            if not known:
                raise
            return known[-1]


def load_catalogue(path: Path) -> Catalogue:
    """Read and check a catalogue file.

    Raises:
        RuleFileError: it is incomplete or contradicts itself; it names the line.
    """
    return read_catalogue(rulefile.load(path))


def read_catalogue(rules: RuleFile) -> Catalogue:
    """Check a parsed catalogue file.

    On no day are there two desks or procedures of one name, or two desks with one letter. A
    procedure's desk exists as long as the procedure. No paper stands twice on a checklist.

    Raises:
        RuleFileError: it is incomplete or contradicts itself; it names the line.
    """
    try:
        content = Content.model_validate(rules.content)
    except ValidationError as failure:
        raise rules.invalid(failure) from failure
    _check_periods(content, rules)
    _check_desks(content, rules)
    _check_procedures(content, rules)
    return Catalogue(content)


def _check_periods(content: Content, rules: RuleFile) -> None:
    for name, parts in (("desks", content.desks), ("procedures", content.procedures)):
        for index, each in enumerate(parts):
            if each.last_day < each.valid_from:
                message = f"{each.valid_to} is before {each.valid_from}"
                raise rules.error(message, name, index, "valid_to")


def _check_desks(content: Content, rules: RuleFile) -> None:
    for index, other in _meeting(content.desks):
        one, two = content.desks[other], content.desks[index]
        for attribute in ("id", "prefix"):
            if getattr(one, attribute) == getattr(two, attribute):
                line = rules.line("desks", other, attribute)
                message = f"{getattr(two, attribute)!r} stands twice, see line {line}"
                raise rules.error(message, "desks", index, attribute)


def _check_procedures(content: Content, rules: RuleFile) -> None:
    for index, other in _meeting(content.procedures):
        if content.procedures[index].id == content.procedures[other].id:
            line = rules.line("procedures", other, "id")
            message = f"{content.procedures[index].id!r} stands twice, see line {line}"
            raise rules.error(message, "procedures", index, "id")
    for index, each in enumerate(content.procedures):
        desks = [desk for desk in content.desks if desk.id == each.desk]
        if not any(desk.valid_from <= each.valid_from for desk in desks) or not any(
            desk.last_day >= each.last_day for desk in desks
        ):
            message = f"there is no desk {each.desk!r} as long as the procedure exists"
            raise rules.error(message, "procedures", index, "desk")
        papers = [paper.id for paper in each.checklist]
        for position, paper in enumerate(papers):
            if paper in papers[:position]:
                place = ("procedures", index, "checklist", position, "id")
                raise rules.error(f"{paper!r} stands twice", *place)


def _meeting(parts: Sequence[Dated]) -> Iterator[tuple[int, int]]:
    """Yield the places of every two parts that exist on one day, the later first."""
    for index, one in enumerate(parts):
        for position, other in enumerate(parts[:index]):
            if one.valid_from <= other.last_day and other.valid_from <= one.last_day:
                yield index, position
