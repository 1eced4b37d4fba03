"""`python -m deploy.bench.subscribers --kills 100`: subscribers that die, and what they know then.

The examples of deploy/examples/ follow the stream as processes of their own, each is killed with
SIGKILL again and again while reports come in, and in the end all of them must have folded up the
same state as one reader that was never disturbed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from deploy.examples.ledger import Ledger, headers
from deploy.local.layout import ROOT, Layout
from shared.fold import State, fold, missed, state_hash

TRANSPORTS = ("amqp", "pull", "sse", "ws")
SETTLE_S = 60.0


@dataclass
class Subscriber:
    """A process that follows the stream by one transport."""

    transport: str
    address: str
    path: Path
    process: "subprocess.Popen[bytes] | None" = None
    kills: int = 0

    def start(self) -> None:
        """Start it, or start it again where it was killed."""
        module = f"deploy.examples.{self.transport}"
        command = [sys.executable, "-m", module, self.address, str(self.path)]
        self.process = subprocess.Popen(command, cwd=ROOT)

    def kill(self) -> None:
        """End it as a power cut would."""
        if self.process:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.kills += 1


@dataclass(frozen=True)
class Outcome:
    """How a subscriber ended, beside the reader that was never disturbed."""

    transport: str
    kills: int
    entities: int
    missed: int
    hash: str


def run(
    stack: Mapping[str, Any],
    kills: int,
    load: Callable[[], None],
    *,
    seed: int,
    pause_s: float = 1.0,
) -> tuple[str, list[Outcome]]:
    """Kill every subscriber `kills` times during `load`; return the true hash and all outcomes."""
    dice = random.Random(seed)  # noqa: S311 - a test's dice
    with TemporaryDirectory(prefix="civic-subscribers-") as folder:
        subscribers = [_subscriber(each, stack, Path(folder)) for each in TRANSPORTS]
        loading = threading.Thread(target=load, daemon=True)
        for each in subscribers:
            each.start()
        loading.start()
        try:
            for _ in range(kills):
                time.sleep(pause_s * dice.uniform(0.2, 1.4))
                for each in subscribers:
                    each.kill()
                    each.start()
            loading.join()
            truth = undisturbed(stack["notify"])
            for each in subscribers:
                _settle(each, len(truth), state_hash(truth))
        finally:
            for each in subscribers:
                if each.process:
                    each.process.kill()
                    each.process.wait()
        return state_hash(truth), [_outcome(each) for each in subscribers]


def undisturbed(notify: str) -> State:
    """Return what the whole stream folds up to, once nothing more comes."""
    state: State = {}
    cursor, quiet = "-1", 0
    with httpx.Client(base_url=notify, headers=headers(), timeout=30) as client:
        while quiet < 5:  # noqa: PLR2004 - looks in a row without anything new
            page = client.get("/api/v1/ioc/events", params={"after": cursor, "limit": 1000}).json()
            for event in page["items"]:
                fold(state, event)
            cursor = page["next"]
            quiet = 0 if page["items"] else quiet + 1
            time.sleep(0 if page["items"] else 1)
    return state


def _subscriber(transport: str, stack: Mapping[str, Any], folder: Path) -> Subscriber:
    address = stack["amqp"] if transport == "amqp" else stack["notify"]
    return Subscriber(transport, address, folder / f"{transport}.json")


def _settle(subscriber: Subscriber, entities: int, wanted: str) -> None:
    until = time.monotonic() + SETTLE_S
    while time.monotonic() < until:
        if subscriber.path.exists():
            ledger = Ledger(subscriber.path)
            if len(ledger.state) >= entities and ledger.hash == wanted:
                return
        time.sleep(0.2)


def _outcome(subscriber: Subscriber) -> Outcome:
    ledger = Ledger(subscriber.path)
    return Outcome(
        subscriber.transport,
        subscriber.kills,
        len(ledger.state),
        missed(ledger.state),
        ledger.hash,
    )


def reports(intake: str, count: int, pause_s: float) -> Callable[[], None]:
    """Return what sends `count` reports, `pause_s` apart."""

    def load() -> None:
        body = {
            "text": "Rác đổ đầy lối đi trước nhà văn hoá, bốc mùi từ hôm qua",
            "category": "other",
            "terms": True,
            "reporter": {"kind": "resident", "anonymity": "anonymous", "language": "vi"},
        }
        with httpx.Client(base_url=intake, timeout=30) as client:
            for _ in range(count):
                client.post("/api/v1/reports", json=body)
                time.sleep(pause_s)

    return load


def main() -> int:
    """Run against the stack of LOCAL_DIR; 1 when somebody ended with another state."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.subscribers")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))  # noqa: S311
    given = parser.parse_args()
    layout = Layout.from_environment(os.environ)
    stack = json.loads(layout.stack_file.read_text())
    began = time.monotonic()
    load = reports(stack["intake"], count=given.kills * 5, pause_s=0.15)
    wanted, outcomes = run(stack, given.kills, load, seed=given.seed)
    print(f"seed {given.seed}, {time.monotonic() - began:.0f} s, undisturbed {wanted[:16]}")
    for each in outcomes:
        word = "same" if each.hash == wanted else "OTHER"
        print(
            f"{each.transport:<5} killed {each.kills:>3}  entities {each.entities:>5}  "
            f"missed {each.missed}  state {each.hash[:16]} {word}"
        )
    return int(any(each.hash != wanted or each.missed for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
