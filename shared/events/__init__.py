"""THE CONTRACT: every event of the system, a page for each entity.

On the wire an event is a CloudEvents 1.0 envelope in structured JSON mode:
`specversion`, `id`, `source`, `type`, `subject` (the case code), `time`, `datacontenttype`,
`sequence`, `data`.
`sequence` numbers the events of one entity, from 1, by its only writer. `data` holds the event's
own fields and, for every case event, `case`: the snapshot after it. No event carries a name, a
phone number, an address or free text; `reporter` is a random reference into the sealed vault.

An optional field may be added to a version; anything else is a new class with a `v2` type.
Unknown fields are ignored.
"""

from shared.events.base import Event, Wire
from shared.events.case import (
    CASE_EVENTS,
    CaseAccepted,
    CaseAssigned,
    CaseClosed,
    CaseDispatched,
    CaseEvent,
    CaseForwarded,
    CaseHeld,
    CaseProgressed,
    CaseRated,
    CaseRecategorised,
    CaseRedirected,
    CaseRefused,
    CaseReleased,
    CaseReopened,
    CaseResolved,
    CaseRoutingSuggested,
    CaseSubmitted,
    CaseWithdrawn,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    EvidenceAdded,
    GuidanceAsked,
    MessageAdded,
    ReporterErased,
)
from shared.events.catalogue import EVENTS
from shared.events.deadline import (
    DEADLINE_EVENTS,
    DeadlineApproaching,
    DeadlineEscalated,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
    WorkedInterval,
)
from shared.events.disclosure import (
    DISCLOSURE_EVENTS,
    DisclosureApproved,
    DisclosureDownloaded,
    DisclosureEvent,
    DisclosureRejected,
    DisclosureRequested,
    DisclosureRevoked,
)
from shared.events.routing import RoutingDecided
from shared.events.snapshot import CaseSnapshot, MediaCount, Place, Suggestion
from shared.events.wire import CONTENT_TYPE, Envelope, Received, event_id, to_wire

__all__ = [
    "CASE_EVENTS",
    "CONTENT_TYPE",
    "DEADLINE_EVENTS",
    "DISCLOSURE_EVENTS",
    "EVENTS",
    "CaseAccepted",
    "CaseAssigned",
    "CaseClosed",
    "CaseDispatched",
    "CaseEvent",
    "CaseForwarded",
    "CaseHeld",
    "CaseProgressed",
    "CaseRated",
    "CaseRecategorised",
    "CaseRedirected",
    "CaseRefused",
    "CaseReleased",
    "CaseReopened",
    "CaseResolved",
    "CaseRoutingSuggested",
    "CaseSnapshot",
    "CaseSubmitted",
    "CaseWithdrawn",
    "CoordinationAnswered",
    "CoordinationApproved",
    "CoordinationMoved",
    "CoordinationProposed",
    "CoordinationRejected",
    "DeadlineApproaching",
    "DeadlineEscalated",
    "DeadlineEvent",
    "DeadlineMet",
    "DeadlineMissed",
    "DeadlineSet",
    "DirectiveAcknowledged",
    "DirectiveFulfilled",
    "DirectiveGiven",
    "DisclosureApproved",
    "DisclosureDownloaded",
    "DisclosureEvent",
    "DisclosureRejected",
    "DisclosureRequested",
    "DisclosureRevoked",
    "Envelope",
    "Event",
    "EvidenceAdded",
    "GuidanceAsked",
    "MediaCount",
    "MessageAdded",
    "Place",
    "Received",
    "ReporterErased",
    "RoutingDecided",
    "Suggestion",
    "Wire",
    "WorkedInterval",
    "event_id",
    "to_wire",
]
