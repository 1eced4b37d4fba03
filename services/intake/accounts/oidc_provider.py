"""An OpenID Connect provider, as we speak to it: discovery, keys, code exchange, ID tokens."""

import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import httpx
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, InvalidClaimError, InvalidKeyIdError, JoseError
from joserfc.jwk import JWKRegistry, Key, KeySet

from services.intake.accounts.oidc_settings import OidcRefusedError, OidcSettings
from shared import bounded
from shared.errors import OutageError

TIMEOUT_S = 5.0
DISCOVERY_S = 3600.0
KEYS_AGAIN_S = 30.0  # an unknown key id makes us fetch the keys anew, but not more often than this
LEEWAY_S = 60  # between two clocks
# Signatures by a private key only: neither `none`, nor an HMAC under a key that everybody can read.
ALGORITHMS = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "Ed25519"),
)
KEY_TYPES = {"RSA", "EC", "OKP"}


class Provider:
    """One provider; `clock` is the server's time, `ticks` are seconds that only rise."""

    def __init__(
        self,
        settings: OidcSettings,
        clock: Callable[[], datetime],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings
        self._clock = clock
        self._ticks = ticks
        self._tls: ssl.SSLContext = httpx.create_ssl_context()
        self._discovered: tuple[float, Mapping[str, Any]] | None = None
        self._keys: tuple[float, KeySet] | None = None

    async def authorization_url(self, state: str, nonce: str, challenge: str) -> str:
        """Return where the browser goes to sign in.

        Raises:
            OutageError: the provider is away.
        """
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": self.settings.redirect_url,
            "scope": "openid profile email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = str((await self._discovery())["authorization_endpoint"])
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(asked)}"

    async def claims(self, code: str, verifier: str, nonce: str) -> Mapping[str, Any]:
        """Exchange a code and return the claims of the ID token that came for it.

        Raises:
            OidcRefusedError: the provider refuses the code, or its token is not good.
            OutageError: the provider is away.
        """
        return await self._validated(await self._exchange(code, verifier), nonce)

    async def _exchange(self, code: str, verifier: str) -> str:
        discovery = await self._discovery()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.settings.redirect_url,
            "code_verifier": verifier,
        }
        name, secret = self.settings.client_id, self.settings.client_secret
        # RFC 8414: a provider that does not say how clients authenticate takes Basic
        said = discovery.get("token_endpoint_auth_methods_supported")
        ways = said if isinstance(said, list) else ["client_secret_basic"]
        basic = httpx.BasicAuth(_quoted(name), _quoted(secret))
        if "client_secret_basic" not in ways:
            form |= {"client_id": name, "client_secret": secret}
        auth = basic if "client_secret_basic" in ways else None
        answer = await self._ask("POST", str(discovery["token_endpoint"]), data=form, auth=auth)
        if answer.is_client_error:
            raise OidcRefusedError("code_refused")
        token = _json(answer).get("id_token")
        if not isinstance(token, str):
            raise OidcRefusedError("no_id_token")
        return token

    async def _validated(self, token: str, nonce: str) -> Mapping[str, Any]:
        """Return the claims of an ID token (OpenID Connect Core 3.1.3.7)."""
        expected = jwt.JWTClaimsRegistry(
            now=int(self._clock().timestamp()),
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            azp={"value": self.settings.client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            claims = (await self._decoded(token)).claims
            expected.validate(claims)
        except InvalidClaimError as error:
            raise OidcRefusedError(f"claim_{error.claim}") from error
        except ExpiredTokenError as error:
            raise OidcRefusedError("expired") from error
        except (JoseError, ValueError, TypeError) as error:
            raise OidcRefusedError(f"token_{type(error).__name__}") from error
        return claims

    async def _decoded(self, token: str) -> jwt.Token:
        try:
            return jwt.decode(token, await self._key_set(), ALGORITHMS)
        except InvalidKeyIdError:
            fetched, _ = self._keys or (0.0, None)
            if self._ticks() - fetched < KEYS_AGAIN_S:
                raise
            self._keys = None  # the provider has changed its keys
            return jwt.decode(token, await self._key_set(), ALGORITHMS)

    async def _key_set(self) -> KeySet:
        if self._keys is None:
            answer = await self._ask("GET", str((await self._discovery())["jwks_uri"]))
            self._keys = (self._ticks(), _key_set(_json(answer)))
        return self._keys[1]

    async def _discovery(self) -> Mapping[str, Any]:
        if self._discovered and self._ticks() - self._discovered[0] < DISCOVERY_S:
            return self._discovered[1]
        url = self.settings.issuer.rstrip("/") + "/.well-known/openid-configuration"
        document = _json(await self._ask("GET", url))
        wanted = ("authorization_endpoint", "token_endpoint", "jwks_uri")
        if document.get("issuer") != self.settings.issuer or not all(map(document.get, wanted)):
            raise OutageError("the OpenID provider's discovery document is not its own")
        self._discovered = (self._ticks(), document)
        return document

    async def _ask(self, method: str, url: str, **how: Any) -> httpx.Response:
        try:
            async with httpx.AsyncClient(verify=self._tls, timeout=TIMEOUT_S) as client:
                answer = await bounded.ask(client, method, url, within_s=2 * TIMEOUT_S, **how)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutageError(f"the OpenID provider: {type(error).__name__}") from error
        if answer.is_server_error or answer.is_redirect:
            raise OutageError(f"the OpenID provider answers {answer.status_code}")
        return answer


def _json(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        return bounded.object_of(answer)
    except ValueError as error:
        raise OutageError("the OpenID provider answers no JSON object") from error


def _key_set(document: Mapping[str, Any]) -> KeySet:
    """Return the provider's public signature keys; one that we do not understand is left out."""
    keys: list[Key] = []
    said = document.get("keys")
    for each in said if isinstance(said, list) else ():
        if (
            isinstance(each, dict)
            and each.get("kty") in KEY_TYPES
            and each.get("use", "sig") == "sig"
        ):
            with suppress(JoseError, ValueError, TypeError, KeyError):
                keys.append(JWKRegistry.import_key(each))
    return KeySet(keys)


def _quoted(text: str) -> str:
    """Return a name or secret as Basic authentication carries it (RFC 6749, 2.3.1)."""
    return urlencode({"": text})[1:]
