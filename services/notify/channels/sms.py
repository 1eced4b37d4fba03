"""SMS over an HTTP gateway under the city's registered brand name.

The call is that of the Vietnamese brand-name gateways: JSON with the key, the number, the text and
our `RequestId`; the answer's `CodeResult` is "100" when it was taken, "124" when this RequestId was
taken before, so that an attempt whose answer was lost is safely made again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from services.notify.channels.answers import judged
from services.notify.channels.base import TIMEOUT_S, Outgoing
from services.notify.domain import Outcome
from services.notify.domain.sms import fitted
from shared import bounded

PATH = "/MainService.svc/json/SendMultipleMessage_V4_post_json/"
TAKEN, TAKEN_BEFORE = "100", "124"
THROTTLED = "789"  # more calls than our contract allows
PAUSE = timedelta(minutes=1)
UNKNOWN = "99"


@dataclass(frozen=True)
class SmsSettings:
    """How to reach the gateway; `brand` is the sender's name, `most` how many SMS one text is."""

    url: str
    api_key: str
    secret_key: str
    brand: str
    most: int
    callback_url: str


class SmsChannel:
    """Sends short messages.

    Args:
        settings: Of the gateway.
        line: Writes the text of a message, with its accents.
        clock: The server's time.
    """

    def __init__(
        self,
        settings: SmsSettings,
        line: Callable[[Outgoing], str],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._line = line
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=settings.url, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        )

    async def send(self, message: Outgoing) -> Outcome:
        """Send one text; accents are left out where they would make two SMS of it."""
        try:
            text = fitted(self._line(message), self._settings.most)
        except ValueError:
            return Outcome("rejected", "sms_too_long")
        try:
            answer = await bounded.ask(
                self._client, "POST", PATH, within_s=TIMEOUT_S, json=self._body(message, text)
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome("retry", "unreachable")
        except (httpx.HTTPError, TimeoutError) as error:
            return Outcome("ambiguous", type(error).__name__)
        return judged(answer.status_code, answer.headers, self._clock()) or _said(answer)

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def _body(self, message: Outgoing, text: str) -> dict[str, Any]:
        return {
            "ApiKey": self._settings.api_key,
            "SecretKey": self._settings.secret_key,
            "Brandname": self._settings.brand,
            "SmsType": "2",  # customer care: no advertising
            "Phone": message.address,
            "Content": text,
            "IsUnicode": "0" if text.isascii() else "1",
            "RequestId": message.id,
            "CallbackUrl": self._settings.callback_url,
        }


def _said(answer: httpx.Response) -> Outcome:
    try:
        code = str(bounded.object_of(answer)["CodeResult"])
    except (ValueError, KeyError, TypeError):
        return Outcome("ambiguous", "sms_unreadable")
    if code in {TAKEN, TAKEN_BEFORE}:
        return Outcome("accepted")
    if code == THROTTLED:
        return Outcome("retry", f"sms_{code}", PAUSE)
    if code == UNKNOWN or not code.isdecimal():
        return Outcome("ambiguous", f"sms_{code[:8]}")
    return Outcome("rejected", f"sms_{code}")
