"""The IOC stream on a real RabbitMQ: from any offset, without a gap, until it ends loudly."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared import topology
from shared.errors import OutageError
from shared.events import CaseSubmitted, Received, to_wire
from shared.mongo import Entry
from shared.stream import PREFETCH, StreamEvent, StreamReader, is_event
from shared.topology import IOC_STREAM, ROUTER_CASES
from tests.builders import CODE, RECEIVED, snapshot
from tests.integration.broker import Look, connected, eventually
from tests.integration.proxy import link


@pytest.fixture(autouse=True)
def _one_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declare what these tests use, and not the queues of everybody else each time."""
    monkeypatch.setattr(topology, "QUEUES", (ROUTER_CASES,))


@pytest.fixture
async def look(amqp_url: str) -> AsyncIterator[Look]:
    async with Look.into(amqp_url) as opened:
        await opened.declare()
        yield opened


@pytest.fixture
async def reader(amqp_url: str, look: Look) -> AsyncIterator[StreamReader]:
    assert look  # the stream is declared
    opened = StreamReader(amqp_url, "test")
    yield opened
    await opened.stop()


KEY = CaseSubmitted.type


def event(number: int, *, padding: int = 0) -> bytes:
    """The bytes of an event that says its number, and is about as long as the padding."""
    said = CaseSubmitted(at=RECEIVED, actor="a" * padding)
    return to_wire(said, subject=CODE, sequence=number + 1, at=RECEIVED, case=snapshot())


def number_of(found: StreamEvent) -> int:
    return Received.from_wire(found.body).sequence - 1


async def publish(amqp_url: str, first: int, last: int, *, padding: int = 0) -> None:
    """Publish events whose bytes say their number; one wave each 500."""
    async with connected(amqp_url) as publisher:
        numbers = range(first, last + 1)
        for start in numbers[::500]:
            wave = [number for number in numbers if start <= number < start + 500]
            bodies = [event(n, padding=padding) for n in wave]
            entries = [Entry("e", KEY, body) for body in bodies]
            assert await publisher.publish(entries) == [True] * len(wave)


async def read(reader: StreamReader, start: int | datetime | str, count: int) -> list[StreamEvent]:
    """Read `count` events and leave."""
    found: list[StreamEvent] = []
    async with asyncio.timeout(10), reader.read(start) as events:
        async for event in events:
            found.append(event)
            if len(found) == count:
                break
    return found


async def follow(
    reader: StreamReader, start: int, notice: Callable[[StreamEvent], Awaitable[None]]
) -> None:
    """Read until the reader ends."""
    async with asyncio.timeout(5), reader.read(start) as events:
        async for event in events:
            await notice(event)


async def test_an_event_arrives_with_its_key_and_its_bytes(
    amqp_url: str, reader: StreamReader
) -> None:
    await publish(amqp_url, 1, 1)

    assert await read(reader, "first", 1) == [StreamEvent(0, KEY, event(1))]


async def test_offsets_count_every_event_without_a_gap(amqp_url: str, reader: StreamReader) -> None:
    """More than twice what is on its way at once, so that the acknowledgements matter."""
    count = 2 * PREFETCH + 300
    await publish(amqp_url, 0, count - 1)

    found = await read(reader, "first", count)

    assert [each.offset for each in found] == list(range(count))
    assert sorted(map(number_of, found)) == list(range(count))


async def test_a_reader_resumes_exactly_after_any_offset(
    amqp_url: str, reader: StreamReader
) -> None:
    await publish(amqp_url, 0, 249)
    whole = await read(reader, 0, 250)

    for seen in (-1, 0, 1, 98, 99, 100, 101, 200, 247):
        assert await read(reader, seen + 1, 2) == whole[seen + 1 : seen + 3]


async def test_a_reader_at_the_end_gets_what_comes_next(
    amqp_url: str, reader: StreamReader
) -> None:
    await publish(amqp_url, 0, 9)

    async with asyncio.timeout(10), reader.read(10) as at_offset, reader.read("next") as at_next:
        await publish(amqp_url, 10, 10)
        events = [await anext(at_offset), await anext(at_next)]

    assert [each.offset for each in events] == [10, 10]


async def test_last_begins_near_the_end_and_reaches_it(amqp_url: str, reader: StreamReader) -> None:
    await publish(amqp_url, 0, 299)

    async with asyncio.timeout(10), reader.read("last") as events:
        offset = -1
        while offset < 299:
            offset = (await anext(events)).offset

    assert offset == 299


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=7))], ids=str)
async def test_a_moment_gives_all_that_came_after_it(
    amqp_url: str, reader: StreamReader, zone: timezone
) -> None:
    await publish(amqp_url, 0, 9)
    await asyncio.sleep(1.1)  # a moment has whole seconds on the wire
    moment = datetime.now(zone)
    await publish(amqp_url, 10, 19)

    found = await read(reader, moment, 10)

    assert [each.offset for each in found] == list(range(10, 20))
    assert (await read(reader, moment - timedelta(minutes=1), 1))[0].offset == 0


async def test_many_readers_share_a_connection_and_each_sees_everything(
    amqp_url: str, reader: StreamReader
) -> None:
    await publish(amqp_url, 0, 99)

    found = await asyncio.gather(*(read(reader, start, 100 - start) for start in range(0, 50, 5)))

    for start, each in zip(range(0, 50, 5), found, strict=True):
        assert [event.offset for event in each] == list(range(start, 100))


async def test_a_slow_reader_is_not_given_more_than_fits_in_its_hand(
    amqp_url: str, look: Look
) -> None:
    assert look
    size, count = 1000, 3 * PREFETCH
    await publish(amqp_url, 0, count - 1, padding=size)
    size = len(event(0, padding=size))
    async with link(amqp_url) as wire:
        reader = StreamReader(wire.url(amqp_url), "test")

        async with asyncio.timeout(10), reader.read("first") as events:
            await anext(events)
            await asyncio.sleep(0.5)

        assert wire.passed_bytes < 2 * PREFETCH * size  # chunks come whole
        await reader.stop()


async def test_a_reader_ends_when_its_link_is_cut_and_the_next_one_goes_on(
    amqp_url: str, look: Look
) -> None:
    assert look
    async with link(amqp_url) as wire:
        reader = StreamReader(wire.url(amqp_url), "test")
        await publish(amqp_url, 0, 19)
        seen: list[int] = []

        async def notice(event: StreamEvent) -> None:
            seen.append(event.offset)
            if event.offset == 19:
                wire.cut()

        with pytest.raises(OutageError):
            await follow(reader, 0, notice)
        await publish(amqp_url, 20, 24)

        rest = await read(reader, seen[-1] + 1, 5)

        assert seen + [each.offset for each in rest] == list(range(25))
        await reader.stop()


async def test_a_reader_ends_when_the_stream_is_deleted(
    amqp_url: str, reader: StreamReader, look: Look
) -> None:
    await publish(amqp_url, 0, 0)

    async def notice(_: StreamEvent) -> None:
        await look.delete_queue(IOC_STREAM)

    with pytest.raises(OutageError):
        await follow(reader, 0, notice)
    with pytest.raises(OutageError):  # and there is nothing to open
        await read(reader, 0, 1)
    await look.declare()
    await publish(amqp_url, 0, 0)
    assert len(await read(reader, 0, 1)) == 1


async def test_without_a_broker_opening_fails_at_once_and_works_when_it_is_back(
    amqp_url: str, look: Look
) -> None:
    assert look
    await publish(amqp_url, 0, 0)
    async with link(amqp_url) as wire:
        reader = StreamReader(wire.url(amqp_url), "test")
        await wire.close()
        async with asyncio.timeout(1):
            with pytest.raises(OutageError):
                await read(reader, 0, 1)

        await wire.open()

        assert len(await read(reader, 0, 1)) == 1
        await reader.stop()


@pytest.mark.parametrize("error", [TimeoutError, RuntimeError, ConnectionResetError])
async def test_an_error_of_the_one_who_reads_stays_his_own(
    reader: StreamReader, error: type[Exception]
) -> None:
    with pytest.raises(error):
        async with reader.read("next"):
            raise error


async def test_a_reader_that_leaves_leaves_nothing_behind(
    amqp_url: str, reader: StreamReader, look: Look
) -> None:
    await publish(amqp_url, 0, 9)

    for _ in range(20):
        await read(reader, 0, 5)

    async def nobody() -> bool:
        return await look.consumers(IOC_STREAM) == 0

    await eventually(nobody)


FOREIGN = [
    pytest.param(KEY, b"", id="nothing"),
    pytest.param(KEY, b"hello", id="no JSON"),
    pytest.param(KEY, b"[1]", id="no object"),
    pytest.param(KEY, b'{"a":1}', id="no envelope"),
    pytest.param(KEY, event(7)[:-1], id="cut off"),
    pytest.param(KEY, b" " + event(7), id="a blank before it"),
    pytest.param(KEY, event(7).replace(b",", b",\n"), id="on many lines"),
    pytest.param(KEY, event(7).replace(b",", b",\r"), id="on many lines of an old Macintosh"),
    pytest.param(KEY, event(7).replace(b'"sequence":8', b'"sequence":0'), id="no sequence"),
    pytest.param(KEY, event(7).replace(b'"limit_s":7200', b'"limit_s":NaN'), id="no number"),
    pytest.param("case.submitted.v1\ndata: 1", event(7), id="a key with a line break"),
    pytest.param("case.accepted.v1", event(7), id="under another type"),
]


@pytest.mark.parametrize(("key", "body"), FOREIGN)
def test_what_is_no_event_is_told_from_one(key: str, body: bytes) -> None:
    assert is_event(KEY, event(7))
    assert not is_event(key, body)


async def test_a_foreign_message_has_its_offset_and_no_reader_gets_it(
    amqp_url: str, reader: StreamReader, look: Look
) -> None:
    await publish(amqp_url, 0, 0)
    for each in FOREIGN:
        key, body = each.values
        await look.publish(str(key), bytes(body))  # type: ignore[call-overload]
    await publish(amqp_url, 1, 1)

    found = await read(reader, "first", 2)

    assert [each.offset for each in found] == [0, len(FOREIGN) + 1]
    assert list(map(number_of, found)) == [0, 1]
