"""WebSocket: `python -m deploy.examples.ws http://127.0.0.1:8001 state.json`."""

import asyncio
import json
import sys

import websockets

from deploy.examples.ledger import Ledger, following, headers


async def follow(notify: str, ledger: Ledger) -> None:
    """Read events behind the cursor until the connection ends."""
    url = f"{notify.replace('http', 'ws', 1)}/api/v1/ioc/ws?after={ledger.cursor}"
    async with websockets.connect(url, additional_headers=headers(), max_queue=None) as socket:
        async for text in socket:
            event = json.loads(text)
            if "reset" in event:
                ledger.reset(event["reset"]["restart"])
            else:
                ledger.take(event["cursor"], event)
                ledger.save()


if __name__ == "__main__":
    asyncio.run(following(follow, websockets.WebSocketException, *sys.argv[1:]))
