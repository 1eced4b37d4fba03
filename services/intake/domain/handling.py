"""What a unit does with a case that lies with it. Pure."""

from services.intake.domain import refusals
from services.intake.domain.case import (
    Case,
    Fact,
    NotNowError,
    RuleBrokenError,
)
from services.intake.domain.checks import (
    Request,
    check_future,
    check_units,
    handling_unit,
    strictest,
)
from services.intake.domain.commands import (
    SHOWN,
    Accept,
    AnswerCoordination,
    Coordinate,
    Dispatch,
    Forward,
    MoveCoordination,
    Outcome,
    Progress,
    PublishResult,
    Recategorise,
)
from shared.events import (
    CaseAccepted,
    CaseDispatched,
    CaseForwarded,
    CaseProgressed,
    CaseRecategorised,
    CaseResolved,
    CoordinationAnswered,
    CoordinationMoved,
    CoordinationProposed,
)
from shared.regulation import ResultEvidence
from shared.vocabulary import (
    OFFICE,
    UnitId,
)


def accept(case: Case, _command: Accept, request: Request) -> list[Fact]:
    """The handling unit takes the case on ("tiếp nhận")."""
    return [Fact(CaseAccepted(**request.who, unit=handling_unit(case)))]


def dispatch(case: Case, command: Dispatch, request: Request) -> list[Fact]:
    """The handling unit sends somebody ("cử cán bộ xử lý phản ánh")."""
    event = CaseDispatched(**request.who, unit=handling_unit(case))
    return [Fact(event, {"officer": command.officer, "text": command.text})]


def progress(case: Case, command: Progress, request: Request) -> list[Fact]:
    """The handling unit says how far it is."""
    return [Fact(CaseProgressed(**request.who, unit=handling_unit(case)), {"text": command.text})]


def forward(case: Case, command: Forward, request: Request) -> list[Fact]:
    """Forward to the Office, never to another unit (regulation 4.2), with everything."""
    if case.snapshot.unit == OFFICE:
        raise NotNowError(case.code, case.state, "forward")  # the Office assigns instead
    hops = case.snapshot.hops + 1
    event = CaseForwarded(**request.who, reason=command.reason, hops=hops)
    return [Fact(event, {"text": command.text})]


def propose_coordination(case: Case, command: Coordinate, request: Request) -> list[Fact]:
    """Propose before the deadline; afterwards nobody can coordinate a lateness away."""
    if case.coordination and case.coordination.state == "proposed":
        raise RuleBrokenError("units", "already_proposed", **refusals.ALREADY_PROPOSED)
    if request.now > case.snapshot.due_at:
        raise RuleBrokenError("expected_at", "deadline_passed", **refusals.TOO_LATE_TO_COORDINATE)
    check_units(command.units, case, request)
    check_future("expected_at", command.expected_at, request.now)
    event = CoordinationProposed(
        **request.who, units=command.units, expected_at=command.expected_at
    )
    return [Fact(event, {"text": command.text})]


def move_coordination(case: Case, command: MoveCoordination, request: Request) -> list[Fact]:
    """Move a date; the old one and the reason stay in the history."""
    if case.coordination is None:
        raise RuleBrokenError("unit", "no_coordination", **refusals.NO_COORDINATION)
    check_future("expected_at", command.expected_at, request.now)
    dates = {task.unit: task.expected_at for task in case.coordination.tasks}
    if command.unit is not None and command.unit not in dates:
        raise RuleBrokenError("unit", "not_coordinating", **refusals.NOT_COORDINATING)
    previous = dates[command.unit] if command.unit else case.coordination.expected_at
    event = CoordinationMoved(
        **request.who, expected_at=command.expected_at, previous=previous, unit=command.unit
    )
    return [Fact(event, {"text": command.text})]


def answer_task(_case: Case, command: AnswerCoordination, request: Request) -> list[Fact]:
    """A coordinating unit answers its own task."""
    unit = UnitId(request.actor.unit or "")
    return [Fact(CoordinationAnswered(**request.who, unit=unit), {"text": command.text})]


def publish_result(case: Case, command: PublishResult, request: Request) -> list[Fact]:
    """Publish a result; the last second of the limit is on time."""
    _check_result(case, command, request)
    due_at = case.snapshot.counts_at
    on_time = request.now.replace(microsecond=0) <= due_at
    event = CaseResolved(
        **request.who, unit=handling_unit(case), outcome=command.outcome.value, on_time=on_time
    )
    words = command.model_dump(exclude={"outcome"})
    return [Fact(event, {**words, "officer": command.officer or case.officer})]


def _check_result(case: Case, command: PublishResult, request: Request) -> None:
    if command.outcome is Outcome.OUTSIDE_AUTHORITY and not command.agency:
        raise RuleBrokenError("agency", "required", **refusals.WHOSE_IS_IT)
    if command.outcome is Outcome.DUPLICATE and not command.duplicate_of:
        raise RuleBrokenError("duplicate_of", "required", **refusals.DUPLICATE_OF_WHAT)
    if command.outcome not in SHOWN or case.snapshot.category is None:
        return
    demanded = request.rules.regulation.category(case.snapshot.category).evidence.result
    if ResultEvidence.PHOTO_AFTER in demanded and not command.evidence:
        raise RuleBrokenError("evidence", "photo_after_required", **refusals.PHOTO_AFTER)
    if ResultEvidence.OFFICER_SENT in demanded and not (command.officer or case.officer):
        raise RuleBrokenError("officer", "officer_sent_required", **refusals.OFFICER_SENT)
    if ResultEvidence.SITE_VISIT in demanded and command.site_visit_at is None:
        raise RuleBrokenError("site_visit_at", "site_visit_required", **refusals.SITE_VISIT)
    if command.site_visit_at and command.site_visit_at > request.now:
        raise RuleBrokenError("site_visit_at", "in_the_future", **refusals.IN_THE_FUTURE)


def recategorise(case: Case, command: Recategorise, request: Request) -> list[Fact]:
    """Correct the category; the strictest limit from first receipt holds."""
    due = strictest(case, command.category, request)
    event = CaseRecategorised(
        **request.who, category=command.category, previous=case.snapshot.category, **due
    )
    return [Fact(event, {"text": command.text})]
