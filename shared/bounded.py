"""Calls to other people's APIs whose answers are bounded in size and in time, and never unpacked.

httpx bounds each wait and no whole answer: one that trickles holds its caller for ever, and one of
gigabytes, or of a few packed kilobytes, fills the memory. Source: OWASP API10:2023.
"""

import asyncio
from typing import Any

import httpx
import orjson

MOST_BYTES = 256 * 2**10  # the longest that we ask for are a provider's keys, some 10 kB
_REPACKED = frozenset({"content-encoding", "transfer-encoding", "content-length"})


async def ask(
    client: httpx.AsyncClient, method: str, url: str, *, within_s: float, **how: Any
) -> httpx.Response:
    """Return the whole answer of somebody else's server.

    Args:
        client: Which follows no redirects.
        method: Of the request.
        url: Of the request; may be relative to the client's.
        within_s: For the whole call.
        **how: Further arguments of the client's `stream`.

    Raises:
        httpx.HTTPError: nobody answered, too late, or more than `MOST_BYTES`.
    """
    headers = {**how.pop("headers", {}), "Accept-Encoding": "identity"}
    try:
        async with (
            asyncio.timeout(within_s),
            client.stream(method, url, headers=headers, **how) as answer,
        ):
            taken = bytearray()
            async for chunk in answer.aiter_raw():
                taken += chunk
                if len(taken) > MOST_BYTES:
                    raise httpx.RemoteProtocolError("an answer without an end")
            kept = [each for each in answer.headers.multi_items() if each[0] not in _REPACKED]
            return httpx.Response(answer.status_code, headers=kept, content=bytes(taken))
    except TimeoutError as error:
        raise httpx.ReadTimeout("not answered in time") from error


def object_of(answer: httpx.Response) -> dict[str, Any]:
    """Return the JSON object that an answer is.

    Raises:
        ValueError: it is none; neither NaN nor infinity is a number, nor is depth without end JSON.
    """
    found = orjson.loads(answer.content)
    if not isinstance(found, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - of what came, not of our code
    return found
