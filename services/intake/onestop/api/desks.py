"""Desks and their queues over HTTP: look, take a number, call, serve, rate."""

from datetime import datetime
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Query, Response
from pydantic import AfterValidator, Field, StringConstraints

from services.intake.api.answers import json_answer
from services.intake.onestop.api.parts import (
    CLERKS,
    PRIVATE,
    READERS,
    Authorization,
    Body,
    Counter,
    IdempotencyKey,
    Line,
    identity,
)
from services.intake.onestop.domain import calling
from services.intake.onestop.domain.calling import Caller
from services.intake.onestop.domain.queue import Queue, Rating, Step, TicketState
from services.intake.onestop.hall import Decide, require_clerk
from services.intake.onestop.store import StoredQueue
from services.intake.onestop.taking import Taken, Taking
from services.intake.onestop.views import (
    clerk_ticket,
    desk_view,
    opening_view,
    procedure_view,
    rated,
    ticket_view,
)
from shared import instant
from shared.vocabulary import Language, ProcedureId

TICKET = "ticket"
Day = Annotated[
    instant.Day | None, Query(description="a working day; if absent, the one that is worked off")
]
Position = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


def _address(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError("not an e-mail address") from error
    return checked.normalized


class TakeNumber(Body):
    """A number is taken; a machine in the hall says `kiosk`."""

    channel: Literal["online", "kiosk"] = "online"
    procedure: ProcedureId | None = None
    remind_before: Annotated[int, Field(ge=1, le=20)] | None = None
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)] | None = None
    language: Language = Language.VIETNAMESE


class Call(Body):
    """A clerk calls; `position` is the window that the board shows."""

    position: Position | None = None


class Transfer(Body):
    """A number goes on to another desk."""

    to: Annotated[str, StringConstraints(min_length=1, max_length=48)]


class RateClerk(Body):
    """A visitor rates the clerk, 1 to 5, and may say why."""

    score: Annotated[int, Field(ge=1, le=5)]
    reason: Line = ""


def create_router(counter: Counter) -> APIRouter:
    """Return the routes of desks and numbers."""
    router = APIRouter(prefix="/onestop", tags=["One-stop"])
    _add_looks(router, counter)
    _add_numbers(router, counter)
    _add_calls(router, counter)
    _add_steps(router, counter)
    return router


def _add_looks(router: APIRouter, counter: Counter) -> None:
    hall = counter.hall

    @router.get("/procedures", summary="What is handed in at the counter")
    async def procedures() -> Response:
        """List the procedures of today with their checklists, limits and desks."""
        found = hall.opening()
        items = [procedure_view(each) for each in counter.catalogue.procedures_on(found.today)]
        body = {"items": items, "next": None, "catalogue": counter.catalogue.version}
        return json_answer(body, headers={"Cache-Control": "public, max-age=60"})

    @router.get("/desks", summary="The desks, and how many wait")
    async def desks() -> Response:
        """List the desks of today with their queues, and when the counter is open."""
        found = hall.opening()
        items: list[dict[str, Any]] = []
        for desk in counter.catalogue.desks_on(found.today):
            stored = await hall.queue(desk)
            items.append(desk_view(desk, stored.queue, found, hall.clock()))
        return json_answer({"items": items, "next": None, "opening": opening_view(found)})

    @router.get("/desks/{desk}", summary="The queue as it stands")
    async def look(desk: str) -> Response:
        """Show which numbers are called, how many wait, and for how long."""
        found = hall.desk(desk)
        stored = await hall.queue(found)
        return json_answer(desk_view(found, stored.queue, hall.opening(), hall.clock()))

    @router.get("/desks/{desk}/tickets", summary="A desk's numbers of a day, for its clerks")
    async def numbers(
        desk: str,
        state: Annotated[TicketState | None, Query()] = None,
        on: Day = None,
        *,
        authorization: Authorization = "",
    ) -> Response:
        """List numbers in the order of the calls; no holder is known here."""
        await counter.somebody(authorization, *READERS)
        stored = await hall.looked_at(desk, on)
        zone = counter.zone
        chosen = [each for each in stored.queue.tickets if state in {None, each.state}]
        ordered = sorted(chosen, key=lambda each: each.turn)
        items = [clerk_ticket(each, zone) for each in ordered]
        body = {"items": items, "next": None, "on": stored.queue.on.isoformat()}
        return json_answer(body, headers=PRIVATE)

    @router.get("/desks/{desk}/ratings", summary="How a desk's clerks were rated")
    async def ratings(
        desk: str,
        on: Day = None,
        *,
        authorization: Authorization = "",
    ) -> Response:
        """List a day's ratings with their reasons, for clerks, the Office and leaders."""
        await counter.somebody(authorization, *READERS)
        stored = await hall.looked_at(desk, on)
        items = [
            {"number": each.label, "clerk": each.clerk, **each.rating.model_dump(mode="json")}
            for each in stored.queue.tickets
            if each.rating
        ]
        body = {"items": items, "next": None, "on": stored.queue.on.isoformat()}
        return json_answer(body, headers=PRIVATE)


def _add_numbers(router: APIRouter, counter: Counter) -> None:
    hall = counter.hall

    @router.post("/desks/{desk}/tickets", status_code=201, summary="Take a number")
    async def take(desk: str, body: TakeNumber, idempotency_key: IdempotencyKey = None) -> Response:
        """Give out the next number; after closing time it is the next working day's.

        With `email` a reminder is sent when only `remind_before` are ahead; 3, if it is not said.
        """
        found = hall.desk(desk)
        wanted = Taking(body.channel, body.language, body.procedure, body.remind_before, body.email)
        taken = await hall.take(found, wanted, identity(idempotency_key, body, desk))
        headers = {"Location": f"/api/v1/onestop/tickets/{taken.ticket.id}", **PRIVATE}
        if taken.replayed:
            headers["Idempotency-Replayed"] = "true"
        return json_answer(_given(counter, taken), 201, headers)

    @router.get("/tickets/{ticket}", summary="Your number")
    async def own(ticket: str, authorization: Authorization = "") -> Response:
        """Show how many are ahead, how long it will take, and whether you were called."""
        counter.require_token(TICKET, ticket, authorization)
        return json_answer(_shown(counter, ticket, await hall.find(ticket)), headers=PRIVATE)

    @router.delete("/tickets/{ticket}", summary="Give your number back")
    async def leave(ticket: str, authorization: Authorization = "") -> Response:
        """Leave the queue: those behind move up."""
        counter.require_token(TICKET, ticket, authorization)
        after = await hall.act(ticket, lambda queue, now: calling.leave(queue, ticket, now))
        return json_answer(_shown(counter, ticket, after), headers=PRIVATE)

    @router.post("/tickets/{ticket}/rating", status_code=201, summary="Rate the clerk")
    async def rate(ticket: str, body: RateClerk, authorization: Authorization = "") -> Response:
        """Rate once after being served; a low rating offers to report the service."""
        counter.require_token(TICKET, ticket, authorization)

        def decide(queue: Queue, now: datetime) -> Step:
            return calling.rate(queue, ticket, Rating(score=body.score, reason=body.reason, at=now))

        after = await hall.act(ticket, decide)
        return json_answer(rated(after.queue.ticket(ticket)), 201, PRIVATE)


def _add_calls(router: APIRouter, counter: Counter) -> None:
    hall = counter.hall

    @router.post("/desks/{desk}/next", summary="Call the next number")
    async def call_next(
        desk: str,
        body: Call | None = None,
        idempotency_key: IdempotencyKey = None,
        *,
        authorization: Authorization = "",
    ) -> Response:
        """Finish what you have in hand and call who waits longest; `ticket` is null if nobody.

        After closing that may be a number of the next working day (`early` of the desk): whoever
        calls then knows that they are in the hall.
        With an `Idempotency-Key`, sending it again gives the same number instead of the next.
        """
        principal = await counter.somebody(authorization, *CLERKS)
        found = hall.desk(desk)
        require_clerk(found, principal.username)
        call = body or Call()
        known = identity(idempotency_key, call, desk, by=principal.account)
        caller = Caller(principal.account, call.position, known.get("key"), known.get("body"))
        stored, ticket = await hall.call_next(found, caller)
        shown = clerk_ticket(ticket, counter.zone) if ticket else None
        view = desk_view(found, stored.queue, hall.opening(), hall.clock())
        return json_answer({"ticket": shown, "desk": view}, headers=PRIVATE)


def _add_steps(router: APIRouter, counter: Counter) -> None:
    hall = counter.hall

    async def caller_of(authorization: str, ticket: str, position: str | None) -> Caller:
        principal = await counter.somebody(authorization, *CLERKS)
        stored = await hall.find(ticket)
        require_clerk(hall.desk(stored.queue.desk), principal.username)
        return Caller(principal.account, position)

    async def step(ticket: str, decide: Decide) -> Response:
        after = await hall.act(ticket, decide)
        return _to_clerk(counter, ticket, after)

    @router.post("/tickets/{ticket}/recall", summary="Call a number again")
    async def recall(
        ticket: str, body: Call | None = None, *, authorization: Authorization = ""
    ) -> Response:
        """Call a number in hand once more, or one that was skipped."""
        caller = await caller_of(authorization, ticket, body.position if body else None)
        return await step(ticket, lambda queue, now: calling.recall(queue, ticket, caller, now))

    @router.post("/tickets/{ticket}/skip", summary="Nobody came")
    async def skip(ticket: str, authorization: Authorization = "") -> Response:
        """Put a number aside; it can still be called again."""
        caller = await caller_of(authorization, ticket, None)
        return await step(ticket, lambda queue, now: calling.skip(queue, ticket, caller, now))

    @router.post("/tickets/{ticket}/serve", summary="Done with a number")
    async def serve(ticket: str, authorization: Authorization = "") -> Response:
        """Finish a number; its holder can rate the service now."""
        caller = await caller_of(authorization, ticket, None)
        return await step(ticket, lambda queue, now: calling.serve(queue, ticket, caller, now))

    @router.post("/tickets/{ticket}/transfer", summary="Send a number to another desk")
    async def transfer(ticket: str, body: Transfer, authorization: Authorization = "") -> Response:
        """Send its holder on; the number keeps its place by the time at which it was taken."""
        caller = await caller_of(authorization, ticket, None)
        after = await hall.transfer(ticket, hall.desk(body.to), caller)
        return _to_clerk(counter, ticket, after)


def _given(counter: Counter, taken: Taken) -> dict[str, Any]:
    ticket = taken.ticket
    return {
        **_shown(counter, ticket.id, taken.stored),
        "ticket_token": counter.tokens.issue_for(TICKET, ticket.id),
        "links": {
            "self": f"/api/v1/onestop/tickets/{ticket.id}",
            "desk": f"/api/v1/onestop/desks/{taken.stored.queue.desk}",
            "rating": f"/api/v1/onestop/tickets/{ticket.id}/rating",
        },
    }


def _shown(counter: Counter, ticket: str, stored: StoredQueue) -> dict[str, Any]:
    queue = stored.queue
    desk = counter.catalogue.desk(queue.desk, queue.on)
    now = counter.hall.clock()
    return ticket_view(queue.ticket(ticket), queue, desk, now)


def _to_clerk(counter: Counter, ticket: str, stored: StoredQueue) -> Response:
    body = clerk_ticket(stored.queue.ticket(ticket), counter.zone)
    return json_answer({**body, "desk": stored.queue.desk}, headers=PRIVATE)
