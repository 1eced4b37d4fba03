"""One event of every kind that somebody is told of, about one case."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from shared.events import (
    CaseAssigned,
    CaseForwarded,
    CaseHeld,
    CaseRecategorised,
    CaseRedirected,
    CaseRefused,
    CaseReopened,
    CaseResolved,
    CaseSnapshot,
    CaseSubmitted,
    CaseWithdrawn,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DeadlineApproaching,
    DeadlineEscalated,
    DeadlineEvent,
    DeadlineMissed,
    DirectiveFulfilled,
    DirectiveGiven,
    Event,
    EvidenceAdded,
    GuidanceAsked,
    MediaCount,
    MessageAdded,
    Received,
)
from shared.vocabulary import State, UnitId
from tests.builders import CODE, RECEIVED, decision, snapshot

NOON = datetime(2026, 1, 12, 5, 0, tzinfo=UTC)  # 12:00 in Đà Lạt
NIGHT = datetime(2026, 1, 12, 16, 0, tzinfo=UTC)  # 23:00
MORNING = datetime(2026, 1, 12, 23, 0, tzinfo=UTC)  # 06:00 of the next day
LATER = NOON + timedelta(days=3)

WARD = UnitId("ward_1")
LEAD = UnitId("natural_resources")
HELPER = UnitId("city_police")
SAID: dict[str, Any] = {"at": RECEIVED, "actor": "u_somebody", "by": WARD}

Kind = TypeVar("Kind", bound=DeadlineEvent)


def case(**changes: Any) -> CaseSnapshot:
    plain: dict[str, Any] = {"state": State.ASSIGNED, "unit": WARD, "monitoring_unit": LEAD}
    return snapshot(**{**plain, **changes})


def assigned(**changes: Any) -> CaseAssigned:
    names = {"rule", "category", "category_origin"}
    facts: dict[str, Any] = {
        "at": RECEIVED,
        "actor": "router",
        "unit": WARD,
        "monitoring_unit": LEAD,
        "due_at": case().due_at,
        "limit_s": case().limit_s,
        "clock": case().clock,
        "routing_sequence": 1,
        **decision().model_dump(include=names),
    }
    return CaseAssigned(**{**facts, **changes})


def deadline(kind: type[Kind], **changes: Any) -> Kind:
    facts: dict[str, Any] = {
        "code": CODE,
        "category": case().category,
        "unit": WARD,
        "monitoring_unit": LEAD,
        "version": 1,
        "due_at": case().due_at,
    }
    return kind(**{**facts, **changes})


def heard_deadline(event: DeadlineEvent, sequence: int = 1) -> Received:
    return Received(
        id=f"{event.code}.deadline.{sequence}",
        type=event.type,
        subject=event.code,
        sequence=sequence,
        time=event.due_at,
        event=event,
        case=None,
    )


FORWARDED = CaseForwarded(**SAID, reason="not_competent", hops=1)
HELD = CaseHeld(at=RECEIVED, actor="screening", reasons=("insulting",))
PROPOSED = CoordinationProposed(**SAID, units=(HELPER,), expected_at=LATER)
APPROVED = CoordinationApproved(**SAID, units=(HELPER, LEAD), expected_at=LATER)
MOVED = CoordinationMoved(**SAID, expected_at=LATER, previous=NOON)
DIRECTIVE = DirectiveGiven(**SAID, directive="d1", addressee=HELPER, due_at=LATER)
FROM_REPORTER = MessageAdded(at=RECEIVED, actor="reporter")
TO_REPORTER = MessageAdded(**SAID)
RESOLVED = CaseResolved(**SAID, unit=WARD, outcome="solved", on_time=True)
REDIRECTED = CaseRedirected(**SAID, reason="complaint", restricted=True)
REOPENED = CaseReopened(**SAID, disputes=1, due_at=LATER, limit_s=7200, clock=case().clock)
WITHDRAWN = CaseWithdrawn(at=RECEIVED, actor="reporter")
REJECTED = CoordinationRejected(**SAID, reason="not_needed")
ANSWERED = CoordinationAnswered(**SAID, unit=HELPER)
FULFILLED = DirectiveFulfilled(**SAID, directive="d1", on_time=True)
MORE_EVIDENCE = EvidenceAdded(at=RECEIVED, actor="reporter", media=MediaCount(image=1))
RECATEGORISED = CaseRecategorised(
    **SAID,
    category=case().category,
    previous=None,
    due_at=case().due_at,
    limit_s=case().limit_s,
    clock=case().clock,
)

# With what each of them changes of the case.
TOLD_OF: tuple[tuple[Event, dict[str, Any]], ...] = (
    (CaseSubmitted(at=RECEIVED, actor="reporter"), {"state": State.SUBMITTED, "unit": None}),
    (assigned(), {}),
    (HELD, {"state": State.HELD}),
    (FORWARDED, {"state": State.AT_OFFICE, "unit": UnitId("office")}),
    (PROPOSED, {}),
    (APPROVED, {"coordinating_units": (HELPER, LEAD), "expected_at": LATER}),
    (MOVED, {"coordinating_units": (HELPER,), "expected_at": LATER}),
    (GuidanceAsked(**SAID), {"state": State.AWAITING_DIRECTION, "unit": UnitId("office")}),
    (DIRECTIVE, {}),
    (FROM_REPORTER, {}),
    (TO_REPORTER, {}),
    (RESOLVED, {"state": State.RESOLVED}),
    (CaseRefused(**SAID, reason="not_clear"), {"state": State.REFUSED}),
    (REDIRECTED, {"state": State.REDIRECTED, "restricted": True}),
    (REOPENED, {"state": State.REOPENED, "due_at": LATER, "counted_from": NOON}),
    (CaseRedirected(**SAID, reason="other_authority"), {"state": State.REDIRECTED}),
    (WITHDRAWN, {"state": State.WITHDRAWN}),
    (REJECTED, {}),
    (ANSWERED, {"coordinating_units": (HELPER,), "expected_at": LATER}),
    (FULFILLED, {}),
    (MORE_EVIDENCE, {}),
    (RECATEGORISED, {}),
    (deadline(DeadlineApproaching), {}),
    (deadline(DeadlineMissed), {}),
    (deadline(DeadlineEscalated), {}),
)
