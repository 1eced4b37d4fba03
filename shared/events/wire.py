"""Events as bytes: CloudEvents 1.0, structured JSON mode."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

import orjson
from pydantic import AwareDatetime, Field, ValidationError

from shared.errors import PermanentError
from shared.events.base import Event, Wire
from shared.events.case import CaseEvent
from shared.events.catalogue import EVENTS
from shared.events.snapshot import CaseSnapshot

CONTENT_TYPE = "application/cloudevents+json"


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
    `replayed` says that a person has sent it back from the dead letters.
    """

    id: str
    type: str
    subject: str
    sequence: int
    time: datetime
    event: Event | None
    case: CaseSnapshot | None
    replayed: bool = False

    @classmethod
    def from_wire(cls, body: bytes, *, replayed: bool = False) -> Self:
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
            replayed=replayed,
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
    if case is not None:  # as bytes: no objects are made of it on the way
        data["case"] = orjson.Fragment(case.model_dump_json())
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
