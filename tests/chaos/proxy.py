"""A TCP link that can be made slow, deaf, mute, cut or closed: what a network does to a service.

Runs as a process of its own (`python -m tests.chaos.proxy CONTROL_PORT NAME=LISTEN:HOST:PORT ...`),
so that a busy test slows no link down. It obeys lines of JSON on its control port, each answered
by one: `{"link": "amqp", "faults": {...}, "reset": true}`; the faults given replace all others.
"""

import asyncio
import json
import random
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass

CHUNK = 2**16


@dataclass(frozen=True)
class Faults:
    """What is wrong with a link; by default nothing is.

    Attributes:
        delay_s: Before every chunk is passed on, in each direction.
        jitter_s: Added to or taken from the delay, by chance.
        bytes_per_s: The most that passes in each direction; 0 for no limit.
        deaf: What the client sends does not arrive; nobody is told.
        mute: What the server sends does not arrive; nobody is told.
        refuse: New connections are reset.
        drop: Part of the new connections that are reset.
        cut_after: A connection is reset after so many bytes from the client; 0 for never.
    """

    delay_s: float = 0
    jitter_s: float = 0
    bytes_per_s: int = 0
    deaf: bool = False
    mute: bool = False
    refuse: bool = False
    drop: float = 0
    cut_after: int = 0


class Link:
    """Passes every connection to its port on to the server behind, faults included."""

    def __init__(self, port: int, behind: tuple[str, int]) -> None:
        self.port = port
        self._behind = behind
        self._faults = Faults()
        self._changed = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]
        self._server = server

    def set(self, faults: Faults) -> None:
        self._faults = faults
        self._changed.set()
        self._changed = asyncio.Event()

    def reset(self) -> int:
        """Reset every connection; return how many ends there were."""
        for writer in tuple(self._writers):
            writer.transport.abort()
        return len(self._writers)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        faults = self._faults
        if faults.refuse or random.random() < faults.drop:
            writer.transport.abort()
            return
        try:
            there, back = await asyncio.open_connection(*self._behind)
        except OSError:  # the server itself is away
            writer.transport.abort()
            return
        self._writers |= {writer, back}
        passing = [
            asyncio.create_task(self._pass(reader, back, to_server=True)),
            asyncio.create_task(self._pass(there, writer, to_server=False)),
        ]
        await asyncio.wait(passing, return_when=asyncio.FIRST_COMPLETED)
        for task in passing:
            task.cancel()
        await asyncio.gather(*passing, return_exceptions=True)
        for each in (writer, back):
            self._writers.discard(each)
            each.close()  # what was passed on still arrives

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, to_server: bool
    ) -> None:
        passed = 0
        with suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._suffer(len(data), to_server=to_server)
                passed += len(data)
                limit = self._faults.cut_after
                if to_server and limit and passed >= limit:
                    writer.write(data[: max(0, limit - (passed - len(data)))])
                    writer.transport.abort()
                    return
                writer.write(data)
                await writer.drain()

    async def _suffer(self, length: int, *, to_server: bool) -> None:
        faults = self._faults
        if faults.delay_s:
            await asyncio.sleep(max(0, random.gauss(faults.delay_s, faults.jitter_s / 2)))
        if faults.bytes_per_s:
            await asyncio.sleep(length / faults.bytes_per_s)
        while self._faults.deaf if to_server else self._faults.mute:
            await self._changed.wait()


async def _obey(
    links: dict[str, Link], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while line := await reader.readline():
        order = json.loads(line)
        link = links[order["link"]]
        link.set(Faults(**order.get("faults", {})))
        ended = link.reset() if order.get("reset") else 0
        writer.write(json.dumps({"reset": ended}).encode() + b"\n")
        await writer.drain()
    writer.close()


async def serve(control: int, links: dict[str, Link]) -> None:
    """Open every link and obey until the process is ended."""
    for link in links.values():
        await link.open()
    server = await asyncio.start_server(lambda r, w: _obey(links, r, w), "127.0.0.1", control)
    await server.serve_forever()


class Control:
    """The other end of the control port."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def set(self, link: str, faults: Faults | None = None, *, reset: bool = False) -> None:
        """Give a link these faults and no others; `reset` ends its connections too."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        order = {"link": link, "faults": asdict(faults or Faults()), "reset": reset}
        writer.write(json.dumps(order).encode() + b"\n")
        await reader.readline()
        writer.close()


def _link(text: str) -> tuple[str, Link]:
    name, _, places = text.partition("=")
    port, host, behind = places.split(":")
    return name, Link(int(port), (host, int(behind)))


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), dict(_link(each) for each in sys.argv[2:])))
