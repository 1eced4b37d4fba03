"""Row 21: a receiver is down, slow, gone, lying or huge; the other one must not notice."""

import asyncio
import re
import time
from contextlib import suppress
from typing import Any

import httpx
import orjson

from deploy.local import stackfile
from tests.chaos.checker import at_of
from tests.chaos.nemesis import Nemesis, percentile

TYPES = ["case.submitted.v1"]
MODES = ("down", "slow", "redirect", "huge", "gone")
LATE_S = 1.0  # more than without a bad neighbour
WAIT_S = 30.0  # for what was retried
FORBIDDEN = ("http://169.254.169.254/latest/", "http://[::1]:9/", "http://127.0.0.1:1/")
LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
MESSAGE = re.compile(rb"\r\nwebhook-id: *([^\r]+)", re.IGNORECASE)
HUGE = b"x" * 2**16


class Receivers:
    """Two receivers on one port: `/good` takes everything, `/bad` behaves as `mode` says."""

    def __init__(self) -> None:
        self.mode = "ok"
        self.taken: dict[str, tuple[str, float]] = {}  # by message: its case, seconds of delay
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port, limit=2**20)

    def close(self) -> None:
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = LENGTH.search(head)
                body = await reader.readexactly(int(length[1])) if length else b""
                if b" /good " in head[:40]:
                    self._take(head, body)
                    writer.write(b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n")
                elif not await self._misbehave(writer):
                    break
        writer.transport.abort()

    def _take(self, head: bytes, body: bytes) -> None:
        told, found = orjson.loads(body), MESSAGE.search(head)
        code = told["data"]["code"]
        identifier = found[1].decode() if found else code
        self.taken.setdefault(identifier, (code, time.time() - at_of(told["timestamp"])))

    async def _misbehave(self, writer: asyncio.StreamWriter) -> bool:
        match self.mode:
            case "down":
                return False
            case "slow":
                await asyncio.sleep(60)
                return False
            case "redirect":
                answer = b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n"
            case "huge":
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
                while True:
                    writer.write(HUGE)
                    await writer.drain()
            case "gone":
                answer = b"HTTP/1.1 410 Gone\r\n"
            case _:
                answer = b"HTTP/1.1 204 No Content\r\n"
        writer.write(answer + b"Content-Length: 0\r\n\r\n")
        return True


async def webhook_receiver_ill(nemesis: Nemesis) -> None:
    receivers, port = Receivers(), nemesis.world.ports["webhooks"]
    await receivers.open(port)
    try:
        async with httpx.AsyncClient(timeout=10, headers=await _token(nemesis)) as client:
            await _refused_addresses(nemesis, client)
            await _neighbours(nemesis, client, receivers, f"http://127.0.0.1:{port}")
    finally:
        receivers.close()


async def _token(nemesis: Nemesis) -> dict[str, str]:
    people: list[dict[str, Any]] = (stackfile.read(nemesis.world.layout) or {})["accounts"]
    person = next(each for each in people if each["role"] == "administrator")
    form = {"username": person["username"], "password": person["password"]}
    async with httpx.AsyncClient(timeout=10) as client:
        url = f"{nemesis.world.url('intake')}/api/v1/auth/token"
        answer = (await client.post(url, data=form)).raise_for_status().json()
    return {"Authorization": f"Bearer {answer['access_token']}"}


async def _refused_addresses(nemesis: Nemesis, client: httpx.AsyncClient) -> None:
    url = f"{nemesis.world.url('notify')}/api/v1/webhooks"
    for address in FORBIDDEN:
        answer = await client.post(url, json={"url": address, "types": TYPES})
        nemesis.fault()
        if answer.status_code != 422:
            nemesis.wrong(f"{address} was answered with {answer.status_code}")


async def _neighbours(
    nemesis: Nemesis, client: httpx.AsyncClient, receivers: Receivers, base: str
) -> None:
    url = f"{nemesis.world.url('notify')}/api/v1/webhooks"
    made: dict[str, str] = {}
    for name in ("good", "bad"):
        answer = await client.post(url, json={"url": f"{base}/{name}", "types": TYPES})
        made[name] = answer.raise_for_status().json()["id"]
    await asyncio.sleep(6)  # for every process to know the endpoints, and for a figure without ill
    began, calm = time.time(), [late for _, late in receivers.taken.values()]
    receivers.taken.clear()
    for mode in MODES:
        receivers.mode = mode
        nemesis.fault()
        await asyncio.sleep(nemesis.window_s / len(MODES))
        await client.post(f"{url}/{made['bad']}/enable")
    ended = time.time() - 1
    codes = await _awaited(nemesis, receivers, began, ended)
    if codes:
        nemesis.wrong(f"{len(codes)} events did not reach the good receiver")
    delays = [late for _, late in receivers.taken.values()]
    more = percentile(delays, 0.95) - percentile(calm, 0.95)
    nemesis.measure("delay of the other, p95 more", max(0.0, more), LATE_S)
    for identifier in made.values():
        await client.delete(f"{url}/{identifier}")


async def _awaited(nemesis: Nemesis, receivers: Receivers, began: float, ended: float) -> set[str]:
    """Return the cases of which the good receiver has not heard, after a patient wait."""
    owed = {
        each.code
        for each in nemesis.load.ledger.attempts
        if each.acknowledged and not each.replayed and began <= each.sent_at <= ended
    }

    async def all_there() -> bool:
        return owed <= {code for code, _ in receivers.taken.values()}

    await nemesis.world.until(all_there, WAIT_S)
    return owed - {code for code, _ in receivers.taken.values()}
