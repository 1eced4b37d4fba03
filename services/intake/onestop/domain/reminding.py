"""Whose turn comes near, and since when that is worth a message. Pure."""

from services.intake.onestop.domain.calling import INTAKE
from services.intake.onestop.domain.opening import Opening
from services.intake.onestop.domain.queue import Happened, Queue, Step
from shared.events.onestop import TicketNearing


def look(queue: Queue) -> Step:
    """Do nothing to a queue, for who only reminds."""
    return Step(queue, [], None)


def has_begun(queue: Queue, found: Opening) -> bool:
    """Say whether somebody may be called: a number of the evening before is not near yet."""
    open_now = found.open_now and found.today == queue.on
    return open_now or any(each.called_at for each in queue.tickets)


def remind(step: Step) -> Step:
    """Return a step after which also those are reminded whose turn comes near."""
    queue, happened = step.queue, list(step.happened)
    for place, waiting in enumerate(queue.waiting()):
        if waiting.remind_at is None or waiting.reminded or place > waiting.remind_at:
            continue
        reminded = waiting.model_copy(update={"reminded": True})
        queue = queue.with_ticket(reminded)
        told = {"ahead": place, "visitor": waiting.visitor, "language": waiting.language}
        happened.append(Happened(TicketNearing, reminded, INTAKE, told))
    more = len(happened) - len(step.happened)
    queue = queue.model_copy(update={"sequence": queue.sequence + more})
    return Step(queue, happened, queue.ticket(step.ticket.id) if step.ticket else None)
