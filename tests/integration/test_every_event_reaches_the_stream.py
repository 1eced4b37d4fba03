"""Every event type of the catalogue arrives on the IOC stream of a real RabbitMQ, as it was."""

import asyncio

from shared.events import EVENTS
from shared.mongo import Entry
from shared.stream import StreamReader
from tests.contract.golden_events import written
from tests.integration.broker import Look, connected


async def test_every_event_type_reaches_the_stream_unchanged(amqp_url: str) -> None:
    bodies = {kind.type: written(kind) for kind in EVENTS.values()}
    found: dict[str, bytes] = {}
    async with Look.into(amqp_url) as look:
        await look.declare()
        reader = StreamReader(amqp_url, "test")
        async with connected(amqp_url) as publisher:
            entries = [Entry(f"e{n}", key, body) for n, (key, body) in enumerate(bodies.items())]
            assert all(await publisher.publish(entries))
        async with asyncio.timeout(20), reader.read("first") as events:
            while len(found) < len(bodies):
                event = await anext(events)
                found[event.key] = event.body
        await reader.stop()

    assert found == bodies
