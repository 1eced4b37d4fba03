"""What providers tell us later: it arrived, or it could not be delivered. Signed, or refused.

A provider repeats itself until it hears 200, so everything that is signed is answered by 200, also
what is known already or means nothing here.
"""

import hashlib
import hmac
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Request

from services.notify.answers import answers
from services.notify.answers.people import Taken
from services.notify.domain import SMS, ZALO
from services.notify.store import DeliveryStore
from shared.problems import Problem, not_found

IDENTIFIER = re.compile(r"[0-9a-f]{32}")
FRESH = timedelta(minutes=10)  # an old callback that is played again is refused
ARRIVED = "1"


@dataclass(frozen=True)
class Callbacks:
    """What these routes are made of; an empty secret switches its route off."""

    store: DeliveryStore
    zalo_app_id: str
    zalo_oa_secret: str
    sms_secret: str
    clock: Callable[[], datetime]


def create_router(callbacks: Callbacks) -> APIRouter:
    """Return the routes below `/callbacks`."""
    router = APIRouter(prefix="/callbacks", tags=["Providers"])

    @router.post("/zalo", summary="What Zalo tells us", responses=answers(Taken))
    async def zalo(
        request: Request, *, x_zevent_signature: Annotated[str, Header()] = ""
    ) -> dict[str, Any]:
        """Take an event of Zalo: SHA-256 over app id, body, time and the secret of the account."""
        body = await request.body()
        if not callbacks.zalo_oa_secret:
            raise not_found()
        said = _json(body)
        stamp = str(said.get("timestamp", ""))
        ends = f"{stamp}{callbacks.zalo_oa_secret}".encode()
        signed = callbacks.zalo_app_id.encode() + body + ends
        digest = hashlib.sha256(signed).hexdigest()
        _require(x_zevent_signature.removeprefix("mac="), digest)
        message = said.get("message")
        # the same event without these two is a chat message to the account
        if said.get("event_name") == "user_received_message" and isinstance(message, dict):
            identifier = str(message.get("tracking_id", ""))
            if message.get("delivery_time") and IDENTIFIER.fullmatch(identifier):
                await callbacks.store.confirm(identifier, ZALO, callbacks.clock())
        return {"error": 0}

    @router.post("/sms", summary="What the SMS gateway tells us", responses=answers(Taken))
    async def sms(
        request: Request,
        *,
        x_timestamp: Annotated[str, Header()] = "",
        x_signature: Annotated[str, Header()] = "",
    ) -> dict[str, Any]:
        """Take a receipt: HMAC-SHA256 of `<timestamp>.<body>`, at most ten minutes old."""
        body = await request.body()
        if not callbacks.sms_secret:
            raise not_found()
        signed = x_timestamp.encode() + b"." + body
        digest = hmac.new(callbacks.sms_secret.encode(), signed, hashlib.sha256).hexdigest()
        _require(x_signature, digest)
        _require_fresh(x_timestamp, callbacks.clock())
        await _sms_receipt(_json(body), callbacks)
        return {"error": 0}

    return router


async def _sms_receipt(said: dict[str, Any], callbacks: Callbacks) -> None:
    identifier, status = str(said.get("RequestId", "")), str(said.get("SendStatus", ""))
    if not IDENTIFIER.fullmatch(identifier):
        return
    now = callbacks.clock()
    if status == ARRIVED:
        await callbacks.store.confirm(identifier, SMS, now)
    elif status.isdecimal():
        await callbacks.store.refuse(identifier, SMS, f"sms_status_{status[:4]}", now)


def _require(given: str, expected: str) -> None:
    if not hmac.compare_digest(given.lower().encode(), expected.encode()):
        raise Problem(
            401,
            "bad_signature",
            vi="Chữ ký không đúng.",
            en="The signature is not right.",
        )


def _require_fresh(stamp: str, now: datetime) -> None:
    seconds = int(stamp) if stamp.isdecimal() and len(stamp) < 12 else 0  # noqa: PLR2004 - a time
    if abs(now.timestamp() - seconds) > FRESH.total_seconds():
        raise Problem(
            401,
            "too_old",
            vi="Thông báo đã quá cũ.",
            en="The callback is too old, or from the future.",
        )


def _json(body: bytes) -> dict[str, Any]:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        said = None
    if not isinstance(said, dict):
        raise Problem(400, "bad_request", vi="Không phải JSON.", en="Not a JSON object.")
    return said
