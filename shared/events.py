"""THE CONTRACT: every event of the system, on one page.

On the wire an event is a CloudEvents 1.0 envelope in structured JSON mode:
`specversion`, `id`, `source`, `type`, `subject` (the case code), `time`, `datacontenttype`,
`sequence`, `data`.
`sequence` numbers the events of one entity, from 1, by its only writer. `data` holds the event's
own fields and, for every case event, `case`: the snapshot after it. No event carries a name, a
phone number, an address or free text; `reporter` is a random reference into the sealed vault.

An optional field may be added to a version; anything else is a new class with a `v2` type.
Unknown fields are ignored.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Self

import orjson
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from shared.errors import PermanentError
from shared.vocabulary import (
    Anonymity,
    AreaId,
    CaseCode,
    CategoryId,
    Channel,
    Clock,
    Language,
    Origin,
    ReporterId,
    ReporterKind,
    RuleId,
    State,
    UnitId,
)

CONTENT_TYPE = "application/cloudevents+json"


class Wire(BaseModel):
    """What stands on the wire: frozen, and deaf to fields that it does not know."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Place(Wire):
    """Where, rounded to about ten metres (four decimals of a degree, WGS-84)."""

    lat: float
    lon: float


class MediaCount(Wire):
    """How much evidence a case has, by kind."""

    image: int = 0
    audio: int = 0


class Suggestion(Wire):
    """The category that the text suggests; `keywords` are the rules that spoke for it."""

    category: CategoryId
    confidence: float
    keywords: tuple[str, ...] = ()


class CaseSnapshot(Wire):
    """What every consumer may need of a case. The newest one wins, by `sequence`."""

    code: CaseCode
    state: State
    category: CategoryId | None
    category_origin: Origin | None
    unit: UnitId | None
    monitoring_unit: UnitId | None
    area: AreaId | None
    place: Place | None
    channel: Channel
    received_at: AwareDatetime
    due_at: AwareDatetime
    limit_s: int
    clock: Clock
    regulation: str
    calendar: str
    flags: tuple[str, ...] = ()
    media: MediaCount = MediaCount()
    about: tuple[UnitId, ...] = ()  # units that the report is about: they never see it
    coordinating_units: tuple[UnitId, ...] = ()
    counted_from: AwareDatetime | None = None  # a dispute's own start; None: received_at
    expected_at: AwareDatetime | None = None  # of an approved coordination; due_at stays beside it
    resolved_at: AwareDatetime | None = None  # of the valid result; a dispute takes it back
    on_time: bool | None = None
    restricted: bool = False  # a complaint or denunciation: never public
    hops: int = 0  # forwards to the Office
    loops: int = 0  # times that it came back to a unit that had it before
    directives_open: int = 0
    directive_due_at: AwareDatetime | None = None  # the soonest of the open ones
    disputes: int = 0
    reporter: ReporterId | None = None
    reporter_kind: ReporterKind
    anonymity: Anonymity
    language: Language


class Event(Wire):
    """Something that happened, said by the one service that owns the entity."""

    type: ClassVar[str]
    source: ClassVar[str]


class CaseEvent(Event):
    """Said by intake. `actor` is an account, `reporter` or a service, never a person's name.

    `by` is the unit for which the actor acted; what somebody wrote stays with the case.
    """

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    by: UnitId | None = None


class CaseSubmitted(CaseEvent):
    """A report was accepted and is durable, with all its media. Its clock runs."""

    type: ClassVar[str] = "case.submitted.v1"
    stated_area: AreaId | None = None
    suggestion: Suggestion | None = None
    mentions: tuple[UnitId, ...] = ()


class CaseHeld(CaseEvent):
    """The report waits for a person of the Office before anybody acts; its clock runs on."""

    type: ClassVar[str] = "case.held.v1"
    reasons: tuple[str, ...] = ()


class CaseRoutingSuggested(CaseEvent):
    """The router's decision about a held case: what the Office is offered when it releases it."""

    type: ClassVar[str] = "case.routing_suggested.v1"
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    flags: tuple[str, ...] = ()
    routing_sequence: int


class CaseReleased(CaseEvent):
    """A person of the Office looked at a held report and found it fit to be handled."""

    type: ClassVar[str] = "case.released.v1"


class CaseAssigned(CaseEvent):
    """The case lies with `unit`, which is the Office when no rule placed it."""

    type: ClassVar[str] = "case.assigned.v1"
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    area_origin: str | None = None
    flags: tuple[str, ...] = ()
    due_at: AwareDatetime
    limit_s: int
    clock: Clock
    routing_sequence: int


class CaseAccepted(CaseEvent):
    """The handling unit took the case on ("tiếp nhận")."""

    type: ClassVar[str] = "case.accepted.v1"
    unit: UnitId


class CaseDispatched(CaseEvent):
    """The handling unit sent somebody ("cử cán bộ xử lý")."""

    type: ClassVar[str] = "case.dispatched.v1"
    unit: UnitId


class CaseProgressed(CaseEvent):
    """The handling unit says how far it is."""

    type: ClassVar[str] = "case.progressed.v1"
    unit: UnitId


class CaseForwarded(CaseEvent):
    """A unit that is not competent handed everything to the Office (regulation 4.2)."""

    type: ClassVar[str] = "case.forwarded.v1"
    reason: str
    hops: int


class CaseRecategorised(CaseEvent):
    """The category was corrected; the strictest limit from first receipt holds."""

    type: ClassVar[str] = "case.recategorised.v1"
    category: CategoryId
    previous: CategoryId | None
    due_at: AwareDatetime
    limit_s: int
    clock: Clock


class CoordinationProposed(CaseEvent):
    """The handling unit names the units it needs and when it expects to be done."""

    type: ClassVar[str] = "case.coordination_proposed.v1"
    units: tuple[UnitId, ...]
    expected_at: AwareDatetime


class CoordinationApproved(CaseEvent):
    """The Office agrees: the units have their tasks, both dates are shown."""

    type: ClassVar[str] = "case.coordination_approved.v1"
    units: tuple[UnitId, ...]
    expected_at: AwareDatetime


class CoordinationRejected(CaseEvent):
    """The Office does not agree; the first deadline stands alone."""

    type: ClassVar[str] = "case.coordination_rejected.v1"
    reason: str


class CoordinationMoved(CaseEvent):
    """The expected date moved, for a recorded reason; the old one stays in the history."""

    type: ClassVar[str] = "case.coordination_moved.v1"
    expected_at: AwareDatetime
    previous: AwareDatetime
    unit: UnitId | None = None  # the coordinating unit whose task moved; None: the whole


class CoordinationAnswered(CaseEvent):
    """A coordinating unit has done its task and says what it found."""

    type: ClassVar[str] = "case.coordination_answered.v1"
    unit: UnitId


class GuidanceAsked(CaseEvent):
    """The Office asks a leader for direction ("báo cáo xin ý kiến chỉ đạo")."""

    type: ClassVar[str] = "case.guidance_asked.v1"


class DirectiveGiven(CaseEvent):
    """A leader gave an instruction, with an addressee and a due time."""

    type: ClassVar[str] = "case.directive_given.v1"
    directive: str
    addressee: UnitId
    due_at: AwareDatetime


class DirectiveAcknowledged(CaseEvent):
    """The addressee has read a directive."""

    type: ClassVar[str] = "case.directive_acknowledged.v1"
    directive: str


class DirectiveFulfilled(CaseEvent):
    """The addressee says that a directive is carried out."""

    type: ClassVar[str] = "case.directive_fulfilled.v1"
    directive: str
    on_time: bool


class CaseResolved(CaseEvent):
    """A result is published ("báo cáo kết quả lên ứng dụng"); the clock stops."""

    type: ClassVar[str] = "case.resolved.v1"
    unit: UnitId
    outcome: str
    on_time: bool


class CaseRefused(CaseEvent):
    """A person of the Office refused the report, for a reason with a code and words."""

    type: ClassVar[str] = "case.refused.v1"
    reason: str


class CaseRedirected(CaseEvent):
    """It is no feedback for this city: another authority's, a complaint or a denunciation."""

    type: ClassVar[str] = "case.redirected.v1"
    reason: str
    restricted: bool = False


class CaseRated(CaseEvent):
    """The reporter rated the result, 1 to 5."""

    type: ClassVar[str] = "case.rated.v1"
    score: int


class CaseReopened(CaseEvent):
    """The reporter disputed the result: it is not done, and a new limit runs."""

    type: ClassVar[str] = "case.reopened.v1"
    disputes: int
    due_at: AwareDatetime
    limit_s: int
    clock: Clock


class CaseClosed(CaseEvent):
    """Done: the reporter was content, or the window for a dispute passed."""

    type: ClassVar[str] = "case.closed.v1"
    reason: str


class CaseWithdrawn(CaseEvent):
    """The reporter took the report back."""

    type: ClassVar[str] = "case.withdrawn.v1"


class MessageAdded(CaseEvent):
    """The reporter, or the unit, wrote something to the other."""

    type: ClassVar[str] = "case.message_added.v1"


class EvidenceAdded(CaseEvent):
    """More photos or recordings belong to the case now."""

    type: ClassVar[str] = "case.evidence_added.v1"
    media: MediaCount


class ReporterErased(CaseEvent):
    """The reporter's identity was destroyed at their wish, or by schedule; the case stays."""

    type: ClassVar[str] = "case.reporter_erased.v1"


class RoutingDecided(Event):
    """The router says which unit handles a case, which one monitors it, and by which rule."""

    type: ClassVar[str] = "routing.decided.v1"
    source: ClassVar[str] = "/civic/router"
    code: CaseCode
    case_sequence: int
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    area_origin: str | None = None
    flags: tuple[str, ...] = ()


class WorkedInterval(Wire):
    """A stretch of the clock that a deadline consumed."""

    start: AwareDatetime
    end: AwareDatetime


class DeadlineEvent(Event):
    """Said by sla. `version` counts the deadlines that a case has had."""

    source: ClassVar[str] = "/civic/sla"
    code: CaseCode
    category: CategoryId | None
    unit: UnitId | None
    monitoring_unit: UnitId | None
    version: int
    due_at: AwareDatetime


class DeadlineSet(DeadlineEvent):
    """A deadline is tracked, and this is its proof: start, limit, calendar, intervals consumed."""

    type: ClassVar[str] = "deadline.set.v1"
    start: AwareDatetime
    limit_s: int
    clock: Clock
    calendar: str
    intervals: tuple[WorkedInterval, ...]
    basis: str = "limit"  # or "coordination": the Office approved this date, nothing counted it
    approaching_at: AwareDatetime


class DeadlineApproaching(DeadlineEvent):
    """The regulation's fraction of the limit is used up and no result is published."""

    type: ClassVar[str] = "deadline.approaching.v1"


class DeadlineMissed(DeadlineEvent):
    """The limit is used up and no result is published. `late_firing_s` is our own delay."""

    type: ClassVar[str] = "deadline.missed.v1"
    late_firing_s: int = 0


class DeadlineEscalated(DeadlineEvent):
    """Still no result, the regulation's hours after the limit: the leaders are told."""

    type: ClassVar[str] = "deadline.escalated.v1"


class DeadlineMet(DeadlineEvent):
    """A result was published inside the limit ("không quá": the last second counts)."""

    type: ClassVar[str] = "deadline.met.v1"
    resolved_at: AwareDatetime


class DisclosureEvent(Event):
    """Said by intake of content that may go to a third party; `subject` is the disclosure.

    Neither the recipient nor the purpose is on the wire: they stay with the disclosure. `fields`
    names kinds of content, never content.
    """

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    by: UnitId | None = None
    code: CaseCode


class DisclosureRequested(DisclosureEvent):
    """A unit, or the Office, asks the leaders to let content of a case go to a third party."""

    type: ClassVar[str] = "disclosure.requested.v1"
    fields: tuple[str, ...]
    expires_at: AwareDatetime


class DisclosureApproved(DisclosureEvent):
    """A leader consented ("khi có sự đồng ý của lãnh đạo UBND"), to these fields, until then."""

    type: ClassVar[str] = "disclosure.approved.v1"
    fields: tuple[str, ...]
    expires_at: AwareDatetime


class DisclosureRejected(DisclosureEvent):
    """A leader did not consent: nothing leaves."""

    type: ClassVar[str] = "disclosure.rejected.v1"


class DisclosureRevoked(DisclosureEvent):
    """The consent, or the request, was taken back: nothing leaves any more."""

    type: ClassVar[str] = "disclosure.revoked.v1"


class DisclosureDownloaded(DisclosureEvent):
    """The package is handed out; `sha256` is the hash of its bytes."""

    type: ClassVar[str] = "disclosure.downloaded.v1"
    sha256: str
    size_bytes: int


CASE_EVENTS: tuple[type[CaseEvent], ...] = (
    CaseSubmitted,
    CaseHeld,
    CaseRoutingSuggested,
    CaseReleased,
    CaseAssigned,
    CaseAccepted,
    CaseDispatched,
    CaseProgressed,
    CaseForwarded,
    CaseRecategorised,
    CoordinationProposed,
    CoordinationApproved,
    CoordinationRejected,
    CoordinationMoved,
    CoordinationAnswered,
    GuidanceAsked,
    DirectiveGiven,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    CaseResolved,
    CaseRefused,
    CaseRedirected,
    CaseRated,
    CaseReopened,
    CaseClosed,
    CaseWithdrawn,
    MessageAdded,
    EvidenceAdded,
    ReporterErased,
)
EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        *CASE_EVENTS,
        RoutingDecided,
        DeadlineSet,
        DeadlineApproaching,
        DeadlineMissed,
        DeadlineEscalated,
        DeadlineMet,
        DisclosureRequested,
        DisclosureApproved,
        DisclosureRejected,
        DisclosureRevoked,
        DisclosureDownloaded,
    )
}


class Envelope(Wire):
    """What a consumer needs of the CloudEvents envelope."""

    id: str
    type: str
    subject: str
    sequence: int = Field(ge=1, lt=2**53)  # what every JSON reader takes for a whole number
    time: AwareDatetime
    data: dict[str, Any]


@dataclass(frozen=True)
class Received:
    """An event as a consumer gets it; `case` is there for every case event.

    `event` is None for a type that this version does not know: the snapshot still counts.
    """

    id: str
    type: str
    subject: str
    sequence: int
    time: datetime
    event: Event | None
    case: CaseSnapshot | None

    @classmethod
    def from_wire(cls, body: bytes) -> Self:
        """Read an envelope.

        Raises:
            PermanentError: the bytes are not an event of ours.
        """
        try:
            envelope = Envelope.model_validate(orjson.loads(body))
            known = EVENTS.get(envelope.type)
            snapshot = envelope.data.get("case")
            event = known.model_validate(envelope.data) if known else None
            case = CaseSnapshot.model_validate(snapshot) if snapshot is not None else None
        except ValidationError as error:
            raise PermanentError(f"schema: {_places(error)}") from error
        except ValueError as error:
            raise PermanentError(f"not JSON: {type(error).__name__}") from error
        if isinstance(event, CaseEvent) and case is None:
            raise PermanentError("schema: case: missing")
        return cls(
            id=envelope.id,
            type=envelope.type,
            subject=envelope.subject,
            sequence=envelope.sequence,
            time=envelope.time,
            event=event,
            case=case,
        )


def _places(error: ValidationError) -> str:
    """Name what is wrong and where, without the values: a log may read this."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'envelope'}: {item['type']}"
        for item in error.errors()
    )


def event_id(entity: str, subject: str, sequence: int) -> str:
    """Return the identity of an event: the same for every copy, whoever publishes it."""
    return f"{subject}.{entity}.{sequence}"


def to_wire(
    event: Event,
    *,
    subject: str,
    sequence: int,
    at: datetime,
    case: CaseSnapshot | None = None,
) -> bytes:
    """Return the CloudEvents envelope of `event` as JSON bytes.

    Args:
        event: What happened.
        subject: The case code.
        sequence: The event's number in its entity, from 1.
        at: When it happened; aware.
        case: The snapshot after the event; every case event has one.
    """
    data = event.model_dump(mode="json")
    if case is not None:
        data["case"] = case.model_dump(mode="json")
    entity = event.type.partition(".")[0]
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": event_id(entity, subject, sequence),
            "source": event.source,
            "type": event.type,
            "subject": subject,
            "time": at.isoformat(),
            "datacontenttype": "application/json",
            "sequence": sequence,
            "data": data,
        }
    )
