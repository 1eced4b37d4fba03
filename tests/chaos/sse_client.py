"""A client of the live stream that may be killed at any moment: `sse_client.py NOTIFY RECORD`.

Appends `CURSOR ID .` for each event and begins, like a browser, behind the last one that it has.
Only the standard library, since it is started a hundred times.
"""

import socket
import sys
import time
from contextlib import suppress
from pathlib import Path


def last_cursor(record: Path) -> str:
    """Return the cursor of the last whole line, -1 without one; what follows it is cut away."""
    if not record.exists():
        return "-1"
    with record.open("rb+") as file:
        content = file.read()
        whole = content[: content.rfind(b"\n") + 1]
        file.truncate(len(whole))
    lines = whole.splitlines()
    return lines[-1].split(b" ")[0].decode() if lines else "-1"


def follow(host: str, port: int, record: Path) -> None:
    after = last_cursor(record)
    request = f"GET /api/v1/ioc/stream?after={after} HTTP/1.0\r\nHost: {host}\r\n"
    if after != "-1":
        request += f"Last-Event-ID: {after}\r\n"
    with socket.create_connection((host, port), timeout=20) as link, record.open("ab", 0) as out:
        link.sendall(request.encode() + b"\r\n")
        cursor = b""
        for line in link.makefile("rb"):
            if line.startswith(b"id: "):
                cursor = line[4:].strip()
            elif line.startswith(b"data: ") and cursor:  # without an id it is no event of a case
                begin = line.index(b'"id":"') + 6
                identifier = line[begin : line.index(b'"', begin)]
                out.write(cursor + b" " + identifier + b" .\n")
                cursor = b""


if __name__ == "__main__":
    where = sys.argv[1].removeprefix("http://").partition(":")
    while True:
        with suppress(OSError):
            follow(where[0], int(where[2]), Path(sys.argv[2]))
        time.sleep(0.3)
