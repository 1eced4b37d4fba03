"""Zalo template messages (ZBS): an approved template with four short parameters."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import structlog

from services.notify.channels.answers import judged
from services.notify.channels.base import TIMEOUT_S, Outgoing
from services.notify.channels.zalo_tokens import AuthorisationLostError, ZaloTokens
from services.notify.domain import Outcome, QuietHours
from services.notify.domain import zalo as rules
from shared import bounded
from shared.errors import OutageError
from shared.vocabulary import Language

log = structlog.get_logger()

PATH = "/message/template"
HTTP_UNAUTHORISED = 401
EXPIRED = -124


@dataclass(frozen=True)
class ZaloSettings:
    """Where Zalo is, the secret of our app, and the approved template of each language."""

    url: str
    secret_key: str
    templates: Mapping[Language, str]


class ZaloChannel:
    """Sends template messages; the tokens are everybody's."""

    def __init__(
        self,
        settings: ZaloSettings,
        tokens: ZaloTokens,
        *,
        quiet: QuietHours,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._tokens = tokens
        self._quiet = quiet
        self._clock = clock
        self._client = httpx.AsyncClient(
            base_url=settings.url, timeout=TIMEOUT_S, trust_env=False, follow_redirects=False
        )

    async def send(self, message: Outgoing) -> Outcome:
        """Send one message; a token that has expired is replaced, and the call made once more."""
        try:
            access = await self._tokens.access()
            error = await self._call(message, access)
            if error in rules.EXPIRED:
                error = await self._call(message, await self._tokens.access(refused=access))
        except AuthorisationLostError as lost:
            return Outcome("rejected", str(lost))
        except (OutageError, TimeoutError, httpx.ConnectError, httpx.ConnectTimeout):
            return Outcome("retry", "unreachable")
        except httpx.HTTPError as broken:
            return Outcome("ambiguous", type(broken).__name__)
        if isinstance(error, Outcome):
            return error
        if rules.ours(error):
            log.error("zalo.refuses_us", error=error)
        now = self._clock()
        return rules.outcome(error, self._quiet.over_at(now) - now)

    async def stop(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._tokens.stop()

    async def _call(self, message: Outgoing, access: str) -> int | Outcome:
        """Return Zalo's `error`, or what its HTTP status says by itself."""
        proof = hmac.new(self._settings.secret_key.encode(), access.encode(), hashlib.sha256)
        answer = await bounded.ask(
            self._client,
            "POST",
            PATH,
            within_s=TIMEOUT_S,
            json=self._body(message),
            headers={"access_token": access, "appsecret_proof": proof.hexdigest()},
        )
        if answer.status_code == HTTP_UNAUTHORISED:
            return EXPIRED
        if refused := judged(answer.status_code, answer.headers, self._clock()):
            return refused
        try:
            return int(bounded.object_of(answer)["error"])
        except (ValueError, KeyError, TypeError):
            return Outcome("ambiguous", "zalo_unreadable")

    def _body(self, message: Outgoing) -> dict[str, Any]:
        templates = self._settings.templates
        return {
            "phone": message.address,
            "template_id": templates.get(message.language) or templates[Language.VIETNAMESE],
            "template_data": rules.parameters(message.words),
            "tracking_id": message.id,
        }
