"""Decisions: who may do what with a case, and which facts it leads to. Pure.

`decide` checks the actor's part in the case, the transition table and the command's own rules, and
returns the facts; or it refuses and nothing changes. `COMMANDS` is the whole of it as a table.
Times are aware; `now` and the rules are passed in.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from services.intake.domain import handling, office, reporting
from services.intake.domain.case import (
    Case,
    Fact,
    NotYoursError,
)
from services.intake.domain.checks import Request
from services.intake.domain.commands import (
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
    Forward,
    FulfilDirective,
    GiveDirective,
    Hold,
    MoveCoordination,
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
from shared.events import (
    CaseAccepted,
    CaseAssigned,
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
from shared.vocabulary import (
    LEADERS,
    OFFICE,
    Role,
)

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
    if not spec.parties & _parts(case, request.actor):
        raise NotYoursError(f"{request.actor.account} may not {name} {case.code}")
    case.require(spec.event, name)
    return spec.decide(case, command, request)


def actions(case: Case, actor: Actor) -> list[str]:
    """Return what this actor may do now, so that no client repeats the rules."""
    mine = _parts(case, actor)
    return [
        name
        for name, spec in COMMANDS.items()
        if spec.parties & mine and case.allows(spec.event) and _makes_sense(name, case, actor)
    ]


def _parts(case: Case, actor: Actor) -> frozenset[Party]:
    """Return the actor's parts; of a report about the Office the leaders do the Office's work.

    Else what was held or proposed of it could be released or agreed to by nobody.
    """
    mine = parties(case, actor)
    return mine | _OFFICE if Party.LEADER in mine and OFFICE in case.snapshot.about else mine


def _makes_sense(name: str, case: Case, actor: Actor) -> bool:
    """Leave out what the state allows and the parts of the case do not."""
    at_the_top = case.snapshot.unit in {OFFICE, LEADERS, None}
    proposed = case.coordination is not None and case.coordination.state == "proposed"
    mine = [each for each in case.directives if each.addressee == actor.unit]
    sensible = {
        "assign": at_the_top,
        "forward": case.snapshot.unit != OFFICE,
        "guidance": at_the_top and actor.role is not Role.LEADER,
        "coordination": not proposed,
        "coordination/approve": proposed,
        "coordination/reject": proposed,
        "directives/acknowledge": any(each.acknowledged_at is None for each in mine),
        "directives/fulfil": any(each.fulfilled_at is None for each in mine),
        "rating": case.rating is None,
    }
    return sensible.get(name, True)


_UNIT = frozenset({Party.HANDLING})
_OFFICE = frozenset({Party.OFFICE})
_TOP = frozenset({Party.OFFICE, Party.LEADER})
_REPORTER = frozenset({Party.REPORTER})

COMMANDS: Mapping[str, Spec[Any]] = {
    "accept": Spec(Accept, CaseAccepted, _UNIT, handling.accept),
    "dispatch": Spec(Dispatch, CaseDispatched, _UNIT, handling.dispatch),
    "progress": Spec(Progress, CaseProgressed, _UNIT, handling.progress),
    "forward": Spec(Forward, CaseForwarded, _UNIT, handling.forward),
    "recategorise": Spec(Recategorise, CaseRecategorised, _UNIT | _OFFICE, handling.recategorise),
    "coordination": Spec(Coordinate, CoordinationProposed, _UNIT, handling.propose_coordination),
    "coordination/move": Spec(
        MoveCoordination, CoordinationMoved, _UNIT | _OFFICE, handling.move_coordination
    ),
    "coordination/answer": Spec(
        AnswerCoordination,
        CoordinationAnswered,
        frozenset({Party.COORDINATING}),
        handling.answer_task,
    ),
    "coordination/approve": Spec(
        ApproveCoordination, CoordinationApproved, _OFFICE, office.approve_coordination
    ),
    "coordination/reject": Spec(
        RejectCoordination, CoordinationRejected, _OFFICE, office.reject_coordination
    ),
    "result": Spec(PublishResult, CaseResolved, _UNIT, handling.publish_result),
    "assign": Spec(Assign, CaseAssigned, _TOP, office.assign),
    "hold": Spec(Hold, CaseHeld, _OFFICE, office.hold),
    "release": Spec(Release, CaseReleased, _OFFICE, office.release),
    "refuse": Spec(Refuse, CaseRefused, _OFFICE, office.refuse),
    "redirect": Spec(Redirect, CaseRedirected, _OFFICE, office.redirect),
    "guidance": Spec(AskGuidance, GuidanceAsked, _OFFICE, office.ask_guidance),
    "directives": Spec(
        GiveDirective, DirectiveGiven, frozenset({Party.LEADER}), office.give_directive
    ),
    "directives/acknowledge": Spec(
        AcknowledgeDirective,
        DirectiveAcknowledged,
        frozenset({Party.ADDRESSEE}),
        office.acknowledge_directive,
    ),
    "directives/fulfil": Spec(
        FulfilDirective, DirectiveFulfilled, frozenset({Party.ADDRESSEE}), office.fulfil_directive
    ),
    "messages": Spec(AddMessage, MessageAdded, _UNIT | _OFFICE | _REPORTER, reporting.add_message),
    "rating": Spec(Rate, CaseRated, _REPORTER, reporting.rate),
    "reopen": Spec(Reopen, CaseReopened, _REPORTER, reporting.reopen),
    "withdraw": Spec(Withdraw, CaseWithdrawn, _REPORTER, reporting.withdraw),
}
