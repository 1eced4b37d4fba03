"""The looks at applications: through the guard, bounded, by one process of all."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from services.intake.apps.model import AppIn, Health, load_seeds
from services.intake.apps.store import AppStore
from services.intake.apps.watch import Watch
from shared.mongo import connect, database
from shared.outbound import Rules
from shared.settings import RULES

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
FEED = (
    b'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title><item>'
    b"<title>Tuyen tho</title><link>https://jobs.example.com/1</link></item></channel></rss>"
)


class Site:
    """A server of somebody else on loopback: answers what it is told, and counts."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        writer.write(self.answers[path])
        writer.close()


def answer(status: int, body: bytes = b"", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    site = Site()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.port = server.sockets[0].getsockname()[1]
    yield site
    server.close()
    await server.wait_closed()


@pytest.fixture
async def store(mongo_url: str, database_prefix: str) -> AsyncIterator[AppStore]:
    client = connect(mongo_url)
    yield AppStore(database(client, f"{database_prefix}_intake"))
    client.close()


def watch(store: AppStore, site: Site, now: datetime = NOW, *, test: bool = True) -> Watch:
    rules = Rules(frozenset({f"127.0.0.1:{site.port}"})) if test else Rules()
    return Watch(store, rules, every=timedelta(minutes=10), clock=lambda: now)


async def put(store: AppStore, identifier: str, **fields: str | None) -> None:
    """Put an application in as an operator's test host: the API would refuse the address."""
    plain = {"title": {"vi": "x", "en": "x"}, "icon": "link"}
    await store.put(identifier, AppIn.model_validate(plain).model_copy(update=fields))


async def health_of(store: AppStore, identifier: str) -> Health:
    found = await store.find(identifier)
    assert found is not None
    return found.health


async def test_a_fresh_installation_calls_nobody(store: AppStore, site: Site):
    await store.seed(load_seeds(RULES / "regulations" / "dalat-apps.yaml"))

    assert await watch(store, site).look() == 0


@pytest.mark.parametrize(
    ("status", "health"),
    [
        (200, Health.UP),
        (302, Health.UP),
        (401, Health.UP),
        (404, Health.DOWN),
        (410, Health.DOWN),
        (503, Health.DOWN),
    ],
)
async def test_what_answers_is_up_and_what_fails_is_down(
    store: AppStore, site: Site, status: int, health: Health
):
    site.answers["/a"] = answer(status, b"", "Location: http://127.0.0.1:1/inside")
    await put(store, "portal", address=f"http://127.0.0.1:{site.port}/a")

    await watch(store, site).look()

    assert await health_of(store, "portal") is health
    assert site.asked == ["/a"]  # no redirect is followed


async def test_an_address_inside_is_not_called_whoever_put_it_there(store: AppStore, site: Site):
    await put(store, "inside", address=f"http://127.0.0.1:{site.port}/a")

    await watch(store, site, test=False).look()

    assert await health_of(store, "inside") is Health.DOWN
    assert site.asked == []


async def test_one_of_two_processes_looks_and_again_only_when_it_is_due(
    store: AppStore, site: Site
):
    site.answers["/a"] = answer(200)
    await put(store, "portal", address=f"http://127.0.0.1:{site.port}/a")

    looked = await asyncio.gather(*(watch(store, site).look() for _ in range(5)))
    later = await watch(store, site, NOW + timedelta(minutes=11)).look()

    assert (sum(looked), later, len(site.asked)) == (1, 1, 2)


async def test_news_are_kept_and_outlive_a_feed_that_fails(store: AppStore, site: Site):
    site.answers["/feed"] = answer(200, FEED)
    await put(store, "jobs", feed=f"http://127.0.0.1:{site.port}/feed")
    await watch(store, site).look()
    app = await store.find("jobs")
    assert app is not None
    site.answers["/feed"] = answer(200, b"<html>error</html>")

    await watch(store, site, NOW + timedelta(minutes=11)).look()

    items, at = await store.read_news(app)
    assert [each["title"] for each in items] == ["Tuyen tho"]
    assert at == NOW
    assert await health_of(store, "jobs") is Health.DOWN


async def test_a_feed_that_is_too_large_is_not_taken(store: AppStore, site: Site):
    site.answers["/feed"] = answer(200, FEED + b" " * (3 * 2**20))
    await put(store, "jobs", feed=f"http://127.0.0.1:{site.port}/feed")
    app = await store.find("jobs")
    assert app is not None

    await watch(store, site).look()

    assert await store.read_news(app) == ([], None)
    assert await health_of(store, "jobs") is Health.DOWN
