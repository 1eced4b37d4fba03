"""All events, by their type; a test looks for the golden file of each."""

from shared.events.base import Event
from shared.events.case import CASE_EVENTS
from shared.events.deadline import DEADLINE_EVENTS
from shared.events.disclosure import DISCLOSURE_EVENTS
from shared.events.incident import INCIDENT_EVENTS
from shared.events.onestop import DOSSIER_EVENTS, DUE_DATE_EVENTS, TICKET_EVENTS
from shared.events.routing import RoutingDecided

EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        *CASE_EVENTS,
        RoutingDecided,
        *DEADLINE_EVENTS,
        *DISCLOSURE_EVENTS,
        *TICKET_EVENTS,
        *DOSSIER_EVENTS,
        *DUE_DATE_EVENTS,
        *INCIDENT_EVENTS,
    )
}
