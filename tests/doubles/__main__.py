"""The providers' doubles on one port of loopback, to try every channel by hand.

    python -m tests.doubles --port 8017 --notify http://127.0.0.1:8001 FOLDER

`./dev up --doubles` starts it. What each provider is sent is a line of JSON in FOLDER: `sms.jsonl`,
`zalo.jsonl`, `push.jsonl` (as the browser reads it), `webhooks.jsonl`. SMS and Zalo answer with the
receipt that a real one sends, so that the delivery ends as delivered.
"""

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import signal
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
from standardwebhooks import Webhook, WebhookVerificationError

from tests.doubles.providers import Browser, SmsGateway, Zalo
from tests.doubles.server import Asked, Said, serving

SUBSCRIPTION, SECRET = "push-subscription.json", "webhook-secret.txt"
RECEIPT_AFTER_S = 0.5  # a telephone takes longer than its gateway
CALLBACKS = "/api/v1/callbacks"


class Desk:
    """All providers by path, and the files of what they were sent."""

    def __init__(self, folder: Path, address: str, notify: str, sms_secret: str) -> None:
        self._folder, self._notify, self._sms_secret = folder, notify, sms_secret.encode()
        self._zalo, self._gateway, self._browser = Zalo(), SmsGateway(), Browser()
        self._browser.audience = address
        self._calls: set[asyncio.Task[None]] = set()
        subscription = {"endpoint": f"{address}/push/by-hand", "keys": self._browser.keys()}
        (folder / SUBSCRIPTION).write_text(json.dumps(subscription, indent=2) + "\n")

    async def __call__(self, asked: Asked) -> Said:
        """Hand a call to whom it is for; whatever breaks there is an answer of ours."""
        try:
            return await self._provider(asked.path)(asked)
        except Exception as error:  # noqa: BLE001 - a person reads it, and the double goes on
            return _said({"error": f"{type(error).__name__}: {error}"}, 400)

    def _provider(self, path: str) -> Callable[[Asked], Awaitable[Said]]:
        for start, provider in (
            ("/MainService.svc/", self._sms),
            ("/v4/oa/", self._token),
            ("/message/", self._template),
            ("/push/", self._push),
            ("/webhook", self._webhook),
        ):
            if path.startswith(start):
                return provider
        return self._health

    async def _health(self, asked: Asked) -> Said:
        return _said({"doubles": "ready"}, 200 if asked.path == "/health" else 404)

    async def _sms(self, asked: Asked) -> Said:
        said = await self._gateway(asked)
        body = json.loads(asked.body)
        self._note("sms", {name: body[name] for name in ("Phone", "Content", "RequestId")})
        content = json.dumps({"RequestId": body["RequestId"], "SendStatus": 1}).encode()
        stamp = str(int(time.time()))
        signed = hmac.new(self._sms_secret, f"{stamp}.".encode() + content, hashlib.sha256)
        self._later("sms", content, {"X-Timestamp": stamp, "X-Signature": signed.hexdigest()})
        return said

    async def _token(self, asked: Asked) -> Said:
        # a double that starts anew knows none of the tokens that notify has kept
        self._zalo.refresh_token = parse_qs(asked.body.decode())["refresh_token"][0]
        return await self._zalo(asked)

    async def _template(self, asked: Asked) -> Said:
        said = await self._zalo(asked)
        if json.loads(said.body)["error"] == 0:
            body = json.loads(asked.body)
            self._note("zalo", body)
            self._later("zalo", *self._zalo.callback(body["tracking_id"]))
        return said

    async def _push(self, asked: Asked) -> Said:
        said = await self._browser(asked)
        self._note("push", list(self._browser.shown.values())[-1])
        return said

    async def _webhook(self, asked: Asked) -> Said:
        """Take everything; with the secret in its file, say whether the signature is right."""
        secret, right = self._folder / SECRET, None
        if secret.exists():
            try:
                Webhook(secret.read_text().strip()).verify(asked.body, dict(asked.headers))
                right = True
            except WebhookVerificationError:
                right = False
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        headers = {name: asked.headers.get(name) for name in names}
        self._note("webhooks", {"headers": headers, "right": right, "body": _read(asked.body)})
        return Said(401 if right is False else 204)

    def _note(self, provider: str, what: Mapping[str, Any]) -> None:
        line = json.dumps({"at": datetime.now(UTC).isoformat(), **what}, ensure_ascii=False)
        with (self._folder / f"{provider}.jsonl").open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _later(self, provider: str, body: bytes, headers: Mapping[str, str]) -> None:
        async def call() -> None:
            await asyncio.sleep(RECEIPT_AFTER_S)
            async with httpx.AsyncClient(trust_env=False) as client:
                address = f"{self._notify}{CALLBACKS}/{provider}"
                kind = {"Content-Type": "application/json"}
                await client.post(address, content=body, headers={**kind, **headers})

        task = asyncio.create_task(call())
        self._calls.add(task)
        task.add_done_callback(self._calls.discard)


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return body.decode(errors="replace")


def _said(body: Mapping[str, Any], status: int) -> Said:
    return Said(status, json.dumps(body).encode(), {"Content-Type": "application/json"})


async def serve(folder: Path, port: int, notify: str, sms_secret: str) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    async with serving(Desk(folder, f"http://127.0.0.1:{port}", notify, sms_secret), port):
        await ended.wait()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--notify", required=True)
    parser.add_argument("folder", type=Path)
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    secret = os.environ.get("NOTIFY_SMS_CALLBACK_SECRET", "")
    asyncio.run(serve(given.folder, given.port, given.notify, secret))


if __name__ == "__main__":
    main()
