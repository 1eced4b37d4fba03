"""Routes whose answers are sent compressed: public data that a phone on a slow network asks for.

Only for answers that hold nothing secret and nothing that a caller wrote: where both are, the
length of a compressed answer says something of the secret.
"""

import gzip
from collections.abc import Callable, Coroutine
from functools import lru_cache
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from shared.pages import accepted

SMALLEST = 1400  # bytes; less fits into one packet anyway
KEPT = 16  # answers; the catalogue changes when a regulation is published


class CompressedAnswers(APIRoute):
    """A route that answers a GET with gzip when the caller takes it."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, whose answers are compressed on their way out."""
        handler = super().get_route_handler()

        async def compressed(request: Request) -> Response:
            answer = await handler(request)
            plain = bytes(answer.body)
            if answer.status_code == 200 and len(plain) >= SMALLEST:  # noqa: PLR2004 - HTTP
                answer.headers.add_vary_header("Accept-Encoding")
                if "gzip" in accepted(request):
                    answer.body = _packed(plain)
                    answer.headers["Content-Encoding"] = "gzip"
                    answer.headers["Content-Length"] = str(len(answer.body))
            return answer

        return compressed


@lru_cache(maxsize=KEPT)
def _packed(plain: bytes) -> bytes:
    return gzip.compress(plain, 6, mtime=0)
