"""Request bodies, good and hostile, made when a test asks for them."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

BOUNDARY = "----DaLatBoundary7MA4YWxkTrZu0gW"
REPORT = {"text": "Ổ gà lớn trên đường Phan Bội Châu", "terms": True}


def part(name: str, content: bytes, *, filename: str | None = None, headers: bytes = b"") -> bytes:
    """One part with its leading boundary."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = f"--{BOUNDARY}\r\n{disposition}\r\n".encode() + headers
    return head + b"\r\n" + content + b"\r\n"


def report_part(report: Any = REPORT) -> bytes:
    content = report if isinstance(report, bytes) else json.dumps(report).encode()
    return part("report", content, headers=b"Content-Type: application/json\r\n")


def media_part(content: bytes = b"photo", filename: str = "image.jpg") -> bytes:
    return part("media", content, filename=filename, headers=b"Content-Type: image/jpeg\r\n")


def form(*parts: bytes) -> bytes:
    """A whole multipart body."""
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


def near_misses(size: int) -> Iterator[bytes]:
    """A file full of lines that are the boundary but for their last byte, in chunks of 64 KiB."""
    line = f"\r\n--{BOUNDARY}x".encode()
    chunk = line * (65_536 // len(line))
    yield media_part(b"")[:-2]
    for _ in range(size // len(chunk)):
        yield chunk
    yield form(b"\r\n")


def many_parts(count: int) -> bytes:
    return form(*[part("x", b"")] * count)


def endless(chunk: bytes = b"\0" * 65_536) -> Iterator[bytes]:
    """A file that never ends."""
    yield media_part(b"")[:-2]
    while True:
        yield chunk


def pieces(body: bytes, size: int) -> Iterable[bytes]:
    return (body[start : start + size] for start in range(0, len(body), size))
