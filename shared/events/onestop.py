"""The events of the one-stop counter, said by intake: queues of numbers, and dossiers.

Neither a visitor nor an applicant is on the wire: a number is a number, an applicant a random
reference into the vault. What somebody wrote stays with the ticket or the dossier.
"""

from datetime import date
from typing import ClassVar

from pydantic import AwareDatetime

from shared.events.base import Event, Wire
from shared.vocabulary import DeskId, DossierState, Language, ProcedureId, ReporterId


class Board(Wire):
    """A desk's day in figures, after the event: the newest wins, by `sequence`.

    `waited_s` sums over `called`, the numbers that were called at least once. `served_s` sums over
    `served`. `ratings` counts the scores 1 to 5. `now_serving` are the numbers in hand.
    """

    desk: DeskId
    on: date
    issued: int = 0
    arrived: int = 0  # from other desks
    waiting: int = 0
    serving: int = 0
    called: int = 0
    waited_s: int = 0
    served: int = 0
    served_s: int = 0
    skipped: int = 0
    transferred: int = 0
    left: int = 0
    expired: int = 0
    ratings: tuple[int, int, int, int, int] = (0, 0, 0, 0, 0)
    now_serving: tuple[str, ...] = ()


class TicketEvent(Event):
    """Said by intake of a number in a desk's queue; `subject` is the desk's day.

    `actor` is a clerk's account, `visitor` or `intake`.
    """

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    ticket: str
    label: str
    board: Board


class TicketIssued(TicketEvent):
    """Somebody took a number ("bấm số thứ tự"); `ahead` are called before it."""

    type: ClassVar[str] = "ticket.issued.v1"
    through: str  # online or kiosk
    ahead: int
    procedure: ProcedureId | None = None


class TicketNearing(TicketEvent):
    """So few are ahead that its holder asked to be reminded now."""

    type: ClassVar[str] = "ticket.nearing.v1"
    ahead: int
    visitor: ReporterId | None = None
    language: Language


class TicketCalled(TicketEvent):
    """A clerk called the number, for the first time or again."""

    type: ClassVar[str] = "ticket.called.v1"
    calls: int
    waited_s: int
    position: str | None = None  # the window, as the board shows it


class TicketServed(TicketEvent):
    """The clerk is done with the number."""

    type: ClassVar[str] = "ticket.served.v1"
    served_s: int


class TicketSkipped(TicketEvent):
    """Nobody came; the number can still be called again."""

    type: ClassVar[str] = "ticket.skipped.v1"


class TicketTransferred(TicketEvent):
    """Its holder goes on to another desk, where the number keeps its time."""

    type: ClassVar[str] = "ticket.transferred.v1"
    to_desk: DeskId


class TicketArrived(TicketEvent):
    """A number came from another desk."""

    type: ClassVar[str] = "ticket.arrived.v1"
    from_desk: DeskId
    ahead: int


class TicketLeft(TicketEvent):
    """Its holder gave the number back."""

    type: ClassVar[str] = "ticket.left.v1"


class TicketExpired(TicketEvent):
    """The day is over, and the number was not served."""

    type: ClassVar[str] = "ticket.expired.v1"


class TicketRated(TicketEvent):
    """Its holder rated the clerk, 1 to 5 ("đánh giá thái độ phục vụ")."""

    type: ClassVar[str] = "ticket.rated.v1"
    score: int
    clerk: str


class DossierSnapshot(Wire):
    """What everybody may need of a dossier. The newest one wins, by `sequence`."""

    number: str
    procedure: ProcedureId
    desk: DeskId
    state: DossierState
    through: str  # online or counter
    submitted_at: AwareDatetime
    due_at: AwareDatetime
    limit_s: int
    calendar: str
    paused_at: AwareDatetime | None = None  # since then the applicant owes something
    promised_at: AwareDatetime | None = None  # a later date, told once; `due_at` still judges
    ready_at: AwareDatetime | None = None
    on_time: bool | None = None
    applicant: ReporterId | None = None
    language: Language


class DossierEvent(Event):
    """Said by intake of a dossier; `subject` is its short code, `actor` as for a ticket."""

    source: ClassVar[str] = "/civic/intake"
    at: AwareDatetime
    actor: str
    dossier: DossierSnapshot


class DossierSubmitted(DossierEvent):
    """A dossier was handed in ("nộp hồ sơ"), online or at the counter; its clock runs."""

    type: ClassVar[str] = "dossier.submitted.v1"


class DossierReceived(DossierEvent):
    """A clerk found it complete; this is the receipt."""

    type: ClassVar[str] = "dossier.received.v1"


class DossierSupplementAsked(DossierEvent):
    """Something is missing; the clock stands until it is there. `items` are of the checklist."""

    type: ClassVar[str] = "dossier.supplement_asked.v1"
    items: tuple[str, ...]


class DossierSupplemented(DossierEvent):
    """What was missing is there; the due date moves by the time that the clock stood."""

    type: ClassVar[str] = "dossier.supplemented.v1"
    items: tuple[str, ...]


class DossierProcessing(DossierEvent):
    """The dossier is being examined."""

    type: ClassVar[str] = "dossier.processing.v1"


class DossierReady(DossierEvent):
    """The result waits to be fetched; the clock stops."""

    type: ClassVar[str] = "dossier.ready.v1"


class DossierReturned(DossierEvent):
    """The result was handed out."""

    type: ClassVar[str] = "dossier.returned.v1"


class DossierRefused(DossierEvent):
    """The dossier cannot be granted; the words stay with it."""

    type: ClassVar[str] = "dossier.refused.v1"
    reason: str


class DossierWithdrawn(DossierEvent):
    """The applicant took it back."""

    type: ClassVar[str] = "dossier.withdrawn.v1"


class DossierPostponed(DossierEvent):
    """The result comes later: its applicant has a new date, `promised_at`, and the reason."""

    type: ClassVar[str] = "dossier.postponed.v1"


class DueDateEvent(Event):
    """Said by sla of a dossier's due date; `subject` is the short code.

    `version` counts the due dates that the dossier has had: one moves when papers were missing, and
    one that was promised anew, once, follows it.
    """

    source: ClassVar[str] = "/civic/sla"
    number: str
    procedure: ProcedureId
    desk: DeskId
    version: int
    due_at: AwareDatetime
    promised: bool = False  # the date is the one told anew: no other can be given
    applicant: ReporterId | None = None
    language: Language


class DueDateApproaching(DueDateEvent):
    """Most of the limit is used up, and the result is not ready."""

    type: ClassVar[str] = "duedate.approaching.v1"


class DueDateMissed(DueDateEvent):
    """The due date has passed without a result. `late_firing_s` is our own delay."""

    type: ClassVar[str] = "duedate.missed.v1"
    late_firing_s: int = 0


TICKET_EVENTS: tuple[type[TicketEvent], ...] = (
    TicketIssued,
    TicketNearing,
    TicketCalled,
    TicketServed,
    TicketSkipped,
    TicketTransferred,
    TicketArrived,
    TicketLeft,
    TicketExpired,
    TicketRated,
)
DOSSIER_EVENTS: tuple[type[DossierEvent], ...] = (
    DossierSubmitted,
    DossierReceived,
    DossierSupplementAsked,
    DossierSupplemented,
    DossierProcessing,
    DossierReady,
    DossierReturned,
    DossierRefused,
    DossierWithdrawn,
    DossierPostponed,
)
DUE_DATE_EVENTS: tuple[type[DueDateEvent], ...] = (
    DueDateApproaching,
    DueDateMissed,
)
