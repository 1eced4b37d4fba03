"""Server-Sent Events: how a stream answers, and what keeps it open."""

from collections.abc import AsyncIterator

from fastapi.responses import StreamingResponse

from shared.telemetry import WATCHERS

HEARTBEAT_S = 15.0  # below the idle limit of common proxies
HEARTBEAT = b": still here\n\n"
OPENING = b"retry: 1000\n\n"  # ms; the first bytes come at once, so that a client knows it is on


def frame(name: str, data: bytes, identifier: str = "") -> bytes:
    """Return one event; `data` is JSON on one line."""
    head = f"id: {identifier}\n" if identifier else ""
    return f"{head}event: {name}\ndata: ".encode() + data + b"\n\n"


def answer(kind: str, frames: AsyncIterator[bytes]) -> StreamingResponse:
    """Return the response that sends `frames` until the client leaves; counted by kind."""
    return StreamingResponse(
        _counted(kind, frames),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _counted(kind: str, frames: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    with WATCHERS.labels(kind).track_inprogress():
        yield OPENING
        async for each in frames:
            yield each
