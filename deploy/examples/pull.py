"""Pull: `python -m deploy.examples.pull http://127.0.0.1:8001 state.json`."""

import sys
import time
from pathlib import Path

import httpx

from deploy.examples.ledger import Ledger, headers

GONE = 410  # nothing continues the cursor; the problem says where to start again


def main(notify: str, path: Path) -> None:
    """Ask for what comes after the cursor, fold it up, keep both, ask again."""
    ledger = Ledger(path)
    with httpx.Client(base_url=notify, headers=headers(), timeout=30) as client:
        while True:
            try:
                query = {"after": ledger.cursor, "limit": "500"}
                answer = client.get("/api/v1/ioc/events", params=query)
            except httpx.TransportError:
                time.sleep(1)
                continue
            if answer.status_code == GONE:
                ledger.reset(answer.json()["errors"][0]["detail"])
            elif answer.is_success:
                page = answer.json()
                for event in page["items"]:
                    ledger.take(event["cursor"], event)
                ledger.save()
                time.sleep(0 if page["items"] else 0.2)
            else:
                time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
