"""One POST to an address that a stranger gave: guarded, bounded, and what its answer means."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import httpx

from services.notify.channels.answers import retry_after
from services.notify.domain import Outcome
from services.notify.webhooks.domain import GONE
from shared import outbound
from shared.outbound import AddressRefusedError, Rules

TIMEOUT_S = 15.0  # the specification's lower end: a receiver answers first and works later
HTTP_GONE = 410
THROTTLED = {429, 502, 504}
PAUSE = timedelta(seconds=60)  # after a throttle that names no time


class GuardedPost:
    """Posts through the guard; its connections end with the service."""

    def __init__(self, rules: Rules) -> None:
        self._client = outbound.client(rules, timeout_s=TIMEOUT_S)

    async def __call__(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Return what became of one attempt; a receiver's answer is never an exception."""
        try:
            status, answered = await outbound.post(
                self._client, url, body, headers, within_s=TIMEOUT_S
            )
        except AddressRefusedError as error:
            return Outcome("retry", f"refused_{error.code}")
        except (httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome("retry", "unreachable")
        except (httpx.HTTPError, TimeoutError) as error:
            return Outcome("ambiguous", type(error).__name__)
        return judged(status, answered, datetime.now(UTC))

    async def start(self) -> None:
        """Nothing to do: a connection is made for each call."""

    async def stop(self) -> None:
        """Close what is open."""
        await self._client.aclose()


def judged(status: int, headers: Mapping[str, str], now: datetime) -> Outcome:
    """Return what an answer means: 2xx is the only success, a redirect is a failure like others."""
    if 200 <= status < 300:  # noqa: PLR2004 - HTTP
        return Outcome("accepted", f"http_{status}")
    if status == HTTP_GONE:
        return Outcome("rejected", GONE)
    asked = retry_after(headers.get("retry-after", ""), now)
    if asked is None and status in THROTTLED:
        asked = PAUSE
    return Outcome("retry", f"http_{status}", asked)
