"""AMQP: `python -m deploy.examples.amqp amqp://user:password@127.0.0.1:5672/ state.json`."""

import asyncio
import json
import sys
from pathlib import Path

import aio_pika
from aio_pika.exceptions import AMQPError

from deploy.examples.ledger import Ledger


async def follow(url: str, ledger: Ledger) -> None:
    """Read events behind the cursor until the connection ends."""
    start = int(ledger.cursor) + 1
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)  # a stream demands one
        stream = await channel.get_queue("ioc.events", ensure=False)
        async with stream.iterator(arguments={"x-stream-offset": start}) as messages:
            async for message in messages:
                await message.ack()
                offset = int(str(message.headers["x-stream-offset"]))
                if offset >= start:  # whole chunks come, which may begin before it
                    ledger.take(str(offset), json.loads(message.body))
                    ledger.save()


async def main(url: str, path: Path) -> None:
    """Follow, and come back whenever the connection is lost."""
    while True:
        try:
            await follow(url, Ledger(path))
        except (OSError, AMQPError):
            await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2])))
