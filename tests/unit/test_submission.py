import asyncio
import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from services.intake import submission
from services.intake.evidence import EvidenceLimits, EvidenceRefused, Reason
from services.intake.submission import (
    Spool,
    SubmissionRefused,
    clean_name,
    read_submission,
    refused_evidence,
)
from shared.errors import OutageError
from tests.hostile import bodies

FORM = f"multipart/form-data; boundary={bodies.BOUNDARY}"
JSON = "application/json"
LIMITS = EvidenceLimits(files=3, file_bytes=1_000, total_bytes=2_500, json_bytes=500)


def request_of(
    body: bytes | Iterable[bytes | None], kind: str | None = FORM, **headers: str
) -> Request:
    """A request as the server hands it over; None in the body means that the client goes away."""
    chunks = iter([body] if isinstance(body, bytes) else body)
    names = {"content_type": kind, **headers} if kind is not None else headers

    async def receive() -> dict:
        await asyncio.sleep(0)
        chunk = next(chunks, b"")
        if chunk is None:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": chunk, "more_body": chunk != b""}

    raw = [(key.replace("_", "-").encode(), value.encode()) for key, value in names.items()]
    return Request({"type": "http", "method": "POST", "headers": raw}, receive)


def spooled(directory: Path) -> list[Path]:
    return list(directory.iterdir())


async def refusal(request: Request, directory: Path, limits: EvidenceLimits = LIMITS) -> tuple:
    with pytest.raises(SubmissionRefused) as caught:
        async with read_submission(request, limits, Spool(directory)):
            pass
    assert spooled(directory) == []
    assert caught.value.detail_vi
    return caught.value.status, caught.value.code, caught.value.field


async def test_a_form_gives_its_report_and_its_files_in_order(tmp_path: Path):
    body = bodies.form(
        bodies.media_part(b"first", "một.jpg"), bodies.report_part(), bodies.media_part(b"second")
    )

    async with read_submission(request_of(body), LIMITS, Spool(tmp_path)) as submission:
        assert submission.report == bodies.REPORT
        assert [upload.path.read_bytes() for upload in submission.media] == [b"first", b"second"]
        first = submission.media[0]
        assert (first.name, first.declared_type, first.size_bytes) == ("một.jpg", "image/jpeg", 5)
        assert first.sha256 == hashlib.sha256(b"first").hexdigest()

    assert spooled(tmp_path) == []


async def test_files_that_come_later_need_no_words(tmp_path: Path):
    read = partial(read_submission, limits=LIMITS, spool=Spool(tmp_path), needs_report=False)
    silent = bodies.form(bodies.media_part(b"later"))
    empty = bodies.form(bodies.report_part({}), bodies.media_part(b"later"))

    async with read(request_of(silent)) as one, read(request_of(empty)) as other:
        assert one.report == {}
        assert [upload.path.read_bytes() for upload in one.media] == [b"later"]
        assert one.fingerprint == other.fingerprint


async def test_plain_json_is_a_report_without_files(tmp_path: Path):
    raw = json.dumps(bodies.REPORT).encode()

    async with read_submission(
        request_of(raw, "application/json; charset=UTF-8"), LIMITS, Spool(tmp_path)
    ) as submission:
        assert (submission.report, submission.raw) == (bodies.REPORT, raw)
        assert submission.media == ()
        assert spooled(tmp_path) == []


@pytest.mark.parametrize("size", [1, 2, 7, 63, 1_000])
async def test_the_cut_of_the_chunks_does_not_matter(size: int, tmp_path: Path):
    tricky = f"a\r\n--{bodies.BOUNDARY[:-1]}\r\n\r\r\n--".encode()
    body = bodies.form(bodies.report_part(), bodies.media_part(tricky))

    async with read_submission(
        request_of(bodies.pieces(body, size)), LIMITS, Spool(tmp_path)
    ) as submission:
        assert submission.report == bodies.REPORT
        assert submission.media[0].path.read_bytes() == tricky


async def test_a_file_field_that_was_left_empty_is_no_file(tmp_path: Path):
    body = bodies.form(bodies.report_part(), bodies.media_part(b"", ""))

    async with read_submission(request_of(body), LIMITS, Spool(tmp_path)) as submission:
        assert submission.media == ()


async def test_a_named_file_without_content_is_a_file(tmp_path: Path):
    body = bodies.form(bodies.report_part(), bodies.media_part(b"", "image.jpg"))

    async with read_submission(request_of(body), LIMITS, Spool(tmp_path)) as submission:
        assert submission.media[0].size_bytes == 0


async def test_the_fingerprint_is_of_the_json_and_the_ordered_files(tmp_path: Path):
    async def fingerprint(*parts: bytes) -> str:
        request = request_of(bodies.form(*parts))
        async with read_submission(request, LIMITS, Spool(tmp_path)) as submission:
            return submission.fingerprint

    report, one, two = bodies.report_part(), bodies.media_part(b"1"), bodies.media_part(b"2")
    known = await fingerprint(report, one, two)

    assert known == await fingerprint(one, two, report)
    assert known == await fingerprint(bodies.media_part(b"1", "other.jpg"), two, report)
    assert known != await fingerprint(report, two, one)
    assert known != await fingerprint(report, one)
    assert known != await fingerprint(bodies.report_part({"text": ""}), one, two)


FILES = [bodies.media_part()] * 4

REFUSED = [
    pytest.param([*FILES, bodies.report_part()], (413, "too_many_files", "media[3]"), id="4 files"),
    pytest.param(
        [bodies.media_part(), bodies.media_part(bytes(1_001))],
        (413, "file_too_large", "media[1]"),
        id="a file over its limit",
    ),
    pytest.param(
        [bodies.media_part(bytes(900))] * 3, (413, "body_too_large", "media"), id="all files over"
    ),
    pytest.param(
        [bodies.report_part({"text": "a" * 500})],
        (413, "report_too_large", "report"),
        id="a report over its limit",
    ),
    pytest.param([bodies.media_part()], (422, "missing_report", "report"), id="no report"),
    pytest.param([], (422, "missing_report", "report"), id="no part at all"),
    pytest.param(
        [bodies.report_part(), bodies.report_part()],
        (422, "duplicate_report", "report"),
        id="two reports",
    ),
    pytest.param(
        [bodies.report_part(), bodies.part("avatar", b"")],
        (422, "unknown_part", "avatar"),
        id="unknown part",
    ),
    pytest.param(
        [bodies.part("media", b"", headers=b"".join(b"X-%d: a\r\n" % i for i in range(20)))],
        (413, "part_headers_too_large", ""),
        id="twenty headers",
    ),
]


@pytest.mark.parametrize("size", [0, 100], ids=["at once", "in pieces"])
@pytest.mark.parametrize(("parts", "expected"), REFUSED)
async def test_a_form_past_a_limit_is_refused(
    parts: list[bytes], expected: tuple, size: int, tmp_path: Path
):
    body = bodies.form(*parts)
    request = request_of(bodies.pieces(body, size) if size else body)

    assert await refusal(request, tmp_path) == expected


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(
            bodies.part("media", b"", headers=b"X-Long: " + b"a" * 10**6 + b"\r\n"),
            "part_headers_too_large",
            id="a million bytes of header",
        ),
        pytest.param(
            bodies.part("media", b"", headers=b"a" * 10**6),
            "part_headers_too_large",
            id="a million bytes of a header's name",
        ),
        pytest.param(
            bodies.part("media", b"", headers=b"a:\r\n" * 10**5),
            "part_headers_too_large",
            id="100,000 headers",
        ),
        pytest.param(bodies.many_parts(100_000), "too_many_parts", id="100,000 parts"),
    ],
)
async def test_a_bomb_in_a_form_is_refused_at_once(body: bytes, code: str, tmp_path: Path):
    start = time.process_time()
    request = request_of(bodies.pieces(body, 65_536))

    assert (await refusal(request, tmp_path, EvidenceLimits()))[:2] == (413, code)
    assert time.process_time() - start < 0.2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"hello", id="text"),
        pytest.param(bodies.form(bodies.report_part())[:-20], id="cut before its end"),
        pytest.param(bodies.report_part(), id="without a closing boundary"),
        pytest.param(
            bodies.form(bodies.report_part()).replace(b"\r\n", b"\n"), id="bare line feeds"
        ),
        pytest.param(
            bodies.form(bodies.report_part()).replace(b"Content-Disposition", b"X-Other"),
            id="part without a disposition",
        ),
        pytest.param(
            bodies.form(bodies.report_part()).replace(b"form-data", b"attachment"),
            id="part that is no form data",
        ),
        pytest.param(
            bodies.form(bodies.report_part()).replace(b'; name="report"', b""),
            id="part without a name",
        ),
        pytest.param(
            bodies.form(bodies.part("report", b"{}", headers=b"B\x00d: 1\r\n")),
            id="control character in a header",
        ),
    ],
)
async def test_a_broken_form_is_refused(body: bytes, tmp_path: Path):
    assert await refusal(request_of(body), tmp_path) == (400, "broken_multipart", "")


@pytest.mark.parametrize(
    ("kind", "headers", "expected"),
    [
        pytest.param(None, {}, (415, "unsupported_content_type", ""), id="no type"),
        pytest.param("text/plain", {}, (415, "unsupported_content_type", ""), id="text"),
        pytest.param(
            "application/x-www-form-urlencoded",
            {},
            (415, "unsupported_content_type", ""),
            id="form of the other kind",
        ),
        pytest.param(
            "application/json; charset=utf-16",
            {},
            (415, "unsupported_content_type", ""),
            id="utf-16",
        ),
        pytest.param(
            JSON,
            {"content_encoding": "gzip"},
            (415, "unsupported_content_type", ""),
            id="compressed",
        ),
        pytest.param("multipart/form-data", {}, (400, "missing_boundary", ""), id="no boundary"),
        pytest.param(
            "multipart/form-data; boundary=" + "a" * 71,
            {},
            (400, "missing_boundary", ""),
            id="boundary of 71 bytes",
        ),
        pytest.param(
            FORM,
            {"content_length": "999999999999"},
            (413, "body_too_large", "media"),
            id="a terabyte announced",
        ),
        pytest.param(
            JSON,
            {"content_length": "501"},
            (413, "report_too_large", "report"),
            id="json announced",
        ),
    ],
)
async def test_a_request_is_refused_by_its_headers_before_its_body_is_read(
    kind: str | None, headers: dict, expected: tuple, tmp_path: Path
):
    def unread() -> Iterable[bytes]:
        raise AssertionError("the body was read")
        yield b""

    assert await refusal(request_of(unread(), kind, **headers), tmp_path) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        pytest.param(b"", (400, "invalid_json", "report"), id="empty"),
        pytest.param(b"{", (400, "invalid_json", "report"), id="cut off"),
        pytest.param(b"{} {}", (400, "invalid_json", "report"), id="two objects"),
        pytest.param(b"{'text': 1}", (400, "invalid_json", "report"), id="single quotes"),
        pytest.param(
            b'{"a": ' + b"9" * 5_000 + b"}", (413, "report_too_large", "report"), id="big"
        ),
        pytest.param(b"[" * 400, (400, "invalid_json", "report"), id="open brackets"),
        pytest.param(b"[" * 200 + b"]" * 200, (400, "invalid_json", "report"), id="deep nesting"),
        pytest.param(b"[]", (422, "not_an_object", "report"), id="a list"),
        pytest.param(b'"text"', (422, "not_an_object", "report"), id="a string"),
        pytest.param(b"null", (422, "not_an_object", "report"), id="null"),
        pytest.param(b'{"lat": NaN}', (400, "not_a_number", "report"), id="NaN"),
        pytest.param(b'{"lat": -Infinity}', (400, "not_a_number", "report"), id="infinity"),
        pytest.param(b'{"lat": 1e999}', (400, "not_a_number", "report"), id="hidden infinity"),
        pytest.param(b'{"a": 1, "a": 2}', (400, "duplicate_key", "report"), id="key twice"),
        pytest.param(
            b'{"x": {"a": 1, "\\u0061": 2}}',
            (400, "duplicate_key", "report"),
            id="hidden key twice",
        ),
        pytest.param(b'{"text": "\xff"}', (400, "invalid_utf8", "report"), id="no UTF-8"),
        pytest.param(b'{"text": "\xed\xa0\x80"}', (400, "invalid_utf8", "report"), id="surrogate"),
        pytest.param(
            b'{"text": "\\ud800"}', (400, "invalid_utf8", "report"), id="escaped half of a pair"
        ),
    ],
)
async def test_ambiguous_json_is_refused(raw: bytes, expected: tuple, tmp_path: Path):
    assert await refusal(request_of(raw, JSON), tmp_path) == expected
    assert await refusal(request_of(bodies.form(bodies.report_part(raw))), tmp_path) == expected


async def test_a_whole_pair_of_surrogates_is_a_letter(tmp_path: Path):
    request = request_of(b'{"text": "\\ud83d\\ude00"}', JSON)

    async with read_submission(request, LIMITS, Spool(tmp_path)) as submission:
        assert submission.report == {"text": "😀"}


async def test_a_body_without_end_is_refused_at_the_limit(tmp_path: Path):
    read = 0

    def counted() -> Iterable[bytes]:
        nonlocal read
        for chunk in bodies.endless():
            read += len(chunk)
            yield chunk

    limits = EvidenceLimits(file_bytes=2**20)

    assert await refusal(request_of(counted()), tmp_path, limits) == (
        413,
        "file_too_large",
        "media[0]",
    )
    assert read < 2**20 + 3 * 65_536


async def test_json_without_end_is_refused_at_the_limit(tmp_path: Path):
    request = request_of((b" " * 100 for _ in range(10**9)), JSON)

    assert await refusal(request, tmp_path) == (413, "report_too_large", "report")


async def test_sixty_megabytes_of_near_boundaries_do_not_hold_the_process(tmp_path: Path):
    start = time.process_time()
    request = request_of(bodies.near_misses(60 * 2**20))

    assert (await refusal(request, tmp_path, EvidenceLimits()))[1] == "too_many_parts"
    assert time.process_time() - start < 0.5


async def test_a_slow_client_is_refused(tmp_path: Path):
    limits = EvidenceLimits(read_timeout_s=0.05)

    async def receive() -> dict:
        await asyncio.sleep(0.02)
        return {"type": "http.request", "body": b"\r\n", "more_body": True}

    headers = [(b"content-type", FORM.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)

    assert await refusal(request, tmp_path, limits) == (408, "too_slow", "")


async def test_nothing_stays_when_the_client_goes_away(tmp_path: Path):
    request = request_of([bodies.report_part(), bodies.media_part(bytes(800))[:-100], None])

    with pytest.raises(ClientDisconnect):
        async with read_submission(request, LIMITS, Spool(tmp_path)):
            pass

    assert spooled(tmp_path) == []


async def test_nothing_stays_when_the_handler_fails(tmp_path: Path):
    request = request_of(bodies.form(bodies.report_part(), bodies.media_part()))

    async def fail() -> None:
        async with read_submission(request, LIMITS, Spool(tmp_path)) as submission:
            assert submission.media[0].path.exists()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert spooled(tmp_path) == []


async def test_nothing_stays_when_the_request_is_cancelled(tmp_path: Path):
    reading = asyncio.Event()

    async def receive() -> dict:
        reading.set()
        await asyncio.sleep(60)
        return {}

    headers = [(b"content-type", FORM.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)

    async def take() -> None:
        async with read_submission(request, LIMITS, Spool(tmp_path)):
            pass

    task = asyncio.create_task(take())
    await reading.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert spooled(tmp_path) == []


async def test_a_folder_that_cannot_be_written_is_an_outage(tmp_path: Path):
    request = request_of(bodies.form(bodies.report_part()))

    with pytest.raises(OutageError):
        async with read_submission(request, LIMITS, Spool(tmp_path / "missing")):
            pass


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        pytest.param("image.jpg", "image.jpg", id="plain"),
        pytest.param("Ảnh chợ Đà Lạt.jpg", "Ảnh chợ Đà Lạt.jpg", id="vietnamese"),
        pytest.param("../../etc/passwd", "passwd", id="climbing"),
        pytest.param("C:\\Users\\a\\b.jpg", "b.jpg", id="windows"),
        pytest.param("a\0b\r\n.jpg", "ab.jpg", id="NUL and line breaks"),
        pytest.param("anh\u202egpj.exe", "anhgpj.exe", id="right to left"),
        pytest.param("..", "..", id="dots: a label, never a path"),
        pytest.param("a" * 500, "a" * 120, id="long"),
        pytest.param("", "", id="empty"),
    ],
)
def test_a_file_name_is_shown_without_tricks(name: str, clean: str):
    assert clean_name(name) == clean


async def test_a_hostile_file_name_never_becomes_a_path(tmp_path: Path):
    body = bodies.form(bodies.report_part(), bodies.media_part(b"x", "../../../tmp/evil\0.jpg"))

    async with read_submission(request_of(body), LIMITS, Spool(tmp_path)) as submission:
        upload = submission.media[0]
        assert upload.path.parent.parent == tmp_path
        assert upload.name == "evil.jpg"


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        pytest.param(Reason.TOO_LARGE, 413, id="too large"),
        pytest.param(Reason.NOT_MEDIA, 415, id="not media"),
        pytest.param(Reason.AVIF, 415, id="avif"),
        pytest.param(Reason.TRUNCATED, 422, id="truncated"),
        pytest.param(Reason.TOO_MANY_PIXELS, 422, id="too many pixels"),
    ],
)
def test_refused_evidence_names_its_file(reason: Reason, status: int):
    error = refused_evidence(EvidenceRefused(reason, limit=50), 4)

    assert (error.status, error.field, error.code) == (status, "media[4]", reason.value[0])


def left_by(owner: str, directory: Path) -> Path:
    """A folder as the process `owner` leaves it when it is killed."""
    code = (
        "import os, sys; from pathlib import Path; from services.intake.submission import Spool\n"
        "with Spool(Path(sys.argv[1])).folder() as folder:\n"
        "    (folder.path / '0').write_bytes(b'x'); print(folder.path, flush=True); os._exit(9)"
    )
    if owner == "killed":
        made = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-c", code, str(directory)],
            capture_output=True,
            text=True,
            check=False,
        )
        return Path(made.stdout.strip())
    folder = directory / f"submission-{owner}-x"
    folder.mkdir()
    return folder


def test_what_a_killed_process_left_is_removed_at_once(tmp_path: Path):
    left = left_by("killed", tmp_path)
    assert left.exists()
    alive = left.with_name(left.name.replace(left.name.split("-")[2], str(os.getppid())))
    alive.mkdir()
    elsewhere = left_by("0123abcd-1", tmp_path)
    spool = Spool(tmp_path)

    with spool.folder() as mine:
        assert spool.remove_leftovers() == 1
        assert sorted(tmp_path.iterdir()) == sorted([alive, elsewhere, mine.path])


async def test_a_spool_without_room_or_that_is_no_folder_is_an_outage(tmp_path: Path):
    await Spool(tmp_path).has_room(1)

    with pytest.raises(OutageError, match="free for uploads"):
        await Spool(tmp_path).has_room(2**60)
    with pytest.raises(OutageError, match="cannot be spooled"):
        await Spool(tmp_path / "away").has_room(1)


def test_only_old_leftovers_of_others_are_removed(tmp_path: Path):
    old, young, other = (tmp_path / name for name in ("submission-a", "submission-b", "other"))
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "0").write_bytes(b"x")
    os.utime(old, (0, 0))
    os.utime(other, (0, 0))

    assert Spool(tmp_path, old_s=60).remove_leftovers() == 1
    assert sorted(tmp_path.iterdir()) == [other, young]


def test_a_folder_that_another_process_removes_meanwhile_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "glob", lambda _self, _what: [tmp_path / "submission-gone"])

    assert Spool(tmp_path).remove_leftovers() == 0


async def test_uploads_hold_no_more_than_their_part_of_the_disk(tmp_path: Path):
    spool = Spool(tmp_path, most_bytes=1_500)
    body = bodies.form(bodies.report_part(), bodies.media_part(b"x" * 1_000))

    async with read_submission(request_of(body), LIMITS, spool):
        with pytest.raises(OutageError):
            async with read_submission(request_of(body), LIMITS, spool):
                pass
    async with read_submission(request_of(body), LIMITS, spool) as again:
        assert again.media[0].size_bytes == 1_000


@pytest.mark.parametrize("size", [1_000, 2**16])
async def test_a_full_disk_is_an_outage_however_it_comes(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "open", lambda _self, mode: open("/dev/full", mode))  # noqa: PTH123, SIM115
    body = bodies.form(bodies.report_part(), bodies.media_part(b"x" * 20_000))
    request = request_of(bodies.pieces(body, size))

    with pytest.raises(OutageError):
        async with read_submission(request, EvidenceLimits(), Spool(tmp_path)):
            pass
    assert spooled(tmp_path) == []


async def test_an_upload_that_trickles_is_refused_after_its_grace(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(submission, "GRACE_S", 0.02)
    sent = 0

    def trickling() -> Iterable[bytes]:
        nonlocal sent
        yield bodies.form(bodies.report_part(), bodies.media_part(b""))[:-60]
        while True:
            sent += 1
            time.sleep(0.01)
            yield b"x"

    monkeypatch.setattr(submission, "LEAST_BYTES_S", 100_000)
    found = await refusal(request_of(trickling()), tmp_path)

    assert found[:2] == (408, "too_slow")
    assert sent < 100


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_no_damage_to_a_form_makes_the_reader_fail(data: st.DataObject, tmp_path: Path):
    body = bytearray(bodies.form(bodies.report_part(), bodies.media_part(b"\r\n--" * 20)))
    for _ in range(data.draw(st.integers(1, 5))):
        place = data.draw(st.integers(0, len(body) - 1))
        body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    request = request_of(bodies.pieces(bytes(body), data.draw(st.integers(1, 400))))

    async def read() -> None:
        try:
            async with read_submission(request, LIMITS, Spool(tmp_path)):
                pass
        except SubmissionRefused as error:
            assert 400 <= error.status < 500  # noqa: PT017 - either outcome is right

    asyncio.run(read())
    assert spooled(tmp_path) == []
