"""Pull: `python -m deploy.examples.pull http://127.0.0.1:8001 state.json`."""

import asyncio
import sys

import httpx

from deploy.examples.ledger import Ledger, following, headers

GONE = 410  # nothing continues the cursor; the problem says where to start again


async def follow(notify: str, ledger: Ledger) -> None:
    """Ask for what comes after the cursor, fold it up, keep both, ask again."""
    async with httpx.AsyncClient(base_url=notify, headers=headers(), timeout=30) as client:
        while True:
            query = {"after": ledger.cursor, "limit": "500"}
            answer = await client.get("/api/v1/ioc/events", params=query)
            if answer.status_code == GONE:
                ledger.reset(answer.json()["errors"][0]["detail"])
                continue
            page = answer.raise_for_status().json()
            for event in page["items"]:
                ledger.take(event["cursor"], event)
            ledger.save()
            await asyncio.sleep(0 if page["items"] else 0.2)


if __name__ == "__main__":
    asyncio.run(following(follow, httpx.HTTPError, *sys.argv[1:]))
