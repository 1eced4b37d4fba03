"""What a file is and how big its picture would be, before any decoder allocates for it.

Each walker also builds the bare picture: the parts that the decoder needs and no others, so text
bombs, maker notes, colour profiles, hidden frames and trailing HTML never reach it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from .model import EvidenceRefused, Reason

JPEG, PNG, WEBP, HEIC = "image/jpeg", "image/png", "image/webp", "image/heic"

_SIGNATURES: Final = (  # the first bytes that name a format; sources: RFC 9639, 3533, 8794, 4867
    (rb"\xff\xd8\xff", JPEG),
    (rb"\x89PNG\r\n\x1a\n", PNG),
    (rb"RIFF....WEBP", WEBP),
    (rb"RIFF....WAVE", "audio/wav"),
    (rb"OggS", "audio/ogg"),
    (rb"\x1a\x45\xdf\xa3", "audio/webm"),
    (rb"#!AMR(-WB)?\n", "audio/amr"),
    (rb"fLaC", "audio/flac"),
    (rb"....ftyp(heic|heix|mif1)", HEIC),  # one HEVC picture, of 8 or 10 bits; or said elsewhere
    (rb"....ftyp(hevc|hevx|hevm|hevs|msf1|avis)", "sequence"),
    (rb"....ftyp(avif|heim|heis)", "avif"),  # another codec; pictures of several layers
    (rb"....ftyp3g", "audio/3gpp"),
    (rb"....ftyp", "audio/mp4"),
    (rb"ID3|\xff[\xe2\xe3\xf2\xf3\xfa\xfb]", "audio/mpeg"),  # layer III of MPEG 1, 2, 2.5
    (rb"\xff[\xf0\xf1\xf8\xf9]", "audio/aac"),
    (rb"GIF8|BM....\0\0\0\0|II\*\0|MM\0\*|\0\0\x01\0|\xff\x0a|\0\0\0\x0c(jP  |JXL )", "other"),
    (rb"RF64|FORM....AIF|%PDF", "other"),
)
_REFUSED: Final = {
    "sequence": Reason.ANIMATED,
    "avif": Reason.AVIF,
    "other": Reason.UNSUPPORTED_TYPE,
}
_FORMATS: Final = tuple((re.compile(found, re.DOTALL), name) for found, name in _SIGNATURES)

MAX_SEGMENTS = 4_096  # of a JPEG's header; a phone writes under 40
MAX_CHUNKS = 100_000  # of a PNG; 20 MiB in IDAT chunks of 8 KiB are 2,560
MAX_SCANS = 100  # of a progressive JPEG; encoders write about 10

_MARKER = re.compile(rb"\xff+([^\xff])", re.DOTALL)
# Between and in scans libjpeg passes over stuffing, TEM and restarts without a length, and where a
# restart is due also over markers that do not exist: nothing can be hidden behind their length.
_SCAN_MARKER = re.compile(rb"\xff+([^\xff\x00-\xbf\xd0-\xd7])", re.DOTALL)
_STUFFING: Final = 0x00
_BARE_MARKERS: Final = (0x01, *range(0xD0, 0xD9))  # without a length: TEM, RSTn, SOI
_SOF: Final = (0xC0, 0xC1, 0xC2)  # Huffman-coded baseline, extended, progressive
_OTHER_SOF: Final = (0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF)
_PROGRESSIVE, _SOS, _EOI, _APP0, _APP1, _ADOBE, _APP15, _COMMENT = (
    0xC2, 0xDA, 0xD9, 0xE0, 0xE1, 0xEE, 0xEF, 0xFE,
)  # fmt: skip

_PNG_NEEDED: Final = (b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND")
_WEBP_ANIMATION = 0x02


@dataclass(frozen=True)
class Picture:
    """An undecoded picture.

    Attributes:
        media_type: One of `JPEG`, `PNG`, `WEBP`.
        width: Pixels as stored, before EXIF orientation.
        height: Pixels as stored.
        bare: The file without what the decoder does not need.
        exif: The EXIF block, or nothing.
        scans: Passes over the whole picture that the decoder must hold in memory; 0 when the
            picture arrives row by row.
    """

    media_type: str
    width: int
    height: int
    bare: bytes
    exif: bytes = b""
    scans: int = 0


def media_type_of(head: bytes) -> str:
    """Return the media type that the first bytes claim; the decoder has the last word.

    Raises:
        EvidenceRefused: nothing that we decode starts like this.
    """
    for pattern, name in _FORMATS:
        if pattern.match(head):
            if name in _REFUSED:
                raise EvidenceRefused(_REFUSED[name])
            return name
    raise EvidenceRefused(Reason.NOT_MEDIA)


def picture_of(data: bytes, media_type: str) -> Picture:
    """Read the header of a JPEG, PNG or WebP file.

    Raises:
        EvidenceRefused: truncated, corrupt, animated, or a coding that is not supported.
    """
    walk = {JPEG: _jpeg, PNG: _png, WEBP: _webp}[media_type]
    picture = walk(data)
    if not picture.width or not picture.height:
        raise EvidenceRefused(Reason.CORRUPT)
    return picture


def _segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield marker, start and end of each JPEG segment up to the first scan's header."""
    position = 2
    for _ in range(MAX_SEGMENTS):
        if (match := _MARKER.match(data, position)) is None:
            cut = position >= len(data) - 1
            raise EvidenceRefused(Reason.TRUNCATED if cut else Reason.CORRUPT)
        marker, body = match[1][0], match.end()
        if marker == _STUFFING:  # libjpeg would look for a marker in what follows, and Pillow too
            raise EvidenceRefused(Reason.CORRUPT)
        if marker in _BARE_MARKERS:
            position = body
            continue
        position = body + max(2, int.from_bytes(data[body : body + 2]))
        if position > len(data):
            raise EvidenceRefused(Reason.TRUNCATED)
        yield marker, body - 2, position
        if marker == _SOS:
            return
    raise EvidenceRefused(Reason.CORRUPT)


def _jpeg(data: bytes) -> Picture:
    kept, exif, frames, scan = [b"\xff\xd8"], b"", list[bytes](), (0, 0)
    for marker, start, end in _segments(data):
        body = data[start + 4 : end]
        if marker in _OTHER_SOF:
            raise EvidenceRefused(Reason.UNSUPPORTED_TYPE)
        if marker == _SOS:
            scan = (start, end)
        elif marker == _APP1 and body.startswith(b"Exif\0\0"):
            exif = exif or body
        elif marker in _SOF:
            frames.append(data[start + 1 : start + 2] + body)
        if marker in (_APP0, _ADOBE) or not (_APP0 <= marker <= _APP15 or marker == _COMMENT):
            kept.append(data[start:end])
    if len(frames) != 1 or len(frames[0]) < 7 or scan[1] - scan[0] < 5:  # noqa: PLR2004 - fixed fields
        raise EvidenceRefused(Reason.CORRUPT)
    frame, start = frames[0], scan[0]
    partial = data[start + 4] < frame[6]  # the first scan has fewer components than the frame
    whole = frame[0] == _PROGRESSIVE or partial
    return Picture(
        JPEG,
        width=int.from_bytes(frame[4:6]),
        height=int.from_bytes(frame[2:4]),
        bare=b"".join((*kept[:-1], data[start:])),
        exif=exif,
        scans=_count_scans(data, start) if whole else 0,
    )


def _count_scans(data: bytes, position: int) -> int:
    scans = 0
    while scans <= MAX_SCANS and (match := _SCAN_MARKER.search(data, position)):
        marker = match[1][0]
        if marker == _EOI:
            return scans
        scans += marker == _SOS
        position = match.end() + max(2, int.from_bytes(data[match.end() : match.end() + 2]))
    raise EvidenceRefused(Reason.CORRUPT if scans > MAX_SCANS else Reason.TRUNCATED)


def _png(data: bytes) -> Picture:
    kept, exif, position, kind = [data[:8]], b"", 8, b""
    for _ in range(MAX_CHUNKS):
        size, kind = (
            int.from_bytes(data[position : position + 4]),
            data[position + 4 : position + 8],
        )
        end = position + 12 + size  # length, type, body, checksum
        if end > len(data):
            raise EvidenceRefused(Reason.TRUNCATED)
        if kind == b"acTL":
            raise EvidenceRefused(Reason.ANIMATED)
        if kind == b"eXIf":
            exif = exif or data[position + 8 : end - 4]
        if kind in _PNG_NEEDED:
            kept.append(data[position:end])
        position = end
        if kind == b"IEND":
            break
    if kind != b"IEND" or len(kept) < 2 or kept[1][4:8] != b"IHDR":  # noqa: PLR2004 - signature, IHDR
        raise EvidenceRefused(Reason.CORRUPT)
    sizes = kept[1][8:16]
    width, height = int.from_bytes(sizes[:4]), int.from_bytes(sizes[4:])
    return Picture(PNG, width=width, height=height, bare=b"".join(kept), exif=exif)


def riff_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the first 64 KiB of each chunk of a RIFF file (WebP, WAV).

    Raises:
        EvidenceRefused: the file or a chunk is longer than the bytes that are there.
    """
    position = 12
    for _ in range(MAX_CHUNKS):
        if position + 8 > len(data):
            return
        size = int.from_bytes(data[position + 4 : position + 8], "little")
        if position + 8 + size > len(data):
            raise EvidenceRefused(Reason.TRUNCATED)
        body = data[position + 8 : position + 8 + min(size, 65_536)]
        yield data[position : position + 4], body
        position += 8 + size + size % 2
    raise EvidenceRefused(Reason.CORRUPT)


def _webp(data: bytes) -> Picture:
    end = 8 + int.from_bytes(data[4:8], "little")
    if end > len(data):
        raise EvidenceRefused(Reason.TRUNCATED)
    bare = data[:end]
    chunks = list[tuple[bytes, bytes]](riff_chunks(bare))
    kind, body = chunks[0] if chunks else (b"", b"")
    if kind == b"VP8X" and len(body) >= 10 and body[0] & _WEBP_ANIMATION:  # noqa: PLR2004
        raise EvidenceRefused(Reason.ANIMATED)
    width, height = _webp_size(kind, body)
    exif = next((content for name, content in chunks if name == b"EXIF"), b"")
    return Picture(WEBP, width=width, height=height, bare=bare, exif=exif)


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int]:
    """Return the canvas of the first chunk; source: RFC 9649, sections 2.5 to 2.7, and RFC 6386."""
    little = [int.from_bytes(body[start : start + 4], "little") for start in range(10)]
    if kind == b"VP8X":
        return (little[4] & 0xFFFFFF) + 1, (little[7] & 0xFFFFFF) + 1
    if kind == b"VP8L" and body[:1] == b"\x2f":
        return (little[1] & 0x3FFF) + 1, (little[1] >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        return little[6] & 0x3FFF, little[8] & 0x3FFF
    return 0, 0


def is_cut_box_file(data: bytes) -> bool:
    """Tell whether an MP4 or 3GP file ends inside one of its top-level boxes (ISO 14496-12).

    A fragmented file is a stream: it may end anywhere after its first whole fragment.
    """
    position, whole = 0, list[bytes]()
    while position < len(data) and len(whole) < MAX_CHUNKS:
        size, header = int.from_bytes(data[position : position + 4]), 8
        if size == 1:
            size, header = int.from_bytes(data[position + 8 : position + 16]), 16
        if size == 0 and position + 8 <= len(data):  # "to the end of the file"
            return False
        if size < header or position + size > len(data):
            return b"moof" not in whole
        whole.append(data[position + 4 : position + 8])
        position += size
    return position < len(data)
