"""The wire, byte by byte: one golden file per event type, written from a builder's example.

`python -m tests.contract.golden_events` writes the files that are missing. A file that no longer
says what the code writes is kept under `older/`, for whoever still holds such bytes must be
understood, and a new one is written; with `--unreleased` it is replaced instead.
"""

import hashlib
import sys
import types
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from shared.events import EVENTS, CaseEvent, CaseSnapshot, Event, event_id, to_wire
from shared.vocabulary import (
    Anonymity,
    Channel,
    Clock,
    DossierState,
    Language,
    Origin,
    ReporterKind,
    State,
)

GOLDEN = Path(__file__).parent / "golden"
OLDER = GOLDEN / "older"
CODE = "DL-7K3Q-9M2F"
SUBJECTS = {
    "disclosure": "d_5f0c2a9b7e14",
    "dossier": "HS-7K3Q-9M2F",
    "duedate": "HS-7K3Q-9M2F",
    "incident": "environment.ward_1.2026-01-12T01",
    "ticket": "civil_status.2026-01-12",
}
SEQUENCE = 3
AT = datetime(2026, 1, 12, 1, 20, 30, 250_000, tzinfo=UTC)

# What every field looks like, by its name; a name means the same in every event.
VALUES: Mapping[str, Any] = {
    "about": ("urban_order_team",),
    "actor": "a_9d1f02c7",
    "addressee": "ward_1",
    "addressees": ("ward_1",),
    "anonymity": Anonymity.CONFIDENTIAL,
    "approaching_at": datetime(2026, 1, 12, 2, 30, tzinfo=UTC),
    "area": "ward_1",
    "area_origin": "place",
    "at": AT,
    "audio": 1,
    "basis": "limit",
    "by": "ward_1",
    "calendar": "vn-state-2026-10-02",
    "case_sequence": 1,
    "category": "urban_order",
    "category_origin": Origin.REPORTER,
    "channel": Channel.WEB,
    "clock": Clock.WORKING,
    "code": CODE,
    "codes": (CODE,),
    "confidence": 0.75,
    "coordinating_units": ("dept_health",),
    "count": 6,
    "counted_from": datetime(2026, 1, 12, 1, 0, tzinfo=UTC),
    "directive": "v_71c4",
    "disputes": 1,
    "due_at": datetime(2026, 1, 12, 3, 0, tzinfo=UTC),
    "end": datetime(2026, 1, 12, 3, 0, tzinfo=UTC),
    "expected": 0.5,
    "expected_at": datetime(2026, 1, 14, 9, 0, tzinfo=UTC),
    "expires_at": datetime(2026, 2, 12, 1, 0, tzinfo=UTC),
    "fields": ("content", "evidence"),
    "flags": ("outside_city",),
    "followers": 2,
    "hops": 1,
    "directive_due_at": datetime(2026, 1, 14, 1, 0, tzinfo=UTC),
    "directives_open": 1,
    "image": 2,
    "joined": (CODE,),
    "keywords": ("lấn chiếm vỉa hè",),
    "language": Language.VIETNAMESE,
    "lat": 11.9404,
    "late_firing_s": 0,
    "limit_s": 7200,
    "lon": 108.4583,
    "loops": 1,
    "mentions": ("ward_1",),
    "monitoring_unit": "urban_order_team",
    "on_time": True,
    "outcome": "done",
    "previous": datetime(2026, 1, 13, 9, 0, tzinfo=UTC),
    "reason": "window_passed",
    "reasons": ("rude_words",),
    "received_at": datetime(2026, 1, 12, 1, 0, tzinfo=UTC),
    "regulation": "dalat@2020-1",
    "reporter": "r_0123456789abcdef01234567",
    "reporter_kind": ReporterKind.RESIDENT,
    "resolved_at": datetime(2026, 1, 12, 2, 45, tzinfo=UTC),
    "restricted": False,
    "routing_sequence": 1,
    "rule": "urban_order",
    "score": 4,
    "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "size_bytes": 48_211,
    "start": datetime(2026, 1, 12, 1, 0, tzinfo=UTC),
    "stated_area": "ward_1",
    "state": State.ACCEPTED,
    "unit": "ward_1",
    "units": ("dept_health",),
    "version": 1,
}
VALUES = {
    **VALUES,
    "ahead": 4,
    "applicant": "r_0123456789abcdef01234567",
    "arrived": 1,
    "called": 8,
    "calls": 2,
    "clerk": "a_9d1f02c7",
    "desk": "civil_status",
    "expired": 1,
    "from_desk": "land",
    "issued": 20,
    "items": ("identity",),
    "label": "A-042",
    "left": 1,
    "now_serving": ("A-008",),
    "number": "HS-260112-7K3Q-9M2F",
    "on": date(2026, 1, 12),
    "paused_at": datetime(2026, 1, 12, 2, 0, tzinfo=UTC),
    "position": "Quầy 2",
    "procedure": "birth_registration",
    "ratings": (0, 0, 1, 2, 3),
    "promised": True,
    "promised_at": datetime(2026, 1, 16, 10, 0, tzinfo=UTC),
    "ready_at": datetime(2026, 1, 12, 2, 45, tzinfo=UTC),
    "served": 6,
    "served_s": 1500,
    "serving": 1,
    "skipped": 1,
    "submitted_at": datetime(2026, 1, 12, 1, 0, tzinfo=UTC),
    "through": "online",
    "ticket": "t_0123456789abcdef01234567",
    "to_desk": "land",
    "transferred": 1,
    "visitor": "r_0123456789abcdef01234567",
    "waited_s": 540,
    "waiting": 9,
}
OTHERWISE: Mapping[tuple[str, str], Any] = {
    ("case.submitted.v1", "actor"): "reporter",
    ("case.submitted.v1", "by"): None,
    ("case.recategorised.v1", "previous"): "environment",
    ("DossierSnapshot", "state"): DossierState.SUPPLEMENT,
}


def example(model: type[BaseModel]) -> Any:
    """Return a thing with every field filled, the optional ones too."""
    kind = getattr(model, "type", model.__name__)
    values = {
        name: OTHERWISE.get((kind, name), _value(name, field.annotation))
        for name, field in model.model_fields.items()
    }
    return model(**values)


def _value(name: str, annotation: Any) -> Any:
    if nested := _nested(annotation):
        one = example(nested)
        return (one,) if get_origin(annotation) is tuple else one
    if name not in VALUES:
        raise KeyError(f"say in VALUES of {__name__} what the field {name!r} looks like")
    return VALUES[name]


def _nested(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside `Model`, `Model | None` or `tuple[Model, ...]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in {tuple, Union, types.UnionType}:
        found = [_nested(each) for each in get_args(annotation)]
        return next((each for each in found if each), None)
    return None


def subject(kind: type[Event]) -> str:
    """Return what an event of this type is about."""
    return SUBJECTS.get(kind.type.partition(".")[0], CODE)


def written(kind: type[Event]) -> bytes:
    """Return the bytes that the code writes for the example of a type."""
    return to_wire(
        example(kind),
        subject=subject(kind),
        sequence=SEQUENCE,
        at=AT,
        case=example(CaseSnapshot) if issubclass(kind, CaseEvent) else None,
    )


def identity(kind: type[Event]) -> str:
    """Return the id of the example of a type."""
    return event_id(kind.type.partition(".")[0], subject(kind), SEQUENCE)


def main(*, unreleased: bool) -> None:
    """Write what is missing or no longer true."""
    OLDER.mkdir(parents=True, exist_ok=True)
    for kind in EVENTS.values():
        path, body = GOLDEN / f"{kind.type}.json", written(kind)
        if path.exists() and path.read_bytes() == body:
            continue
        if path.exists() and not unreleased:
            old = path.read_bytes()
            digest = hashlib.sha256(old).hexdigest()[:8]
            (OLDER / f"{kind.type}.{digest}.json").write_bytes(old)
        path.write_bytes(body)
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main(unreleased="--unreleased" in sys.argv)
