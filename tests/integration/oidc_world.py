"""A small OpenID provider on loopback: discovery, keys, a code for whoever asks, ID tokens."""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT, SECRET = "civic", "s:ecret/%"


class Provider:
    """The provider. A test changes what it says: `claims`, `key`, `header`, `down`."""

    def __init__(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"})
        self.published = [self.key]
        self.claims: dict[str, Any] = {}
        self.header: dict[str, Any] = {}
        self.token: str | None = None  # instead of one of its own
        self.down = False
        self.issuer = ""
        self.ways = ["client_secret_basic"]
        self.fetched: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        routes = [
            Route("/.well-known/openid-configuration", self._discovery),
            Route("/keys", self._keys),
            Route("/authorize", self._authorize),
            Route("/token", self._token, methods=["POST"]),
        ]
        config = uvicorn.Config(Starlette(routes=routes), port=0, log_level="error", lifespan="off")
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        until = time.monotonic() + 10
        while not self._server.started:
            assert time.monotonic() < until
            time.sleep(0.01)
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.issuer = f"http://127.0.0.1:{port}"

    def stop(self) -> None:
        assert self._server
        assert self._thread
        self._server.should_exit = True
        self._thread.join(10)

    async def _discovery(self, _request: Request) -> Response:
        self.fetched.append("discovery")
        if self.down:
            return Response(status_code=503)
        return JSONResponse(
            {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize?tenant=dalat",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
                "token_endpoint_auth_methods_supported": self.ways,
            }
        )

    async def _keys(self, _request: Request) -> Response:
        self.fetched.append("keys")
        strange = [{"kty": "AKP", "kid": "new"}, {"kty": "oct", "kid": "hmac", "k": "AAAA"}]
        return JSONResponse({"keys": [*strange, *(each.as_dict() for each in self.published)]})

    async def _authorize(self, request: Request) -> Response:
        """Somebody signs in, whoever `claims` says."""
        asked = dict(request.query_params)
        assert asked["tenant"] == "dalat"
        assert (asked["response_type"], asked["client_id"]) == ("code", CLIENT)
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe()
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def _token(self, request: Request) -> Response:
        form = {
            name: values[0] for name, values in parse_qs((await request.body()).decode()).items()
        }
        asked = self._codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if asked is None or asked["code_challenge"] != challenge or not self._known(request, form):
            return JSONResponse({"error": "invalid_grant"}, 400)
        assert form["redirect_uri"] == asked["redirect_uri"]
        return JSONResponse({"id_token": self.token or self.sign(asked["nonce"])})

    def _known(self, request: Request, form: dict[str, str]) -> bool:
        if self.ways == ["client_secret_post"]:
            return (form["client_id"], form["client_secret"]) == (CLIENT, SECRET)
        scheme, _, value = request.headers["authorization"].partition(" ")
        name, _, secret = base64.b64decode(value).decode().partition(":")
        return (scheme, name, secret) == ("Basic", CLIENT, "s%3Aecret%2F%25")

    def sign(self, nonce: str) -> str:
        now = int(time.time())
        claims: dict[str, Any] = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "248289761001",
            "exp": now + 300,
            "iat": now,
            "nonce": nonce,
            **self.claims,
        }
        header = {"alg": "RS256", "kid": "one", **self.header}
        kept = {name: value for name, value in claims.items() if value is not None}
        if header["alg"] == "none":
            return ".".join([_part(header), _part(kept), ""])
        if header["alg"] == "HS256":  # signed under what everybody can read
            signed = f"{_part(header)}.{_part(kept)}"
            public = self.key.as_pem(private=False)
            mac = (
                base64.urlsafe_b64encode(hmac.digest(public, signed.encode(), "sha256"))
                .decode()
                .rstrip("=")
            )
            return f"{signed}.{mac}"
        return jwt.encode(header, kept, self.key)


def _part(content: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def query_of(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


@asynccontextmanager
async def provider() -> AsyncGenerator[Provider, None]:
    made = Provider()
    made.start()
    try:
        yield made
    finally:
        made.stop()
