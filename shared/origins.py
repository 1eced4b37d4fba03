"""Which pages of other origins may read a service: an exact list, no pattern, no cookies."""

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware

ASKED = ("Authorization", "Last-Event-ID", "Accept-Language", "Content-Type", "Idempotency-Key")
PREFLIGHT_S = 600


def allow(app: FastAPI, origins: str) -> None:
    """Let pages of these origins (separated by commas) read the answers of `app`.

    Raises:
        ValueError: one is no exact origin: `https://host` or `https://host:port`.
    """
    listed = [_exact(each.strip()) for each in origins.split(",") if each.strip()]
    if not listed:
        return
    app.add_middleware(
        Readers,
        allow_origins=listed,
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=list(ASKED),
        expose_headers=["Retry-After"],
        max_age=PREFLIGHT_S,
    )


def of(address: str) -> str:
    """Return the origin of an address under which people open our own pages."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


class Readers(CORSMiddleware):
    """The library's layer, with a short way for what asks from no other page: nearly everything.

    Its answer only says that it depends on `Origin`, so that no cache gives it to such a page.
    """

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Serve one request."""
        if scope["type"] != "http" or any(name == b"origin" for name, _ in scope["headers"]):
            await super().__call__(scope, receive, send)
            return

        async def varying(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (b"vary", b"Origin")]
            await send(message)

        await self.app(scope, receive, varying)


def _exact(origin: str) -> str:
    parts = urlsplit(origin)
    named = parts.scheme in {"http", "https"} and parts.hostname and "*" not in origin
    if not named or f"{parts.scheme}://{parts.netloc}" != origin.rstrip("/"):
        raise ValueError(f"{origin!r} is no exact origin like https://host:port")
    return origin.rstrip("/")
