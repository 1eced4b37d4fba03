"""A consumer that dies: forked again and again, it hears a queue in which one message kills it."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from shared import topology
from shared.events import Received
from shared.messaging import Suspects
from shared.mongo import Documents, connect, database
from shared.topology import ROUTER_CASES
from tests.integration.broker import Look, connected, eventually, hearing

LIVES = 12
PREFETCH = 128  # as in earnest: all are in hand when it dies


async def life(amqp_url: str, mongo_url: str, prefix: str, *, heard: Path, killer: int) -> None:
    """Consume until the killer is dead and everybody else was heard."""
    neighbours = set(range(1, 101)) - {killer}

    async def handle(received: Received) -> None:
        with heard.open("a") as lines:
            lines.write(f"{received.sequence}\n")
        if received.sequence == killer:
            os.kill(os.getpid(), signal.SIGKILL)

    kept = Documents(database(connect(mongo_url), f"{prefix}_operations"), "suspects")
    async with connected(amqp_url) as publisher, Look.into(amqp_url) as look:

        async def over() -> bool:
            return neighbours <= told(heard) and await look.waiting(ROUTER_CASES.dead) == 1

        async with hearing(amqp_url, handle, publisher, prefetch=PREFETCH, suspects=Suspects(kept)):
            await eventually(over, within_s=30)


def told(heard: Path) -> set[int]:
    return set(map(int, heard.read_text().split()))


def main() -> int:
    """Live until a life does not end by SIGKILL; 0 when it ended well."""
    amqp_url, mongo_url, prefix, heard, killer = sys.argv[1:]
    topology.QUEUES = (ROUTER_CASES,)
    Path(heard).touch()
    for _ in range(LIVES):
        if (child := os.fork()) == 0:
            living = life(amqp_url, mongo_url, prefix, heard=Path(heard), killer=int(killer))
            asyncio.run(living)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            return os.waitstatus_to_exitcode(status)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
