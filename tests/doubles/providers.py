"""Zalo, an SMS gateway and a push service as their documents describe them, on loopback.

Each keeps what it was sent, and answers as told: `say` is what the next calls get.
"""

import base64
import hashlib
import json
import os
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from tests.doubles.server import SILENT, Asked, Said


def _json(body: Mapping[str, Any], status: int = 200) -> Said:
    return Said(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


class Zalo:
    """Both hosts in one: OAuth with refresh tokens that work once, and template messages."""

    app_id, secret_key, oa_secret = "app1", "zalo-app-secret", "zalo-oa-secret"

    def __init__(self) -> None:
        self.refresh_token = "refresh-0"
        self.access_token = ""
        self.renewals = 0
        self.reused = 0
        self.errors: list[int | Said] = []  # what the next messages get; then 0
        self.sent: list[dict[str, Any]] = []
        self.calls = 0
        self.silent = False  # gives no tokens out, and says nothing
        self.lasts_s = "3600"
        self.tokens_say: list[Said] = []  # what the next renewals get instead of a token

    def expire(self) -> None:
        """The access token that was given out is good no more."""
        self.access_token = ""

    async def __call__(self, asked: Asked) -> Said:
        if asked.path == "/v4/oa/access_token":
            return SILENT if self.silent else self._token(asked)
        assert asked.path == "/message/template"
        self.calls += 1
        if not self.access_token or asked.headers["access_token"] != self.access_token:
            return _json({"error": -124, "message": "Access token has expired"})
        answer = self.errors.pop(0) if self.errors else 0
        if isinstance(answer, Said):
            return answer
        body = json.loads(asked.body)
        if answer == 0:
            self.sent.append(body)
        return _json({"error": answer, "data": {"msg_id": f"z{self.calls}"}})

    def _token(self, asked: Asked) -> Said:
        if self.tokens_say:
            return self.tokens_say.pop(0)
        form = {name: values[0] for name, values in parse_qs(asked.body.decode()).items()}
        assert asked.headers["secret_key"] == self.secret_key
        if form["refresh_token"] != self.refresh_token:
            self.reused += 1
            return _json({"error": -14020, "error_name": "Invalid refresh token"})
        self.renewals += 1
        self.refresh_token = f"refresh-{self.renewals}"
        self.access_token = f"access-{self.renewals}"
        return _json(
            {
                "access_token": self.access_token,
                "refresh_token": self.refresh_token,
                "expires_in": self.lasts_s,
            }
        )

    def callback(self, tracking_id: str) -> tuple[bytes, dict[str, str]]:
        """What Zalo posts when a message has reached a telephone, signed."""
        body = json.dumps(
            {
                "app_id": self.app_id,
                "event_name": "user_received_message",
                "timestamp": "1768194000000",
                "message": {"tracking_id": tracking_id, "delivery_time": "1768194000000"},
            }
        ).encode()
        signed = self.app_id.encode() + body + b"1768194000000" + self.oa_secret.encode()
        return body, {"X-ZEvent-Signature": f"mac={hashlib.sha256(signed).hexdigest()}"}


class SmsGateway:
    """A brand-name gateway; it knows a RequestId that it has taken before."""

    def __init__(self) -> None:
        self.say: list[str | Said] = []  # codes or answers of the next calls; then "100"
        self.swallow = False  # takes the text, and cuts the connection before it says so
        self.sent: dict[str, dict[str, Any]] = {}
        self.calls: list[dict[str, Any]] = []

    async def __call__(self, asked: Asked) -> Said:
        body = json.loads(asked.body)
        self.calls.append(body)
        answer = self.say.pop(0) if self.say else "100"
        if isinstance(answer, Said) and not self.swallow:
            return answer
        if body["RequestId"] in self.sent:
            return _json({"CodeResult": "124"})
        if isinstance(answer, Said) or answer == "100":
            self.sent[body["RequestId"]] = body
        return answer if isinstance(answer, Said) else _json({"CodeResult": answer})


class Browser:
    """A browser with its push service: verifies the VAPID token, opens what is pushed."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._auth = os.urandom(16)
        self.say: list[Said] = []  # answers of the next pushes; then 201
        self.shown: dict[str, dict[str, Any]] = {}  # by tag: a repeated one is shown once
        self.pushes: list[Asked] = []
        self.audience = ""

    def keys(self) -> dict[str, str]:
        point = self._key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {"p256dh": _url(point), "auth": _url(self._auth)}

    async def __call__(self, asked: Asked) -> Said:
        assert Vapid02.verify(asked.headers["authorization"])
        token = asked.headers["authorization"].split("t=")[1].split(",")[0].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        assert claims["aud"] == self.audience
        assert claims["sub"].startswith("mailto:")
        assert int(asked.headers["ttl"]) > 0
        assert len(asked.headers["topic"]) <= 32
        self.pushes.append(asked)
        answer = self.say.pop(0) if self.say else Said(201)
        if answer.status == 201:
            plain = http_ece.decrypt(
                asked.body, private_key=self._key, auth_secret=self._auth, version="aes128gcm"
            )
            shown = json.loads(plain)
            self.shown[shown["tag"]] = shown
        return answer


def _url(plain: bytes) -> str:
    return base64.urlsafe_b64encode(plain).rstrip(b"=").decode()
