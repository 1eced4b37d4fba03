"""The floors: what the bare servers and libraries do on this machine, without any of our code.

Every function takes plain data and returns plain data: it runs in the load's process.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aio_pika
import bson
from aio_pika import DeliveryMode, Message
from fastapi import FastAPI, Request, Response
from pymongo import WriteConcern

from deploy.bench.errors import run

BLOCK = 4096
QUEUE = "bench.floor"
QUORUM: dict[str, Any] = {"x-queue-type": "quorum"}  # as ours are
PREFETCH = 64  # as ours


def disk_flushes(folder: str, count: int) -> float:
    """Write and fdatasync blocks of 4 KB one after the other; return how many per second (F1)."""
    file = Path(folder) / "bench-flush"
    handle = os.open(file, os.O_WRONLY | os.O_CREAT)
    try:
        began = time.perf_counter()
        for number in range(count):
            os.pwrite(handle, bytes(BLOCK), number * BLOCK)
            os.fdatasync(handle)
        return count / (time.perf_counter() - began)
    finally:
        os.close(handle)
        file.unlink()


def mongo_inserts(
    url: str, database: str, document: bytes, *, in_flight: int, seconds: float
) -> float:
    """Insert copies of a BSON document one by one, majority and journal; return inserts/s (F2)."""
    # the best setting for so many in flight; motor reads it at import, and no one else shall
    os.environ["MOTOR_MAX_WORKERS"] = str(in_flight)
    from motor.motor_asyncio import AsyncIOMotorClient  # noqa: PLC0415 - see above

    async def measure() -> float:
        client: AsyncIOMotorClient[dict[str, object]] = AsyncIOMotorClient(url)
        concern = WriteConcern(w="majority", j=True)
        collection = client[database].get_collection("floor", write_concern=concern)
        copied: dict[str, object] = bson.decode(document)

        async def insert() -> None:
            await collection.insert_one({**copied, "_id": secrets.token_hex(8)})

        await insert()  # connect, and create the collection
        rate = await _rate(insert, in_flight, seconds)
        client.close()
        return rate

    return run(measure())


def publishes(url: str, body_bytes: int, *, in_flight: int, seconds: float) -> float:
    """Publish persistent messages to a quorum queue, each confirmed; return how many/s (F3)."""

    async def measure() -> float:
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel(publisher_confirms=True)
            await channel.declare_queue(QUEUE, durable=True, arguments=QUORUM)
            message = Message(
                secrets.token_bytes(body_bytes), delivery_mode=DeliveryMode.PERSISTENT
            )

            async def publish() -> None:
                await channel.default_exchange.publish(message, QUEUE)

            return await _rate(publish, in_flight, seconds)

    return run(measure())


def consumes(url: str) -> float:
    """Consume and acknowledge, one by one, all that lies in the floor's queue; messages/s (F4)."""

    async def measure() -> float:
        async with await aio_pika.connect(url) as connection:
            channel = await connection.channel()
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await channel.declare_queue(QUEUE, durable=True, arguments=QUORUM)
            wanted = queue.declaration_result.message_count or 0
            left = wanted
            done = asyncio.Event()

            async def take(message: aio_pika.abc.AbstractIncomingMessage) -> None:
                nonlocal left
                await message.ack()
                left -= 1
                if left == 0:
                    done.set()

            began = time.perf_counter()
            await queue.consume(take)
            await asyncio.wait_for(done.wait(), 60)
            return wanted / (time.perf_counter() - began)

    return run(measure())


async def _rate(once: Callable[[], Awaitable[None]], in_flight: int, seconds: float) -> float:
    """Do something again and again, `in_flight` times at once; return how often per second."""
    began = time.perf_counter()
    ends = began + seconds
    count = 0

    async def again() -> None:
        nonlocal count
        while time.perf_counter() < ends:
            await once()
            count += 1

    await asyncio.gather(*(again() for _ in range(in_flight)))
    return count / (time.perf_counter() - began)


def create_empty_app() -> FastAPI:
    """Return a FastAPI application that reads a body and does nothing with it (F5)."""
    app = FastAPI()

    @app.post("/api/v1/reports")
    async def take(request: Request) -> Response:
        await request.body()
        return Response(b"{}", status_code=201, media_type="application/json")

    return app
