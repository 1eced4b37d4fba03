"""Reports that come in another way: entered by an operator, or sent by a camera with its key."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import StringConstraints

from services.intake.accounts.domain import Principal
from services.intake.accounts.refusals import forbidden
from services.intake.api.answers import json_answer
from services.intake.api.auth import Guard
from services.intake.api.receipt import RECEIPT, REPORT_BODY, body_of
from services.intake.api.reports import Front
from services.intake.channels.entering import entered_by
from services.intake.channels.keys import AlreadyShownError, ApiKey, ApiKeys, Scope
from services.intake.domain.report import CameraIncidentIn, Incoming, OnBehalfIn
from services.intake.reception import Answer, Entered
from shared.pace import Throttle
from shared.problems import Problem, not_found
from shared.vocabulary import Channel, Role

PRIVATE = {"Cache-Control": "no-store"}
Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]


class KeyIn(Incoming):
    """A key is issued for a machine; the name says which."""

    name: Name
    scope: Scope = Scope.CAMERA_INCIDENTS


@dataclass(frozen=True)
class Channels:
    """What these routes are made of."""

    front: Front
    guard: Guard
    keys: ApiKeys
    pace: Throttle
    note: Any

    async def key(self, written: str) -> ApiKey:
        """Return the camera's key; 401 without a valid one, 429 when it sends too much."""
        key = await self.keys.valid(written, Scope.CAMERA_INCIDENTS)
        if key is None:
            raise _bad_key()
        if wait_s := self.pace.wait_s(key.id):
            raise _too_many(wait_s)
        self.pace.count(key.id)
        return key


def create_router(channels: Channels) -> APIRouter:
    """Return the routes of operators, cameras and their keys."""
    router = APIRouter(tags=["Channels"])
    _add_ways_in(router, channels)
    _add_administration(router, channels)
    return router


def _add_ways_in(router: APIRouter, channels: Channels) -> None:
    caller = Depends(channels.guard.current)

    @router.post(
        "/desk/reports",
        status_code=201,
        summary="Enter for somebody else",
        openapi_extra=REPORT_BODY,
        responses=RECEIPT,
    )
    async def on_behalf(
        request: Request,
        idempotency_key: Annotated[str | None, Header()] = None,
        principal: Principal = caller,
    ) -> Response:
        """Enter what somebody said on the telephone (`hotline`) or at the counter (`counter`).

        The operator stays with the case as who entered it; the tracking token is the caller's.
        """
        allowed = entered_by(principal.role)
        if not allowed:
            raise forbidden()
        entered = Entered(principal.account, principal.unit, OnBehalfIn, allowed=frozenset(allowed))
        return _answer(await channels.front.receive(request, idempotency_key, entered))

    @router.post(
        "/camera/incidents",
        status_code=201,
        summary="A camera's incident",
        openapi_extra=body_of(CameraIncidentIn.__name__),
        responses=RECEIPT,
    )
    async def incident(
        request: Request,
        idempotency_key: Annotated[str | None, Header()] = None,
        x_api_key: Annotated[str, Header()] = "",
    ) -> Response:
        """Take an incident with its picture from a machine with a key.

        `incident` is the machine's own number: sent again under the same key it is the same case.
        """
        key = await channels.key(x_api_key)
        camera = frozenset({Channel.CAMERA})
        entered = Entered(f"key_{key.id}", None, CameraIncidentIn, allowed=camera)
        return _answer(await channels.front.receive(request, idempotency_key, entered))


def _add_administration(outer: APIRouter, channels: Channels) -> None:
    router = APIRouter(prefix="/admin/api-keys")
    administrator = Depends(channels.guard.require(Role.ADMINISTRATOR))

    @router.post("", status_code=201, summary="Issue a key for a machine")
    async def issue(
        body: KeyIn,
        who: Annotated[Principal, administrator],
        idempotency_key: Annotated[
            str, Header(max_length=200, description="the same key makes the same one")
        ] = "",
    ) -> Response:
        """Issue a key; it is shown in this answer only, again until its first use to who repeats.

        409 to who repeats later: revoke it and issue another.
        """
        keys, asked = channels.keys, idempotency_key
        try:
            made = await keys.issue(body.name, body.scope, who.account, asked=asked)
        except AlreadyShownError as error:
            raise _already_shown() from error
        # each time that it is shown
        await channels.note("api_key.issued", actor=who, subject=made.key.id)
        headers = {**PRIVATE, **({"Idempotency-Replayed": "true"} if made.replayed else {})}
        return json_answer({**made.key.plain(), "key": made.written}, 201, headers)

    @router.get("", summary="Keys of machines")
    async def listed(_who: Annotated[Principal, administrator]) -> Response:
        """List the keys, also revoked ones; never their secrets."""
        items = [each.plain() for each in await channels.keys.all()]
        return json_answer({"items": items, "next": None}, headers=PRIVATE)

    @router.delete("/{identifier}", status_code=204, summary="Revoke a key")
    async def revoke(identifier: str, who: Annotated[Principal, administrator]) -> Response:
        """Let a key open nothing from now on."""
        if not await channels.keys.revoke(identifier):
            raise not_found("khoá này", "this key")
        await channels.note("api_key.revoked", actor=who, subject=identifier)
        return Response(status_code=204)

    outer.include_router(router)


def _answer(answer: Answer) -> Response:
    headers = {"Location": answer.body["links"]["self"], **PRIVATE}
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    return json_answer(answer.body, 201, headers)


def _already_shown() -> Problem:
    return Problem(
        409,
        "already_shown",
        vi="Khoá này đã dùng hoặc bị thu hồi nên không hiện lại được. Vui lòng cấp khoá khác.",
        en="This key is in use or revoked, so it is not shown again. Please issue another one.",
    )


def _bad_key() -> Problem:
    return Problem(
        401,
        "invalid_api_key",
        vi="Khoá API không đúng, đã bị thu hồi hoặc không dùng cho việc này.",
        en="The API key is wrong, revoked, or not for this.",
        headers={"WWW-Authenticate": "ApiKey"},
    )


def _too_many(wait_s: float) -> Problem:
    return Problem(
        429,
        "too_many_incidents",
        vi="Thiết bị đang gửi quá nhiều. Vui lòng gửi lại sau.",
        en="The device sends too much. Please send it again later.",
        headers={"Retry-After": str(int(wait_s) + 1)},
    )
