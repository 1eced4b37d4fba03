"""Decisions: who may do what with a case, and which facts it leads to. Pure.

`decide` checks the actor's part in the case, the transition table and the command's own rules, and
returns the facts; or it refuses and nothing changes. `COMMANDS` is the whole of it as a table.
Times are aware; `now` and the rules are passed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

from services.intake.domain import refusals
from services.intake.domain.case import (
    Case,
    Coordination,
    Directive,
    Fact,
    NotYoursError,
    RuleBrokenError,
)
from services.intake.domain.commands import (
    SHOWN,
    Accept,
    AcknowledgeDirective,
    AddMessage,
    AnswerCoordination,
    ApproveCoordination,
    AskGuidance,
    Assign,
    Command,
    Coordinate,
    Dispatch,
    Elsewhere,
    Forward,
    FulfilDirective,
    GiveDirective,
    Hold,
    MoveCoordination,
    Outcome,
    Progress,
    PublishResult,
    Rate,
    Recategorise,
    Redirect,
    Refuse,
    RejectCoordination,
    Release,
    Reopen,
    Withdraw,
)
from services.intake.domain.parties import Actor, Party, parties
from services.intake.domain.rules import Rules
from shared.events import (
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
    CaseWithdrawn,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    GuidanceAsked,
    MessageAdded,
)
from shared.regulation import ResultEvidence
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    CategoryId,
    Origin,
    RuleId,
    UnitId,
)

CONTENT_SCORE = 3  # from here on a rating says that the reporter is content, and closes the case
ASSIGNED_BY_OFFICE = RuleId("office.assigned")


@dataclass(frozen=True)
class Request:
    """A decision's circumstances: who, when, and by which rules."""

    actor: Actor
    now: datetime
    rules: Rules

    @property
    def who(self) -> dict[str, Any]:
        """What every event says of its origin."""
        return {"at": self.now, "actor": self.actor.account, "by": self.actor.unit}


C = TypeVar("C", bound=Command)
Decide = Callable[[Case, C, Request], list[Fact]]


@dataclass(frozen=True)
class Spec(Generic[C]):
    """A command as a row of the table: its model, the event it leads to, who may give it."""

    model: type[C]
    event: type[CaseEvent]
    parties: frozenset[Party]
    decide: Decide[C]


def decide(name: str, case: Case, command: Command, request: Request) -> list[Fact]:
    """Return the facts that a command leads to.

    Raises:
        NotYoursError: the actor has no part in the case that allows it.
        NotNowError: the state of the case does not allow it.
        RuleBrokenError: the command lacks what a rule demands.
    """
    spec = COMMANDS[name]
    if not spec.parties & parties(case, request.actor):
        raise NotYoursError(f"{request.actor.account} may not {name} {case.code}")
    case.require(spec.event, name)
    return spec.decide(case, command, request)


def actions(case: Case, actor: Actor) -> list[str]:
    """Return what this actor may do now, so that no client repeats the rules."""
    mine = parties(case, actor)
    return [
        name
        for name, spec in COMMANDS.items()
        if spec.parties & mine and case.allows(spec.event) and _makes_sense(name, case, actor)
    ]


def _makes_sense(name: str, case: Case, actor: Actor) -> bool:
    """Leave out what the state allows and the parts of the case do not."""
    at_the_top = case.snapshot.unit in {OFFICE, LEADERS, None}
    proposed = case.coordination is not None and case.coordination.state == "proposed"
    mine = [each for each in case.directives if each.addressee == actor.unit]
    sensible = {
        "assign": at_the_top,
        "forward": case.snapshot.unit != OFFICE,
        "guidance": at_the_top,
        "coordination": not proposed,
        "coordination/approve": proposed,
        "coordination/reject": proposed,
        "directives/acknowledge": any(each.acknowledged_at is None for each in mine),
        "directives/fulfil": any(each.fulfilled_at is None for each in mine),
        "rating": case.rating is None,
    }
    return sensible.get(name, True)


def _accept(case: Case, _command: Accept, request: Request) -> list[Fact]:
    return [Fact(CaseAccepted(**request.who, unit=_unit(case)))]


def _dispatch(case: Case, command: Dispatch, request: Request) -> list[Fact]:
    event = CaseDispatched(**request.who, unit=_unit(case))
    return [Fact(event, {"officer": command.officer, "text": command.text})]


def _progress(case: Case, command: Progress, request: Request) -> list[Fact]:
    return [Fact(CaseProgressed(**request.who, unit=_unit(case)), {"text": command.text})]


def _forward(case: Case, command: Forward, request: Request) -> list[Fact]:
    """Forward to the Office, never to another unit (regulation 4.2), with everything."""
    if case.snapshot.unit == OFFICE:
        raise NotYoursError("the Office assigns, it does not forward to itself")
    hops = case.snapshot.hops + 1
    event = CaseForwarded(**request.who, reason=command.reason, hops=hops)
    return [Fact(event, {"text": command.text})]


def _coordinate(case: Case, command: Coordinate, request: Request) -> list[Fact]:
    """Propose before the deadline; afterwards nobody can coordinate a lateness away."""
    if case.coordination and case.coordination.state == "proposed":
        raise RuleBrokenError("units", "already_proposed", **refusals.ALREADY_PROPOSED)
    if request.now > case.snapshot.due_at:
        raise RuleBrokenError("expected_at", "deadline_passed", **refusals.TOO_LATE_TO_COORDINATE)
    _check_units(command.units, case, request)
    _check_future("expected_at", command.expected_at, request.now)
    event = CoordinationProposed(
        **request.who, units=command.units, expected_at=command.expected_at
    )
    return [Fact(event, {"text": command.text})]


def _approve(case: Case, command: ApproveCoordination, request: Request) -> list[Fact]:
    proposal = _proposal(case)
    units = command.units or tuple(task.unit for task in proposal.tasks)
    _check_units(units, case, request)
    expected_at = command.expected_at or proposal.expected_at
    _check_future("expected_at", expected_at, request.now)
    event = CoordinationApproved(**request.who, units=units, expected_at=expected_at)
    return [Fact(event, {"text": command.text})]


def _reject(case: Case, command: RejectCoordination, request: Request) -> list[Fact]:
    _proposal(case)
    event = CoordinationRejected(**request.who, reason=command.reason)
    return [Fact(event, {"text": command.text})]


def _move(case: Case, command: MoveCoordination, request: Request) -> list[Fact]:
    """Move a date; the old one and the reason stay in the history."""
    if case.coordination is None:
        raise RuleBrokenError("unit", "no_coordination", **refusals.NO_COORDINATION)
    _check_future("expected_at", command.expected_at, request.now)
    dates = {task.unit: task.expected_at for task in case.coordination.tasks}
    if command.unit is not None and command.unit not in dates:
        raise RuleBrokenError("unit", "not_coordinating", **refusals.NOT_COORDINATING)
    previous = dates[command.unit] if command.unit else case.coordination.expected_at
    event = CoordinationMoved(
        **request.who, expected_at=command.expected_at, previous=previous, unit=command.unit
    )
    return [Fact(event, {"text": command.text})]


def _answer(_case: Case, command: AnswerCoordination, request: Request) -> list[Fact]:
    unit = UnitId(request.actor.unit or "")
    return [Fact(CoordinationAnswered(**request.who, unit=unit), {"text": command.text})]


def _publish(case: Case, command: PublishResult, request: Request) -> list[Fact]:
    """Publish a result; the last second of the limit is on time."""
    _check_result(case, command, request)
    due_at = case.snapshot.expected_at or case.snapshot.due_at
    on_time = request.now.replace(microsecond=0) <= due_at
    event = CaseResolved(
        **request.who, unit=_unit(case), outcome=command.outcome.value, on_time=on_time
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


def _recategorise(case: Case, command: Recategorise, request: Request) -> list[Fact]:
    due = _strictest(case, command.category, request)
    event = CaseRecategorised(
        **request.who, category=command.category, previous=case.snapshot.category, **due
    )
    return [Fact(event, {"text": command.text})]


def _assign(case: Case, command: Assign, request: Request) -> list[Fact]:
    """Assign what lies with the Office or the leaders ("giao đơn vị có thẩm quyền")."""
    snapshot = case.snapshot
    if snapshot.unit not in {OFFICE, LEADERS, None}:
        raise NotYoursError("the case lies with a unit; it comes back by a forward")
    if command.unit in snapshot.about:
        raise RuleBrokenError("unit", "about_itself", **refusals.ABOUT_ITSELF)
    _check_units(tuple(filter(None, (command.unit, command.monitoring_unit))), case, request)
    category = command.category or snapshot.category or CategoryId("other")
    on = request.rules.local_day(request.now)
    lead = request.rules.regulation.lead(category, on)
    watching = command.monitoring_unit or snapshot.monitoring_unit or lead or OFFICE
    origin = Origin.OFFICE if command.category else snapshot.category_origin or Origin.OFFICE
    event = CaseAssigned(
        **request.who,
        unit=command.unit,
        monitoring_unit=OFFICE if watching in snapshot.about else watching,
        rule=ASSIGNED_BY_OFFICE,
        category=category,
        category_origin=origin,
        area=command.area or snapshot.area,
        area_origin="office" if command.area else None,
        flags=tuple(flag for flag in snapshot.flags if flag != "category_to_confirm"),
        routing_sequence=case.routing_sequence,
        **_strictest(case, category, request),
    )
    return [Fact(event, {"text": command.text})]


def _hold(_case: Case, command: Hold, request: Request) -> list[Fact]:
    return [Fact(CaseHeld(**request.who, reasons=(command.reason,)), {"text": command.text})]


def _release(case: Case, command: Release, request: Request) -> list[Fact]:
    """Release; what the router decided meanwhile is carried out at once."""
    facts = [Fact(CaseReleased(**request.who), {"text": command.text})]
    if (suggested := case.suggested) is not None:
        plain = suggested.model_dump(exclude={"at", "actor", "by"})
        assigned = CaseAssigned(
            at=request.now,
            actor="router",
            area_origin=None,
            **plain,
            **_strictest(case, suggested.category, request),
        )
        facts.append(Fact(assigned))
    return facts


def _refuse(_case: Case, command: Refuse, request: Request) -> list[Fact]:
    return [Fact(CaseRefused(**request.who, reason=command.reason.value), {"text": command.text})]


def _redirect(_case: Case, command: Redirect, request: Request) -> list[Fact]:
    """A complaint or denunciation is no feedback: the clock stops, and it is never public."""
    restricted = command.reason is not Elsewhere.OTHER_AUTHORITY
    event = CaseRedirected(**request.who, reason=command.reason.value, restricted=restricted)
    return [Fact(event, {"text": command.text, "agency": command.agency})]


def _ask_guidance(case: Case, command: AskGuidance, request: Request) -> list[Fact]:
    if case.snapshot.unit not in {OFFICE, LEADERS, None}:
        raise NotYoursError("the case lies with a unit; the Office asks about what lies with it")
    return [Fact(GuidanceAsked(**request.who), {"text": command.text})]


def _direct(case: Case, command: GiveDirective, request: Request) -> list[Fact]:
    _check_units((command.addressee,), case, request)
    _check_future("due_at", command.due_at, request.now)
    event = DirectiveGiven(
        **request.who,
        directive=f"d{len(case.directives) + 1}",
        addressee=command.addressee,
        due_at=command.due_at,
    )
    return [Fact(event, {"text": command.text})]


def _acknowledge(case: Case, command: AcknowledgeDirective, request: Request) -> list[Fact]:
    directive = _directive(case, command.directive, request.actor)
    if directive.acknowledged_at:
        return []
    return [Fact(DirectiveAcknowledged(**request.who, directive=directive.id))]


def _fulfil(case: Case, command: FulfilDirective, request: Request) -> list[Fact]:
    directive = _directive(case, command.directive, request.actor)
    if directive.fulfilled_at:
        return []
    on_time = request.now <= directive.due_at
    event = DirectiveFulfilled(**request.who, directive=directive.id, on_time=on_time)
    return [Fact(event, {"text": command.text})]


def _rate(case: Case, command: Rate, request: Request) -> list[Fact]:
    """Rate once per result; a content reporter closes the case."""
    if case.rating:
        raise RuleBrokenError("score", "already_rated", **refusals.ALREADY_RATED)
    facts = [Fact(CaseRated(**request.who, score=command.score), {"text": command.text})]
    if command.score >= CONTENT_SCORE:
        facts.append(Fact(CaseClosed(**request.who, reason="content")))
    return facts


def _reopen(case: Case, command: Reopen, request: Request) -> list[Fact]:
    """Dispute within the window: the case is not done, and the same limit runs anew."""
    window = timedelta(days=request.rules.regulation.procedures.dispute_days)
    if request.now > case.results[-1].at + window:
        raise RuleBrokenError("text", "window_passed", **refusals.WINDOW_PASSED)
    category = case.snapshot.category or CategoryId("other")
    due = request.rules.deadline(category, request.now.replace(microsecond=0))
    event = CaseReopened(
        **request.who,
        disputes=case.snapshot.disputes + 1,
        due_at=due.due_at,
        limit_s=due.limit_s,
        clock=due.clock,
    )
    return [Fact(event, {"text": command.text})]


def _withdraw(_case: Case, command: Withdraw, request: Request) -> list[Fact]:
    return [Fact(CaseWithdrawn(**request.who), {"text": command.text})]


def _add_message(_case: Case, command: AddMessage, request: Request) -> list[Fact]:
    return [Fact(MessageAdded(**request.who), {"text": command.text})]


def _unit(case: Case) -> UnitId:
    return case.snapshot.unit or OFFICE


def _strictest(case: Case, category: CategoryId, request: Request) -> dict[str, Any]:
    """Return the strictest deadline from first receipt: a promise is never silently extended."""
    snapshot = case.snapshot
    if category not in {each.id for each in request.rules.regulation.categories}:
        raise RuleBrokenError("category", "unknown_category", **refusals.UNKNOWN_CATEGORY)
    due = request.rules.deadline(category, snapshot.received_at)
    if due.due_at < snapshot.due_at:
        return {"due_at": due.due_at, "limit_s": due.limit_s, "clock": due.clock}
    return {"due_at": snapshot.due_at, "limit_s": snapshot.limit_s, "clock": snapshot.clock}


def _proposal(case: Case) -> Coordination:
    if case.coordination is None or case.coordination.state != "proposed":
        raise RuleBrokenError("units", "nothing_proposed", **refusals.NOTHING_PROPOSED)
    return case.coordination


def _directive(case: Case, identifier: str, actor: Actor) -> Directive:
    for each in case.directives:
        if each.id == identifier and each.addressee == actor.unit:
            return each
    raise RuleBrokenError("directive", "unknown_directive", **refusals.UNKNOWN_DIRECTIVE)


def _check_units(units: tuple[UnitId, ...], case: Case, request: Request) -> None:
    """Check that the units exist today, and that none of them is what the report is about."""
    on = request.rules.local_day(request.now)
    known = {unit.id for unit in request.rules.regulation.units_on(on)}
    if not set(units) <= known:
        raise RuleBrokenError("unit", "unknown_unit", **refusals.UNKNOWN_UNIT)
    if set(units) & set(case.snapshot.about):
        raise RuleBrokenError("unit", "about_itself", **refusals.ABOUT_ITSELF)


def _check_future(field: str, at: datetime, now: datetime) -> None:
    if at <= now:
        raise RuleBrokenError(field, "in_the_past", **refusals.IN_THE_PAST)


_UNIT = frozenset({Party.HANDLING})
_OFFICE = frozenset({Party.OFFICE})
_TOP = frozenset({Party.OFFICE, Party.LEADER})
_REPORTER = frozenset({Party.REPORTER})

COMMANDS: Mapping[str, Spec[Any]] = {
    "accept": Spec(Accept, CaseAccepted, _UNIT, _accept),
    "dispatch": Spec(Dispatch, CaseDispatched, _UNIT, _dispatch),
    "progress": Spec(Progress, CaseProgressed, _UNIT, _progress),
    "forward": Spec(Forward, CaseForwarded, _UNIT, _forward),
    "recategorise": Spec(Recategorise, CaseRecategorised, _UNIT | _OFFICE, _recategorise),
    "coordination": Spec(Coordinate, CoordinationProposed, _UNIT, _coordinate),
    "coordination/move": Spec(MoveCoordination, CoordinationMoved, _UNIT | _OFFICE, _move),
    "coordination/answer": Spec(
        AnswerCoordination, CoordinationAnswered, frozenset({Party.COORDINATING}), _answer
    ),
    "coordination/approve": Spec(ApproveCoordination, CoordinationApproved, _OFFICE, _approve),
    "coordination/reject": Spec(RejectCoordination, CoordinationRejected, _OFFICE, _reject),
    "result": Spec(PublishResult, CaseResolved, _UNIT, _publish),
    "assign": Spec(Assign, CaseAssigned, _TOP, _assign),
    "hold": Spec(Hold, CaseHeld, _OFFICE, _hold),
    "release": Spec(Release, CaseReleased, _OFFICE, _release),
    "refuse": Spec(Refuse, CaseRefused, _OFFICE, _refuse),
    "redirect": Spec(Redirect, CaseRedirected, _OFFICE, _redirect),
    "guidance": Spec(AskGuidance, GuidanceAsked, _OFFICE, _ask_guidance),
    "directives": Spec(GiveDirective, DirectiveGiven, frozenset({Party.LEADER}), _direct),
    "directives/acknowledge": Spec(
        AcknowledgeDirective, DirectiveAcknowledged, frozenset({Party.ADDRESSEE}), _acknowledge
    ),
    "directives/fulfil": Spec(
        FulfilDirective, DirectiveFulfilled, frozenset({Party.ADDRESSEE}), _fulfil
    ),
    "messages": Spec(AddMessage, MessageAdded, _UNIT | _OFFICE | _REPORTER, _add_message),
    "rating": Spec(Rate, CaseRated, _REPORTER, _rate),
    "reopen": Spec(Reopen, CaseReopened, _REPORTER, _reopen),
    "withdraw": Spec(Withdraw, CaseWithdrawn, _REPORTER, _withdraw),
}
