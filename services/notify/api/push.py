"""Subscribing a browser: reporters by their tracking token, officials by their access token.

Who follows a report shows the secret of their following, and has chosen push before.
"""

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import APIRouter, Header, Request, Response
from py_vapid import Vapid02
from pydantic import BaseModel, ConfigDict, Field

from services.notify.admission import bearer
from services.notify.answers import answers
from services.notify.answers.people import PushKey, Subscribed
from services.notify.case_view import CaseView, NotHeardYetError
from services.notify.domain import ACCOUNT, FOLLOWER, REPORTER
from services.notify.officials import Admits
from services.notify.subscriptions import Subscription, Subscriptions, subscription_id
from shared import outbound
from shared.followers import Followers, follower_reference
from shared.identity import TrackingTokens, read_code
from shared.outbound import AddressRefusedError, Rules
from shared.pace import Throttle, network, too_many
from shared.problems import FieldError, Problem, invalid, not_found

POINT_BYTES, AUTH_BYTES = 65, 16  # RFC 8291


class KeysIn(BaseModel):
    """The browser's keys, base64 URL, as `PushSubscription.toJSON()` gives them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    p256dh: Annotated[str, Field(max_length=120)]
    auth: Annotated[str, Field(max_length=60)]


class SubscriptionIn(BaseModel):
    """A browser's subscription; `code` names the report whose token, or follow token, is shown."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    endpoint: Annotated[str, Field(min_length=1, max_length=2000)]
    keys: KeysIn
    code: Annotated[str, Field(max_length=40)] | None = None


@dataclass(frozen=True)
class Pushing:
    """What these routes are made of.

    Attributes:
        key: Our public one, empty where there is no push.
        pace: Of subscriptions, by who sends them: each names a host that we resolve.
    """

    subscriptions: Subscriptions
    view: CaseView
    tokens: TrackingTokens
    admission: Admits
    followers: Followers
    rules: Rules
    key: str
    pace: Throttle
    clock: Callable[[], datetime]

    def count(self, request: Request) -> None:
        """Count a subscription; 429 when its sender has made too many."""
        sender = network(request.client.host if request.client else "")
        if wait_s := self.pace.wait_s(sender):
            raise too_many(wait_s)
        self.pace.count(sender)


Authorization = Annotated[str, Header(description="Bearer <tracking_token or access token>")]


def create_router(pushing: Pushing) -> APIRouter:
    """Return the routes below `/push`."""
    router = APIRouter(prefix="/push", tags=["Push"])

    @router.get(
        "/key", summary="The key that a browser subscribes with", responses=answers(PushKey)
    )
    async def key() -> dict[str, Any]:
        """Return our public VAPID key (base64 URL), null where this installation has no push."""
        return {"public_key": pushing.key or None}

    @router.post(
        "/subscriptions",
        status_code=201,
        summary="Be told by push",
        responses=answers(Subscribed, 201),
    )
    async def subscribe(
        request: Request, body: SubscriptionIn, *, authorization: Authorization = ""
    ) -> dict[str, Any]:
        """Keep a browser for the reporter of `code`, or for the official who calls."""
        if not pushing.key:
            raise not_found("kênh này", "this channel")
        subject = await _subject(pushing, body.code, authorization)
        pushing.count(request)
        await _check(body, pushing.rules)
        code = read_code(body.code) if body.code else None
        one = Subscription(
            subscription_id(body.endpoint), body.endpoint, body.keys.p256dh, body.keys.auth
        )
        await pushing.subscriptions.add(subject, one, pushing.clock(), code=code)
        return {"id": one.id}

    @router.delete(
        "/subscriptions/{subscription}", status_code=204, summary="Be told by push no more"
    )
    async def unsubscribe(
        subscription: str, code: str | None = None, *, authorization: Authorization = ""
    ) -> Response:
        """Forget a browser of the caller's."""
        subject = await _subject(pushing, code, authorization)
        if not await pushing.subscriptions.drop_own(subject, subscription):
            raise not_found("đăng ký này", "this subscription")
        return Response(status_code=204)

    return router


async def _subject(pushing: Pushing, typed: str | None, authorization: str) -> str:
    """Return whose subscription it is; who is told nothing cannot have one."""
    if typed is None:
        return f"{ACCOUNT}:{(await pushing.admission.official(authorization)).account}"
    code = read_code(typed)
    if code is None:
        raise not_found("phản ánh này", "this report")
    if not pushing.tokens.valid(code, bearer(authorization)):
        follower = follower_reference(code, bearer(authorization))
        if await pushing.followers.read(follower) is None:
            raise not_found("phản ánh này", "this report")
        return f"{FOLLOWER}:{follower}"
    try:
        case = await pushing.view.newest(code)
    except NotHeardYetError as error:
        raise _soon() from error
    if case.reporter is None:
        raise _anonymous()
    return f"{REPORTER}:{case.reporter}"


async def _check(body: SubscriptionIn, rules: Rules) -> None:
    try:
        await outbound.check(body.endpoint, rules)
    except AddressRefusedError as error:
        raise invalid(FieldError("endpoint", error.code, error.detail)) from error
    try:
        point = _decoded(body.keys.p256dh, POINT_BYTES)
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
    except ValueError as error:
        wrong = FieldError("keys.p256dh", "bad_key", "not a point of P-256 in base64 URL")
        raise invalid(wrong) from error
    try:
        _decoded(body.keys.auth, AUTH_BYTES)
    except ValueError as error:
        wrong = FieldError("keys.auth", "bad_key", "not 16 bytes in base64 URL")
        raise invalid(wrong) from error


def _decoded(text: str, length: int) -> bytes:
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ValueError("not base64 URL") from error
    if len(plain) != length:
        raise ValueError("not of the right length")
    return plain


def public_key(private_key: str) -> str:
    """Return the public VAPID key of a private one, base64 URL; empty without one."""
    if not private_key:
        return ""
    key = Vapid02.from_raw(private_key.encode()).public_key
    assert key is not None  # noqa: S101 - made from a private one
    point = key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return base64.urlsafe_b64encode(point).rstrip(b"=").decode()


def _soon() -> Problem:
    return Problem(
        409,
        "not_yet",
        vi="Phản ánh vừa được gửi; vui lòng thử lại sau vài giây.",
        en="The report has just been sent; please try again in a few seconds.",
        headers={"Retry-After": "2"},
    )


def _anonymous() -> Problem:
    return Problem(
        409,
        "anonymous",
        vi="Phản ánh ẩn danh không được gửi thông báo: hệ thống không lưu ai đã gửi.",
        en="Nobody is told of an anonymous report: we keep nothing of who sent it.",
    )
