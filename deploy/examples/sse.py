"""Server-Sent Events: `python -m deploy.examples.sse http://127.0.0.1:8001 state.json`."""

import asyncio
import json
import sys

import httpx

from deploy.examples.ledger import Ledger, following, headers


async def follow(notify: str, ledger: Ledger) -> None:
    """Read events behind the cursor until the connection ends."""
    async with (
        httpx.AsyncClient(base_url=notify, headers=headers(), timeout=30) as client,
        client.stream("GET", "/api/v1/ioc/stream", params={"after": ledger.cursor}) as answer,
    ):
        frame: dict[str, str] = {}
        async for line in answer.raise_for_status().aiter_lines():
            name, _, value = line.partition(": ")
            if not line and frame.get("event") == "reset":
                ledger.reset(frame["id"])
            elif not line and "data" in frame and "id" in frame:  # `expired` has no place
                ledger.take(frame["id"], json.loads(frame["data"]))
                ledger.save()
            frame = {**frame, name: value} if line else {}


if __name__ == "__main__":
    asyncio.run(following(follow, httpx.HTTPError, *sys.argv[1:]))
