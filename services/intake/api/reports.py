"""What reporters call: send a report, follow it, see its evidence."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response

from services.intake.api.answers import (
    FILES,
    IdempotencyKey,
    checked,
    download,
    json_answer,
    parsed,
    replayed,
)
from services.intake.api.receipt import MEDIA_BODY, RECEIPT, REPORT_BODY
from services.intake.api.slots import Slots
from services.intake.archive import Archive, Variant
from services.intake.desk import Desk
from services.intake.domain.commands import Command
from services.intake.domain.decisions import COMMANDS, Spec
from services.intake.domain.parties import Actor, Party
from services.intake.domain.report import MoreMediaIn, ReportIn
from services.intake.evidence import EvidenceLimits
from services.intake.reception import Answer, Entered, Reception
from services.intake.refusals import bad_token
from services.intake.shelf import Shelf
from services.intake.store import CaseStore, StoredCase
from services.intake.submission import Spool, Submission, read_plain, read_submission
from services.intake.views import FOR_THE_REPORTER, own_view, public_view, published, timeline
from shared.budget import ANSWER_S, answered_within
from shared.identity import TrackingTokens, read_code
from shared.problems import not_found

REPORTER = Actor("reporter", None)


@dataclass(frozen=True)
class Front:
    """What the reporters' routes are made of."""

    reception: Reception
    store: CaseStore
    desk: Desk
    archive: Archive
    tokens: TrackingTokens
    shelf: Shelf
    limits: EvidenceLimits
    spool: Spool
    slots: Slots
    clock: Callable[[], datetime]

    def own(self, stored: StoredCase) -> dict[str, Any]:
        """Return a case as its reporter sees it."""
        return own_view(stored, self.shelf.of(stored.case.snapshot), self.clock())

    def public(self, stored: StoredCase) -> dict[str, Any]:
        """Return a case as anybody sees it."""
        return public_view(stored, self.shelf.of(stored.case.snapshot), self.clock())

    async def receive(
        self, request: Request, key: str | None, entered: Entered | None = None
    ) -> Answer:
        """Read a report from the request and take it in; every refusal is a problem."""
        checked(key)
        if not _is_form(request):
            submission = await read_plain(request, self.limits)
            return await self._take(submission, key, entered)
        with self.slots.of(request):
            async with read_submission(request, self.limits, self.spool) as submission:
                return await self._take(submission, key, entered)

    async def _take(
        self, submission: Submission, key: str | None, entered: Entered | None
    ) -> Answer:
        report = parsed(submission.report, entered.model if entered else ReportIn)
        return await self.reception.take(report, submission, key, entered)

    async def find(self, typed: str) -> StoredCase:
        """Return the case with the code that somebody typed; none is a problem, 404."""
        code = read_code(typed)
        async with answered_within(ANSWER_S, "MongoDB"):
            stored = await self.store.load(code) if code else None
        if stored is None:
            raise not_found("phản ánh này", "this report")
        return stored

    async def find_own(self, typed: str, authorization: str) -> StoredCase:
        """Return the case whose token the caller shows; without one it is not theirs, 401."""
        stored = await self.find(typed)
        if not self.owns(stored, authorization):
            raise bad_token()
        return stored

    def owns(self, stored: StoredCase, authorization: str) -> bool:
        """Say whether the caller showed this case's token; a wrong one is a problem, 401."""
        if not authorization:
            return False
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not self.tokens.valid(stored.case.code, token.strip()):
            raise bad_token()
        return True


Authorization = Annotated[str, Header(description="Bearer <tracking_token>")]


class ShortWay:
    """`POST path` as an ASGI application that answers like `send`.

    FastAPI's way to a handler (included routers, dependencies, exit stacks) takes a fifth of the
    CPU of a report, and here it only reads one header.
    """

    def __init__(self, front: Front, path: str) -> None:
        self._front = front
        self.path = path

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        scope["route"] = self  # what logs and metrics name a request by
        request = Request(scope, receive)
        answer = await self._front.receive(request, request.headers.get("idempotency-key"))
        scope["civic.case"] = answer.body["code"]
        body = orjson.dumps(answer.body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            *((name.lower().encode(), value.encode()) for name, value in _headers(answer).items()),
        ]
        await send({"type": "http.response.start", "status": 201, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _headers(answer: Answer) -> dict[str, str]:
    headers = {"Location": answer.body["links"]["self"], "Cache-Control": "no-store"}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return headers


def create_router(front: Front) -> APIRouter:
    """Return the routes below `/reports`."""
    router = APIRouter(prefix="/reports", tags=["Reports"])

    @router.post(
        "", status_code=201, summary="Send a report", openapi_extra=REPORT_BODY, responses=RECEIPT
    )
    async def send(
        request: Request, idempotency_key: Annotated[str | None, Header()] = None
    ) -> Response:
        """Take a report with photos and sound in; 201 means that all of it is durable."""
        answer = await front.receive(request, idempotency_key)
        request.scope["civic.case"] = answer.body["code"]
        return json_answer(answer.body, 201, _headers(answer))

    @router.get("/{code}", summary="A report: the public view, or the reporter's own")
    async def read(request: Request, code: str, authorization: Authorization = "") -> Response:
        """Show where a report stands; with its tracking token, all of it."""
        stored = await front.find(code)
        request.scope["civic.case"] = stored.case.code
        headers = {"Cache-Control": "no-store", "Vary": "Authorization"}
        if front.owns(stored, authorization):
            return json_answer(front.own(stored), 200, headers)
        if stored.case.snapshot.restricted:
            raise not_found("phản ánh này", "this report")
        return json_answer(front.public(stored), 200, headers)

    @router.get("/{code}/events", summary="The steps of a report")
    async def events(code: str, authorization: Authorization = "") -> Response:
        """List every step in order, in words."""
        stored = await front.find(code)
        words_of = FOR_THE_REPORTER if front.owns(stored, authorization) else ()
        if stored.case.snapshot.restricted and not words_of:
            raise not_found("phản ánh này", "this report")
        body = {
            "items": timeline(stored, front.shelf.of(stored.case.snapshot), words_of),
            "next": None,
        }
        return json_answer(body, 200, {"Cache-Control": "no-store"})

    @router.get(
        "/{code}/media/{media_id}",
        summary="A photo or a recording",
        response_class=Response,
        responses=FILES,
    )
    async def media(
        code: str,
        media_id: str,
        variant: Annotated[Variant, Query()] = Variant.PUBLIC,
        *,
        authorization: Authorization = "",
        range_: Annotated[str, Header(alias="Range")] = "",
    ) -> Response:
        """Download a copy without metadata, or the sealed original; the reporter's token only."""
        stored = await front.find(code)
        item = next((each for each in stored.content["media"] if each["id"] == media_id), None)
        public = media_id in published(stored) and variant is not Variant.ORIGINAL
        if item is None or not (front.owns(stored, authorization) or public):
            raise not_found("tệp này", "this file")
        return await download(front.archive, item, variant, range_)

    _add_steps(router, front)
    return router


def _add_steps(router: APIRouter, front: Front) -> None:
    """Add what a reporter does with a report that was sent before."""

    @router.post(
        "/{code}/media",
        status_code=201,
        summary="Add photos or recordings",
        openapi_extra=MEDIA_BODY,
    )
    async def add_media(
        request: Request,
        code: str,
        authorization: Authorization = "",
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        """Keep more evidence with a report that was sent before."""
        key = checked(idempotency_key)
        stored = await front.find_own(code, authorization)
        with front.slots.of(request):
            reading = read_submission(request, front.limits, front.spool, needs_report=False)
            async with reading as submission:
                told = parsed(submission.report, MoreMediaIn).media
                after = await front.desk.add_evidence(
                    stored.case.code, submission, REPORTER, told=told, key=key
                )
        return json_answer(front.own(after.stored), 201, replayed(after.replayed))

    for name, spec in COMMANDS.items():
        if Party.REPORTER in spec.parties:
            _add_command(router, front, (name, spec))


def _add_command(router: APIRouter, front: Front, row: tuple[str, Spec[Any]]) -> None:
    name, spec = row

    async def give(
        code: str,
        command: Command,
        authorization: Authorization = "",
        idempotency_key: IdempotencyKey = None,
    ) -> Response:
        key = checked(idempotency_key)
        stored = await front.find_own(code, authorization)
        after = await front.desk.act(stored.case.code, name, command, REPORTER, seen=None, key=key)
        headers = {"Cache-Control": "no-store", **replayed(after.replayed)}
        return json_answer(front.own(after.stored), 200, headers)

    give.__annotations__["command"] = spec.model  # what FastAPI reads, validates and describes
    give.__doc__ = spec.model.__doc__
    give.__name__ = name
    router.add_api_route(f"/{{code}}/{name}", give, methods=["POST"], summary=spec.model.__doc__)


def _is_form(request: Request) -> bool:
    return request.headers.get("content-type", "").lower().startswith("multipart/")
