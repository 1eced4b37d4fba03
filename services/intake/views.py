"""What a reader may see of a case: the public view, the reporter's own, the timeline. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.receive import Rules
from services.intake.store import StoredCase
from shared.promise import promise
from shared.vocabulary import UnitId

# What the public may read of an event: no actor, no reason, nothing that somebody wrote.
PUBLIC_FACTS = (
    "unit",
    "monitoring_unit",
    "rule",
    "category",
    "due_at",
    "outcome",
    "on_time",
    "hops",
)

TOLD: Mapping[str, tuple[str, str]] = {
    "case.submitted.v1": ("Đã tiếp nhận phản ánh", "Report received"),
    "case.assigned.v1": ("Đã giao đơn vị xử lý", "Assigned to the handling unit"),
    "case.accepted.v1": ("Đơn vị đã nhận xử lý", "Taken on by the unit"),
    "case.dispatched.v1": ("Đã cử cán bộ xử lý", "An officer was sent"),
    "case.forwarded.v1": ("Đã chuyển về Văn phòng", "Forwarded to the Office"),
    "case.resolved.v1": ("Đã có kết quả xử lý", "A result is published"),
}


def public_view(stored: StoredCase, rules: Rules) -> dict[str, Any]:
    """Return what anybody may see: no text, no media, no exact place, nothing of the reporter.

    Text and photos may hold faces, names and numbers; they are not public before a person has
    looked at them.
    """
    case = stored.case.snapshot
    words = promise(
        case.received_at,
        case.due_at,
        limit=timedelta(seconds=case.limit_s),
        clock=case.clock,
        calendar=rules.calendar,
    )
    zone = rules.calendar.zone
    return {
        "code": case.code,
        "state": case.state.value,
        "category": case.category,
        "category_origin": case.category_origin,
        "unit": case.unit,
        "unit_name": _unit_name(case.unit, rules),
        "monitoring_unit": case.monitoring_unit,
        "area": case.area,
        "received_at": local(case.received_at, zone),
        "due_at": local(case.due_at, zone),
        "limit_hours": case.limit_s / 3600,
        "clock": case.clock.value,
        "promise": {"vi": words.vi, "en": words.en},
        "media": case.media.model_dump(),
        "version": stored.case.sequence,
    }


def own_view(stored: StoredCase, rules: Rules, media_base: str) -> dict[str, Any]:
    """Return what the tracking token shows: all that the reporter sent, and all steps."""
    content = stored.content
    return {
        **public_view(stored, rules),
        "text": content["text"],
        "location": content["location"],
        "captured_at": content["captured_at"],
        "flags": list(stored.case.snapshot.flags),
        "anonymity": stored.case.snapshot.anonymity.value,
        "emergency": stored.receipt["emergency"],
        "media": [_media(each, media_base) for each in content["media"]],
        "timeline": timeline(stored, rules),
    }


def timeline(stored: StoredCase, rules: Rules) -> list[dict[str, Any]]:
    """Return the steps of a case in order, in words; nothing personal is in them."""
    return [_step(record, rules) for record in stored.history]


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant in the city's time, with its offset (RFC 3339)."""
    return at.astimezone(zone).isoformat()


def _step(record: Mapping[str, Any], rules: Rules) -> dict[str, Any]:
    vi, en = TOLD.get(record["type"], ("Cập nhật", "Update"))
    facts = {name: record[name] for name in PUBLIC_FACTS if record.get(name) is not None}
    if "due_at" in facts:
        facts["due_at"] = local(facts["due_at"], rules.calendar.zone)
    return {
        "sequence": record["sequence"],
        "type": record["type"],
        "at": local(record["at"], rules.calendar.zone),
        "title": {"vi": vi, "en": en},
        "unit_name": _unit_name(record.get("unit"), rules),
        **facts,
    }


def _unit_name(unit: str | None, rules: Rules) -> dict[str, str] | None:
    if unit is None:
        return None
    name = rules.regulation.unit(UnitId(unit)).name
    return {"vi": name.vi, "en": name.en}


def _media(media: Mapping[str, Any], base: str) -> dict[str, Any]:
    shown = {
        name: media[name]
        for name in ("id", "kind", "media_type", "size_bytes", "sha256", "duration_ms")
    }
    shown["captured_at"] = media["captured_at"]
    shown["links"] = {
        variant: f"{base}/{media['id']}?variant={variant}" for variant in media["variants"]
    }
    return shown
