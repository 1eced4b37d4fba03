"""Who is told what: event, audience, template, as one table. Pure.

The operations centre hears everything. What nobody else is told of stands in `TOLD_NOBODY`, so that
a new event cannot be forgotten; visitors and applicants of the counter have a table of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.events import (
    CaseAccepted,
    CaseAssigned,
    CaseClosed,
    CaseDispatched,
    CaseFollowed,
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
    CaseRoutingSuggested,
    CaseSnapshot,
    CaseSubmitted,
    CaseUnfollowed,
    CaseWithdrawn,
    CoordinationAnswered,
    CoordinationApproved,
    CoordinationMoved,
    CoordinationProposed,
    CoordinationRejected,
    DeadlineApproaching,
    DeadlineEscalated,
    DeadlineEvent,
    DeadlineMet,
    DeadlineMissed,
    DeadlineSet,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    DirectiveGiven,
    DisclosureApproved,
    DisclosureDownloaded,
    DisclosureRejected,
    DisclosureRequested,
    DisclosureRevoked,
    Event,
    EvidenceAdded,
    GuidanceAsked,
    MessageAdded,
    ReporterErased,
    RoutingDecided,
)
from shared.events.incident import IncidentClosed, IncidentExtended, IncidentRaised
from shared.parties import is_nobodys
from shared.vocabulary import LEADERS, OFFICE, Role, State, UnitId

# In these nobody owes an answer any more.
DONE = {State.RESOLVED, State.CLOSED, State.REFUSED, State.REDIRECTED, State.WITHDRAWN}


class Audience(StrEnum):
    """Who is meant, before anybody knows their names."""

    REPORTER = "reporter"
    FOLLOWERS = "followers"  # who has the same concern, and asked to hear of it
    UNIT = "unit"  # officers and head of the handling unit
    HEAD = "head"  # its head
    MONITORING = "monitoring"  # officers and head of the monitoring unit
    COORDINATING = "coordinating"  # of each coordinating unit
    ADDRESSEE = "addressee"  # of the unit that a directive goes to
    OFFICE = "office"
    LEADERS = "leaders"


# The Office and the leaders have no officers and no head: their clerks and members are both.
HEADS = frozenset({Role.UNIT_HEAD, Role.OFFICE_CLERK, Role.LEADER})
EVERYBODY = HEADS | {Role.OFFICER}
TOP = {OFFICE, LEADERS}


@dataclass(frozen=True)
class Told:
    """A row of the table; `when` narrows it to some events of the type."""

    event: type[Event]
    audience: Audience
    template: str
    when: Callable[[Any], bool] = lambda _event: True


def _by_the_reporter(event: MessageAdded | EvidenceAdded) -> bool:
    return event.actor == "reporter"


def _by_an_official(message: MessageAdded) -> bool:
    return not _by_the_reporter(message)


def _of_the_whole(moved: CoordinationMoved) -> bool:
    return moved.unit is None  # one unit's own task is no date that the reporter was given


TOLD: tuple[Told, ...] = (
    Told(CaseSubmitted, Audience.REPORTER, "receipt"),
    Told(CaseAssigned, Audience.REPORTER, "assigned"),
    Told(CaseAssigned, Audience.UNIT, "desk_assigned"),
    Told(CaseHeld, Audience.REPORTER, "held"),
    Told(CaseHeld, Audience.OFFICE, "desk_held"),
    Told(CaseForwarded, Audience.OFFICE, "desk_forwarded"),
    Told(CoordinationProposed, Audience.OFFICE, "desk_proposed"),
    Told(CoordinationApproved, Audience.REPORTER, "coordination"),
    Told(CoordinationApproved, Audience.COORDINATING, "desk_coordinating"),
    Told(CoordinationMoved, Audience.REPORTER, "coordination_moved", when=_of_the_whole),
    Told(CoordinationRejected, Audience.UNIT, "desk_proposal_rejected"),
    Told(CoordinationAnswered, Audience.UNIT, "desk_answered"),
    Told(CaseRecategorised, Audience.REPORTER, "recategorised"),
    Told(CaseRecategorised, Audience.UNIT, "desk_recategorised"),
    Told(GuidanceAsked, Audience.LEADERS, "desk_guidance"),
    Told(DirectiveGiven, Audience.ADDRESSEE, "desk_directive"),
    Told(DirectiveFulfilled, Audience.LEADERS, "desk_directive_done"),
    Told(EvidenceAdded, Audience.UNIT, "desk_evidence", when=_by_the_reporter),
    Told(MessageAdded, Audience.UNIT, "desk_message", when=_by_the_reporter),
    Told(MessageAdded, Audience.REPORTER, "message", when=_by_an_official),
    Told(CaseResolved, Audience.REPORTER, "result"),
    Told(CaseRefused, Audience.REPORTER, "refused"),
    Told(CaseRedirected, Audience.REPORTER, "redirected"),
    Told(CaseReopened, Audience.REPORTER, "reopened"),
    Told(CaseReopened, Audience.UNIT, "desk_reopened"),
    Told(CaseWithdrawn, Audience.UNIT, "desk_withdrawn"),
    Told(DeadlineApproaching, Audience.UNIT, "desk_approaching"),
    Told(DeadlineMissed, Audience.HEAD, "desk_missed"),
    Told(DeadlineMissed, Audience.MONITORING, "desk_missed_elsewhere"),
    Told(DeadlineMissed, Audience.OFFICE, "desk_missed_elsewhere"),
    Told(DeadlineEscalated, Audience.LEADERS, "desk_escalated"),
    # Last, so that whoever is told as somebody else already is told once. No more than the public
    # view shows.
    Told(CaseAssigned, Audience.FOLLOWERS, "follow/assigned"),
    Told(CoordinationApproved, Audience.FOLLOWERS, "follow/coordination"),
    Told(CoordinationMoved, Audience.FOLLOWERS, "follow/coordination_moved", when=_of_the_whole),
    Told(CaseResolved, Audience.FOLLOWERS, "follow/result"),
    Told(CaseRefused, Audience.FOLLOWERS, "follow/refused"),
    Told(CaseRedirected, Audience.FOLLOWERS, "follow/redirected"),
    Told(CaseReopened, Audience.FOLLOWERS, "follow/reopened"),
    Told(CaseWithdrawn, Audience.FOLLOWERS, "follow/withdrawn"),
)
_STEP = "a step of the unit's own work: the case's page shows it, and nobody has to act"
_OTHER = "said again as an assignment, a result or a deadline, which are told"
_AUDIT = "kept in the audit and shown at the desk of who asked"
TOLD_NOBODY: Mapping[type[Event], str] = {
    CaseRoutingSuggested: _OTHER,
    RoutingDecided: _OTHER,
    CaseReleased: _OTHER,
    DeadlineSet: _OTHER,
    DeadlineMet: _OTHER,
    CaseAccepted: _STEP,
    CaseDispatched: _STEP,
    CaseProgressed: _STEP,
    DirectiveAcknowledged: _STEP,
    CaseRated: "a figure; who disagrees reopens, which is told",
    CaseClosed: "nothing is left to do",
    CaseFollowed: "a stranger's wish, of no concern to others",
    CaseUnfollowed: "the same",
    ReporterErased: "nobody is left to be told, and nobody else is to know",
    DisclosureRequested: _AUDIT,
    DisclosureApproved: _AUDIT,
    DisclosureRejected: _AUDIT,
    DisclosureRevoked: _AUDIT,
    DisclosureDownloaded: _AUDIT,
    IncidentRaised: "the operations centre's own",
    IncidentExtended: "the same",
    IncidentClosed: "the same",
}
_ROWS: Mapping[type[Event], Sequence[Told]] = {
    row.event: [each for each in TOLD if each.event is row.event] for row in TOLD
}


@dataclass(frozen=True)
class Notice:
    """What is to be told to the reporter (no unit), to followers, or to some people of a unit."""

    template: str
    unit: UnitId | None = None
    roles: frozenset[Role] = EVERYBODY
    followers: bool = False


@dataclass(frozen=True)
class Heard:
    """An event that somebody may be told of, with the case after it."""

    id: str
    event: Event
    case: CaseSnapshot


def concerns(event: Event | None) -> bool:
    """Say whether anybody may be told of an event."""
    return type(event) in _ROWS


def reminder(identifier: str, event: DeadlineEvent, newest: CaseSnapshot) -> Heard:
    """Return a deadline event with its case: what it says itself, the rest from the newest news."""
    said = {"unit": event.unit, "monitoring_unit": event.monitoring_unit}
    return Heard(identifier, event, newest.model_copy(update=said))


def notices(heard: Heard) -> list[Notice]:
    """Return what is to be told about an event, and of which units to whom.

    A reminder of a case that has its answer meanwhile is told to nobody.
    """
    if isinstance(heard.event, DeadlineEvent) and heard.case.state in DONE:
        return []
    found: list[Notice] = []
    for row in _ROWS.get(type(heard.event), ()):
        if not row.when(heard.event):
            continue
        if row.audience is Audience.REPORTER:
            found += [Notice(row.template)] if heard.case.reporter else []
        elif row.audience is Audience.FOLLOWERS:
            shown = heard.case.followers and not _sealed(heard.case)
            found += [Notice(row.template, followers=True)] if shown else []
        else:
            roles = HEADS if row.audience is Audience.HEAD else EVERYBODY
            found += [Notice(row.template, unit, roles) for unit in _units(row.audience, heard)]
    return found


def _sealed(case: CaseSnapshot) -> bool:
    """Say whether the case is nobody's but the Office's and the leaders' now."""
    return case.state is State.HELD or case.restricted


def handling(case: CaseSnapshot) -> UnitId:
    """Return who has to act: what nobody is assigned, or may look at yet, lies with the Office."""
    return OFFICE if _sealed(case) else case.unit or OFFICE


def _units(audience: Audience, heard: Heard) -> list[UnitId]:
    """Return the units of an audience that may hear of the case.

    A unit never hears of a report about itself; in the Office's place the leaders do. What would
    be nobody's then is the Office's.
    """
    case, event = heard.case, heard.event
    if is_nobodys(case):
        return [OFFICE]
    match audience:
        case Audience.UNIT | Audience.HEAD:
            named = [handling(case)]
        case Audience.MONITORING:
            named = [case.monitoring_unit or OFFICE]
        case Audience.COORDINATING:
            named = list(case.coordinating_units)
        case Audience.ADDRESSEE:
            named = [event.addressee] if isinstance(event, DirectiveGiven) else []
        case Audience.LEADERS:
            named = [LEADERS]
        case _:
            named = [OFFICE]
    lifted = [LEADERS if each == OFFICE and OFFICE in case.about else each for each in named]
    may_hear = lifted if not _sealed(case) else [each for each in lifted if each in TOP]
    return [each for each in may_hear if each not in case.about]
