"""The steps of a queue: take a number, call, recall, skip, serve, transfer, leave, rate. Pure."""

from dataclasses import dataclass
from datetime import datetime

from services.intake.onestop.domain.queue import (
    MOST_TICKETS,
    AlreadyRatedError,
    CallKeyReusedError,
    Happened,
    NotYourTicketError,
    Queue,
    QueueFullError,
    Rating,
    Step,
    Ticket,
    TicketState,
    TicketStateError,
    label_of,
)
from shared.events.onestop import (
    TicketArrived,
    TicketCalled,
    TicketExpired,
    TicketIssued,
    TicketLeft,
    TicketRated,
    TicketServed,
    TicketSkipped,
    TicketTransferred,
)
from shared.vocabulary import DeskId, Language, ProcedureId, ReporterId

VISITOR = "visitor"
INTAKE = "intake"
LOW = 2  # a rating of this or less offers to report the service


@dataclass(frozen=True)
class Wish:
    """What somebody wants who takes a number."""

    id: str
    through: str
    language: Language
    procedure: ProcedureId | None = None
    remind_at: int | None = None
    visitor: ReporterId | None = None


@dataclass(frozen=True)
class Caller:
    """A clerk, and the window at which they sit."""

    clerk: str
    position: str | None = None
    key: str | None = None  # hash of the idempotency key of a call, and of its clerk
    body: str | None = None  # hash of what is said under that key


def issue(
    queue: Queue,
    wish: Wish,
    prefix: str,
    *,
    most: int,
    now: datetime,
    opens_at: datetime | None = None,
) -> Step:
    """Give out the next number; who takes one while it is closed waits from `opens_at` on.

    Raises:
        QueueFullError: the desk has given out all of the day's.
    """
    if queue.issued >= min(most, MOST_TICKETS):
        raise QueueFullError(queue.id)
    number = queue.issued + 1
    # who is served by another clock, a little behind, is not called before a lower number
    last = max((each.taken_at for each in queue.tickets if each.from_desk is None), default=now)
    ticket = Ticket(
        id=wish.id,
        label=label_of(prefix, number),
        through=wish.through,
        taken_at=max(now, last),
        language=wish.language,
        procedure=wish.procedure,
        remind_at=wish.remind_at,
        visitor=wish.visitor,
        arrived_at=opens_at,
    )
    after = queue.model_copy(update={"issued": number, "tickets": (*queue.tickets, ticket)})
    told = {"through": wish.through, "ahead": after.ahead(ticket), "procedure": wish.procedure}
    return _step(after, [Happened(TicketIssued, ticket, VISITOR, told)], ticket)


def call_next(queue: Queue, caller: Caller, now: datetime) -> Step:
    """Finish what the clerk has in hand, and call who waits longest; nobody, when nobody waits.

    The same key calls the same number: a caller who did not hear the answer skips nobody.

    Raises:
        CallKeyReusedError: the key stands for a call with another body.
    """
    again = next((t for t in queue.tickets if caller.key and t.call_key == caller.key), None)
    if again:
        if again.call_body != caller.body:
            raise CallKeyReusedError(again.id)
        return Step(queue, [], again)
    happened: list[Happened] = []
    for ticket in queue.in_hand(caller.clerk):
        queue, done = _end(queue, ticket, TicketState.SERVED, now)
        happened.append(Happened(TicketServed, done, caller.clerk, {"served_s": done.served_s}))
    waiting = queue.waiting()
    if not waiting:
        return _step(queue, happened, None)
    queue, called = _call(queue, waiting[0], caller, now)
    return _step(queue, [*happened, _called(called, caller.clerk)], called)


def recall(queue: Queue, identifier: str, caller: Caller, now: datetime) -> Step:
    """Call a number again that is in hand, or that was skipped.

    Raises:
        NoSuchTicketError, TicketStateError, NotYourTicketError: nothing changed.
    """
    ticket = queue.ticket(identifier)
    if ticket.state is TicketState.SERVING:
        _require_own(ticket, caller)
    elif ticket.state is not TicketState.SKIPPED:
        raise TicketStateError(ticket.state, "recall")
    queue, called = _call(queue, ticket, caller, now)
    return _step(queue, [_called(called, caller.clerk)], called)


def skip(queue: Queue, identifier: str, caller: Caller, now: datetime) -> Step:
    """Put a number aside whose holder did not come; see `recall` for refusals."""
    ticket = _in_own_hand(queue, identifier, caller, "skip")
    queue, done = _end(queue, ticket, TicketState.SKIPPED, now)
    return _step(queue, [Happened(TicketSkipped, done, caller.clerk, {})], done)


def serve(queue: Queue, identifier: str, caller: Caller, now: datetime) -> Step:
    """Say that a number is done; see `recall` for refusals."""
    ticket = _in_own_hand(queue, identifier, caller, "serve")
    queue, done = _end(queue, ticket, TicketState.SERVED, now)
    told = {"served_s": done.served_s}
    return _step(queue, [Happened(TicketServed, done, caller.clerk, told)], done)


def hand_over(queue: Queue, identifier: str, caller: Caller, *, to: DeskId, now: datetime) -> Step:
    """Send a number in hand on to another desk; see `recall` for refusals.

    A number that is on its way to that desk already is sent once.
    """
    ticket = queue.ticket(identifier)
    if ticket.state is TicketState.TRANSFERRED and ticket.to_desk == to:
        return Step(queue, [], ticket)
    ticket = _in_own_hand(queue, identifier, caller, "transfer")
    sent = ticket.model_copy(update={"to_desk": to})
    queue, done = _end(queue, sent, TicketState.TRANSFERRED, now)
    told = {"to_desk": to}
    return _step(queue, [Happened(TicketTransferred, done, caller.clerk, told)], done)


def arrive(queue: Queue, ticket: Ticket, clerk: str, *, from_desk: DeskId, now: datetime) -> Step:
    """Take a number in that comes from another desk; it keeps its label and its time."""
    known = next((each for each in queue.tickets if each.id == ticket.id), None)
    if known and known.state is not TicketState.TRANSFERRED:
        return Step(queue, [], known)
    # what happened at another desk stays there, and what happened here before stays counted
    here = Ticket(
        id=ticket.id,
        label=ticket.label,
        through=ticket.through,
        taken_at=ticket.taken_at,
        language=ticket.language,
        procedure=ticket.procedure,
        remind_at=ticket.remind_at,
        visitor=ticket.visitor,
        from_desk=from_desk,
        arrived_at=now,
    )
    before = [
        each.model_copy(update={"id": f"{each.id}~{queue.sequence}"}) if each is known else each
        for each in queue.tickets
    ]
    queue = queue.model_copy(update={"tickets": (*before, here)})
    told = {"from_desk": from_desk, "ahead": queue.ahead(here)}
    return _step(queue, [Happened(TicketArrived, here, clerk, told)], here)


def take_back(queue: Queue, ticket: Ticket, clerk: str, *, to: DeskId, now: datetime) -> Step:
    """Undo an arrival: the number could not leave its desk `to` any more, so none waits here.

    One that was called here already is in good hands, and stays.
    """
    known = next((each for each in queue.tickets if each.id == ticket.id), None)
    if known is None or known.state is not TicketState.WAITING or known.from_desk != to:
        return Step(queue, [], known)
    queue, done = _end(
        queue, known.model_copy(update={"to_desk": to}), TicketState.TRANSFERRED, now
    )
    return _step(queue, [Happened(TicketTransferred, done, clerk, {"to_desk": to})], done)


def leave(queue: Queue, identifier: str, now: datetime) -> Step:
    """Give a waiting number back.

    Raises:
        NoSuchTicketError, TicketStateError: it does not wait.
    """
    ticket = queue.ticket(identifier)
    if ticket.state is not TicketState.WAITING:
        raise TicketStateError(ticket.state, "leave")
    queue, done = _end(queue, ticket, TicketState.LEFT, now)
    return _step(queue, [Happened(TicketLeft, done, VISITOR, {})], done)


def rate(queue: Queue, identifier: str, rating: Rating) -> Step:
    """Rate the clerk who served a number, once.

    Raises:
        NoSuchTicketError, TicketStateError, AlreadyRatedError: nothing changed.
    """
    ticket = queue.ticket(identifier)
    if ticket.state is not TicketState.SERVED:
        raise TicketStateError(ticket.state, "rating")
    if ticket.rating:
        raise AlreadyRatedError(identifier)
    rated = ticket.model_copy(update={"rating": rating})
    told = {"score": rating.score, "clerk": ticket.clerk or ""}
    return _step(queue.with_ticket(rated), [Happened(TicketRated, rated, VISITOR, told)], rated)


def end_day(queue: Queue, now: datetime) -> Step:
    """End a day that is over: who was not called expires, what is in hand counts as served."""
    happened: list[Happened] = []
    for ticket in queue.in_hand():
        queue, done = _end(queue, ticket, TicketState.SERVED, now)
        # nobody knows when; what lasted the night would spoil every mean
        done = done.model_copy(update={"ended_at": done.last_called_at})
        queue = queue.with_ticket(done)
        happened.append(Happened(TicketServed, done, INTAKE, {"served_s": 0}))
    for ticket in queue.waiting():
        queue, done = _end(queue, ticket, TicketState.EXPIRED, now)
        happened.append(Happened(TicketExpired, done, INTAKE, {}))
    return _step(queue, happened, None)


def _in_own_hand(queue: Queue, identifier: str, caller: Caller, what: str) -> Ticket:
    ticket = queue.ticket(identifier)
    if ticket.state is not TicketState.SERVING:
        raise TicketStateError(ticket.state, what)
    _require_own(ticket, caller)
    return ticket


def _require_own(ticket: Ticket, caller: Caller) -> None:
    if ticket.clerk != caller.clerk:
        raise NotYourTicketError(ticket.id)


def _call(queue: Queue, ticket: Ticket, caller: Caller, now: datetime) -> tuple[Queue, Ticket]:
    called = ticket.model_copy(
        update={
            "state": TicketState.SERVING,
            "called_at": ticket.called_at or now,
            "last_called_at": now,
            "calls": ticket.calls + 1,
            "clerk": caller.clerk,
            "position": caller.position,
            "call_key": caller.key or ticket.call_key,
            "call_body": caller.body if caller.key else ticket.call_body,
            "ended_at": None,
        }
    )
    return queue.with_ticket(called), called


def _called(ticket: Ticket, clerk: str) -> Happened:
    told = {"calls": ticket.calls, "waited_s": ticket.waited_s, "position": ticket.position}
    return Happened(TicketCalled, ticket, clerk, told)


def _end(queue: Queue, ticket: Ticket, state: TicketState, now: datetime) -> tuple[Queue, Ticket]:
    done = ticket.model_copy(update={"state": state, "ended_at": now})
    return queue.with_ticket(done), done


def _step(queue: Queue, happened: list[Happened], ticket: Ticket | None) -> Step:
    """Finish a step: number what happened."""
    return Step(
        queue.model_copy(update={"sequence": queue.sequence + len(happened)}), happened, ticket
    )
