"""Server-Sent Events: `python -m deploy.examples.sse http://127.0.0.1:8001 state.json`."""

import json
import sys
import time
from pathlib import Path

import httpx

from deploy.examples.ledger import Ledger, headers


def follow(client: httpx.Client, ledger: Ledger) -> None:
    """Read events behind the cursor until the connection ends."""
    asked = {**headers(), "Last-Event-ID": ledger.cursor}
    with client.stream("GET", "/api/v1/ioc/stream", headers=asked) as answer:
        answer.raise_for_status()
        frame: dict[str, str] = {}
        for line in answer.iter_lines():
            name, _, value = line.partition(": ")
            if line:
                frame[name] = value
            elif frame.get("event") == "reset":
                ledger.reset(frame["id"])
            elif "data" in frame:
                ledger.take(frame["id"], json.loads(frame["data"]))
                ledger.save()
            if not line:
                frame = {}


def main(notify: str, path: Path) -> None:
    """Follow, and come back whenever the connection is lost."""
    with httpx.Client(base_url=notify, timeout=httpx.Timeout(10, read=30)) as client:
        while True:
            try:
                follow(client, Ledger(path))
            except httpx.HTTPError:
                time.sleep(1)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
