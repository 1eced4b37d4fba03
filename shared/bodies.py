"""Routes with small bodies: FastAPI itself reads a body of any length into memory."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

LARGEST = 64 * 2**10  # bytes; a form or a JSON document that a person filled in

Receive = Callable[[], Awaitable[Any]]


class SmallBodies(APIRoute):
    """A route that answers 413 to a body above 64 KiB, before it has read all of it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, which hears its body through a counter."""
        handler = super().get_route_handler()

        async def bounded(request: Request) -> Response:
            return await handler(Request(request.scope, _counted(request.receive)))

        return bounded


def _counted(receive: Receive) -> Receive:
    heard = 0

    async def counted() -> Any:
        nonlocal heard
        message = await receive()
        heard += len(message.get("body", b""))
        if heard > LARGEST:
            raise HTTPException(
                413, f"At most {LARGEST} bytes are taken here.", headers={"Connection": "close"}
            )
        return message

    return counted
