"""The load generator; runs in a process of its own, on a core of its own.

Every function takes plain data and returns plain data: it is called from another process.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aio_pika
import httpx

from deploy.bench.errors import BenchError, run
from deploy.bench.wire import CREATED, Connection, request_head
from deploy.local.ioc_feed import IocFeed
from shared.topology import QUEUES

REPORTS = "/api/v1/reports"
CONNECTIONS = 32
QUEUE_LOOK_EVERY_S = 1.0
CALM_S = 30.0  # for everything to be through after the last report
ON_THE_STREAM = ("case.submitted.v1", "routing.decided.v1", "case.assigned.v1", "deadline.set.v1")


def report(number: int) -> bytes:
    """Return a report as JSON: category `other`, with a reporter who gets mails."""
    body = {
        "text": "Đèn đường ở đoạn dốc tắt ba đêm liền, khúc cua rất tối. Đề nghị sửa đèn và gắn "
        f"thêm gương cầu cho người đi xe từ trong hẻm ra. Phản ánh thử tải số {number}.",
        "category": "other",
        "area": "Phường 1",
        "location": {"lat": 11.9430, "lon": 108.4370, "address": "Chợ Đà Lạt, Phường 1"},
        "terms": True,
        "reporter": {"kind": "resident", "name": "Thử tải", "email": f"tai{number}@example.com"},
    }
    return json.dumps(body, ensure_ascii=False).encode()


def throughput(intake: str, in_flight: int, seconds: float) -> float:
    """Post reports, `in_flight` at once, and return how many were accepted per second.

    Raises:
        BenchError: one was answered with anything but 201.
    """
    return run(_throughput(intake + REPORTS, in_flight, seconds))


async def _throughput(url: str, in_flight: int, seconds: float) -> float:
    connections = [await Connection.open(url) for _ in range(in_flight)]
    began = time.perf_counter()
    ends = began + seconds
    counts = await asyncio.gather(*(_until(ends, each, url) for each in connections))
    elapsed = time.perf_counter() - began
    for each in connections:
        each.close()
    return sum(counts) / elapsed


async def _until(ends: float, connection: Connection, url: str) -> int:
    count = 0
    while time.perf_counter() < ends:
        await _send(connection, url, count)
        count += 1
    return count


async def _send(connection: Connection, url: str, number: int) -> bytes:
    body = report(number)
    status, answer = await connection.post(request_head(url, body, key=str(uuid.uuid4())), body)
    if status != CREATED:
        raise BenchError(f"a report was answered with {status}: {answer[:300]!r}")
    return answer


@dataclass
class Seen:
    """What a run end to end saw.

    Attributes:
        codes: Of the accepted reports.
        answer_ms: Until the 201.
        through_ms: From the POST until the last of the report's events on the IOC stream.
        depths: Messages ready in all queues together, looked at every second.
        sending_s: From the first POST to the last.
        calm_s: From the last POST until the last event.
    """

    codes: list[str] = field(default_factory=list[str])
    answer_ms: list[float] = field(default_factory=list[float])
    through_ms: list[float] = field(default_factory=list[float])
    depths: list[int] = field(default_factory=list[int])
    sending_s: float = 0.0
    calm_s: float = 0.0


class Walk:
    """Sends reports and follows each to its last event on the IOC stream."""

    def __init__(self, url: str, feed: IocFeed) -> None:
        self.seen = Seen()
        self._url = url
        self._feed = feed
        self._began: dict[str, float] = {}

    async def send(self, connection: Connection, number: int, due: float | None = None) -> str:
        """Post one report; its answer is measured from `due`, if it was due before it was sent."""
        sent = time.perf_counter()
        code = str(json.loads(await _send(connection, self._url, number))["code"])
        self.seen.answer_ms.append((time.perf_counter() - (due or sent)) * 1000)
        self._began[code] = sent
        return code

    async def through(self, codes: Iterable[str]) -> None:
        """Wait until all events of these reports have come.

        Raises:
            BenchError: some have not within `CALM_S`.
        """
        awaited = [self._feed.seen(code, kind) for code in codes for kind in ON_THE_STREAM]
        _, late = await asyncio.wait(awaited, timeout=CALM_S)
        if late:
            raise BenchError(f"{len(late)} of {len(awaited)} events are not on the IOC stream")

    async def finish(self) -> Seen:
        """Wait for everything and return what was seen."""
        last = time.perf_counter()
        await self.through(self._began)
        self.seen.calm_s = time.perf_counter() - last
        self.seen.sending_s = max(self._began.values()) - min(self._began.values())
        for code, began in self._began.items():
            times = [self._feed.seen(code, kind).result().at for kind in ON_THE_STREAM]
            self.seen.codes.append(code)
            self.seen.through_ms.append((max(times) - began) * 1000)
        return self.seen


@asynccontextmanager
async def _walk(stack: dict[str, str]) -> AsyncGenerator[Walk]:
    async with httpx.AsyncClient() as client, IocFeed(client, stack["notify"]) as feed:
        walk = Walk(stack["intake"] + REPORTS, feed)
        watching = asyncio.create_task(_watch_queues(stack["amqp"], walk.seen.depths))
        try:
            yield walk
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)


def steady(stack: dict[str, str], count: int, rate: float) -> Seen:
    """Post `count` reports at `rate` per second, and follow each to its last event.

    The rate does not bend: a report that waits for a free connection is measured from the moment
    at which it was due (no coordinated omission).

    Raises:
        BenchError: a report was refused, or its events are missing from the IOC stream.
    """
    return run(_steady(stack, count, rate))


async def _steady(stack: dict[str, str], count: int, rate: float) -> Seen:
    idle: asyncio.Queue[Connection] = asyncio.Queue()
    for _ in range(min(CONNECTIONS, count)):
        idle.put_nowait(await Connection.open(stack["intake"]))
    async with _walk(stack) as walk:

        async def one(number: int, due: float) -> None:
            connection = await idle.get()
            await walk.send(connection, number, due)
            idle.put_nowait(connection)

        start = time.perf_counter()
        sending = list[asyncio.Task[None]]()
        for number in range(count):
            due = start + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            sending.append(asyncio.create_task(one(number, due)))
        await asyncio.gather(*sending)
        seen = await walk.finish()
    while not idle.empty():
        idle.get_nowait().close()
    return seen


def capacity(stack: dict[str, str], window: int, seconds: float) -> Seen:
    """Keep `window` reports on their way for some seconds: a new one when one is through.

    What comes in is what goes out, so this is the rate that the system sustains.

    Raises:
        BenchError: a report was refused, or its events are missing from the IOC stream.
    """
    return run(_capacity(stack, window, seconds))


async def _capacity(stack: dict[str, str], window: int, seconds: float) -> Seen:
    async with _walk(stack) as walk:
        ends = time.perf_counter() + seconds

        async def one() -> None:
            connection = await Connection.open(stack["intake"])
            number = 0
            while time.perf_counter() < ends:
                await walk.through([await walk.send(connection, number)])
                number += 1
            connection.close()

        await asyncio.gather(*(one() for _ in range(window)))
        return await walk.finish()


async def _watch_queues(amqp: str, depths: list[int]) -> None:
    async with await aio_pika.connect(amqp) as connection:
        channel = await connection.channel()
        while True:
            depths.append(await _ready(channel, [spec.name for spec in QUEUES]))
            await asyncio.sleep(QUEUE_LOOK_EVERY_S)


async def _ready(channel: aio_pika.abc.AbstractChannel, names: Sequence[str]) -> int:
    """Count the messages that no consumer has yet, by a passive declaration: it is exact."""
    ready = 0
    for name in names:
        queue = await channel.declare_queue(name, passive=True)
        ready += queue.declaration_result.message_count or 0
    return ready


def idle_latency(stack: dict[str, str], count: int, pause_s: float) -> list[float]:
    """Post reports one by one to a stack at rest; return POST → IOC stream in milliseconds.

    Raises:
        BenchError: a report was refused, or did not reach the stream.
    """
    return run(_idle_latency(stack, count, pause_s))


async def _idle_latency(stack: dict[str, str], count: int, pause_s: float) -> list[float]:
    url = stack["intake"] + REPORTS
    connection = await Connection.open(url)
    latencies: list[float] = []
    async with httpx.AsyncClient() as client, IocFeed(client, stack["notify"]) as feed:
        for number in range(count):
            began = time.perf_counter()
            code = str(json.loads(await _send(connection, url, number))["code"])
            try:
                async with asyncio.timeout(CALM_S):
                    seen = await feed.seen(code, ON_THE_STREAM[0])
            except TimeoutError as error:
                raise BenchError(f"{code} did not reach the IOC stream") from error
            latencies.append((seen.at - began) * 1000)
            await asyncio.sleep(pause_s)  # until all that follows from it is done
    connection.close()
    return latencies
