"""The events of an incident, said by notify: many reports of one category in one area at once."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event
from shared.vocabulary import CaseCode, CategoryId


class IncidentEvent(Event):
    """Said by notify; `subject` is `<category>.<area>.<first hour in UTC>`.

    `count` is how many cases the window held at that moment, `expected` how many it holds
    ordinarily, and `codes` names the cases that the incident links.
    """

    source: ClassVar[str] = "/civic/notify"
    at: AwareDatetime
    category: CategoryId
    area: str
    codes: tuple[CaseCode, ...]
    count: int
    expected: float


class IncidentRaised(IncidentEvent):
    """More cases came within hours than this category in this area has ordinarily."""

    type: ClassVar[str] = "incident.raised.v1"


class IncidentExtended(IncidentEvent):
    """More cases belong to it; `joined` are the new ones, `codes` all that it links by now."""

    type: ClassVar[str] = "incident.extended.v1"
    joined: tuple[CaseCode, ...]


class IncidentClosed(IncidentEvent):
    """No more than ordinarily, for as long as the operator set; `codes` are all that it linked."""

    type: ClassVar[str] = "incident.closed.v1"


INCIDENT_EVENTS: tuple[type[IncidentEvent], ...] = (
    IncidentRaised,
    IncidentExtended,
    IncidentClosed,
)
