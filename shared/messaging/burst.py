"""Many events in one write to the socket, each confirmed for itself.

aiormq's own `basic_publish` takes a lock, a timer, a task, a turn of the writer and a system call
for each message: of what publishing costs here that is more than half. This does once for all of
them what it does for each, on the library's own tables of delivery tags and confirms, so that
confirms, refusals, returns and a lost channel reach each event as ever.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

from aio_pika import DeliveryMode
from aiormq import spec
from aiormq.abc import ChannelFrame
from pamqp.header import ContentHeader

from shared import failpoints, topology
from shared.events import CONTENT_TYPE
from shared.mongo import Entry

FULL_S = 0.01  # between looks at a queue of frames that the socket does not take


async def publish_all(channel: Any, entries: Sequence[Entry]) -> list[asyncio.Future[Any]]:
    """Hand events to the socket in their order; return what becomes of each, the broker's confirm.

    A future ends with the confirm, with `PublishError` (no queue takes it), `DeliveryError` (the
    broker does not) or the error that closed the channel.

    Args:
        channel: The channel of aiormq, with confirms.
        entries: All are persistent and mandatory.
    """
    async with channel.lock:
        while channel.write_queue.full():  # noqa: ASYNC110 - a queue has no event for it
            await asyncio.sleep(FULL_S)
        # From here on nothing waits, so nothing is cancelled half way: a tag without its bytes
        # would shift the confirms of all that follow.
        frames: list[Any] = []
        for entry in entries:
            failpoints.reached(failpoints.BEFORE_PUBLISH)
            frames += _frames(channel, entry)
        payload = ChannelFrame.marshall(frames=frames, channel_number=channel.number)
        confirms = [_await_confirm(channel, entry.id) for entry in entries]
        channel.write_queue.put_nowait(payload)
        failpoints.reached_soon(failpoints.AFTER_PUBLISH)
    return confirms


def _frames(channel: Any, entry: Entry) -> list[Any]:
    properties = spec.Basic.Properties(
        content_type=CONTENT_TYPE,
        delivery_mode=DeliveryMode.PERSISTENT,
        message_id=entry.id,
        message_type=entry.key,
    )
    return [
        spec.Basic.Publish(exchange=topology.EXCHANGE, routing_key=entry.key, mandatory=True),
        ContentHeader(properties=properties, body_size=len(entry.body)),
        *channel._split_body(entry.body),  # noqa: SLF001 - frames of the size that was agreed
    ]


def _await_confirm(channel: Any, message_id: str) -> asyncio.Future[Any]:
    channel.delivery_tag += 1
    tag: int = channel.delivery_tag
    by_id: dict[str, int] = channel.message_id_delivery_tag
    confirm: asyncio.Future[Any] = channel.create_future()
    channel.confirmations[tag] = confirm
    by_id[message_id] = tag  # a message that comes back is known by its id

    def forget(_: asyncio.Future[Any]) -> None:
        if by_id.get(message_id) == tag:
            del by_id[message_id]

    confirm.add_done_callback(forget)
    return confirm
