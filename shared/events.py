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
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

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
    reporter: ReporterId | None = None
    reporter_kind: ReporterKind
    anonymity: Anonymity
    language: Language


class Event(Wire):
    """Something that happened, said by the one service that owns the entity."""

    type: ClassVar[str]
    source: ClassVar[str]


class CaseEvent(Event):
    """Said by intake. `actor` is an account, a reporter or a service, never a person's name."""

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str


class CaseSubmitted(CaseEvent):
    """A report was accepted and is durable, with all its media. Its clock runs."""

    type: ClassVar[str] = "case.submitted.v1"
    stated_area: AreaId | None = None
    suggestion: Suggestion | None = None
    mentions: tuple[UnitId, ...] = ()


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


class CaseForwarded(CaseEvent):
    """A unit that is not competent handed everything to the Office (regulation 4.2)."""

    type: ClassVar[str] = "case.forwarded.v1"
    by: UnitId
    hops: int


class CaseResolved(CaseEvent):
    """A result is published ("báo cáo kết quả lên ứng dụng"); the clock stops."""

    type: ClassVar[str] = "case.resolved.v1"
    unit: UnitId
    outcome: str
    on_time: bool


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
    approaching_at: AwareDatetime


class DeadlineApproaching(DeadlineEvent):
    """The regulation's fraction of the limit is used up and no result is published."""

    type: ClassVar[str] = "deadline.approaching.v1"


class DeadlineMissed(DeadlineEvent):
    """The limit is used up and no result is published. `late_firing_s` is our own delay."""

    type: ClassVar[str] = "deadline.missed.v1"
    late_firing_s: int = 0


class DeadlineMet(DeadlineEvent):
    """A result was published inside the limit ("không quá": the last second counts)."""

    type: ClassVar[str] = "deadline.met.v1"
    resolved_at: AwareDatetime


EVENTS: dict[str, type[Event]] = {
    event.type: event
    for event in (
        CaseSubmitted,
        CaseAssigned,
        CaseAccepted,
        CaseDispatched,
        CaseForwarded,
        CaseResolved,
        RoutingDecided,
        DeadlineSet,
        DeadlineApproaching,
        DeadlineMissed,
        DeadlineMet,
    )
}


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
            envelope: dict[str, Any] = orjson.loads(body)
            data: dict[str, Any] = envelope["data"]
            known = EVENTS.get(envelope["type"])
            snapshot = data.get("case")
            return cls(
                id=str(envelope["id"]),
                type=str(envelope["type"]),
                subject=str(envelope["subject"]),
                sequence=int(envelope["sequence"]),
                time=datetime.fromisoformat(envelope["time"]),
                event=known.model_validate(data) if known else None,
                case=CaseSnapshot.model_validate(snapshot) if snapshot else None,
            )
        except ValidationError as error:
            raise PermanentError(f"schema: {_places(error)}") from error
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise PermanentError(f"not an event: {type(error).__name__}") from error


def _places(error: ValidationError) -> str:
    """Name what is wrong and where, without the values: a log may read this."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc'])}: {item['type']}" for item in error.errors()
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
