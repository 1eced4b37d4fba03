"""Dossiers over HTTP: hand in, look up, and one route for every step."""

from collections.abc import Callable
from typing import Annotated, Any

from email_validator import EmailNotValidError, validate_email
from fastapi import APIRouter, Depends, Query, Response
from pydantic import AfterValidator, Field, StringConstraints

from services.intake.api.answers import json_answer
from services.intake.domain.report import PHONE
from services.intake.onestop.api.parts import (
    CLERKS,
    PRIVATE,
    READERS,
    Authorization,
    Body,
    Counter,
    IdempotencyKey,
    Line,
    bearer,
    identity,
)
from services.intake.onestop.domain import dossier as rules
from services.intake.onestop.domain.calling import VISITOR
from services.intake.onestop.domain.dossier_parts import Circumstances, Dossier, Refusal, Step
from services.intake.onestop.dossiers import Decide, Handing
from services.intake.onestop.store import StoredDossier
from services.intake.onestop.views import dossier_view, own_dossier, receipt
from shared.identity import PURPOSES, Purpose, Reporter
from shared.instant import Instant
from shared.problems import not_found
from shared.vocabulary import DossierState, Language, ProcedureId

DOSSIER = "dossier"
APPLICANT = "applicant"
Papers = Annotated[tuple[str, ...], Field(max_length=50)]


def _address(text: str) -> str:
    try:
        checked = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError as error:
        raise ValueError("not an e-mail address") from error
    return checked.normalized


def _dialable(text: str) -> str:
    if not PHONE.fullmatch(text):
        raise ValueError("not a phone number")
    return text


class Applicant(Body):
    """Who hands in; sealed, and opened for a stated purpose only."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] | None = None
    phone: (
        Annotated[
            str,
            StringConstraints(strip_whitespace=True, max_length=24),
            AfterValidator(_dialable),
        ]
        | None
    ) = None
    email: Annotated[str, StringConstraints(max_length=254), AfterValidator(_address)] | None = None
    language: Language = Language.VIETNAMESE


class HandInDossier(Body):
    """A dossier is handed in; `papers` are those of the checklist that are there."""

    procedure: ProcedureId
    papers: Papers = ()
    applicant: Applicant = Applicant()


class Checked(Body):
    """Papers of the checklist, and words for the applicant."""

    papers: Papers = ()
    text: Line = ""


class Said(Body):
    """Words for the applicant."""

    text: Line = ""


class RefuseDossier(Body):
    """A reason that is counted, and words that are read."""

    reason: Refusal
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class Postpone(Body):
    """A new date for a late result, and words that say why."""

    due_at: Instant
    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


def create_router(counter: Counter) -> APIRouter:
    """Return the routes below `/onestop/dossiers`."""
    router = APIRouter(
        prefix="/onestop/dossiers",
        tags=["One-stop"],
        dependencies=[Depends(counter.unguessed)],
    )
    _add_hand_in(router, counter)
    _add_looks(router, counter)
    _add_steps_of_clerks(router, counter)
    _add_steps_of_applicants(router, counter)
    return router


def _add_hand_in(router: APIRouter, counter: Counter) -> None:
    @router.post("", status_code=201, summary="Hand in a dossier")
    async def hand_in(
        body: HandInDossier,
        idempotency_key: IdempotencyKey = None,
        *,
        authorization: Authorization = "",
    ) -> Response:
        """Take a dossier in, online or by a clerk at the counter, and give the receipt.

        The answer holds the due date, and a secret with which its applicant follows and completes
        it.
        """
        actor, through = VISITOR, "online"
        if authorization:
            actor = (await counter.somebody(authorization, *CLERKS)).account
            through = "counter"
        given = Handing(
            body.procedure, body.papers, through, Reporter(**body.applicant.model_dump())
        )
        handed = await counter.dossiers.hand_in(
            given, actor, identity(idempotency_key, body, DOSSIER, by=actor)
        )
        number = handed.stored.dossier.snapshot.number
        headers = {"Location": f"/api/v1/onestop/dossiers/{number}", **PRIVATE}
        if handed.replayed:
            headers["Idempotency-Replayed"] = "true"
        return json_answer(_receipt(counter, handed.stored), 201, headers)


def _add_looks(router: APIRouter, counter: Counter) -> None:
    @router.get("", summary="Dossiers, the soonest due date first")
    async def listed(
        desk: Annotated[str | None, Query(max_length=48)] = None,
        state: Annotated[list[DossierState] | None, Query()] = None,
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[
            str | None, Query(max_length=200, description="`next` of the page before")
        ] = None,
        *,
        authorization: Authorization = "",
    ) -> Response:
        """List what is open or ready, for clerks, the Office and leaders."""
        await counter.somebody(authorization, *READERS)
        states = [each.value for each in state or ()]
        found, following = await counter.dossiers.listed(
            desk=desk, states=states, limit=limit, cursor=cursor
        )
        items = [dossier_view(each, counter.catalogue, counter.zone) for each in found]
        return json_answer({"items": items, "next": following}, headers=PRIVATE)

    @router.get("/{number}", summary="Where a dossier stands")
    async def look(number: str, authorization: Authorization = "") -> Response:
        """Look up by number or short code; its secret, or a clerk, sees papers and words too."""
        stored = await counter.dossiers.find(number)
        catalogue, zone = counter.catalogue, counter.zone
        headers = {**PRIVATE, "Vary": "Authorization"}
        if not authorization:
            return json_answer(dossier_view(stored, catalogue, zone), headers=headers)
        if not _is_own(counter, stored, authorization):
            await counter.somebody(authorization, *READERS)
        return json_answer(own_dossier(stored, catalogue, zone), headers=headers)

    @router.get("/{number}/applicant", summary="The applicant, for a stated purpose")
    async def applicant(
        number: str, purpose: Annotated[Purpose, Query()], authorization: Authorization = ""
    ) -> Response:
        """Open the sealed applicant; the look is recorded in the audit before it is shown."""
        principal = await counter.somebody(authorization, *CLERKS)
        stored = await counter.dossiers.find(number)
        if purpose is Purpose.DELIVERY:
            raise not_found("mục đích này", "this purpose")
        await counter.note(
            "applicant.viewed",
            actor=principal,
            subject=stored.dossier.code,
            purpose=purpose.value,
        )
        person = await counter.dossiers.applicant(stored)
        if person is None:
            raise not_found("người nộp", "an applicant")
        said = PURPOSES[purpose]
        body = {
            **person.model_dump(mode="json"),
            "purpose": {"id": purpose.value, "name": {"vi": said.vi, "en": said.en}},
        }
        return json_answer(body, headers=PRIVATE)


def _add_steps_of_clerks(router: APIRouter, counter: Counter) -> None:
    async def give(number: str, authorization: str, decide: Decide) -> Response:
        principal = await counter.somebody(authorization, *CLERKS)
        after = await counter.dossiers.act(number, principal.account, decide)
        return json_answer(own_dossier(after, counter.catalogue, counter.zone), headers=PRIVATE)

    @router.post("/{number}/receive", summary="Found complete: the receipt")
    async def receive(number: str, body: Checked, authorization: Authorization = "") -> Response:
        """Confirm the checklist; a required paper that is missing is named."""
        return await give(
            number, authorization, lambda d, about: rules.receive(d, body.papers, body.text, about)
        )

    @router.post("/{number}/supplement", summary="Ask for what is missing")
    async def supplement(number: str, body: Checked, authorization: Authorization = "") -> Response:
        """Say which papers are missing; the clock stands until they are there."""
        return await give(
            number,
            authorization,
            lambda d, about: rules.ask_supplement(d, body.papers, body.text, about),
        )

    simple: dict[str, tuple[Callable[[Dossier, str, Circumstances], Step], str]] = {
        "process": (rules.process, "Hand it to who examines it"),
        "ready": (rules.make_ready, "The result waits to be fetched"),
        "return": (rules.hand_out, "The result was handed out"),
    }
    for name, (decide, summary) in simple.items():
        router.add_api_route(
            f"/{{number}}/{name}", _simple(give, decide), methods=["POST"], summary=summary
        )

    @router.post("/{number}/refuse", summary="Refuse a dossier")
    async def refuse(
        number: str, body: RefuseDossier, authorization: Authorization = ""
    ) -> Response:
        """Refuse it with a reason and words for the applicant."""
        return await give(
            number, authorization, lambda d, about: rules.refuse(d, body.reason, body.text, about)
        )

    @router.post("/{number}/postpone", summary="The result comes later")
    async def postpone(number: str, body: Postpone, authorization: Authorization = "") -> Response:
        """Give the applicant a new date, once, with the reason; the first date still judges."""
        return await give(
            number, authorization, lambda d, about: rules.postpone(d, body.due_at, body.text, about)
        )


def _simple(give: Any, decide: Callable[[Dossier, str, Circumstances], Step]) -> Any:
    async def step(number: str, body: Said, authorization: Authorization = "") -> Response:
        def act(dossier: Dossier, about: Circumstances) -> Step:
            return decide(dossier, body.text, about)

        return await give(number, authorization, act)

    step.__doc__ = decide.__doc__
    step.__name__ = decide.__name__
    return step


def _add_steps_of_applicants(router: APIRouter, counter: Counter) -> None:
    @router.post("/{number}/supply", summary="Bring what was missing")
    async def supply(number: str, body: Checked, authorization: Authorization = "") -> Response:
        """Complete a dossier, as its applicant or as a clerk; the due date moves by the pause."""
        stored = await counter.dossiers.find(number)
        actor = APPLICANT
        if not _is_own(counter, stored, authorization):
            actor = (await counter.somebody(authorization, *CLERKS)).account
        after = await counter.dossiers.act(
            number, actor, lambda d, about: rules.supply(d, body.papers, body.text, about)
        )
        return json_answer(own_dossier(after, counter.catalogue, counter.zone), headers=PRIVATE)

    @router.post("/{number}/withdraw", summary="Take a dossier back")
    async def withdraw(number: str, body: Said, authorization: Authorization = "") -> Response:
        """Take it back, with its secret."""
        stored = await counter.dossiers.find(number)
        counter.require_token(DOSSIER, stored.dossier.code, authorization)
        after = await counter.dossiers.act(
            number, APPLICANT, lambda d, about: rules.withdraw(d, body.text, about)
        )
        return json_answer(own_dossier(after, counter.catalogue, counter.zone), headers=PRIVATE)


def _is_own(counter: Counter, stored: StoredDossier, authorization: str) -> bool:
    return counter.tokens.valid_for(DOSSIER, stored.dossier.code, bearer(authorization))


def _receipt(counter: Counter, stored: StoredDossier) -> dict[str, Any]:
    number = stored.dossier.snapshot.number
    return {
        **receipt(stored, counter.catalogue, counter.zone),
        "dossier_token": counter.tokens.issue_for(DOSSIER, stored.dossier.code),
        "links": {
            "self": f"/api/v1/onestop/dossiers/{number}",
            "short": f"/api/v1/onestop/dossiers/{stored.dossier.code.partition('-')[2]}",
        },
    }
