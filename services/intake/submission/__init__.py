"""A submission on its way in: read as a stream, counted, spooled, and always cleaned up."""

import hashlib
import time
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from services.intake.evidence import EvidenceLimits
from shared.errors import OutageError
from shared.within import within

from .parts import KIB, MIB, PartCollector, Upload, clean_name
from .refusals import Fault, SubmissionRefused, refused, refused_evidence
from .report import parse_report
from .spool import Folder, Spool

__all__ = [
    "Spool",
    "Submission",
    "SubmissionRefused",
    "Upload",
    "clean_name",
    "read_plain",
    "read_submission",
    "refused_evidence",
]

OVERHEAD_BYTES = 64 * KIB  # boundaries and part headers beside the media and the report
MAX_BOUNDARY_BYTES = 70  # RFC 2046, section 5.1.1
SPARE_DELIMITERS = 64  # parts beyond the files allowed, before the parser is not asked any more
GRACE_S, LEAST_BYTES_S = 20.0, 1024  # an upload that is slower comes to no end in its time
UNBOUNDED = 2**30  # for limits that the collector keeps itself, with its own sentences


@dataclass(frozen=True)
class Submission:
    """What a client sent: the report's JSON and its files, in their order.

    Attributes:
        report: The JSON object.
        raw: Its bytes as they came.
        media: The files; their paths live as long as the context of `read_submission`.
        can_attach: Whether the way it came in carries files at all: a form does, plain JSON not.
    """

    report: dict[str, Any] = field(repr=False)  # holds personal data, which no log may show
    raw: bytes = field(repr=False)
    media: tuple[Upload, ...] = ()
    can_attach: bool = False

    @property
    def fingerprint(self) -> str:
        """SHA-256 over the JSON bytes and the ordered hashes: what "same body" means."""
        whole = hashlib.sha256(self.raw)
        for upload in self.media:
            whole.update(b"\0" + upload.sha256.encode())
        return whole.hexdigest()


@asynccontextmanager
async def read_submission(
    request: Request, limits: EvidenceLimits, spool: Spool, *, needs_report: bool = True
) -> AsyncGenerator[Submission]:
    """Read a report, as multipart/form-data or plain JSON, and clean up behind it.

    Args:
        request: Nothing of its body may have been read.
        limits: Checked while reading; the request is refused at the byte that passes one.
        spool: Where the files lie; they are gone after the context.
        needs_report: Whether a form must say something beside its files; `{}` stands for nothing.

    Raises:
        SubmissionRefused: the request is not acceptable; the status is in it.
        ClientDisconnect: the client went away (of Starlette).
        OutageError: the disk, or our part of it, is full or cannot be written.
    """
    boundary = _boundary(request)
    if boundary is None:
        yield await read_plain(request, limits)
        return
    _check_length(request, limits, is_form=True)
    with spool.folder() as folder:
        reading = _read_form(request, boundary, limits, folder, needs_report=needs_report)
        yield await _in_time(limits, reading)


async def read_plain(request: Request, limits: EvidenceLimits) -> Submission:
    """Read a report that is plain JSON, which leaves nothing to clean up.

    Raises:
        SubmissionRefused: the request is not acceptable, a form among them.
        ClientDisconnect: the client went away (of Starlette).
    """
    if _boundary(request) is not None:
        raise refused(Fault.CONTENT_TYPE)
    _check_length(request, limits, is_form=False)
    return await _in_time(limits, _read_json(request, limits))


def _boundary(request: Request) -> bytes | None:
    """Return the boundary of a form, or None for plain JSON; refuse every other type."""
    kind, options = parse_options_header(request.headers.get("content-type"))
    coding = request.headers.get("content-encoding", "identity").lower()
    charset = options.get(b"charset", b"utf-8").lower()
    if coding != "identity" or charset != b"utf-8":
        raise refused(Fault.CONTENT_TYPE)
    if kind == b"application/json":
        return None
    if kind != b"multipart/form-data":
        raise refused(Fault.CONTENT_TYPE)
    boundary = options.get(b"boundary", b"")
    if not 0 < len(boundary) <= MAX_BOUNDARY_BYTES:
        raise refused(Fault.NO_BOUNDARY)
    return boundary


async def _in_time(limits: EvidenceLimits, reading: Coroutine[Any, Any, Submission]) -> Submission:
    try:
        return await within(limits.read_timeout_s, reading)
    except TimeoutError as error:
        raise refused(Fault.SLOW, limit=limits.read_timeout_s) from error


def _check_length(request: Request, limits: EvidenceLimits, *, is_form: bool) -> None:
    length = request.headers.get("content-length", "0")
    declared = int(length) if length.isascii() and length.isdigit() else 0
    if not is_form and declared > limits.json_bytes:
        raise refused(Fault.REPORT_SIZE, "report", limit=limits.json_bytes / KIB)
    if declared > _most_bytes(limits):
        raise refused(Fault.BODY, "media", limit=limits.total_bytes / MIB)


def _most_bytes(limits: EvidenceLimits) -> int:
    return limits.total_bytes + limits.json_bytes + OVERHEAD_BYTES


async def _read_json(request: Request, limits: EvidenceLimits) -> Submission:
    raw = bytearray()
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > limits.json_bytes:
            raise refused(Fault.REPORT_SIZE, "report", limit=limits.json_bytes / KIB)
    return Submission(parse_report(bytes(raw)), bytes(raw))


async def _read_form(
    request: Request,
    boundary: bytes,
    limits: EvidenceLimits,
    folder: Folder,
    *,
    needs_report: bool,
) -> Submission:
    collector = PartCollector(limits, folder)
    try:
        await _feed(request, boundary, limits, collector)
    except FormParserError as error:
        raise refused(Fault.BROKEN) from error
    except OSError as error:
        raise OutageError(f"uploads cannot be spooled: {error}") from error
    finally:
        collector.close()
    if not collector.is_complete:
        raise refused(Fault.BROKEN)
    if collector.report is None and needs_report:
        raise refused(Fault.NO_REPORT, "report")
    raw = b"{}" if collector.report is None else bytes(collector.report)
    return Submission(parse_report(raw), raw, tuple(collector.uploads), can_attach=True)


async def _feed(
    request: Request, boundary: bytes, limits: EvidenceLimits, collector: PartCollector
) -> None:
    parser = MultipartParser(
        boundary,
        collector.callbacks(),
        max_header_count=UNBOUNDED,
        max_header_size=UNBOUNDED,
    )
    delimiter, received, delimiters = b"\r\n--" + boundary, 0, 0
    began = time.monotonic()
    async for chunk in request.stream():
        received += len(chunk)
        took_s = time.monotonic() - began
        if took_s > GRACE_S and received < took_s * LEAST_BYTES_S:  # it would hold its slot
            raise refused(Fault.SLOW, limit=took_s)
        if received > _most_bytes(limits):
            raise refused(Fault.BODY, "media", limit=limits.total_bytes / MIB)
        # The parser steps through every near miss of the boundary in Python: 60 MB of them
        # would hold this process for half a minute. Counting is done in C.
        delimiters += chunk.count(delimiter)
        if delimiters > limits.files + SPARE_DELIMITERS:
            raise refused(Fault.PARTS)
        parser.write(chunk)
