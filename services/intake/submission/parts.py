"""The parts of a multipart body, sorted and counted while its bytes come in."""

import hashlib
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from python_multipart.multipart import parse_options_header

from services.intake.evidence import EvidenceLimits

from .refusals import Fault, refused
from .spool import Folder

if TYPE_CHECKING:  # the library has this name for type checkers only
    from python_multipart.multipart import MultipartCallbacks

REPORT, MEDIA = b"report", b"media"
MIB, KIB = 2**20, 2**10
MAX_HEADERS, MAX_HEADER_BYTES = 8, 4_096  # of one part; a browser sends two, under 300 bytes
NAME_LENGTH = 120

_HIDDEN: Final = ("Cc", "Cf", "Cs", "Co", "Cn")  # controls, direction marks, halves of pairs


@dataclass(frozen=True)
class Upload:
    """One file as it was received, not yet looked into.

    Attributes:
        path: The spooled bytes; gone when the submission is left.
        name: The client's file name by `clean_name`; for matching and showing, never for paths.
        declared_type: What the client says it is; not to be trusted.
        size_bytes: Length.
        sha256: Lower-case hexadecimal digest of the bytes.
    """

    path: Path
    name: str
    declared_type: str
    size_bytes: int
    sha256: str


def clean_name(name: str) -> str:
    """Return a file name without folders, control characters and direction marks; may be empty."""
    return _shown(unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1])


def _shown(text: str) -> str:
    visible = (sign for sign in text if unicodedata.category(sign) not in _HIDDEN)
    return "".join(visible).strip()[:NAME_LENGTH]


class PartCollector:
    """Takes what the multipart parser finds; refuses as soon as a limit is passed."""

    def __init__(self, limits: EvidenceLimits, folder: Folder) -> None:
        self.report: bytearray | None = None
        self.uploads: list[Upload] = []
        self.is_complete = False
        self._limits = limits
        self._folder = folder
        self._media_bytes = 0
        self._headers: dict[str, bytes] = {}
        self._header, self._value = bytearray(), bytearray()
        self._header_bytes = 0
        self._file: _Spooled | None = None

    def callbacks(self) -> "MultipartCallbacks":
        """Return what the parser calls."""
        return {
            "on_part_begin": self._begin_part,
            "on_header_begin": self._begin_header,
            "on_header_field": self._add_header_name,
            "on_header_value": self._add_header_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._open_part,
            "on_part_data": self._add_data,
            "on_part_end": self._end_part,
            "on_end": self._end,
        }

    def close(self) -> None:
        """Close the file of a part that never ended."""
        if self._file:
            with suppress(OSError):  # what it still held fits nowhere, and was said to fit nowhere
                self._file.handle.close()

    def _begin_part(self) -> None:
        self._headers = {}
        self._header_bytes = 0

    def _begin_header(self) -> None:
        self._header.clear()
        self._value.clear()
        if len(self._headers) >= MAX_HEADERS:
            raise refused(Fault.HEADERS)

    def _count_header(self, length: int) -> None:
        self._header_bytes += length
        if self._header_bytes > MAX_HEADER_BYTES:
            raise refused(Fault.HEADERS)

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._header += data[start:end]

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._count_header(end - start)
        self._value += data[start:end]

    def _end_header(self) -> None:
        self._headers[self._header.decode("latin-1").lower()] = bytes(self._value)

    def _open_part(self) -> None:
        disposition = self._headers.get("content-disposition", b"")
        kind, options = parse_options_header(disposition)
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise refused(Fault.BROKEN)
        if name == REPORT:
            if self.report is not None:
                raise refused(Fault.TWO_REPORTS, "report")
            self.report = bytearray()
        elif name == MEDIA:
            self._open_file(options.get(b"filename"))
        else:
            raise refused(Fault.UNKNOWN_PART, clean_name(name.decode("utf-8", "replace")))

    def _open_file(self, name: bytes | None) -> None:
        index = len(self.uploads)
        if index >= self._limits.files:
            raise refused(Fault.FILES, self._field, limit=self._limits.files)
        declared = self._headers.get("content-type", b"").decode("latin-1")
        path = self._folder.path / str(index)
        self._file = _Spooled(path, name, _shown(declared))

    @property
    def _field(self) -> str:
        return f"media[{len(self.uploads)}]"

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._file:
            self._add_to_file(memoryview(data)[start:end], self._file)
        elif self.report is not None:
            self.report += memoryview(data)[start:end]
            if len(self.report) > self._limits.json_bytes:
                raise refused(Fault.REPORT_SIZE, "report", limit=self._limits.json_bytes / KIB)

    def _add_to_file(self, piece: memoryview, file: "_Spooled") -> None:
        file.size += len(piece)
        self._media_bytes += len(piece)
        if file.size > self._limits.file_bytes:
            raise refused(Fault.FILE, self._field, limit=self._limits.file_bytes / MIB)
        if self._media_bytes > self._limits.total_bytes:
            raise refused(Fault.BODY, "media", limit=self._limits.total_bytes / MIB)
        self._folder.take(len(piece))
        file.digest.update(piece)
        file.handle.write(piece)

    def _end_part(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        file.handle.close()
        if file.name == b"" and file.size == 0:  # how a browser sends a field that was left empty
            return
        self.uploads.append(
            Upload(
                path=file.path,
                name=clean_name((file.name or b"").decode("utf-8", "replace")),
                declared_type=file.declared_type,
                size_bytes=file.size,
                sha256=file.digest.hexdigest(),
            )
        )

    def _end(self) -> None:
        self.is_complete = True


class _Spooled:
    """A file on its way to disk."""

    def __init__(self, path: Path, name: bytes | None, declared_type: str) -> None:
        self.path = path
        self.handle = path.open("wb")
        self.name = name
        self.declared_type = declared_type
        self.size = 0
        self.digest = hashlib.sha256()
