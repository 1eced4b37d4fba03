"""What the Office and the leaders do with a case. Pure."""

from services.intake.domain import refusals
from services.intake.domain.case import (
    Case,
    Coordination,
    Directive,
    Fact,
    NotNowError,
    RuleBrokenError,
)
from services.intake.domain.checks import Request, check_area, check_future, check_units, strictest
from services.intake.domain.commands import (
    AcknowledgeDirective,
    ApproveCoordination,
    AskGuidance,
    Assign,
    Elsewhere,
    FulfilDirective,
    GiveDirective,
    Hold,
    Redirect,
    Refuse,
    RejectCoordination,
    Release,
)
from services.intake.domain.parties import Actor
from shared.events import (
    CaseAssigned,
    CaseHeld,
    CaseRedirected,
    CaseRefused,
    CaseReleased,
    CoordinationApproved,
    CoordinationRejected,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    GuidanceAsked,
)
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    CategoryId,
    Origin,
    RuleId,
)

ASSIGNED_BY_OFFICE = RuleId("office.assigned")


def approve_coordination(case: Case, command: ApproveCoordination, request: Request) -> list[Fact]:
    """The Office agrees, possibly with other units or another date."""
    proposal = _proposal(case)
    units = command.units or tuple(task.unit for task in proposal.tasks)
    check_units(units, case, request)
    expected_at = command.expected_at or proposal.expected_at
    check_future("expected_at", expected_at, request.now)
    event = CoordinationApproved(**request.who, units=units, expected_at=expected_at)
    return [Fact(event, {"text": command.text})]


def reject_coordination(case: Case, command: RejectCoordination, request: Request) -> list[Fact]:
    """The Office does not agree; the first deadline stands alone."""
    _proposal(case)
    event = CoordinationRejected(**request.who, reason=command.reason)
    return [Fact(event, {"text": command.text})]


def assign(case: Case, command: Assign, request: Request) -> list[Fact]:
    """Assign what lies with the Office or the leaders ("giao đơn vị có thẩm quyền")."""
    snapshot = case.snapshot
    if snapshot.unit not in {OFFICE, LEADERS, None}:
        raise NotNowError(case.code, case.state, "assign")  # it comes back by a forward
    if command.unit in snapshot.about:
        raise RuleBrokenError("unit", "about_itself", **refusals.ABOUT_ITSELF)
    check_units(tuple(filter(None, (command.unit, command.monitoring_unit))), case, request)
    check_area(command.area, request)
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
        **strictest(case, category, request),
    )
    return [Fact(event, {"text": command.text})]


def hold(_case: Case, command: Hold, request: Request) -> list[Fact]:
    """The Office keeps the report from being handled; its clock runs."""
    return [Fact(CaseHeld(**request.who, reasons=(command.reason,)), {"text": command.text})]


def release(case: Case, command: Release, request: Request) -> list[Fact]:
    """Release; what the router decided meanwhile is carried out at once."""
    facts = [Fact(CaseReleased(**request.who), {"text": command.text})]
    if (suggested := case.suggested) is not None:
        plain = suggested.model_dump(exclude={"at", "actor", "by"})
        assigned = CaseAssigned(
            at=request.now,
            actor="router",
            area_origin=None,
            **plain,
            **strictest(case, suggested.category, request),
        )
        facts.append(Fact(assigned))
    return facts


def refuse(_case: Case, command: Refuse, request: Request) -> list[Fact]:
    """The Office refuses, with a code that is counted and words that are read."""
    return [Fact(CaseRefused(**request.who, reason=command.reason.value), {"text": command.text})]


def redirect(_case: Case, command: Redirect, request: Request) -> list[Fact]:
    """A complaint or denunciation is no feedback: the clock stops, and it is never public."""
    restricted = command.reason is not Elsewhere.OTHER_AUTHORITY
    event = CaseRedirected(**request.who, reason=command.reason.value, restricted=restricted)
    return [Fact(event, {"text": command.text, "agency": command.agency})]


def ask_guidance(case: Case, command: AskGuidance, request: Request) -> list[Fact]:
    """The Office asks a leader ("báo cáo xin ý kiến chỉ đạo giải quyết")."""
    if case.snapshot.unit not in {OFFICE, LEADERS, None}:
        raise NotNowError(case.code, case.state, "guidance")
    return [Fact(GuidanceAsked(**request.who), {"text": command.text})]


def give_directive(case: Case, command: GiveDirective, request: Request) -> list[Fact]:
    """A leader instructs a unit, with a due time ("trực tiếp chỉ đạo")."""
    check_units((command.addressee,), case, request)
    check_future("due_at", command.due_at, request.now)
    event = DirectiveGiven(
        **request.who,
        directive=f"d{len(case.directives) + 1}",
        addressee=command.addressee,
        due_at=command.due_at,
    )
    return [Fact(event, {"text": command.text})]


def acknowledge_directive(
    case: Case, command: AcknowledgeDirective, request: Request
) -> list[Fact]:
    """The addressee has read a directive; a second time is none."""
    directive = _directive(case, command.directive, request.actor)
    if directive.acknowledged_at:
        return []
    return [Fact(DirectiveAcknowledged(**request.who, directive=directive.id))]


def fulfil_directive(case: Case, command: FulfilDirective, request: Request) -> list[Fact]:
    """The addressee has carried a directive out; a second time is none."""
    directive = _directive(case, command.directive, request.actor)
    if directive.fulfilled_at:
        return []
    on_time = request.now <= directive.due_at
    event = DirectiveFulfilled(**request.who, directive=directive.id, on_time=on_time)
    return [Fact(event, {"text": command.text})]


def _proposal(case: Case) -> Coordination:
    if case.coordination is None or case.coordination.state != "proposed":
        raise RuleBrokenError("units", "nothing_proposed", **refusals.NOTHING_PROPOSED)
    return case.coordination


def _directive(case: Case, identifier: str, actor: Actor) -> Directive:
    for each in case.directives:
        if each.id == identifier and each.addressee == actor.unit:
            return each
    raise RuleBrokenError("directive", "unknown_directive", **refusals.UNKNOWN_DIRECTIVE)
