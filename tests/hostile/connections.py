"""Connections whose clients never come to an end: the server ends each of them in its own time."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

from tests.hostile import bodies

MOST_S = 75.0  # REST_S of shared/server.py is the longest of our bounds, and is 60
EVERY_S = 3.0  # less than the server waits for a next request, or a next piece: 5 s, 20 s

GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n"
JSON = b"Content-Type: application/json\r\nContent-Length: 60000\r\n\r\n"
FORM = b"Content-Type: multipart/form-data; boundary=%s\r\nContent-Length: 60000\r\n\r\n" % (
    bodies.BOUNDARY.encode()
)
HOST = b" HTTP/1.1\r\nHost: x\r\n"


@dataclass(frozen=True)
class Endless:
    """What a client sends.

    Attributes:
        first: At once.
        once: A moment later, when the first part may be answered.
        again: Every few seconds, for ever; nothing is silence.
    """

    first: bytes = b""
    once: bytes = b""
    again: bytes = b""


ENDLESS: Mapping[str, Endless] = {
    "says nothing": Endless(),
    "a head of a byte now and then": Endless(GET[:-2], again=b"a"),
    "an empty line behind an answer": Endless(GET, once=b"\r\n"),
    "empty lines behind an answer": Endless(GET, again=b"\r\n"),
    "a byte of a form that was refused": Endless(
        b"POST /api/v1/desk/cases/x/media" + HOST + FORM, once=b"x"
    ),
    "bytes of a form that was refused": Endless(
        b"POST /api/v1/desk/cases/x/media" + HOST + FORM, again=b"x"
    ),
    "a json of a byte now and then": Endless(
        b"POST /api/v1/reports/DL-7K3Q-9M2F/messages" + HOST + JSON + b"{", again=b" "
    ),
    "a report of a byte now and then": Endless(
        b"POST /api/v1/reports" + HOST + JSON + b"{", again=b" "
    ),
    "a form of a byte now and then": Endless(
        b"POST /api/v1/reports" + HOST + FORM + bodies.media_part(b"")[:-2], again=b"x"
    ),
}


def lasting(port: int) -> dict[str, float]:
    """Open all of them at once; return how long each one lasted, `MOST_S` for one that does."""

    async def all_of_them() -> dict[str, float]:
        found = await asyncio.gather(*(_lasting(port, each) for each in ENDLESS.values()))
        return dict(zip(ENDLESS, found, strict=True))

    return asyncio.run(all_of_them())


async def _lasting(port: int, client: Endless) -> float:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.monotonic()
    talking = asyncio.create_task(_talk(writer, client))
    try:
        async with asyncio.timeout(MOST_S):
            while await reader.read(65_536):
                pass
    except (ConnectionError, TimeoutError):
        pass
    finally:
        talking.cancel()
        await asyncio.gather(talking, return_exceptions=True)
        writer.close()
    return min(MOST_S, time.monotonic() - began)


async def _talk(writer: asyncio.StreamWriter, client: Endless) -> None:
    writer.write(client.first)
    await asyncio.sleep(1)
    writer.write(client.once)
    while client.again:
        await asyncio.sleep(EVERY_S)
        writer.write(client.again)
