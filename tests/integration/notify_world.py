"""Replicas of notify as processes of their own, on a vhost and databases that nobody else has."""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from pymongo import MongoClient

from deploy.bench.subscribers import Subscriber
from deploy.examples.ledger import Ledger
from deploy.local.layout import ROOT
from shared.fold import State
from shared.mongo import Entry
from tests.e2e.client import eventually
from tests.integration.broker import connected

READY_S = 60.0
RING = 100  # far fewer events than the tests say, so that whoever was away reads the stream itself


@dataclass
class Replica:
    """One notify."""

    port: int
    environment: Mapping[str, str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "services.notify.app:create_app", "--factory"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--no-access-log"]
        command += ["--http", "shared.server:Protocol", "--timeout-graceful-shutdown", "5"]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command, cwd=ROOT, env=dict(self.environment), stdout=log, stderr=log
            )

    def ready(self) -> bool:
        assert self.process
        assert self.process.poll() is None, self.log.read_text()[-3000:]
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def end(self, number: signal.Signals = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(20)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/v1/ioc/{path}", params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def caught_up(self, events: int) -> dict[str, Any] | None:
        """The watermark, once the figures hold that many events of the stream."""
        mark = self.get("summary")["watermark"]
        return mark if mark["behind"] == 0 and mark["offset"] + 1 >= events else None

    def everything(self, after: str = "-1") -> list[dict[str, Any]]:
        """Every event after a cursor, as pull gives them."""
        found: list[dict[str, Any]] = []
        while page := self.get("events", after=after, limit=1000)["items"]:
            found += page
            after = page[-1]["cursor"]
        return found


@dataclass
class NotifyWorld:
    """Some replicas, and the subscribers of the examples that follow them."""

    amqp: str
    mongo: str
    prefix: str
    folder: Path
    ending: ExitStack
    settings: Mapping[str, str] = field(default_factory=dict)
    replicas: list[Replica] = field(default_factory=list)

    def replica(self) -> Replica:
        """Start one more notify; it is not waited for."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        ours = {
            "PROFILE": "dev",
            "AMQP_URL": self.amqp,
            "MONGO_URL": self.mongo,
            "DATABASE_PREFIX": self.prefix,
            "SEALING_KEY": base64.b64encode(bytes(32)).decode(),
            "TRACKING_SECRET": "test",
            "RING_EVENTS": str(RING),
            "REQUESTS_PER_ADDRESS": "0",
            "INCIDENT_EVERY_S": "1",
            **self.settings,
        }
        environment = {**os.environ, **{f"NOTIFY_{name}": value for name, value in ours.items()}}
        made = Replica(port, environment, self.folder / f"notify-{len(self.replicas)}.log")
        self.replicas.append(made)
        self.ending.callback(made.end, signal.SIGKILL)
        made.start()
        return made

    def follow(self, transport: str, replica: Replica, name: str = "") -> Subscriber:
        """Start a subscriber of deploy/examples."""
        address = self.amqp if transport == "amqp" else replica.url
        path = self.folder / f"{name or transport}-{len(list(self.folder.iterdir()))}.json"
        made = Subscriber(transport, address, path)
        self.ending.callback(made.kill)
        made.start()
        return made

    @property
    def database(self) -> Any:
        client: MongoClient[dict[str, Any]] = MongoClient(self.mongo)
        self.ending.callback(client.close)
        return client[f"{self.prefix}_notify"]


@contextmanager
def notify_world(amqp: str, mongo: str, prefix: str, folder: Path) -> Iterator[NotifyWorld]:
    """A world that ends with all its processes."""
    with ExitStack() as ending:
        yield NotifyWorld(amqp, mongo, prefix, folder, ending)


def all_ready(replicas: Sequence[Replica]) -> None:
    for each in replicas:
        eventually(each.ready, READY_S)


def state_of(subscriber: Subscriber) -> State:
    """What a subscriber knows; empty before its first event."""
    return Ledger(subscriber.path).state


def publish(amqp_url: str, entries: Sequence[Entry]) -> None:
    """Say events as a service does, in waves whose confirms are outstanding together."""

    async def run() -> None:
        async with connected(amqp_url) as publisher:
            for start in range(0, len(entries), 200):
                assert all(await publisher.publish(entries[start : start + 200]))

    asyncio.run(run())
