"""The guard of addresses that others give us: a webhook must never reach inside our own network.

A name is resolved once, every address it has is judged, and the connection goes to an address that
was judged: a name that answers differently a moment later (rebinding) gains nothing. Redirects are
not followed. Sources: OWASP API7:2023; the IANA registries of special-purpose addresses.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import urlsplit

import httpx

from shared.errors import CivicError
from shared.resolver import Resolver

import_module("httpcore")  # httpx does so with its first client: that is anew in every worker

RESOLVE_S = 3.0
MAX_URL = 2_000  # characters
MAX_ANSWER_BYTES = 64 * 1024  # of what a receiver says; nobody needs more than its status
UNKNOWN_HOST = "unknown_host"  # the one refusal that may be another answer a moment later
MAX_ADDRESSES = 8  # of one name that are judged and tried

Address = IPv4Address | IPv6Address
Lookup = Callable[[str, int], Awaitable[Sequence[str]]]

# Global by their number, and still the inside of somebody's house.
_INSIDE = tuple(
    ip_network(text)
    for text in (
        "168.63.129.16/32",  # the platform's own server in Azure
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # relays of 6to4, deprecated
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "fec0::/10",  # site-local, deprecated
    )
)
# An IPv4 address inside an IPv6 one: the network, and how many bits stand behind it.
_CARRIERS = (
    (ip_network("::/96"), 0),
    (ip_network("::ffff:0:0/96"), 0),
    (ip_network("::ffff:0:0:0/96"), 0),  # SIIT
    (ip_network("64:ff9b::/96"), 0),  # NAT64
    (ip_network("2002::/16"), 80),  # 6to4
)
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_INNER_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "onion")


class AddressRefusedError(CivicError):
    """We do not call this address; `code` is stable, `detail` says why and is safe to show."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class Rules:
    """Which addresses may be called.

    Attributes:
        test_hosts: `host:port`, or `host` for every port, that are called wherever they are and
            also without TLS. For the dev profile only: `rules_for` sees to it.
    """

    test_hosts: frozenset[str] = field(default_factory=frozenset[str])

    def is_test(self, host: str, port: int) -> bool:
        """Say whether the operator of a dev machine has named this host."""
        return host in self.test_hosts or f"{host}:{port}" in self.test_hosts


@dataclass(frozen=True)
class Target:
    """Where a URL leads: scheme, host in lower case ASCII, port."""

    scheme: str
    host: str
    port: int


def rules_for(profile: str, test_hosts: str) -> Rules:
    """Return the rules of a profile; `test_hosts` is separated by commas, and empty outside dev.

    Raises:
        ValueError: test hosts outside the dev profile.
    """
    named = frozenset(each.strip().lower() for each in test_hosts.split(",") if each.strip())
    if named and profile != "dev":
        raise ValueError("test hosts are for the dev profile only")
    return Rules(named)


def target_of(url: str, rules: Rules) -> Target:
    """Return where a URL leads, judged by its words alone.

    Raises:
        AddressRefusedError: not https, credentials inside, an inner name, or no URL at all.
    """
    if len(url) > MAX_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise AddressRefusedError("malformed", "not a URL in ASCII of at most 2,000 characters")
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise AddressRefusedError("malformed", "not a URL") from error
    port = (443 if parts.scheme == "https" else 80) if port is None else port
    if not host or not port:
        raise AddressRefusedError("malformed", "the URL names no host or port")
    if parts.username is not None or parts.password is not None:
        raise AddressRefusedError("credentials", "a URL must not carry a name or password")
    test = rules.is_test(host, port)
    if parts.scheme != "https" and not (test and parts.scheme == "http"):
        raise AddressRefusedError("not_https", "only https is called")
    if not test:
        _judge_host(host)
    return Target(parts.scheme, host, port)


def _judge_host(host: str) -> None:
    try:
        address = ip_address(host)
    except ValueError:
        labels = host.split(".")
        if not all(map(_LABEL.fullmatch, labels)) or len(host) > 253:  # noqa: PLR2004 - RFC 1035
            raise AddressRefusedError("malformed", "not the name of a host") from None
        if len(labels) < 2 or labels[-1] in _INNER_NAMES:  # noqa: PLR2004 - a name and its domain
            raise AddressRefusedError("inner_name", "not a public name") from None
        return
    _judge(address)


def is_public(address: Address) -> bool:
    """Say whether an address is on the public internet, also the one that it carries inside."""
    if isinstance(address, IPv6Address):
        if address.scope_id:
            return False
        for network, behind in _CARRIERS:
            if address in network:
                return is_public(IPv4Address(int(address) >> behind & 0xFFFFFFFF))
    if address.is_multicast or address.is_reserved or address.is_unspecified:
        return False
    return address.is_global and not any(
        address in network for network in _INSIDE if network.version == address.version
    )


def _judge(address: Address) -> None:
    if not is_public(address):
        raise AddressRefusedError("inner_address", "the host is not on the public internet")


# What is called; and apart from it what somebody wants to register, which may be anything.
lookup = Resolver(threads=16, queue=256)
registering = Resolver(threads=4, queue=32)


async def addresses_of(target: Target, rules: Rules, *, resolve: Lookup = lookup) -> list[str]:
    """Return the addresses that may be connected to, all of them judged.

    Raises:
        AddressRefusedError: unknown, or ONE of its addresses is not public: who mixes them in
            hopes that we take the wrong one.
    """
    try:
        async with asyncio.timeout(RESOLVE_S):
            found = await resolve(target.host, target.port)
    except (OSError, TimeoutError, UnicodeError) as error:
        raise AddressRefusedError(UNKNOWN_HOST, "the host cannot be found now") from error
    if not found:
        raise AddressRefusedError(UNKNOWN_HOST, "the host has no address")
    if not rules.is_test(target.host, target.port):
        for each in found:
            _judge(ip_address(each))
    return list(found)[:MAX_ADDRESSES]


async def check(url: str, rules: Rules, *, resolve: Lookup = registering) -> None:
    """Check an address at the moment when somebody registers it; each call checks it again.

    Raises:
        AddressRefusedError: we would not call it.
    """
    await addresses_of(target_of(url, rules), rules, resolve=resolve)


class GuardedTransport(httpx.AsyncBaseTransport):
    """Connects to the very address that was judged; the certificate is that of the name."""

    def __init__(
        self,
        rules: Rules,
        *,
        resolve: Lookup = lookup,
        inner: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._rules = rules
        self._resolve = resolve
        # Without keep-alive: a connection is for one judged call. Without a bound of its own: in a
        # common queue for connections slow receivers would hold up the others; callers are bounded.
        self._inner = inner or httpx.AsyncHTTPTransport(
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=0)
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request to a judged address of its host; the next one where none answers.

        Raises:
            AddressRefusedError: the address must not be called.
        """
        target = target_of(str(request.url), self._rules)
        addresses = await addresses_of(target, self._rules, resolve=self._resolve)
        for address in addresses[:-1]:
            try:
                return await self._send(request, target, address)
            except httpx.ConnectError:
                continue
        return await self._send(request, target, addresses[-1])

    async def _send(self, request: httpx.Request, target: Target, address: str) -> httpx.Response:
        pinned = httpx.Request(
            request.method,
            request.url.copy_with(host=address),
            headers=request.headers,  # Host is the name, set when the request was made
            stream=request.stream,
            extensions={**request.extensions, "sni_hostname": target.host},
        )
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._inner.aclose()


def client(rules: Rules, *, timeout_s: float, resolve: Lookup = lookup) -> httpx.AsyncClient:
    """Return a client for addresses of others: guarded, no redirects, no proxy of the environment.

    `timeout_s` bounds each step (connect, read, write); `post` bounds the whole.
    """
    return httpx.AsyncClient(
        transport=GuardedTransport(rules, resolve=resolve),
        timeout=timeout_s,
        follow_redirects=False,
        trust_env=False,
    )


async def post(
    caller: httpx.AsyncClient, url: str, body: bytes, headers: dict[str, str], *, within_s: float
) -> tuple[int, httpx.Headers]:
    """Post a body and return the answer's status and headers; a redirect is an answer like others.

    Args:
        caller: From `client`.
        url: Checked again now.
        body: As it was signed.
        headers: Of the request.
        within_s: For the whole call, however slowly the receiver trickles.

    Raises:
        AddressRefusedError: the address must not be called.
        httpx.HTTPError: nobody answered.
        TimeoutError: not within the time.
    """
    async with (
        asyncio.timeout(within_s),
        caller.stream("POST", url, content=body, headers=headers) as answer,
    ):
        taken = 0
        async for chunk in answer.aiter_raw():  # never unpacked: an answer may be a bomb
            taken += len(chunk)
            if taken > MAX_ANSWER_BYTES:
                break
        return answer.status_code, answer.headers
