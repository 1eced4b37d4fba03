"""A connection to the broker, and what may go wrong on it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from aio_pika.abc import AbstractChannel
from aio_pika.exceptions import AMQPError
from yarl import URL

from shared.errors import OutageError
from shared.messaging import limits

# EOFError: the other side hung up in the middle of the greeting, as a balancer does in front of a
# broker that is still starting
CONNECTION_ERRORS = (AMQPError, ConnectionError, EOFError, OSError, RuntimeError, TimeoutError)


@asynccontextmanager
async def broker_work(seconds: float) -> AsyncGenerator[None, None]:
    """Bound what is asked of the broker, and say of every failure that we are ill.

    Raises:
        OutageError: the connection failed, or the broker did not answer in time.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except CONNECTION_ERRORS as error:
        raise OutageError(f"RabbitMQ: {type(error).__name__}") from error
    except asyncio.CancelledError as error:
        # When a link is given up as stuck, the library cancels whatever waits on it. Nobody has
        # cancelled us: passed on, it would silently end the task that publishes.
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise OutageError("RabbitMQ: the link is stuck") from error


def address(url: str, name: str) -> URL:
    """Return the address of a connection with our heartbeat and a name for the operator."""
    return URL(url).update_query(heartbeat=str(limits.HEARTBEAT_S), name=name)


async def is_blocked(channel: AbstractChannel) -> bool:
    """Say whether the broker takes nothing from this connection now (a disk or memory alarm).

    The library's writer looks only when it begins. What is written all the same lies in the socket
    and is published, once for each try, when the alarm ends.
    """
    try:
        async with asyncio.timeout(0):  # what is ready is not waited for
            underlay = await channel.get_underlay_channel()
            await underlay.connection.ready()
    except (TimeoutError, *CONNECTION_ERRORS):
        return True
    return False
