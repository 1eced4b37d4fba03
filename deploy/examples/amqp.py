"""AMQP: `python -m deploy.examples.amqp amqp://user:password@127.0.0.1:5672/ state.json`."""

import asyncio
import sys

import aio_pika
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError

from deploy.examples.ledger import Ledger, envelope, following


async def follow(url: str, ledger: Ledger) -> None:
    """Read from the last known event on; a deleted stream falls silent: come back then."""
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        await channel.set_qos(prefetch_count=100)  # a stream demands one
        stream = await channel.get_queue("ioc.events", ensure=False)
        place = max(int(ledger.cursor), 0)
        arrived = asyncio.Queue[AbstractIncomingMessage]()
        # no iterator: on its way out it rejects what waits, which a stream takes as an error
        await stream.consume(arrived.put, arguments={"x-stream-offset": place})
        with ledger.listening():
            while True:
                message = await asyncio.wait_for(arrived.get(), 20)
                await message.ack()
                offset = str(message.headers["x-stream-offset"])
                event = envelope(message.body)
                if event and ledger.take_at(offset, event):
                    ledger.save()


if __name__ == "__main__":
    asyncio.run(following(follow, AMQPError, *sys.argv[1:]))
