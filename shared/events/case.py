"""The events of a case, said by intake."""

from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event
from shared.events.snapshot import MediaCount, Suggestion
from shared.vocabulary import (
    AreaId,
    CategoryId,
    Clock,
    Origin,
    RuleId,
    UnitId,
)


class CaseEvent(Event):
    """Said by intake. `actor` is an account, `reporter` or a service, never a person's name.

    `by` is the unit for which the actor acted; what somebody wrote stays with the case.
    """

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    by: UnitId | None = None


class CaseSubmitted(CaseEvent):
    """A report was accepted and is durable, with all its media. Its clock runs."""

    type: ClassVar[str] = "case.submitted.v1"
    stated_area: AreaId | None = None
    suggestion: Suggestion | None = None
    mentions: tuple[UnitId, ...] = ()


class CaseHeld(CaseEvent):
    """The report waits for a person of the Office before anybody acts; its clock runs on."""

    type: ClassVar[str] = "case.held.v1"
    reasons: tuple[str, ...] = ()


class CaseRoutingSuggested(CaseEvent):
    """The router's decision about a held case: what the Office is offered when it releases it."""

    type: ClassVar[str] = "case.routing_suggested.v1"
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    flags: tuple[str, ...] = ()
    routing_sequence: int


class CaseReleased(CaseEvent):
    """A person of the Office looked at a held report and found it fit to be handled."""

    type: ClassVar[str] = "case.released.v1"


class CaseAssigned(CaseEvent):
    """The case lies with `unit`, which is the Office when no rule placed it."""

    type: ClassVar[str] = "case.assigned.v1"
    unit: UnitId
    monitoring_unit: UnitId
    rule: RuleId
    category: CategoryId
    category_origin: Origin
    area: AreaId | None = None
    area_origin: str | None = None
    flags: tuple[str, ...] = ()
    due_at: AwareDatetime
    limit_s: int
    clock: Clock
    routing_sequence: int


class CaseAccepted(CaseEvent):
    """The handling unit took the case on ("tiếp nhận")."""

    type: ClassVar[str] = "case.accepted.v1"
    unit: UnitId


class CaseDispatched(CaseEvent):
    """The handling unit sent somebody ("cử cán bộ xử lý")."""

    type: ClassVar[str] = "case.dispatched.v1"
    unit: UnitId


class CaseProgressed(CaseEvent):
    """The handling unit says how far it is."""

    type: ClassVar[str] = "case.progressed.v1"
    unit: UnitId


class CaseForwarded(CaseEvent):
    """A unit that is not competent handed everything to the Office (regulation 4.2)."""

    type: ClassVar[str] = "case.forwarded.v1"
    reason: str
    hops: int


class CaseRecategorised(CaseEvent):
    """The category was corrected; the strictest limit from first receipt holds."""

    type: ClassVar[str] = "case.recategorised.v1"
    category: CategoryId
    previous: CategoryId | None
    due_at: AwareDatetime
    limit_s: int
    clock: Clock


class CoordinationProposed(CaseEvent):
    """The handling unit names the units it needs and when it expects to be done."""

    type: ClassVar[str] = "case.coordination_proposed.v1"
    units: tuple[UnitId, ...]
    expected_at: AwareDatetime


class CoordinationApproved(CaseEvent):
    """The Office agrees: the units have their tasks, both dates are shown."""

    type: ClassVar[str] = "case.coordination_approved.v1"
    units: tuple[UnitId, ...]
    expected_at: AwareDatetime


class CoordinationRejected(CaseEvent):
    """The Office does not agree; the first deadline stands alone."""

    type: ClassVar[str] = "case.coordination_rejected.v1"
    reason: str


class CoordinationMoved(CaseEvent):
    """The expected date moved, for a recorded reason; the old one stays in the history."""

    type: ClassVar[str] = "case.coordination_moved.v1"
    expected_at: AwareDatetime
    previous: AwareDatetime
    unit: UnitId | None = None  # the coordinating unit whose task moved; None: the whole


class CoordinationAnswered(CaseEvent):
    """A coordinating unit has done its task and says what it found."""

    type: ClassVar[str] = "case.coordination_answered.v1"
    unit: UnitId


class GuidanceAsked(CaseEvent):
    """The Office asks a leader for direction ("báo cáo xin ý kiến chỉ đạo")."""

    type: ClassVar[str] = "case.guidance_asked.v1"


class DirectiveGiven(CaseEvent):
    """A leader gave an instruction, with an addressee and a due time."""

    type: ClassVar[str] = "case.directive_given.v1"
    directive: str
    addressee: UnitId
    due_at: AwareDatetime


class DirectiveAcknowledged(CaseEvent):
    """The addressee has read a directive."""

    type: ClassVar[str] = "case.directive_acknowledged.v1"
    directive: str


class DirectiveFulfilled(CaseEvent):
    """The addressee says that a directive is carried out."""

    type: ClassVar[str] = "case.directive_fulfilled.v1"
    directive: str
    on_time: bool


class CaseResolved(CaseEvent):
    """A result is published ("báo cáo kết quả lên ứng dụng"); the clock stops."""

    type: ClassVar[str] = "case.resolved.v1"
    unit: UnitId
    outcome: str
    on_time: bool


class CaseRefused(CaseEvent):
    """A person of the Office refused the report, for a reason with a code and words."""

    type: ClassVar[str] = "case.refused.v1"
    reason: str


class CaseRedirected(CaseEvent):
    """It is no feedback for this city: another authority's, a complaint or a denunciation."""

    type: ClassVar[str] = "case.redirected.v1"
    reason: str
    restricted: bool = False


class CaseRated(CaseEvent):
    """The reporter rated the result, 1 to 5."""

    type: ClassVar[str] = "case.rated.v1"
    score: int


class CaseReopened(CaseEvent):
    """The reporter disputed the result: it is not done, and a new limit runs."""

    type: ClassVar[str] = "case.reopened.v1"
    disputes: int
    due_at: AwareDatetime
    limit_s: int
    clock: Clock


class CaseClosed(CaseEvent):
    """Done: the reporter was content, or the window for a dispute passed."""

    type: ClassVar[str] = "case.closed.v1"
    reason: str


class CaseWithdrawn(CaseEvent):
    """The reporter took the report back."""

    type: ClassVar[str] = "case.withdrawn.v1"


class MessageAdded(CaseEvent):
    """The reporter, or the unit, wrote something to the other."""

    type: ClassVar[str] = "case.message_added.v1"


class EvidenceAdded(CaseEvent):
    """More photos or recordings belong to the case now."""

    type: ClassVar[str] = "case.evidence_added.v1"
    media: MediaCount


class CaseFollowed(CaseEvent):
    """Somebody else has the same concern and follows the case; nothing of them is said."""

    type: ClassVar[str] = "case.followed.v1"
    followers: int


class CaseUnfollowed(CaseEvent):
    """Somebody follows the case no more."""

    type: ClassVar[str] = "case.unfollowed.v1"
    followers: int


class ReporterErased(CaseEvent):
    """The reporter's identity was destroyed at their wish, or by schedule; the case stays."""

    type: ClassVar[str] = "case.reporter_erased.v1"


CASE_EVENTS: tuple[type[CaseEvent], ...] = (
    CaseSubmitted,
    CaseHeld,
    CaseRoutingSuggested,
    CaseReleased,
    CaseAssigned,
    CaseAccepted,
    CaseDispatched,
    CaseProgressed,
    CaseForwarded,
    CaseRecategorised,
    CoordinationProposed,
    CoordinationApproved,
    CoordinationRejected,
    CoordinationMoved,
    CoordinationAnswered,
    GuidanceAsked,
    DirectiveGiven,
    DirectiveAcknowledged,
    DirectiveFulfilled,
    CaseResolved,
    CaseRefused,
    CaseRedirected,
    CaseRated,
    CaseReopened,
    CaseClosed,
    CaseWithdrawn,
    MessageAdded,
    EvidenceAdded,
    CaseFollowed,
    CaseUnfollowed,
    ReporterErased,
)
