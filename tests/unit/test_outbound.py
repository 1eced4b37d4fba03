"""The guard of outgoing calls, as tables of addresses that must never be called."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import ip_address
from typing import Any

import httpx
import pytest

from shared import outbound
from shared.outbound import AddressRefusedError, GuardedTransport, Rules, is_public, target_of
from shared.resolver import Resolver

PUBLIC = "93.184.215.14"

INNER = """
127.0.0.1 127.8.8.8 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254
169.254.0.1 100.64.0.1 100.100.100.200 192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.1 203.0.113.9
192.88.99.1 168.63.129.16 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 ::1 :: ::127.0.0.1
::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:169.254.169.254 ::ffff:0:127.0.0.1 64:ff9b::7f00:1
64:ff9b::169.254.169.254 64:ff9b:1::1 2002:7f00:1::1 2002:a9fe:a9fe::1 2001::1 2001:db8::1
fe80::1 fe80::1%eth0 fec0::1 fc00::1 fd00:ec2::254 ff02::1 100::1
"""
GLOBAL = "1.1.1.1 93.184.215.14 2606:4700:4700::1111 ::ffff:8.8.8.8 64:ff9b::8.8.8.8"


@pytest.mark.parametrize("text", INNER.split())
def test_an_address_inside_somebodys_network_is_not_public(text: str):
    assert not is_public(ip_address(text))


@pytest.mark.parametrize("text", GLOBAL.split())
def test_an_address_of_the_internet_is_public(text: str):
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://example.com/hook", "not_https"),
        ("ftp://example.com/", "not_https"),
        ("file:///etc/passwd", "malformed"),
        ("gopher://example.com:70/_x", "not_https"),
        ("https://user:secret@example.com/", "credentials"),
        ("https://example.com@127.0.0.1/", "credentials"),
        ("https://localhost/", "inner_name"),
        ("https://localhost./", "inner_name"),
        ("https://LOCALHOST/", "inner_name"),
        ("https://mongo/", "inner_name"),
        ("https://2130706433/", "inner_name"),
        ("https://metadata.google.internal/", "inner_name"),
        ("https://printer.local/", "inner_name"),
        ("https://127.0.0.1/", "inner_address"),
        ("https://[::1]/", "inner_address"),
        ("https://[::ffff:169.254.169.254]/", "inner_address"),
        ("https://[fe80::1%25eth0]/", "inner_address"),
        ("https://169.254.169.254/latest/meta-data/", "inner_address"),
        ("https://example.com\\@127.0.0.1/", "malformed"),
        ("https://exam ple.com/", "malformed"),
        ("https://example.com\r\nHost: inner/", "malformed"),
        ("https://example.com:0/", "malformed"),
        ("https://example.com:99999/", "malformed"),
        ("https://exämple.com/", "malformed"),
        ("https://[::1/", "malformed"),
        ("https:///path", "malformed"),
        ("https://example.com/" + "a" * 2_000, "malformed"),
        ("", "malformed"),
    ],
)
def test_a_url_is_judged_by_its_words(url: str, code: str):
    with pytest.raises(AddressRefusedError) as caught:
        target_of(url, Rules())

    assert caught.value.code == code


def test_a_public_url_leads_to_its_host_and_port():
    found = target_of("https://Hooks.Example.com:8443/x?y=1", Rules())

    assert (found.scheme, found.host, found.port) == ("https", "hooks.example.com", 8443)


def answering(*answers: Sequence[str]) -> Any:
    """A resolver that answers differently each time; the last answer stays."""
    left = list(answers)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("host", ["127.1", "0x7f.0.0.1", "0177.0.0.1", "017700000001.x"])
async def test_numbers_in_disguise_are_judged_by_what_they_resolve_to(host: str):
    with pytest.raises(AddressRefusedError) as caught:
        await outbound.check(f"https://{host}/", Rules())

    assert caught.value.code in {"inner_address", "unknown_host"}


@pytest.mark.parametrize("inner", ["10.0.0.7", "::1", "169.254.169.254", "::ffff:192.168.0.1"])
async def test_one_inner_address_among_public_ones_refuses_the_name(inner: str):
    resolve = answering([PUBLIC, inner])

    with pytest.raises(AddressRefusedError, match="inner_address"):
        await outbound.check("https://hooks.example.com/", Rules(), resolve=resolve)


async def test_a_resolver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(outbound, "RESOLVE_S", 0.05)

    async def resolve(_host: str, _port: int) -> Sequence[str]:
        await asyncio.sleep(60)
        return []

    with pytest.raises(AddressRefusedError, match="unknown_host"):
        await outbound.check("https://hooks.example.com/", Rules(), resolve=resolve)


class Recorder(httpx.AsyncBaseTransport):
    def __init__(self, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.seen: list[httpx.Request] = []
        self.status, self.headers = status, headers or {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        body = httpx.ByteStream(b"x" * 200_000)
        return httpx.Response(self.status, headers=self.headers, stream=body)


def calling(recorder: Recorder, resolve: Any) -> httpx.AsyncClient:
    transport = GuardedTransport(Rules(), resolve=resolve, inner=recorder)
    return httpx.AsyncClient(transport=transport, follow_redirects=False, trust_env=False)


async def test_the_call_goes_to_the_address_that_was_judged_under_its_name():
    recorder = Recorder()
    async with calling(recorder, answering([PUBLIC], ["127.0.0.1"])) as caller:
        status, _ = await outbound.post(caller, "https://a.example.com/x", b"{}", {}, within_s=5)

    (seen,) = recorder.seen
    assert (status, seen.url.host, seen.headers["host"]) == (200, PUBLIC, "a.example.com")
    assert seen.extensions["sni_hostname"] == "a.example.com"


async def test_a_name_that_turns_inward_between_two_calls_is_refused_at_the_second():
    recorder = Recorder()
    async with calling(recorder, answering([PUBLIC], ["127.0.0.1"])) as caller:
        await outbound.post(caller, "https://a.example.com/", b"", {}, within_s=5)
        with pytest.raises(AddressRefusedError):
            await outbound.post(caller, "https://a.example.com/", b"", {}, within_s=5)

    assert len(recorder.seen) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_answer_and_not_followed(status: int):
    recorder = Recorder(status, {"location": "http://127.0.0.1/"})
    async with calling(recorder, answering([PUBLIC])) as caller:
        found, _ = await outbound.post(caller, "https://a.example.com/", b"", {}, within_s=5)

    assert (found, len(recorder.seen)) == (status, 1)


async def test_even_a_client_that_follows_redirects_is_stopped_at_the_inner_address():
    recorder = Recorder(302, {"location": "https://127.0.0.1/"})
    transport = GuardedTransport(Rules(), resolve=answering([PUBLIC]), inner=recorder)
    async with httpx.AsyncClient(transport=transport, follow_redirects=True) as caller:
        with pytest.raises(AddressRefusedError):
            await caller.post("https://a.example.com/")

    assert len(recorder.seen) == 1


@asynccontextmanager
async def receiver(trickle_s: float = 0.0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A real server that answers 200, or trickles headers for as long as somebody listens."""
    heard: list[bytes] = []
    ended = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(
            b"HTTP/1.1 200 OK\r\n" + (b"" if trickle_s else b"Content-Length: 2\r\n\r\n{}")
        )
        with suppress(OSError):
            while trickle_s and not writer.is_closing():
                writer.write(b"x: y\r\n")
                await asyncio.sleep(trickle_s)
            writer.close()
            await writer.wait_closed()
        ended.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], heard
        await asyncio.wait_for(ended.wait(), 5)


async def test_a_named_test_host_of_the_dev_profile_is_called_and_its_neighbour_is_not():
    async with receiver() as (port, heard):
        rules = outbound.rules_for("dev", f"127.0.0.1:{port}")
        async with outbound.client(rules, timeout_s=5) as caller:
            status, _ = await outbound.post(
                caller, f"http://127.0.0.1:{port}/hook", b"{}", {"x-test": "1"}, within_s=5
            )
            with pytest.raises(AddressRefusedError):
                await outbound.post(caller, f"http://127.0.0.1:{port + 1}/", b"", {}, within_s=5)

    assert status == 200
    assert heard[0].startswith(b"POST /hook ")


async def test_a_receiver_that_trickles_is_given_up_in_our_own_time():
    rules = outbound.rules_for("dev", "127.0.0.1")
    async with (
        receiver(trickle_s=0.05) as (port, _),
        outbound.client(rules, timeout_s=5) as caller,
    ):
        with pytest.raises(TimeoutError):
            await outbound.post(caller, f"http://127.0.0.1:{port}/", b"", {}, within_s=0.3)


def test_test_hosts_are_refused_outside_the_dev_profile():
    with pytest.raises(ValueError, match="dev profile"):
        outbound.rules_for("production", "127.0.0.1")
    assert outbound.rules_for("production", " ") == Rules()


class System:
    """Resolves every name but those that begin with `stuck`, until it is told to."""

    def __init__(self) -> None:
        self.answers = threading.Event()
        self.asked: list[str] = []

    def getaddrinfo(self, host: str, *_: Any, **__: Any) -> list[Any]:
        self.asked.append(host)
        self.answers.wait(10 if host.startswith("stuck") else 0)
        return [(0, 0, 0, "", (PUBLIC, 443))]


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    found = System()
    monkeypatch.setattr(socket, "getaddrinfo", found.getaddrinfo)
    yield found
    found.answers.set()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():  # noqa: ASYNC110 - a thread of the system has no event
            await asyncio.sleep(0.01)


async def test_a_name_that_is_never_answered_holds_one_thread_and_none_of_the_loop(system: System):
    names = ["stuck.example"] * 40 + [f"stuck{each}.example" for each in range(8)]
    stuck = [asyncio.create_task(outbound.lookup(each, 443)) for each in names]
    async with asyncio.timeout(5):
        assert await outbound.lookup("quick.example", 443) == [PUBLIC]
    await until(lambda: len(system.asked) == 10)  # nine that are stuck, and the quick one
    for each in stuck[::2]:
        each.cancel()
    system.answers.set()
    found = await asyncio.gather(*stuck, return_exceptions=True)

    assert found[1::2] == [[PUBLIC]] * 24
    assert await outbound.lookup("stuck.example", 443) == [PUBLIC]


async def test_who_registers_names_that_never_answer_holds_up_no_call(
    system: System, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(outbound, "RESOLVE_S", 0.5)
    urls = [f"https://stuck{each}.example/" for each in range(200)]
    refused = await asyncio.gather(
        *(outbound.check(each, Rules()) for each in urls), return_exceptions=True
    )
    recorder = Recorder()
    async with calling(recorder, outbound.lookup) as caller:
        status, _ = await outbound.post(caller, "https://a.example.com/", b"", {}, within_s=5)

    assert {str(each).partition(":")[0] for each in refused} == {"unknown_host"}
    assert status == 200
    assert len(system.asked) < 10


async def test_names_that_wait_are_bounded_and_go_with_the_last_who_wants_them(system: System):
    resolve = Resolver(threads=2, queue=3)
    stuck = [asyncio.create_task(resolve(f"stuck{each}.example", 443)) for each in range(2)]
    await until(lambda: len(system.asked) == 2)
    names = ("left.example", "left.example", "kept.example", "other.example")
    left, left_too, *kept = [asyncio.create_task(resolve(each, 443)) for each in names]
    await asyncio.sleep(0)

    with pytest.raises(OSError, match="too many"):
        await resolve("one.more.example", 443)
    left.cancel()
    await asyncio.gather(left, return_exceptions=True)
    with pytest.raises(OSError, match="too many"):  # somebody else still wants it
        await resolve("one.more.example", 443)
    left_too.cancel()
    await asyncio.gather(left_too, return_exceptions=True)
    late = asyncio.create_task(resolve("late.example", 443))
    await asyncio.sleep(0)
    system.answers.set()

    assert await asyncio.gather(*stuck, *kept, late) == [[PUBLIC]] * 5
    assert "left.example" not in system.asked
    assert await resolve("left.example", 443) == [PUBLIC]
