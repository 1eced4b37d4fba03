"""A small HTTP server on loopback whose answers a test dictates, silence and a cut included."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """A request as it came."""

    method: str
    path: str
    headers: Mapping[str, str]  # names in lower case
    body: bytes


@dataclass(frozen=True)
class Said:
    """An answer; `status` 0 cuts the connection without one, -1 stays silent."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


CUT, SILENT = Said(0), Said(-1)
Answer = Callable[[Asked], Awaitable[Said]]


@asynccontextmanager
async def serving(answer: Answer, port: int = 0) -> AsyncIterator[str]:
    """Serve on a free port of 127.0.0.1; yield the address without a path."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        tasks.add(task)
        try:
            await _one(reader, writer, answer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Answer) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    method, path, _ = head[0].split(" ")
    pairs = (line.split(":", 1) for line in head[1:] if line)
    headers = {name.lower(): value.strip() for name, value in pairs}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    said = await answer(Asked(method, path, headers, body))
    if said.status == CUT.status:
        writer.transport.abort()
        return
    if said.status == SILENT.status:
        await asyncio.sleep(3600)
    lines = [f"HTTP/1.1 {said.status} Said", f"Content-Length: {len(said.body)}"]
    lines += [f"{name}: {value}" for name, value in said.headers.items()]
    lines += ["Connection: close", "", ""]
    writer.write("\r\n".join(lines).encode("latin-1") + said.body)
    await writer.drain()
