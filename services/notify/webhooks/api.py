"""Webhooks over HTTP: who administers them registers, lists, rotates, switches on and removes.

IOC operators and administrators manage the endpoints of the whole city: an integrator has no
account of their own, and is let in by whoever answers for the exchange of data.
"""

import secrets as random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Header, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from services.notify.answers import answers
from services.notify.answers import people as out
from services.notify.officials import Admits, require
from services.notify.webhooks.domain import OVERLAP, SECRET_BYTES, new_secret, wanted
from services.notify.webhooks.store import MOST, Endpoint, EndpointStore, MessageStore
from shared import outbound, topology
from shared.events import EVENTS
from shared.identity import fingerprint
from shared.instant import read_instant
from shared.outbound import AddressRefusedError, Rules
from shared.problems import FieldError, Problem, invalid, not_found
from shared.sessions import Visitor
from shared.vocabulary import Role

MANAGERS = {Role.IOC_OPERATOR, Role.ADMINISTRATOR}
NO_STORE = {"Cache-Control": "no-store"}


def _known_type(text: str) -> str:
    if not any(wanted([text], each) for each in HEARD):
        raise ValueError(f"no event of ours is of the type {text}")
    return text


BOUND = [each.replace("#", "*") for each in topology.NOTIFY_EVENTS.bindings]
HEARD = sorted(each for each in EVENTS if wanted(BOUND, each))
EventType = Annotated[str, Field(max_length=80), AfterValidator(_known_type)]


class EndpointIn(BaseModel):
    """An endpoint to be registered."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, Field(min_length=1, max_length=2000)]
    types: Annotated[list[EventType], Field(min_length=1, max_length=40)] = ["case.*"]
    description: Annotated[str, Field(max_length=200)] = ""


@dataclass(frozen=True)
class Hooks:
    """What these routes are made of."""

    endpoints: EndpointStore
    messages: MessageStore
    rules: Rules
    clock: Callable[[], datetime]


Key = Annotated[str, Header(max_length=200, description="the same key makes the same endpoint")]


def create_router(hooks: Hooks, admission: Admits) -> APIRouter:
    """Return the routes below `/webhooks`."""
    router = APIRouter(prefix="/webhooks", tags=["Webhooks"])
    manager = Depends(require(admission, MANAGERS))
    _add_collection(router, hooks, manager)
    _add_each(router, hooks, manager)
    return router


def _add_collection(router: APIRouter, hooks: Hooks, manager: Any) -> None:
    @router.post(
        "",
        status_code=201,
        summary="Register an endpoint",
        responses=answers(out.WebhookMade, 201),
    )
    async def register(
        body: EndpointIn, idempotency_key: Key = "", *, who: Visitor = manager
    ) -> Response:
        """Register an address; the answer shows its secret, and nothing shows it again."""
        await _checked(body.url, hooks.rules)
        now = hooks.clock()
        if len(await hooks.endpoints.all(now)) >= MOST:
            raise _full()
        made = _new(body, who, idempotency_key, now)
        if await hooks.endpoints.add(made):
            return _answer({**_view(made), "secret": made.secrets[0]}, 201)
        earlier = await hooks.endpoints.load(made.id, now)
        if earlier is None or earlier.request != made.request:
            raise _other_body()
        shown = {**_view(earlier), "secret": earlier.secrets[0]}
        return _answer(shown, 201, {"Idempotency-Replayed": "true"})

    @router.get("", summary="All endpoints", responses=answers(out.WebhookList))
    async def endpoints(_who: Visitor = manager) -> Response:
        """List the endpoints, the oldest first; no secret is shown."""
        found = await hooks.endpoints.all(hooks.clock())
        return _answer({"items": [_view(each) for each in found], "next": None})


def _add_each(router: APIRouter, hooks: Hooks, manager: Any) -> None:
    async def existing(identifier: str) -> Endpoint:
        found = await hooks.endpoints.load(identifier, hooks.clock())
        if found is None:
            raise not_found("webhook này", "this webhook")
        return found

    @router.delete("/{webhook}", status_code=204, summary="Remove an endpoint")
    async def remove(webhook: str, _who: Visitor = manager) -> Response:
        """Remove an endpoint and its secrets; what was still owed to it is cancelled."""
        await existing(webhook)
        await hooks.endpoints.remove(webhook)
        await hooks.messages.cancel(webhook, "endpoint_removed", hooks.clock())
        return Response(status_code=204)

    @router.post(
        "/{webhook}/secret", summary="Change the secret", responses=answers(out.WebhookRotated)
    )
    async def rotate(webhook: str, _who: Visitor = manager) -> Response:
        """Make a new secret; the old one signs beside it for 24 hours, so nothing is refused."""
        await existing(webhook)
        secret, now = new_secret(random.token_bytes(SECRET_BYTES)), hooks.clock()
        if not await hooks.endpoints.rotate(webhook, secret, now):
            raise _changed_meanwhile()
        until = (now + OVERLAP).isoformat()
        return _answer({**_view(await existing(webhook)), "secret": secret, "old_until": until})

    @router.post(
        "/{webhook}/enable",
        summary="Switch an endpoint on again",
        responses=answers(out.WebhookOut),
    )
    async def enable(webhook: str, _who: Visitor = manager) -> Response:
        """Send to it again from now on; what was cancelled meanwhile stays cancelled."""
        await existing(webhook)
        await hooks.endpoints.switch_on(webhook)
        return _answer(_view(await existing(webhook)))

    @router.get(
        "/{webhook}/messages",
        summary="What was sent to an endpoint, and how it went",
        responses=answers(out.WebhookMessagePage),
    )
    async def messages(
        webhook: str,
        before: Annotated[
            str | None, Query(max_length=100, description="`next` of the page before")
        ] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        *,
        _who: Visitor = manager,
    ) -> Response:
        """List the newest messages with every attempt; `before` may be a bare instant too."""
        behind = _behind(before) if before else None
        await existing(webhook)
        found = await hooks.messages.of(webhook, behind, limit + 1)
        page = found[:limit]
        following = _cursor(page[-1]) if len(found) > limit else None
        return _answer({"items": [_message_view(each) for each in page], "next": following})


def _cursor(message: dict[str, Any]) -> str:
    return f"{message['created_at'].isoformat()}~{message['_id']}"


def _behind(cursor: str) -> tuple[datetime, str]:
    at, _, identifier = cursor.partition("~")
    try:
        return read_instant(at), identifier
    except ValueError as error:
        raise invalid(FieldError("before", "bad_cursor", "`next` of the page before")) from error


async def _checked(url: str, rules: Rules) -> None:
    try:
        await outbound.check(url, rules)
    except AddressRefusedError as error:
        raise invalid(FieldError("url", error.code, error.detail)) from error


def _new(body: EndpointIn, who: Visitor, key: str, now: datetime) -> Endpoint:
    named = fingerprint(f"webhook|{who.account}|{key}") if key else random.token_hex(32)
    return Endpoint(
        id=f"wh_{named[:24]}",
        url=body.url,
        types=tuple(body.types),
        description=body.description,
        owner=who.account,
        unit=who.unit,
        created_at=now,
        active=True,
        off_at=None,
        off_reason=None,
        secrets=(new_secret(random.token_bytes(SECRET_BYTES)),),
        request=fingerprint(body.model_dump_json()),
    )


def _view(endpoint: Endpoint) -> dict[str, Any]:
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "types": list(endpoint.types),
        "description": endpoint.description,
        "owner": endpoint.owner,
        "created_at": endpoint.created_at.isoformat(),
        "active": endpoint.active,
        "off_at": endpoint.off_at.isoformat() if endpoint.off_at else None,
        "off_reason": endpoint.off_reason,
    }


def _message_view(document: dict[str, Any]) -> dict[str, Any]:
    names = ("event", "type", "code", "state", "attempts", "reason", "next_at", "created_at")
    return {
        "id": document["_id"],
        **{name: document[name] for name in (*names, "done_at")},
        "log": document["log"],
    }


def _answer(
    body: dict[str, Any], status: int = 200, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type="application/json",
        headers={**NO_STORE, **(headers or {})},
    )


def _full() -> Problem:
    return Problem(
        409,
        "too_many_webhooks",
        vi=f"Đã có {MOST} webhook. Vui lòng xoá bớt trước khi đăng ký thêm.",
        en=f"There are {MOST} webhooks already. Please remove one before you register another.",
    )


def _other_body() -> Problem:
    return Problem(
        422,
        "idempotency_key_reused",
        vi="Khoá Idempotency-Key này đã dùng cho một yêu cầu khác.",
        en="This Idempotency-Key was used for another request.",
    )


def _changed_meanwhile() -> Problem:
    return Problem(
        409,
        "changed_meanwhile",
        vi="Webhook vừa được người khác thay đổi. Vui lòng thử lại.",
        en="Somebody else has just changed this webhook. Please try again.",
    )
