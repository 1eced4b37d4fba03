"""`python -m deploy.bench.fanout`: many SSE clients, a steady stream, and how late each event is.

The clients are plain sockets in a process of their own. Events of a type that nobody handles are
published to the exchange with the time in them. The floor is a bare loop that writes the same
frames to as many sockets, without HTTP, stream or framework, in the same run.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import psutil

from deploy.local import stack as stacks
from shared.topology import EXCHANGE

SENT = re.compile(rb'"sent":(\d+)')
SETTLE_S = 3.0
TYPE = "bench.tick.v1"


@dataclass(frozen=True)
class Lags:
    """What all clients together saw: events, and how late, in milliseconds."""

    clients: int
    events: int
    p50_ms: float
    p99_ms: float
    max_ms: float
    cpu: float  # of one core, of the process that serves

    def __str__(self) -> str:
        return (
            f"{self.clients} clients  {self.events} events seen  p50 {self.p50_ms:.0f} ms  "
            f"p99 {self.p99_ms:.0f} ms  max {self.max_ms:.0f} ms  CPU {self.cpu:.0%} of a core"
        )


def tick(number: int) -> bytes:
    """Return an event as large as one of a case, with the moment of its sending in it."""
    return json.dumps(
        {
            "specversion": "1.0",
            "id": f"bench.{number}",
            "source": "/civic/bench",
            "type": TYPE,
            "subject": "bench",
            "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "datacontenttype": "application/json",
            "sequence": number + 1,
            "data": {"padding": "x" * 900, "sent": time.monotonic_ns()},
        },
        separators=(",", ":"),
    ).encode()


async def listen(address: tuple[str, int], path: str, into: list[float]) -> None:
    """Be one client: note the lag of every event that comes."""
    reader, writer = await asyncio.open_connection(*address)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    with suppress(ConnectionError):
        while chunk := await reader.read(65536):
            now = time.monotonic_ns()
            into += [(now - int(sent)) / 1e6 for sent in SENT.findall(chunk)]


def clients(address: tuple[str, int], path: str, count: int, wire: Any) -> None:
    """Be all clients, in a process of their own; answer with their lags when told to stop."""

    async def work() -> list[float]:
        lags: list[float] = []
        tasks = [asyncio.create_task(listen(address, path, lags)) for _ in range(count)]
        await asyncio.sleep(SETTLE_S)
        wire.send("ready")
        await asyncio.to_thread(wire.recv)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return lags

    wire.send(asyncio.run(work()))


def floor_server(port: Any, rate: int, seconds: float) -> None:
    """Write frames to every socket that comes, and do nothing else."""

    async def work() -> None:
        writers: list[asyncio.StreamWriter] = []

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writers.append(writer)

        server = await asyncio.start_server(accept, "127.0.0.1", 0, backlog=1000)
        port.send(server.sockets[0].getsockname()[1])
        port.recv()
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            body = b"event: tick\ndata: " + tick(number) + b"\n\n"
            for writer in writers:
                writer.write(body)
            await asyncio.sleep(max(0, began + (number + 1) / rate - time.monotonic()))
        for writer in writers:
            await writer.drain()
        port.send("sent")
        port.recv()

    asyncio.run(work())


async def publish(amqp: str, rate: int, seconds: float) -> None:
    """Send events at a steady rate."""
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange(EXCHANGE, ensure=False)
        began = time.monotonic()
        for number in range(int(rate * seconds)):
            await exchange.publish(aio_pika.Message(tick(number)), TYPE)
            await asyncio.sleep(max(0, began + (number + 1) / rate - time.monotonic()))


def measured(
    address: tuple[str, int], path: str, count: int, *, pid: int, send: Callable[[], None]
) -> Lags:
    """Let clients listen while `send` sends; return what they saw."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=clients, args=(address, path, count, theirs))
    process.start()
    ours.recv()
    server = psutil.Process(pid)
    began, before = time.monotonic(), sum(server.cpu_times()[:2])
    send()
    cpu = (sum(server.cpu_times()[:2]) - before) / (time.monotonic() - began)
    time.sleep(1)
    ours.send("stop")
    lags = sorted(ours.recv())
    process.join()
    if not lags:
        return Lags(count, 0, 0, 0, 0, cpu)
    return Lags(
        clients=count,
        events=len(lags),
        p50_ms=lags[len(lags) // 2],
        p99_ms=lags[int(len(lags) * 0.99)],
        max_ms=lags[-1],
        cpu=cpu,
    )


def floor(count: int, rate: int, seconds: float) -> Lags:
    """Measure the bare loop."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.Process(target=floor_server, args=(theirs, rate, seconds))
    process.start()
    port = ours.recv()

    def send() -> None:
        ours.send("go")
        ours.recv()

    assert process.pid is not None  # noqa: S101 - it was started
    found = measured(("127.0.0.1", port), "/", count, pid=process.pid, send=send)
    ours.send("end")
    process.join()
    return found


def main() -> None:
    """Measure on a stack of its own, and print."""
    parser = argparse.ArgumentParser(prog="python -m deploy.bench.fanout")
    parser.add_argument("--clients", type=int, default=500)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=20)
    given = parser.parse_args()
    print("floor  ", floor(given.clients, given.rate, given.seconds), flush=True)
    with stacks.temporary(with_services=True, say=lambda _: None) as layout:
        stack = json.loads(layout.stack_file.read_text())
        where = urlsplit(stack["notify"])
        address = (where.hostname or "127.0.0.1", where.port or 80)
        pid = stack["pids"]["notify"]
        found = measured(
            address,
            "/api/v1/ioc/stream",
            given.clients,
            pid=pid,
            send=lambda: asyncio.run(publish(stack["amqp"], given.rate, given.seconds)),
        )
    print("notify ", found)
    expected = given.clients * int(given.rate * given.seconds)
    print(f"every client saw every event: {found.events == expected} ({found.events}/{expected})")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
