"""The reading account of the operations centre, made as deploy/ioc.md says, on a real RabbitMQ."""

import asyncio
import os
import re
import shlex
import subprocess
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aio_pika
import httpx
import pytest
from aio_pika.abc import AbstractChannel, AbstractConnection
from aiormq.exceptions import AMQPError, ChannelAccessRefused

from deploy.examples import amqp as example
from deploy.examples.ledger import Ledger
from deploy.local.layout import PORTS, ROOT, Layout
from deploy.local.servers import rabbitmq_environment
from deploy.local.tools import bring
from shared.topology import EXCHANGE, IOC_STREAM, ROUTER_CASES, SLA_CASES
from tests.integration.broker import Look, connected, submitted

PAGE = ROOT / "deploy" / "ioc.md"
PASSWORD = "only-to-read"


def commands() -> list[list[str]]:
    """The commands of the page, in order, as a shell would part them."""
    [line] = re.findall(r"`(rabbitmqctl add_user .+)`", PAGE.read_text(encoding="utf-8"))
    return [shlex.split(each) for each in line.split("&&")]


def rabbitmqctl(servers: dict[str, Any], *arguments: str) -> None:
    """Give the broker of the tests an order by its own tool."""
    layout = Layout(
        Path(servers["logs"]).parent, (urlsplit(servers["amqp"]).port or 0) - PORTS["amqp"]
    )
    program = bring(lambda _: None).rabbitmq.with_name("rabbitmqctl")
    environment = {**os.environ, **rabbitmq_environment(layout)}
    done = subprocess.run(  # noqa: S603
        [str(program), *arguments],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def user(servers: dict[str, Any], amqp_url: str) -> Iterator[str]:
    """The account: the page's commands, with a name and a vhost that nobody else uses."""
    name, vhost = f"ioc-{uuid.uuid4().hex[:8]}", urlsplit(amqp_url).path.lstrip("/")
    made = {"ioc": name, "PASSWORD": PASSWORD}
    for _, order, *rest in commands():
        place = ["-p", vhost] if order == "set_permissions" else []
        rabbitmqctl(servers, order, *place, *(made.get(each, each) for each in rest))
    yield name
    rabbitmqctl(servers, "delete_user", name)


@pytest.fixture
def url(user: str, amqp_url: str) -> str:
    """The vhost's address as the account uses it."""
    parts = urlsplit(amqp_url)
    return f"amqp://{user}:{PASSWORD}@{parts.hostname}:{parts.port}{parts.path}"


@pytest.fixture
async def look(amqp_url: str) -> AsyncIterator[Look]:
    """All queues, and three events on the stream."""
    async with Look.into(amqp_url) as opened, connected(amqp_url) as publisher:
        await opened.declare()
        assert await publisher.publish([submitted(n) for n in (1, 2, 3)]) == [True] * 3
        yield opened


@pytest.fixture
async def reader(url: str, look: Look) -> AsyncIterator[AbstractConnection]:
    assert look  # what it reads is there
    async with await aio_pika.connect(url) as connection:
        yield connection


async def followed(url: str, path: Path) -> Ledger:
    """What the example knows once it has the three events."""
    ledger = Ledger(path)
    following = asyncio.create_task(example.follow(url, ledger))
    async with asyncio.timeout(20):
        while ledger.cursor != "2":
            assert not following.done(), following.exception()
            await asyncio.sleep(0.05)
    following.cancel()
    return Ledger(path)


async def _publish(channel: AbstractChannel) -> None:
    exchange = await channel.get_exchange(EXCHANGE, ensure=False)
    await exchange.publish(aio_pika.Message(b"{}"), "case.submitted.v1")


async def _publish_to_the_stream(channel: AbstractChannel) -> None:
    await channel.default_exchange.publish(aio_pika.Message(b"{}"), IOC_STREAM)


async def _declare_the_stream(channel: AbstractChannel) -> None:
    await channel.declare_queue(IOC_STREAM, durable=True, arguments={"x-queue-type": "stream"})


async def _bind(channel: AbstractChannel) -> None:
    stream = await channel.get_queue(IOC_STREAM, ensure=False)
    await stream.bind(EXCHANGE, "more.#")


async def _consume(channel: AbstractChannel) -> None:
    queue = await channel.get_queue(SLA_CASES.name, ensure=False)
    await queue.consume(asyncio.Queue[Any]().put, no_ack=True)


async def _get(channel: AbstractChannel) -> None:
    queue = await channel.get_queue(ROUTER_CASES.name, ensure=False)
    await queue.get(fail=False)


async def _purge(channel: AbstractChannel) -> None:
    queue = await channel.get_queue(ROUTER_CASES.name, ensure=False)
    await queue.purge()


FORBIDDEN: dict[str, Callable[[AbstractChannel], Awaitable[Any]]] = {
    "publish an event": _publish,
    "write to the stream": _publish_to_the_stream,
    "declare the stream": _declare_the_stream,
    "declare a queue": lambda channel: channel.declare_queue("mine"),
    "declare an exchange": lambda channel: channel.declare_exchange("mine"),
    "bind the stream": _bind,
    "delete the stream": lambda channel: channel.queue_delete(IOC_STREAM),
    "delete a queue": lambda channel: channel.queue_delete(ROUTER_CASES.name),
    "delete the exchange": lambda channel: channel.exchange_delete(EXCHANGE),
    "consume a queue": _consume,
    "take from a queue": _get,
    "take a dead letter": lambda channel: _take(channel, ROUTER_CASES.dead),
    "empty a queue": _purge,
}


async def _take(channel: AbstractChannel, name: str) -> None:
    await (await channel.get_queue(name, ensure=False)).get(fail=False)


async def test_the_account_follows_the_stream_and_can_do_nothing_else(
    reader: AbstractConnection, url: str, look: Look, tmp_path: Path
):
    assert len((await followed(url, tmp_path / "before.json")).state) == 1
    before = await look.waiting(ROUTER_CASES.name)
    for what, forbidden in FORBIDDEN.items():
        channel = await reader.channel()
        try:
            with pytest.raises(ChannelAccessRefused):
                await asyncio.wait_for(forbidden(channel), 10)
        except BaseException as error:
            error.add_note(what)
            raise

    assert before == await look.waiting(ROUTER_CASES.name) == 3
    assert len((await followed(url, tmp_path / "after.json")).state) == 1


async def test_the_account_is_at_home_in_one_vhost(url: str):
    with pytest.raises(AMQPError, match="OpenOk"):
        async with asyncio.timeout(20):
            await aio_pika.connect(url.rpartition("/")[0] + "/")


def test_the_account_cannot_use_the_management(user: str, servers: dict[str, Any]):
    address = httpx.URL(servers["management"]).copy_with(username="", password="")
    answer = httpx.get(f"{address}/api/queues", auth=(user, PASSWORD))
    assert answer.status_code == 401
