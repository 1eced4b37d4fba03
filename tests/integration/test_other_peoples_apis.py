"""OWASP API10, unsafe consumption of APIs: each party that answers us, answering with malice.

Whatever it says ends as an ordinary outcome of ours, in bounds of time and memory, and nothing of
it is believed. Each row is a real answer over a real connection; beside it, what becomes of it.
"""

import asyncio
import gzip
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from datetime import time as clock_time

import httpx
import pytest

from services.intake.accounts.oidc_provider import Provider
from services.intake.accounts.oidc_settings import OidcSettings
from services.intake.apps.news import NoFeedError, read_news
from services.notify.channels import zalo_tokens
from services.notify.channels.base import Outgoing
from services.notify.channels.sms import SmsChannel, SmsSettings
from services.notify.channels.zalo import ZaloChannel, ZaloSettings
from services.notify.channels.zalo_tokens import AuthorisationLostError, ZaloApp, ZaloTokens
from services.notify.domain import QuietHours
from shared import bounded, mongo, outbound
from shared.errors import OutageError
from shared.lockbox import Lockbox
from shared.media import MediaSettings, MediaStore
from shared.outbound import AddressRefusedError, Rules
from shared.vocabulary import Language
from tests.builders import state_calendar
from tests.doubles.server import CUT, Asked, Said, serving

NOW = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
HUGE = b'{"error":0,"CodeResult":"100","x":"' + b"x" * (4 * 2**20) + b'"}'
BOMB = gzip.compress(b'{"error":0}' + b" " * (64 * 2**20))
PACKED = {"Content-Encoding": "gzip"}
DEEP = b"[" * 100_000
ELSEWHERE = {"Location": "http://127.0.0.1:1/inside"}
MESSAGE = Outgoing(
    "d" * 32, "84900000000", Language.VIETNAMESE, "x", "x",
    {"code": "DL-1", "status": "x", "due": "", "link": "https://example.com/r/DL-1"},
)  # fmt: skip


def json_of(text: str, status: int = 200) -> Said:
    return Said(status, text.encode(), {"Content-Type": "application/json"})


@dataclass(frozen=True)
class Here:
    """Everything of ours that asks somebody else, pointed at a server of the test's."""

    url: str
    zalo: ZaloChannel
    sms: SmsChannel
    tokens: ZaloTokens


class Party:
    """Somebody else's server: says what the row says, to every call."""

    def __init__(self) -> None:
        self.says = Said(200)
        self.asked: list[Asked] = []

    async def __call__(self, asked: Asked) -> Said:
        self.asked.append(asked)
        return self.says


@pytest.fixture
async def party() -> Party:
    return Party()


@pytest.fixture
async def here(party: Party, mongo_url: str, database_prefix: str) -> AsyncIterator[Here]:
    async with AsyncExitStack() as ending:
        url = await ending.enter_async_context(serving(party))
        client = mongo.connect(mongo_url)
        ending.callback(client.close)
        base = mongo.database(client, f"{database_prefix}_notify")
        app = ZaloApp(url, "app", "secret", "refresh-0")
        tokens = ZaloTokens(base, Lockbox(KEY, "zalo"), app, lambda: NOW)
        quiet = QuietHours(clock_time(22), clock_time(6), state_calendar().zone)
        templates = {Language.VIETNAMESE: "1"}
        zalo = ZaloChannel(
            ZaloSettings(url, "secret", templates), tokens, quiet=quiet, clock=lambda: NOW
        )
        ending.push_async_callback(zalo.stop)
        gateway = SmsSettings(url, "k", "s", "DALAT", 2, "https://example.com/cb")
        sms = SmsChannel(gateway, lambda _: "x", lambda: NOW)
        ending.push_async_callback(sms.stop)
        yield Here(url, zalo, sms, tokens)


async def zalo_token(here: Here) -> str:
    """What comes of a renewal: how long the token is good, or the error."""
    try:
        pair, lasts = await here.tokens._ask("refresh-0")
    except (OutageError, AuthorisationLostError) as error:
        return type(error).__name__
    return f"{pair['access']} for {lasts}"


async def zalo_message(here: Here) -> str:
    outcome = await here.zalo._call(MESSAGE, "access")
    return outcome if isinstance(outcome, str) else getattr(outcome, "kind", str(outcome))


async def sms_message(here: Here) -> str:
    return (await here.sms.send(MESSAGE)).kind


async def oidc(here: Here) -> str:
    settings = OidcSettings(here.url, "client", "secret", "https://example.com/cb")
    try:
        await Provider(settings, lambda: NOW)._discovery()
    except OutageError:
        return "outage"
    return "believed"


async def oidc_keys(here: Here) -> str:
    settings = OidcSettings(here.url, "client", "secret", "https://example.com/cb")
    provider = Provider(settings, lambda: NOW, lambda: 0.0)
    provider._discovered = (0.0, {"jwks_uri": f"{here.url}/keys", "issuer": here.url})
    try:
        return f"{len((await provider._key_set()).keys)} keys"
    except OutageError:
        return "outage"


async def webhook(here: Here) -> str:
    caller = outbound.client(Rules(frozenset({here.url.removeprefix("http://")})), timeout_s=2)
    async with caller:
        try:
            status, _ = await outbound.post(caller, f"{here.url}/h", b"{}", {}, within_s=2)
        except (AddressRefusedError, httpx.HTTPError, TimeoutError) as error:
            return type(error).__name__
    return str(status)


async def bucket(here: Here) -> str:
    settings = MediaSettings(
        here.url, "access", "secret" * 2, "bucket", read_timeout_s=2, call_timeout_s=4
    )
    store = MediaStore(settings)
    try:
        download = await store.fetch("cases/x/original/y")
        if download is None:
            return "missing"
        return f"{sum([len(each) async for each in download])} bytes"
    except OutageError:
        return "outage"
    finally:
        store.close()


async def feed(here: Here) -> str:
    body = (await httpx.AsyncClient().get(here.url)).content
    try:
        return " ".join(f"{each.title}|{each.link}" for each in read_news(body)) or "nothing"
    except NoFeedError:
        return "no feed"


def rss(item: str, head: str = "") -> Said:
    text = f'<?xml version="1.0"?>{head}<rss version="2.0"><channel><title>x</title>{item}'
    return Said(200, f"{text}</channel></rss>".encode())


TOKENS = '{"access_token":"%s","refresh_token":"%s","expires_in":%s}'
GOOD = TOKENS % ("a1", "r1", '"3600"')
S3_BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(3))
    + b"]><Error><Code>&a;</Code></Error>"
)

Row = tuple[str, Callable[[Here], Awaitable[str]], Said, str]
ROWS: list[Row] = [
    ("zalo token: as it should be", zalo_token, json_of(GOOD), "a1 for 3600"),
    ("zalo token: a list", zalo_token, json_of("[1]"), "OutageError"),
    ("zalo token: a number", zalo_token, json_of("7"), "OutageError"),
    ("zalo token: depth without end", zalo_token, Said(200, DEEP), "OutageError"),
    ("zalo token: 4 MiB", zalo_token, Said(200, HUGE), "OutageError"),
    ("zalo token: packed 64 MiB", zalo_token, Said(200, BOMB, PACKED), "OutageError"),
    ("zalo token: lasts for words", zalo_token, json_of(TOKENS % ("a", "r", '"ever"')),
     f"a for {zalo_tokens.SHORTEST_S}"),
    ("zalo token: lasts for -1", zalo_token, json_of(TOKENS % ("a", "r", "-1")),
     f"a for {zalo_tokens.SHORTEST_S}"),
    ("zalo token: lasts for 10^30", zalo_token, json_of(TOKENS % ("a", "r", "9" * 30)),
     f"a for {zalo_tokens.SHORTEST_S}"),
    ("zalo token: lasts for years", zalo_token, json_of(TOKENS % ("a", "r", "9" * 15)),
     f"a for {zalo_tokens.LONGEST_S}"),
    ("zalo token: a header in it", zalo_token, json_of(TOKENS % ("a\\r\\nX: y", "r", "1")),
     "AuthorisationLostError"),
    ("zalo token: an object for a token", zalo_token,
     json_of('{"access_token":{"$gt":""},"refresh_token":"r"}'), "AuthorisationLostError"),
    ("zalo token: 502 with words", zalo_token, json_of('{"error":-1}', 502), "OutageError"),
    ("zalo token: elsewhere", zalo_token, Said(302, b"", ELSEWHERE), "OutageError"),
    ("zalo message: as it should be", zalo_message, json_of('{"error":0}'), "0"),
    ("zalo message: infinity", zalo_message, json_of('{"error":1e999}'), "ambiguous"),
    ("zalo message: a list", zalo_message, json_of("[0]"), "ambiguous"),
    ("zalo message: elsewhere", zalo_message, Said(307, b"", ELSEWHERE), "rejected"),
    ("zalo message: packed", zalo_message, Said(200, BOMB, PACKED), "ambiguous"),
    ("sms: as it should be", sms_message, json_of('{"CodeResult":"100"}'), "accepted"),
    ("sms: 4 MiB", sms_message, Said(200, HUGE), "ambiguous"),
    ("sms: packed 64 MiB", sms_message, Said(200, BOMB, PACKED), "ambiguous"),
    ("sms: an object for a code", sms_message, json_of('{"CodeResult":{}}'), "ambiguous"),
    ("sms: cut", sms_message, CUT, "ambiguous"),
    ("sms: elsewhere", sms_message, Said(302, b"", ELSEWHERE), "rejected"),
    ("provider: another issuer", oidc, json_of('{"issuer":"https://evil.example"}'), "outage"),
    ("provider: a list", oidc, json_of("[]"), "outage"),
    ("provider: 4 MiB", oidc, Said(200, HUGE), "outage"),
    ("provider: packed 64 MiB", oidc, Said(200, BOMB, PACKED), "outage"),
    ("provider: elsewhere", oidc, Said(302, b"", ELSEWHERE), "outage"),
    ("provider's keys: no list", oidc_keys, json_of('{"keys":7}'), "0 keys"),
    ("provider's keys: no keys", oidc_keys, json_of('{"keys":[1,null,"x",{"kty":"RSA"}]}'),
     "0 keys"),
    ("provider's keys: everybody's secret", oidc_keys,
     json_of('{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'), "0 keys"),
    ("receiver: elsewhere", webhook, Said(307, b"", ELSEWHERE), "307"),
    ("receiver: 4 MiB", webhook, Said(200, HUGE), "200"),
    ("receiver: packed 64 MiB", webhook, Said(200, BOMB, PACKED), "200"),
    ("receiver: cut", webhook, CUT, "RemoteProtocolError"),
    ("bucket: elsewhere", bucket, Said(307, b"", ELSEWHERE), "outage"),
    ("bucket: an entity bomb", bucket, Said(500, S3_BOMB, {"Content-Type": "application/xml"}),
     "outage"),
    ("bucket: no words for 403", bucket, Said(403, b"<html>", {"Content-Type": "text/html"}),
     "outage"),
    ("bucket: cut", bucket, CUT, "outage"),
    ("feed: as it should be", feed,
     rss("<item><title>A</title><link>https://x.example/1</link></item>"), "A|https://x.example/1"),
    ("feed: a script for a link", feed,
     rss("<item><title>A</title><link>javascript:alert(1)</link></item>"), "nothing"),
    ("feed: markup in a title", feed,
     rss("<item><title>&lt;img src=x onerror=y&gt;B</title><link>https://x.example/</link></item>"),
     "B|https://x.example/"),
    ("feed: a document type", feed, rss("", '<!DOCTYPE r [<!ENTITY a "b">]>'), "no feed"),
    ("feed: depth without end", feed, Said(200, b"<rss>" + b"<a>" * 50_000), "no feed"),
    ("feed: brackets without end", feed,
     rss(f"<item><title>{'&lt;' * 200_000}</title><link>https://x.example/</link></item>"),
     f"{'<' * 300}|https://x.example/"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
async def test_what_others_answer_ends_as_an_ordinary_outcome(here: Here, party: Party, row: Row):
    _, ask, party.says, outcome = row
    tracemalloc.start()
    began = time.monotonic()

    said = await ask(here)

    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert said == outcome
    assert len({each.path for each in party.asked}) == 1  # it was asked, and nobody else was
    assert time.monotonic() - began < 20
    assert peak < 40 * 2**20


def test_every_party_has_at_least_three_hostile_answers():
    hostile = [row[0].partition(":")[0] for row in ROWS if "as it should be" not in row[0]]
    parties = {"zalo token", "zalo message", "sms", "provider", "receiver", "bucket", "feed"}
    assert {each: hostile.count(each) >= 3 for each in parties} == dict.fromkeys(parties, True)


async def test_an_answer_that_trickles_is_given_up_in_our_own_time():
    async def trickle(_: Asked) -> Said:
        await asyncio.sleep(5)
        return Said(200)

    async with serving(trickle) as url, httpx.AsyncClient() as client:
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await bounded.ask(client, "GET", url, within_s=0.3)
        assert time.monotonic() - began < 4.5


async def test_a_token_whose_time_is_nonsense_is_kept(here: Here, party: Party):
    """The refresh token that paid for it is used up: thrown away, nobody could send again."""
    party.says = json_of(TOKENS % ("a1", "r1", '"soon"'))

    assert await here.tokens.access() == "a1"
    party.says = Said(500)
    assert await here.tokens.access() == "a1"
