"""The other door: people sign in at the city's OpenID provider, and come back with a code."""

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from services.intake.accounts.domain import Account, Method, fold
from services.intake.accounts.door import Caller
from services.intake.accounts.notes import NOBODY, Kind, Note
from services.intake.accounts.oidc_settings import OidcRefusedError
from services.intake.accounts.sessions import Admission, Sessions
from services.intake.accounts.store import AccountStore, Expiring
from shared.identity import fingerprint
from shared.mongo import Database

if TYPE_CHECKING:
    from services.intake.accounts.oidc_provider import Provider

WAIT = timedelta(minutes=10)  # for a person at the provider's page, with a second factor


@dataclass(frozen=True)
class Departure:
    """Where the browser goes, and the secret that it keeps meanwhile as a cookie."""

    url: str
    browser: str


@dataclass(frozen=True)
class Arrival:
    """What the browser brings back."""

    code: str
    state: str
    browser: str
    issuer: str = ""  # RFC 9207; not every provider names itself


class OidcDoor:
    """Lets people in whom the provider knows, and who have an account here; issues none."""

    def __init__(
        self,
        provider: "Provider",
        accounts: AccountStore,
        sessions: Sessions,
        *,
        base: Database,
        note: Note,
        clock: Callable[[], datetime],
    ) -> None:
        self.settings = provider.settings
        self.pending = Expiring(base, "oidc_pending")
        self._provider = provider
        self._accounts = accounts
        self._sessions = sessions
        self._note = note
        self._clock = clock

    async def start(self) -> Departure:
        """Send somebody to the provider; what they must bring back is kept here, once."""
        state, nonce, browser = (secrets.token_urlsafe(32) for _ in range(3))
        verifier = secrets.token_urlsafe(48)
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
        url = await self._provider.authorization_url(state, nonce, challenge.decode().rstrip("="))
        await self.pending.insert(
            {
                "_id": fingerprint(state),
                "browser": fingerprint(browser),
                "nonce": nonce,
                "verifier": verifier,
                "expires_at": self._clock() + WAIT,
            }
        )
        return Departure(url, browser)

    async def arrive(self, arrival: Arrival, caller: Caller) -> Admission:
        """Open a session for whoever comes back from the provider.

        Raises:
            OidcRefusedError: the state is unknown, used, late or another browser's; the code or
                its token is not good; or nobody here has that name.
            OutageError: the provider is away.
        """
        try:
            kept = await self._take(arrival)
            claims = await self._provider.claims(arrival.code, kept["verifier"], kept["nonce"])
            account = _usable(await self._account(claims))
        except OidcRefusedError as error:
            detail = {"method": Method.OIDC.value, "reason": error.reason}
            await self._note(Kind.SIGN_IN_FAILED, NOBODY, error.account or NOBODY, detail)
            raise
        return await self._sessions.open(account, Method.OIDC, caller.user_agent)

    async def _take(self, arrival: Arrival) -> Mapping[str, Any]:
        """Return what was kept for this state, and never again."""
        identifier = fingerprint(arrival.state)
        kept = await self.pending.load(identifier)
        # of two who bring the same state at once, one deletes it
        if kept is None or not await self.pending.delete(identifier):
            raise OidcRefusedError("state_unknown")
        if self._clock() >= kept["expires_at"]:
            raise OidcRefusedError("state_expired")
        if not secrets.compare_digest(kept["browser"], fingerprint(arrival.browser)):
            raise OidcRefusedError("other_browser")
        if arrival.issuer and arrival.issuer != self.settings.issuer:
            raise OidcRefusedError("other_issuer")
        if not arrival.code:
            raise OidcRefusedError("no_code")  # the person, or the provider, said no
        return kept

    async def _account(self, claims: Mapping[str, Any]) -> Account | None:
        name = claims.get(self.settings.claim)
        if not isinstance(name, str) or not name:
            raise OidcRefusedError("claim_missing")
        if self.settings.claim != "email":
            return await self._accounts.by_username(fold(name))
        if self.settings.verified_email and claims.get("email_verified") is not True:
            raise OidcRefusedError("email_unverified")
        return await self._accounts.by_email(name.strip().lower())


def _usable(account: Account | None) -> Account:
    if account is None:
        raise OidcRefusedError("no_account")
    if account.disabled:
        raise OidcRefusedError("account_disabled", account.id)
    return account
