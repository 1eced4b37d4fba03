"""What a reader may see of a case: the public, its reporter, an official. Pure."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.domain.case import UNNOTICED, Directive
from services.intake.domain.decisions import actions
from services.intake.domain.parties import Actor
from services.intake.domain.rules import Rules
from services.intake.marks import excerpt, flagged
from services.intake.reasons import dispute_until, reason_of
from services.intake.routed import routed
from services.intake.store import StoredCase
from shared.calendar import working_time
from shared.deadline import lasting
from shared.events import CaseSnapshot
from shared.promise import promise
from shared.vocabulary import Clock, Role, State, UnitId

SEES_FLAGGED = {Role.OFFICE_CLERK, Role.LEADER}  # a unit is not to read a text by its worst word
STOPPED = {State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN}

# What anybody may read of an event: no actor, no reason, nothing that somebody wrote.
PUBLIC_FACTS = (
    "unit",
    "units",
    "monitoring_unit",
    "rule",
    "category",
    "due_at",
    "expected_at",
    "previous",
    "outcome",
    "on_time",
    "hops",
    "score",
)

TOLD: Mapping[str, tuple[str, str]] = {
    "case.submitted.v1": ("Đã tiếp nhận phản ánh", "Report received"),
    "case.held.v1": ("Đang chờ Văn phòng xem xét", "Waiting for the Office to look at it"),
    "case.routing_suggested.v1": ("Đã có đề xuất phân công", "A unit was suggested"),
    "case.released.v1": ("Văn phòng đã xem xét", "Looked at by the Office"),
    "case.assigned.v1": ("Đã giao đơn vị xử lý", "Assigned to the handling unit"),
    "case.accepted.v1": ("Đơn vị đã nhận xử lý", "Taken on by the unit"),
    "case.dispatched.v1": ("Đã cử cán bộ xử lý", "An officer was sent"),
    "case.progressed.v1": ("Cập nhật tiến độ", "Progress"),
    "case.forwarded.v1": ("Đã chuyển về Văn phòng", "Forwarded to the Office"),
    "case.recategorised.v1": ("Đã điều chỉnh lĩnh vực", "Category corrected"),
    "case.coordination_proposed.v1": ("Đề xuất phối hợp xử lý", "Coordination proposed"),
    "case.coordination_approved.v1": ("Các đơn vị phối hợp xử lý", "Units work together"),
    "case.coordination_rejected.v1": ("Không phối hợp", "Coordination not approved"),
    "case.coordination_moved.v1": ("Đã đổi thời gian dự kiến", "Expected date moved"),
    "case.coordination_answered.v1": ("Đơn vị phối hợp đã trả lời", "A unit has answered"),
    "case.guidance_asked.v1": ("Đã xin ý kiến chỉ đạo", "Guidance asked of the leaders"),
    "case.directive_given.v1": ("Lãnh đạo đã chỉ đạo", "The leaders gave a directive"),
    "case.directive_acknowledged.v1": ("Đã tiếp nhận chỉ đạo", "Directive acknowledged"),
    "case.directive_fulfilled.v1": ("Đã thực hiện chỉ đạo", "Directive carried out"),
    "case.resolved.v1": ("Đã có kết quả xử lý", "A result is published"),
    "case.refused.v1": ("Không tiếp nhận xử lý", "Refused"),
    "case.redirected.v1": ("Không thuộc phạm vi phản ánh", "Belongs elsewhere"),
    "case.rated.v1": ("Người phản ánh đã đánh giá", "Rated by the reporter"),
    "case.reopened.v1": ("Xử lý lại theo phản hồi", "Reopened on dispute"),
    "case.closed.v1": ("Đã kết thúc", "Closed"),
    "case.withdrawn.v1": ("Người gửi đã rút phản ánh", "Withdrawn by the reporter"),
    "case.message_added.v1": ("Tin nhắn", "Message"),
    "case.evidence_added.v1": ("Đã bổ sung ảnh, âm thanh", "Evidence added"),
    "case.reporter_erased.v1": ("Đã xoá danh tính người gửi", "The reporter's identity was erased"),
}

# Words that were written for the reporter. The others (guidance, directives, holding) are between
# officials.
FOR_THE_REPORTER = {
    "case.progressed.v1",
    "case.forwarded.v1",
    "case.coordination_proposed.v1",
    "case.coordination_moved.v1",
    "case.coordination_answered.v1",
    "case.resolved.v1",
    "case.refused.v1",
    "case.redirected.v1",
    "case.rated.v1",
    "case.reopened.v1",
    "case.withdrawn.v1",
    "case.message_added.v1",
}


def public_view(stored: StoredCase, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return what anybody may see: no text, no media, no exact place, nothing of the reporter.

    Text and photos may hold faces, names and numbers; they are not public before a person has
    looked at them. The result is the city's own word, and published.
    """
    case = stored.case.snapshot
    zone = rules.calendar.zone
    words = promise(
        case.received_at,
        case.due_at,
        limit=timedelta(seconds=case.limit_s),
        clock=case.clock,
        calendar=rules.calendar,
    )
    return {
        "code": case.code,
        "state": case.state.value,
        "category": case.category,
        "category_origin": case.category_origin,
        "unit": case.unit,
        "unit_name": _unit_name(case.unit, rules),
        "monitoring_unit": case.monitoring_unit,
        "coordinating_units": list(case.coordinating_units),
        "area": case.area,
        "received_at": local(case.received_at, zone),
        "due_at": local(case.due_at, zone),
        "expected_at": local(case.expected_at, zone) if case.expected_at else None,
        "limit_hours": case.limit_s / 3600,
        "clock": clock_of(case, rules, now),
        "promise": {"vi": words.vi, "en": words.en},
        "media": case.media.model_dump(),
        "result": _result(stored, rules),
        "disputes": case.disputes,
        "followers": case.followers,
        "version": stored.case.sequence,
    }


def own_view(stored: StoredCase, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return what the tracking token shows: all that the reporter sent, and all steps."""
    content = stored.content
    rating = stored.case.rating
    until = dispute_until(stored.case, rules)
    return {
        **public_view(stored, rules, now),
        "text": content["text"],
        "location": content["location"],
        "captured_at": content["captured_at"],
        "flags": list(stored.case.snapshot.flags),
        "anonymity": stored.case.snapshot.anonymity.value,
        "emergency": stored.receipt["emergency"],
        "media": [media_view(each, stored.case.code) for each in content["media"]],
        "rating": {"score": rating.score, "text": rating.text} if rating else None,
        "dispute_until": local(until, rules.calendar.zone) if until else None,
        "timeline": timeline(stored, rules, FOR_THE_REPORTER),
    }


def desk_view(stored: StoredCase, actor: Actor, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return what an official with a part in the case sees: all but who reported.

    `actions` is what this role may do in this state, `clock` counts in working time.
    """
    case = stored.case
    return {
        **desk_row(stored, rules, now),
        "text": stored.content["text"],
        "flagged": flagged(stored) if actor.role in SEES_FLAGGED else [],
        "entered": stored.content.get("entered"),
        "sub_category": stored.content["sub_category"],
        "captured_at": stored.content["captured_at"],
        "emergency": stored.receipt["emergency"],
        "media": [
            media_view(each, case.code, "/api/v1/desk/cases") for each in stored.content["media"]
        ],
        "reporter": {
            "kind": case.snapshot.reporter_kind.value,
            "anonymity": case.snapshot.anonymity.value,
            "left_identity": case.snapshot.reporter is not None,
        },
        "coordination": case.coordination.model_dump(mode="json") if case.coordination else None,
        "directives": [
            {**each.model_dump(mode="json"), "overdue": _overdue(each, now)}
            for each in case.directives
        ],
        "results": [each.model_dump(mode="json") for each in case.results],
        "rating": case.rating.model_dump(mode="json") if case.rating else None,
        "officer": case.officer,
        "actions": actions(case, actor),
        "timeline": timeline(stored, rules, None),
    }


def desk_row(stored: StoredCase, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return a case as a line of an inbox."""
    public = public_view(stored, rules, now)
    snapshot = stored.case.snapshot
    return {
        **public,
        "channel": snapshot.channel.value,
        "flags": list(snapshot.flags),
        "hops": snapshot.hops,
        "loops": snapshot.loops,
        "restricted": snapshot.restricted,
        "location": stored.content["location"],
        **excerpt(stored),
        "suggested": _suggested(stored),
        "routed": routed(stored, rules),
        "directives_open": sum(each.fulfilled_at is None for each in stored.case.directives),
    }


def _suggested(stored: StoredCase) -> dict[str, Any] | None:
    found = stored.case.suggested
    return found.model_dump(mode="json") if found else None


def clock_of(case: CaseSnapshot, rules: Rules, now: datetime) -> dict[str, Any]:
    """Return how much time is left: seconds of its own kind of time, negative when overdue.

    `stopped` when nothing is owed any more; `running` while `left_s` counts down, so that a page
    counts only then, and waits for `next_opening` else.
    """
    zone = rules.calendar.zone
    due_at = case.counts_at
    working = case.clock is Clock.WORKING
    stopped = case.state in STOPPED
    counts, left, opening = True, due_at - now, None
    if working:
        counts = lasting(rules.calendar, lambda known: known.is_open(now))
        left = lasting(rules.calendar, lambda known: working_time(now, due_at, known))
        opening = lasting(rules.calendar, lambda known: known.next_open(now))
    return {
        "as_of": local(now, zone),
        "stopped": stopped,
        "running": not stopped and counts,
        "left_s": int(left.total_seconds()),
        "next_opening": opening and local(opening, zone),
        "due_at": local(due_at, zone),
        "kind": case.clock.value,
    }


def timeline(
    stored: StoredCase, rules: Rules, words_of: Collection[str] | None
) -> list[dict[str, Any]]:
    """Return the steps of a case in order, in words.

    Args:
        stored: The case.
        rules: For names and the city's time.
        words_of: Types whose written words are shown; None: all, with who acted.
    """
    noticed = (each for each in stored.history if each["type"] not in UNNOTICED)
    return [_step(record, rules, words_of) for record in noticed]


def changes_since(stored: StoredCase, sequence: int, rules: Rules) -> list[dict[str, Any]]:
    """Return who changed what after a version, for somebody whose view is older."""
    return [step for step in timeline(stored, rules, None) if step["sequence"] > sequence]


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant in the city's time, with its offset (RFC 3339)."""
    return at.astimezone(zone).isoformat()


def media_view(
    media: Mapping[str, Any], code: str, base: str = "/api/v1/reports"
) -> dict[str, Any]:
    """Return a piece of evidence with the links to its forms."""
    names = ("id", "kind", "media_type", "size_bytes", "sha256", "duration_ms", "captured_at")
    shown = {name: media[name] for name in names}
    shown["from"] = media.get("from", "reporter")
    shown["links"] = {
        variant: f"{base}/{code}/media/{media['id']}?variant={variant}"
        for variant in media["variants"]
    }
    return shown


def published(stored: StoredCase) -> Collection[str]:
    """Return the ids of the media that are public: what a unit showed with the valid result."""
    case = stored.case
    if case.snapshot.restricted or not case.results or case.state not in _WITH_RESULT:
        return ()
    from_units = {each["id"] for each in stored.content["media"] if each.get("from") == "unit"}
    return from_units & set(case.results[-1].evidence)


_WITH_RESULT = {State.RESOLVED, State.CLOSED}


def _result(stored: StoredCase, rules: Rules) -> dict[str, Any] | None:
    """Return the valid result; a disputed one does not count."""
    case = stored.case
    if not case.results or case.state not in _WITH_RESULT:
        return None
    result = case.results[-1]
    base = f"/api/v1/reports/{case.code}/media"
    return {
        "outcome": result.outcome,
        "text": result.text,
        "unit": result.unit,
        "unit_name": _unit_name(result.unit, rules),
        "at": local(result.at, rules.calendar.zone),
        "on_time": result.on_time,
        "agency": result.agency,
        "media": [f"{base}/{each}?variant=public" for each in sorted(published(stored))],
    }


def _step(
    record: Mapping[str, Any], rules: Rules, words_of: Collection[str] | None
) -> dict[str, Any]:
    vi, en = TOLD.get(record["type"], ("Cập nhật", "Update"))
    event: Mapping[str, Any] = record["event"]
    step: dict[str, Any] = {
        "sequence": record["sequence"],
        "type": record["type"],
        "at": local(event["at"], rules.calendar.zone),
        "title": {"vi": vi, "en": en},
        "unit_name": _unit_name(event.get("unit"), rules),
        **{name: _plain(event[name], rules) for name in PUBLIC_FACTS if event.get(name)},
    }
    if words_of is None:
        step |= {"actor": event["actor"], "by": event["by"], "reason": event.get("reason")}
    if words_of is None or record["type"] in words_of:
        step |= {name: _plain(value, rules) for name, value in record["words"].items() if value}
        if told := reason_of(record["type"], event.get("reason")):
            step["reason_name"] = told
    return step


def _plain(value: Any, rules: Rules) -> Any:
    if isinstance(value, datetime):
        return local(value, rules.calendar.zone)
    return list(value) if isinstance(value, tuple) else value


def _overdue(directive: Directive, now: datetime) -> bool:
    return directive.fulfilled_at is None and directive.due_at < now


def _unit_name(unit: str | None, rules: Rules) -> dict[str, str] | None:
    if unit is None:
        return None
    name = rules.regulation.unit(UnitId(unit)).name
    return {"vi": name.vi, "en": name.en}
