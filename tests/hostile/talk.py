"""Whole requests that are hostile, byte for byte, as no client library would send them."""

import base64
import json
import socket
import time
from collections.abc import Callable, Iterable, Mapping

from tests.hostile import bodies
from tests.hostile.pictures import photo

REPORT = {
    "text": "Ổ gà lớn trước cổng trường",
    "category": "environment",
    "area": "Phường 1",
    "terms": True,
    "reporter": {"kind": "resident", "anonymity": "anonymous"},
}
FORM = f"multipart/form-data; boundary={bodies.BOUNDARY}".encode()
PATH = b"/api/v1/reports"


def request(
    body: Iterable[bytes] | bytes = b"",
    *,
    kind: bytes = FORM,
    method: bytes = b"POST",
    path: bytes = PATH,
    length: int | None = None,
    extra: bytes = b"",
) -> Iterable[bytes]:
    """Yield a request; the length that it claims is the true one when there is one."""
    if isinstance(body, bytes):
        length = len(body) if length is None else length
        body = (body,)
    said = b"Transfer-Encoding: chunked" if length is None else b"Content-Length: %d" % length
    yield b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: %s\r\n%s\r\n%s\r\n" % (
        *(method, path, kind, said, extra),
    )
    for piece in body:
        yield piece if length is not None else b"%x\r\n%s\r\n" % (len(piece), piece)
    if length is None:
        yield b"0\r\n\r\n"


def form(*parts: bytes, report: object = REPORT) -> Iterable[bytes]:
    return request(bodies.form(bodies.report_part(report), *parts))


def plain(report: object) -> Iterable[bytes]:
    content = report if isinstance(report, bytes) else json.dumps(report).encode()
    return request(content, kind=b"application/json")


def named(filename: str) -> Iterable[bytes]:
    return form(bodies.media_part(photo(64, 64), filename=filename))


NAMES = (
    "../../etc/passwd",
    "..\\..\\windows\\win.ini",
    *("/etc/passwd", "C:\\x.jpg", "a\0.jpg", ".", "..", "x.jpg/", "con", "%2e%2e%2f", ""),
    *("\u202egpj.exe", "\u200b.jpg", "a\tb.jpg", "é" * 200, "x" * 3_000),
    *("$(id).jpg", "';--.jpg", "{{7*7}}", "<script>.jpg"),
)

TALK: Mapping[str, Callable[[], Iterable[bytes]]] = {
    **{f"file name {name[:20]!r}": (lambda name=name: named(name)) for name in NAMES},
    "100,000 parts": lambda: request(bodies.many_parts(100_000)),
    "1,000,000 header bytes of a part": lambda: form(
        bodies.part("media", b"x", headers=b"X-A: " + b"a" * 10**6 + b"\r\n")
    ),
    "100,000 headers of a part": lambda: form(
        bodies.part("media", b"x", headers=b"X-A: a\r\n" * 10**5)
    ),
    "1,000,000 header bytes": lambda: request(b"{}", extra=b"X-A: " + b"a" * 10**6 + b"\r\n"),
    "length larger than the body": lambda: request(b"{}", length=10**6),
    "length of 4 GiB": lambda: request(b"{}", length=2**32),
    "length of -1": lambda: request(b"{}", length=-1),
    "length of 10^30": lambda: request(b"{}", length=10**30),
    "a file without an end": lambda: request(bodies.endless()),
    "near misses of the boundary": lambda: request(bodies.near_misses(20 * 2**20)),
    "no boundary": lambda: request(b"x", kind=b"multipart/form-data"),
    "boundary of 10,000": lambda: request(
        b"x", kind=b"multipart/form-data; boundary=" + b"b" * 10**4
    ),
    "boundary with controls": lambda: request(b"x", kind=b'multipart/form-data; boundary="\x01"'),
    "another boundary": lambda: request(b"--other\r\n\r\n--other--\r\n"),
    "a part without headers": lambda: request(f"--{bodies.BOUNDARY}\r\n\r\nx".encode()),
    "multipart in multipart": lambda: form(
        bodies.part("media", bodies.form(), headers=b"Content-Type: multipart/mixed\r\n")
    ),
    "base64 in a part": lambda: form(
        bodies.part("media", b"/9j/", headers=b"Content-Transfer-Encoding: base64\r\n")
    ),
    "two reports": lambda: form(bodies.report_part(REPORT)),
    "a report as a file": lambda: request(
        bodies.form(bodies.part("report", b"{}", filename="../report.json"))
    ),
    "gzip": lambda: request(b"\x1f\x8b", extra=b"Content-Encoding: gzip\r\n"),
    "utf-16": lambda: request("{}".encode("utf-16"), kind=b"application/json; charset=utf-16"),
    "eleven files": lambda: form(*[bodies.media_part(photo(64, 64))] * 11),
    "a file of 21 MB": lambda: form(bodies.media_part(bytes(21 * 2**20))),
    "json of depth 100,000": lambda: plain(b"[" * 30_000),
    "json objects in objects": lambda: plain(b'{"a":' * 6_000 + b"1" + b"}" * 6_000),
    "json with a number of 60,000 digits": lambda: plain(b'{"text":' + b"9" * 60_000 + b"}"),
    "json with 1e999": lambda: plain(b'{"text":1e999}'),
    "json with NaN": lambda: plain(b'{"text":NaN}'),
    "json with half a pair": lambda: plain(b'{"text":"\\ud800"}'),
    "json with NUL": lambda: plain({**REPORT, "text": "a\0b" * 20}),
    "json with a key twice": lambda: plain(b'{"text":"a","text":"b"}'),
    "json of 1 MB": lambda: plain({**REPORT, "text": "x" * 10**6}),
    "json list": lambda: plain([1] * 1000),
    "json that is no utf-8": lambda: plain(b'{"text":"\xff\xfe"}'),
    "10,000 manifests": lambda: plain({**REPORT, "media": [{}] * 10_000}),
    "an operator as text": lambda: plain({**REPORT, "text": {"$gt": ""}}),
    "an operator as area": lambda: plain({**REPORT, "area": {"$where": "sleep(9999)"}}),
    "a place beyond the world": lambda: plain(
        {**REPORT, "location": {"lat": 1e300, "lon": -1e300}}
    ),
    "a time of year 9999": lambda: plain({**REPORT, "captured_at": "9999-12-31T23:59:59-23:59"}),
    "zalgo": lambda: plain({**REPORT, "text": "a" + "\u0300" * 5_000}),
    "key with controls": lambda: request(
        b"{}", kind=b"application/json", extra=b"Idempotency-Key: a\x01b\r\n"
    ),
    "key of 10,000": lambda: request(
        b"{}", kind=b"application/json", extra=b"Idempotency-Key: " + b"k" * 10**4 + b"\r\n"
    ),
    "code with a path": lambda: request(b"", method=b"GET", path=PATH + b"/..%2f..%2fetc%2fpasswd"),
    "code with NUL": lambda: request(b"", method=b"GET", path=PATH + b"/DL-%00"),
    "code that is no utf-8": lambda: request(b"", method=b"GET", path=PATH + b"/%ff%fe"),
    "code of 8,000": lambda: request(b"", method=b"GET", path=PATH + b"/" + b"A" * 8_000),
    "range of 10,000 pieces": lambda: request(
        b"",
        method=b"GET",
        path=PATH + b"/DL-7K3Q-9M2F/media/m1",
        extra=b"Range: bytes=" + b",".join([b"0-0"] * 2_000) + b"\r\n",
    ),
    "languages without an end": lambda: request(
        b"",
        method=b"GET",
        path=b"/api/v1/units",
        extra=b"Accept-Language: " + b"vi;q=x," * 2_000 + b"\r\n",
    ),
    "40 MiB of a form where no file belongs": lambda: request(
        bodies.endless(), path=PATH + b"/DL-7K3Q-9M2F/messages"
    ),
    "an address with a scope": lambda: request(
        b"", method=b"GET", path=b"/api/v1/units", extra=b"X-Forwarded-For: fe80::1%eth0\r\n"
    ),
    "a QR code of 4,000 letters": lambda: request(
        b"", method=b"GET", path=PATH + b"/" + b"A" * 4_000 + b"2345678B/qr.svg"
    ),
    "a cookie of escapes": lambda: request(
        b"", method=b"GET", path=b"/", extra=b'Cookie: lang="' + b"\\a" * 15_000 + b'"\r\n'
    ),
    "trace": lambda: request(b"", method=b"TRACE"),
    "two hosts": lambda: request(b"", method=b"GET", extra=b"Host: evil\r\n"),
    "an absolute address": lambda: request(b"", method=b"GET", path=b"http://evil/api/v1/units"),
    "no http": lambda: [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"],
}


CURSORS = (
    *('["0001-01-01T00:00:00+14:00","x"]', '["9999-12-31T23:59:59-14:00","x"]'),
    *('["2026-12-01T09:30:00","x"]', '[{"$gt":""},"x"]', '["2026-12-01T09:30:00Z",{"$gt":""}]'),
    *("{}", "1", "[", "[[],[]]", "null"),
)


def desk_talk(token: str) -> Mapping[str, Callable[[], Iterable[bytes]]]:
    """Return what an official may send who means no good; `token` is their access token."""
    allowed = b"Authorization: Bearer " + token.encode() + b"\r\n"

    def with_cursor(cursor: str) -> Iterable[bytes]:
        packed = base64.urlsafe_b64encode(cursor.encode())
        path = b"/api/v1/desk/cases?cursor=" + packed
        return request(b"", method=b"GET", path=path, extra=allowed)

    return {f"cursor {each}": (lambda each=each: with_cursor(each)) for each in CURSORS}


def answer_of(port: int, pieces: Iterable[bytes], within_s: float = 45.0) -> int:
    """Send a request until it is sent or answered; return its status, 0 for a closed connection."""
    until = time.monotonic() + within_s
    with socket.create_connection(("127.0.0.1", port), timeout=within_s) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
                if time.monotonic() > until:
                    break
        except OSError:  # it answered, and closed, before it had heard all
            pass
        heard = b""
        try:
            while b"\r\n" not in heard and (piece := line.recv(65_536)):
                heard += piece
        except ConnectionError:
            pass
    return int(heard.split(b" ", 2)[1]) if heard.startswith(b"HTTP/1.1 ") else 0
