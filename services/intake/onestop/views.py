"""What is shown of desks, numbers and dossiers: to anybody, to their holders, to clerks. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from services.intake.onestop.catalogue import Catalogue, Desk, Procedure
from services.intake.onestop.domain.calling import LOW
from services.intake.onestop.domain.opening import Opening
from services.intake.onestop.domain.queue import Queue, Ticket, TicketState, board_of, estimate_s
from services.intake.onestop.store import StoredDossier
from shared.regulation_model import Words

STEPS: Mapping[str, tuple[str, str]] = {
    "dossier.submitted.v1": ("Nộp hồ sơ", "Handed in"),
    "dossier.received.v1": ("Tiếp nhận hồ sơ đầy đủ", "Received as complete"),
    "dossier.supplement_asked.v1": ("Yêu cầu bổ sung", "Something is missing"),
    "dossier.supplemented.v1": ("Đã bổ sung", "Completed"),
    "dossier.processing.v1": ("Đang thẩm định", "Being examined"),
    "dossier.ready.v1": ("Đã có kết quả, chờ trả", "The result is ready"),
    "dossier.returned.v1": ("Đã trả kết quả", "The result was handed out"),
    "dossier.refused.v1": ("Từ chối giải quyết", "Refused"),
    "dossier.withdrawn.v1": ("Đã rút hồ sơ", "Withdrawn"),
    "dossier.postponed.v1": ("Xin lỗi và hẹn lại ngày trả", "Sorry: a new date"),
}


def words(said: Words) -> dict[str, str]:
    """Return a text in both languages."""
    return {"vi": said.vi, "en": said.en}


def local(at: datetime, zone: ZoneInfo) -> str:
    """Return an instant in the city's time, with its offset (RFC 3339)."""
    return at.astimezone(zone).isoformat()


def opening_view(found: Opening) -> dict[str, Any]:
    """Return when the counter is open."""
    return {
        "open_now": found.open_now,
        "opens_at": found.opens_at.isoformat(),
        "closes_at": found.closes_at.isoformat(),
        "on": found.on.isoformat(),
    }


def desk_view(desk: Desk, queue: Queue, found: Opening, now: datetime) -> dict[str, Any]:
    """Return a desk and its queue as it stands: numbers, and no persons."""
    usual_s = desk.usual_minutes * 60
    board = board_of(queue)
    waiting = queue.waiting()
    return {
        "id": desk.id,
        "prefix": desk.prefix,
        "name": words(desk.name),
        "place": desk.place,
        **opening_view(found),
        "on": queue.on.isoformat(),
        "serving": [
            {"number": each.label, "position": each.position, "calls": each.calls}
            for each in queue.in_hand()
        ],
        "waiting": board.waiting,
        "early": bool(waiting) and not (found.has_come(queue.on) or board.called),
        "next": [each.label for each in waiting[:5]],
        "passed": [each.label for each in queue.tickets if each.state is TicketState.SKIPPED][-5:],
        "issued": board.issued,
        "served": board.served,
        "average_wait_s": round(board.waited_s / board.called) if board.called else None,
        "estimate_s": estimate_s(queue, len(waiting), usual_s, now),
        "last_event": queue.sequence,
    }


def ticket_view(ticket: Ticket, queue: Queue, desk: Desk, now: datetime) -> dict[str, Any]:
    """Return a number as its holder sees it."""
    waiting = ticket.state is TicketState.WAITING
    ahead = queue.ahead(ticket) if waiting else 0
    usual_s = desk.usual_minutes * 60
    return {
        "id": ticket.id,
        "number": ticket.label,
        "desk": queue.desk,
        "on": queue.on.isoformat(),
        "state": ticket.state.value,
        "ahead": ahead,
        "estimate_s": estimate_s(queue, ahead, usual_s, now) if waiting else 0,
        "called": [each.label for each in queue.in_hand()],
        "position": ticket.position,
        "remind_before": ticket.remind_at,
        "reminded": ticket.reminded,
        "procedure": ticket.procedure,
        "rating": ticket.rating.score if ticket.rating else None,
        "can_rate": ticket.state is TicketState.SERVED and ticket.rating is None,
    }


def clerk_ticket(ticket: Ticket, zone: ZoneInfo) -> dict[str, Any]:
    """Return a number as the clerks see it."""
    return {
        "id": ticket.id,
        "number": ticket.label,
        "state": ticket.state.value,
        "channel": ticket.through,
        "procedure": ticket.procedure,
        "taken_at": local(ticket.taken_at, zone),
        "called_at": local(ticket.called_at, zone) if ticket.called_at else None,
        "ended_at": local(ticket.ended_at, zone) if ticket.ended_at else None,
        "waited_s": ticket.waited_s if ticket.called_at else None,
        "calls": ticket.calls,
        "clerk": ticket.clerk,
        "position": ticket.position,
        "from_desk": ticket.from_desk,
        "to_desk": ticket.to_desk,
        "score": ticket.rating.score if ticket.rating else None,
    }


def rated(ticket: Ticket) -> dict[str, Any]:
    """Thank for a rating; a low one offers to open a report about the service."""
    score = ticket.rating.score if ticket.rating else 0
    offer = {
        "category": "service_attitude",
        "about_unit": "onestop",
        "method": "POST",
        "href": "/api/v1/reports",
        "page": "/?category=service_attitude&about_unit=onestop",
        "text": {
            "vi": "Bạn có muốn gửi phản ánh về thái độ phục vụ? Danh tính của bạn được giữ kín.",
            "en": "Would you like to report the service? Your identity is kept sealed.",
        },
    }
    return {"score": score, "offer": offer if score <= LOW else None}


def procedure_view(procedure: Procedure) -> dict[str, Any]:
    """Return a procedure: what to bring, how long it takes, what it costs."""
    return {
        "id": procedure.id,
        "name": words(procedure.name),
        "field": words(procedure.field),
        "desk": procedure.desk,
        "limit_hours": procedure.limit_hours,
        "limit_days": procedure.limit_hours / 8,
        "checklist": [
            {"id": each.id, "name": words(each.name), "required": each.required}
            for each in procedure.checklist
        ],
        "fee": words(procedure.fee),
        "result": words(procedure.result),
        "source": procedure.source,
    }


def dossier_view(stored: StoredDossier, catalogue: Catalogue, zone: ZoneInfo) -> dict[str, Any]:
    """Return what a number or a short code shows: where it stands, no person and no words."""
    snapshot = stored.dossier.snapshot
    on = snapshot.submitted_at.astimezone(zone).date()
    procedure = catalogue.procedure_of(snapshot.procedure, on)
    return {
        "number": snapshot.number,
        "short_code": stored.dossier.code.partition("-")[2],
        "procedure": snapshot.procedure,
        "procedure_name": words(procedure.name),
        "desk": snapshot.desk,
        "state": snapshot.state.value,
        "channel": snapshot.through,
        "submitted_at": local(snapshot.submitted_at, zone),
        "due_at": local(snapshot.due_at, zone),
        "promised_at": local(snapshot.promised_at, zone) if snapshot.promised_at else None,
        "paused": snapshot.paused_at is not None,
        "ready_at": local(snapshot.ready_at, zone) if snapshot.ready_at else None,
        "on_time": snapshot.on_time,
        "version": stored.dossier.sequence,
        "steps": [_step(each, zone, with_words=False) for each in stored.history],
    }


def own_dossier(stored: StoredDossier, catalogue: Catalogue, zone: ZoneInfo) -> dict[str, Any]:
    """Return a dossier as its applicant and the clerks see it: papers and words as well."""
    dossier = stored.dossier
    on = dossier.snapshot.submitted_at.astimezone(zone).date()
    procedure = catalogue.procedure_of(dossier.snapshot.procedure, on)
    return {
        **dossier_view(stored, catalogue, zone),
        "checklist": [
            {
                "id": each.id,
                "name": words(each.name),
                "required": each.required,
                "present": each.id in dossier.present,
                "asked_for": each.id in dossier.missing,
            }
            for each in procedure.checklist
        ],
        "left_identity": dossier.snapshot.applicant is not None,
        "steps": [_step(each, zone, with_words=True) for each in stored.history],
    }


def receipt(stored: StoredDossier, catalogue: Catalogue, zone: ZoneInfo) -> dict[str, Any]:
    """Return the receipt ("giấy tiếp nhận hồ sơ và hẹn trả kết quả")."""
    shown = own_dossier(stored, catalogue, zone)
    due = stored.dossier.snapshot.due_at.astimezone(zone)
    return {
        **shown,
        "receipt": {
            "vi": f"Hồ sơ {shown['number']}, hẹn trả kết quả trước {due:%H:%M ngày %d/%m/%Y}",
            "en": f"Dossier {shown['number']}, the result is due by {due:%H:%M on %d/%m/%Y}",
        },
        "catalogue": catalogue.version,
    }


def _step(record: Mapping[str, Any], zone: ZoneInfo, *, with_words: bool) -> dict[str, Any]:
    vi, en = STEPS.get(record["type"], ("Cập nhật", "Update"))
    step = {
        "sequence": record["sequence"],
        "type": record["type"],
        "at": local(record["at"], zone),
        "title": {"vi": vi, "en": en},
        "state": record["state"],
        "due_at": local(record["due_at"], zone),
    }
    if with_words:
        step |= {"items": list(record["items"]), "text": record["words"].get("text", "")}
    return step
