"""Web Push: encrypted for the browser (RFC 8291), signed for its push service (VAPID, RFC 8292)."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import orjson
from py_vapid import Vapid02

from services.notify.channels.answers import retry_after
from services.notify.channels.base import TIMEOUT_S, Outgoing
from services.notify.domain import Outcome
from services.notify.subscriptions import Subscription, Subscriptions
from shared import outbound
from shared.outbound import UNKNOWN_HOST, AddressRefusedError, Rules
from shared.resolver import Resolver

TTL = timedelta(days=1)  # how long the push service keeps it for a browser that is away
GONE = frozenset({404, 410})
TOO_LARGE, THROTTLED = 413, 429
TOKEN_S = 12 * 3600  # RFC 8292 allows 24 hours
PAUSE = timedelta(minutes=1)


class PushChannel:
    """Sends to every browser of a person; one that takes it is enough.

    Args:
        private_key: VAPID: 32 bytes, base64 URL.
        subject: `mailto:` or `https:` of who answers for the pushes.
        subscriptions: Of all people; those that are gone are dropped.
        rules: The guard: an address of a push service comes from a stranger.
        clock: The server's time.
    """

    def __init__(
        self,
        private_key: str,
        subject: str,
        subscriptions: Subscriptions,
        *,
        rules: Rules,
        clock: Callable[[], datetime],
    ) -> None:
        self._vapid = Vapid02.from_raw(private_key.encode())
        self._subject = subject
        self._subscriptions = subscriptions
        self._clock = clock
        # apart from webhooks: a stranger names these hosts, and may see to it that none answers
        names = Resolver(threads=16, queue=256)
        self._client = outbound.client(rules, timeout_s=TIMEOUT_S, resolve=names)

    async def send(self, message: Outgoing) -> Outcome:
        """Send to each browser that the person has subscribed; the address is the person."""
        found = await self._subscriptions.of(message.address)
        if not found:
            return Outcome("rejected", "no_subscription")
        said = await asyncio.gather(*(self._one(each, message) for each in found))
        for kind in ("accepted", "ambiguous", "retry"):
            for outcome in said:
                if outcome.kind == kind:
                    return outcome
        return said[0]

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _one(self, to: Subscription, message: Outgoing) -> Outcome:
        try:
            body = await asyncio.to_thread(self._encrypted, to, message)
        except ValueError:
            await self._subscriptions.drop(to.id)
            return Outcome("rejected", "push_bad_keys")
        try:
            status, headers = await outbound.post(
                self._client, to.endpoint, body, self._headers(to, message), within_s=TIMEOUT_S
            )
        except AddressRefusedError as error:
            later = error.code == UNKNOWN_HOST  # the name's servers may answer again
            return Outcome("retry" if later else "rejected", f"refused_{error.code}")
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome("retry", "unreachable")
        except (httpx.HTTPError, TimeoutError) as error:
            return Outcome("ambiguous", type(error).__name__)
        if status in GONE:
            await self._subscriptions.drop(to.id)
        return _said(status, headers, self._clock())

    @staticmethod
    def _encrypted(to: Subscription, message: Outgoing) -> bytes:
        """Return the payload for one browser; `tag` shows a repeated one once.

        Raises:
            ValueError: the browser's keys are none.
        """
        # aiohttp and requests come with it: 11 MB that a city without pushes need not hold
        from pywebpush import WebPusher, WebPushException  # noqa: PLC0415

        # no more than code, state, due time and link: a locked screen shows it to whoever passes
        title = f"{message.words['code']}: {message.words['status']}"
        payload = {**message.words, "title": title, "tag": message.id}
        keys = {"p256dh": to.p256dh, "auth": to.auth}
        try:
            pusher = WebPusher(cast("Mapping[str, Any]", {"endpoint": to.endpoint, "keys": keys}))
            return cast("bytes", pusher.encode(orjson.dumps(payload))["body"])
        except WebPushException as error:
            raise ValueError("the browser's keys are no keys") from error

    def _headers(self, to: Subscription, message: Outgoing) -> dict[str, str]:
        parts = urlsplit(to.endpoint)
        claims = {
            "aud": f"{parts.scheme}://{parts.netloc}",
            "exp": int(time.time()) + TOKEN_S,
            "sub": self._subject,
        }
        return {
            **self._vapid.sign(claims),
            "content-encoding": "aes128gcm",
            "content-type": "application/octet-stream",
            "ttl": str(int(TTL.total_seconds())),
            "urgency": "normal",
            "topic": message.id,  # 32 letters; a push that waits is replaced by its repetition
        }


def _said(status: int, headers: Mapping[str, str], now: datetime) -> Outcome:
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return Outcome("accepted")
    if status in GONE:
        return Outcome("rejected", "push_gone")
    if status == TOO_LARGE:
        return Outcome("rejected", "push_too_large")
    if status in {THROTTLED, 503}:
        asked = retry_after(headers.get("retry-after", ""), now) or PAUSE
        return Outcome("retry", f"http_{status}", asked)
    return Outcome("retry" if status >= 500 else "rejected", f"http_{status}")  # noqa: PLR2004 - HTTP
