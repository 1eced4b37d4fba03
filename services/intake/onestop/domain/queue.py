"""A desk's queue of one working day: who waits, who is called next. Pure.

A queue is one value; every step gives the next value and what happened, or a refusal. Whoever
stores it compares and sets, so two callers never get the same number: one of them decides again.
The order is fair: by the time at which the number was taken, also for who comes from another desk.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from statistics import median
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.intake.onestop.errors import OneStopError
from shared.events.onestop import Board, TicketEvent
from shared.vocabulary import DeskId, Language, ProcedureId, ReporterId

MOST_TICKETS = 999  # of one desk and day: a number has three digits
LATELY = 10  # services whose length the estimate looks at
RECENT = timedelta(minutes=30)  # a clerk who called nobody for so long is not counted on
LONGEST = timedelta(hours=4)  # no half day is longer: what lasts beyond it lasted over a closing


class TicketState(StrEnum):
    """Where a number stands."""

    WAITING = "waiting"
    SERVING = "serving"  # called, and in a clerk's hand
    SERVED = "served"
    SKIPPED = "skipped"
    TRANSFERRED = "transferred"
    LEFT = "left"
    EXPIRED = "expired"


class QueueError(OneStopError):
    """The root of what a queue refuses; nothing changed."""


class NoSuchTicketError(QueueError):
    """This queue has no such number."""


class TicketStateError(QueueError):
    """The number is in a state in which this cannot be done."""

    def __init__(self, state: TicketState, what: str) -> None:
        super().__init__(f"the number is {state}: no {what} now")
        self.state = state
        self.what = what


class NotYourTicketError(QueueError):
    """Another clerk has the number in hand."""


class QueueFullError(QueueError):
    """The desk gives out no more numbers for the day."""


class CallKeyReusedError(QueueError):
    """The key of a call stands for a call with another body."""


class AlreadyRatedError(QueueError):
    """A number is rated once."""


class Part(BaseModel):
    """A part of a queue: unchangeable."""

    model_config = ConfigDict(frozen=True)


class Rating(Part):
    """What the visitor thinks of the clerk, 1 to 5, and why."""

    score: int
    reason: str
    at: datetime


class Ticket(Part):
    """A number and its holder's way.

    Attributes:
        id: Random; what events and addresses say.
        label: As people read it: "A-042".
        taken_at: Since when its holder waits, at whatever desk.
        remind_at: Remind when so few are ahead; None: not at all.
        visitor: Reference into the vault, of who left an address.
        call_key: Hash of the idempotency key, and of its clerk, of the call that called it.
        call_body: Hash of what that call said.
    """

    id: str
    label: str
    through: str
    taken_at: datetime
    language: Language
    state: TicketState = TicketState.WAITING
    procedure: ProcedureId | None = None
    remind_at: int | None = None
    reminded: bool = False
    visitor: ReporterId | None = None
    from_desk: DeskId | None = None
    to_desk: DeskId | None = None
    arrived_at: datetime | None = None
    called_at: datetime | None = None  # for the first time
    last_called_at: datetime | None = None
    calls: int = 0
    clerk: str | None = None
    position: str | None = None
    call_key: str | None = None
    call_body: str | None = None
    ended_at: datetime | None = None
    rating: Rating | None = None

    @property
    def turn(self) -> tuple[datetime, str]:
        """What the order of the calls goes by; taken in one instant, the lower number is first."""
        return self.taken_at, self.label

    @property
    def came_at(self) -> datetime:
        """When it came to this desk."""
        return self.arrived_at or self.taken_at

    @property
    def waited_s(self) -> int:
        """Seconds from its coming to this desk to its first call; 0 before."""
        if self.called_at is None:
            return 0
        return max(int((self.called_at - self.came_at).total_seconds()), 0)

    @property
    def served_s(self) -> int:
        """Seconds from its last call to its end; 0 before, and of what lasted over a closing.

        Nobody knows then when it ended, and a night would spoil every mean.
        """
        if self.last_called_at is None or self.ended_at is None:
            return 0
        lasted = self.ended_at - self.last_called_at
        return int(lasted.total_seconds()) if lasted <= LONGEST else 0


class Queue(Part):
    """The queue of a desk on a working day.

    Attributes:
        sequence: The number of its latest event.
        issued: Numbers given out here; the next one is one more.
    """

    desk: DeskId
    on: date
    sequence: int = 0
    issued: int = 0
    tickets: tuple[Ticket, ...] = ()

    @property
    def id(self) -> str:
        """What the queue is stored and spoken of under."""
        return queue_id(self.desk, self.on)

    def ticket(self, identifier: str) -> Ticket:
        """Return a number; NoSuchTicketError when it is not here."""
        for each in self.tickets:
            if each.id == identifier:
                return each
        raise NoSuchTicketError(identifier)

    def waiting(self) -> list[Ticket]:
        """Return who waits, in the order of the calls."""
        found = [each for each in self.tickets if each.state is TicketState.WAITING]
        return sorted(found, key=lambda each: each.turn)

    def in_hand(self, clerk: str | None = None) -> list[Ticket]:
        """Return the numbers in hand, of one clerk or of all; the latest call first."""
        found = [
            each
            for each in self.tickets
            if each.state is TicketState.SERVING and clerk in {None, each.clerk}
        ]
        return sorted(found, key=_last_called, reverse=True)

    def ahead(self, ticket: Ticket) -> int:
        """Return how many are called before a waiting number."""
        return sum(each.turn < ticket.turn for each in self.waiting())

    def with_ticket(self, ticket: Ticket) -> "Queue":
        """Return the queue with this number as it is now."""
        changed = tuple(ticket if each.id == ticket.id else each for each in self.tickets)
        return self.model_copy(update={"tickets": changed})


@dataclass(frozen=True)
class Happened:
    """What a step did to a number: the event's type and its own fields."""

    event: type[TicketEvent]
    ticket: Ticket
    actor: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Step:
    """A queue after a step, what happened in it, and the number that it was about."""

    queue: Queue
    happened: Sequence[Happened]
    ticket: Ticket | None

    def events(self, at: datetime) -> list[TicketEvent]:
        """Return the events of the step; all of them show the board after it."""
        board = board_of(self.queue)
        return [
            each.event(
                at=at,
                actor=each.actor,
                ticket=each.ticket.id,
                label=each.ticket.label,
                board=board,
                **each.fields,
            )
            for each in self.happened
        ]


def queue_id(desk: str, on: date) -> str:
    """Return the name of a desk's day."""
    return f"{desk}.{on.isoformat()}"


def label_of(prefix: str, number: int) -> str:
    """Return a number as people read it: "A-042"."""
    return f"{prefix}-{number:03}"


def board_of(queue: Queue) -> Board:
    """Count a queue. Whoever folds its events gets the same figures."""
    tickets = queue.tickets

    def many(state: TicketState) -> int:
        return sum(each.state is state for each in tickets)

    scores = [each.rating.score for each in tickets if each.rating]
    one, two, three, four, five = (scores.count(score) for score in range(1, 6))
    return Board(
        desk=queue.desk,
        on=queue.on,
        issued=queue.issued,
        arrived=sum(each.from_desk is not None for each in tickets),
        waiting=many(TicketState.WAITING),
        serving=many(TicketState.SERVING),
        called=sum(each.called_at is not None for each in tickets),
        waited_s=sum(each.waited_s for each in tickets),
        served=many(TicketState.SERVED),
        served_s=sum(each.served_s for each in tickets if each.state is TicketState.SERVED),
        skipped=many(TicketState.SKIPPED),
        transferred=many(TicketState.TRANSFERRED),
        left=many(TicketState.LEFT),
        expired=many(TicketState.EXPIRED),
        ratings=(one, two, three, four, five),
        now_serving=tuple(each.label for each in queue.in_hand()),
    )


def estimate_s(queue: Queue, ahead: int, usual_s: int, now: datetime) -> int:
    """Return how long a waiting number will wait, in seconds of open desk.

    The median of the last ten services of the day, or the desk's usual length before there were
    three, times those ahead, shared by the clerks at work (at least one): who have somebody in
    hand, or called somebody lately.
    """
    done = sorted((each for each in queue.tickets if each.state is TicketState.SERVED), key=_ended)[
        -LATELY:
    ]
    each_s = median(ticket.served_s for ticket in done) if len(done) >= 3 else usual_s  # noqa: PLR2004
    in_hand = queue.in_hand()
    at_work = {ticket.clerk for ticket in in_hand} | {
        ticket.clerk
        for ticket in queue.tickets
        if ticket.clerk and ticket.last_called_at and now - ticket.last_called_at <= RECENT
    }
    rounds = (ahead + min(len(in_hand), 1)) / max(len(at_work), 1)
    return round(rounds * max(each_s, 1))


def _last_called(ticket: Ticket) -> datetime:
    return ticket.last_called_at or ticket.taken_at


def _ended(ticket: Ticket) -> datetime:
    return ticket.ended_at or ticket.taken_at
