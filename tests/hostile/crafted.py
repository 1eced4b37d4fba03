"""Files crafted one by one: bombs, loops, absurd lengths, and files that are two things at once."""

import struct
import zlib
from collections.abc import Callable, Mapping
from io import BytesIO
from zipfile import ZipFile

from tests.hostile import heics, pictures, sounds

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def _zip() -> bytes:
    out = BytesIO()
    with ZipFile(out, "w") as archive:
        archive.writestr("../../etc/passwd", "x")
    return out.getvalue()


def _tiff(entries: bytes, count: int, following: int) -> bytes:
    """A little-endian EXIF block whose first directory has `count` entries."""
    block = b"II*\0" + struct.pack("<IH", 8, count) + entries + struct.pack("<I", following)
    return b"Exif\0\0" + block


def _entry(tag: int, kind: int, count: int, value: int) -> bytes:
    return struct.pack("<HHII", tag, kind, count, value)


def exif_loop() -> bytes:
    """A directory whose successor, and whose EXIF and GPS directories, are itself."""
    loops = _entry(0x8769, 4, 1, 8) + _entry(0x8825, 4, 1, 8)
    return pictures.with_segment(pictures.photo(), 0xE1, _tiff(loops, 2, 8))


def exif_absurd(count: int = 0xFFFFFFFF) -> bytes:
    """A time of four billion letters, and a direction of 65,535 entries that are not there."""
    entry = _entry(0x9003, 2, count, 8) + _entry(0x8825, 5, count, 0xFFFFFFF0)
    return pictures.with_segment(pictures.photo(), 0xE1, _tiff(entry, 0xFFFF, 0xFFFFFFFF))


def exif_zero_rationals() -> bytes:
    zero = {1: "N", 2: (float("inf"), 0.0, 0.0), 3: "E", 4: (0.0, 1e30, -5.0)}
    try:
        return pictures.photo(exif=pictures.exif_block(gps=zero))
    except (ValueError, OverflowError, struct.error):
        return pictures.photo(exif=pictures.exif_block(taken="9999:99:99 99:99:99"))


def nested_boxes(depth: int = 20_000) -> bytes:
    """An MP4 whose boxes stand in one another."""
    body = b""
    for _ in range(depth):
        body = struct.pack(">I4s", (8 + len(body)) & 0xFFFFFFFF, b"moov") + body
    return b"\0\0\0\x14ftypM4A \0\0\0\0M4A " + body


def ebml_nested(depth: int = 20_000) -> bytes:
    """A WebM of masters without an end, one in the other."""
    return b"\x1a\x45\xdf\xa3\x9fB\x82\x84webm" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 * depth


def id3_absurd() -> bytes:
    return b"ID3\x04\0\x80\x7f\x7f\x7f\x7f" + b"APIC\x7f\x7f\x7f\x7f\0\0" + sounds.recording("mp3")


def flac_absurd() -> bytes:
    """A FLAC whose comment claims four billion entries."""
    flac = sounds.recording("flac")
    comment = struct.pack("<I", 0xFFFFFFFF) + b"x" * 60
    block = bytes([4]) + len(comment).to_bytes(3) + comment
    return flac[:42] + block + flac[42:]


def bomb_chunk(kind: bytes) -> bytes:
    """A PNG whose profile or text unpacks to 256 MiB."""
    packed = zlib.compress(bytes(256 * 2**20), 9)
    return pictures.blank_png(16, 16, extra=[pictures.png_chunk(kind, b"x\0\0" + packed)])


def jpeg_claiming(width: int, height: int) -> bytes:
    jpeg = bytearray(pictures.photo())
    at = jpeg.index(b"\xff\xc0") + 5
    jpeg[at : at + 4] = struct.pack(">HH", height, width)
    return bytes(jpeg)


CRAFTED: Mapping[str, Callable[[], bytes]] = {
    **heics.CRAFTED,
    "png 60000 x 60000": pictures.huge_png,
    "png 6320 x 6320 in 16 bits and alpha": lambda: pictures.blank_png(
        6_320, 6_320, depth=16, colour=6
    ),
    "png 7000 x 7000 in 16 bits": lambda: pictures.blank_png(7_000, 7_000, depth=16),
    "png 1 x 50000000": lambda: pictures.png_header(1, 50_000_000),
    "png 2^31 x 2^31": lambda: pictures.png_header(2**31 - 1, 2**31 - 1),
    "png 0 x 0": lambda: pictures.blank_png(0, 0),
    "png text bomb": pictures.text_bomb_png,
    "png profile bomb": lambda: bomb_chunk(b"iCCP"),
    "png international text bomb": lambda: bomb_chunk(b"iTXt"),
    "png animated": lambda: pictures.animated("PNG"),
    "png of rows that unpack further": lambda: (
        pictures.png_header(16, 16)
        + pictures.png_chunk(b"IDAT", zlib.compress(bytes(200 * 2**20), 9))
        + pictures.png_chunk(b"IEND", b"")
    ),
    "webp animated": lambda: pictures.animated("WEBP"),
    "webp claiming 16383": lambda: pictures.webp_claiming(16_383, 16_383),
    "webp claiming 2^24": lambda: pictures.webp_claiming(2**24, 2**24),
    "gif bomb": pictures.gif_bomb,
    "jpeg 65535 x 65535": lambda: jpeg_claiming(65_535, 65_535),
    "jpeg 65500 x 1": lambda: jpeg_claiming(65_500, 1),
    "jpeg 0 x 0": lambda: jpeg_claiming(0, 0),
    "jpeg of 90 scans": lambda: pictures.progressive_with_scans(90),
    "jpeg of 5000 scans": lambda: pictures.progressive_with_scans(5_000),
    "jpeg of 90 scans and 9 MP": lambda: pictures.progressive_with_scans(60, 3_000, 3_000),
    "jpeg of 4000 scans behind TEM": lambda: pictures.jpeg_with_hidden_scans(4_000, 4_900, 4_900),
    "jpeg of 4000 scans behind no marker": lambda: pictures.jpeg_with_hidden_scans(
        4_000, 4_900, 4_900, marker=0x02, restarts=1
    ),
    "jpeg in a jpeg behind stuffing": pictures.jpeg_with_a_hidden_frame,
    "jpeg 48 MP": lambda: pictures.photo(8_000, 6_000),
    "exif loop": exif_loop,
    "exif absurd counts": exif_absurd,
    "exif empty directory": lambda: pictures.with_segment(
        pictures.photo(), 0xE1, _tiff(b"", 0xFFFF, 8)
    ),
    "exif absurd place": exif_zero_rationals,
    "wav claiming 4 GiB": lambda: sounds.wav_claiming(0xFFFFFFFF),
    "wav claiming 2 GiB": lambda: sounds.wav_claiming(0x7FFFFFF0),
    "wav of a sample a second": lambda: sounds.wav_at(1),
    "wav of 2^31 samples a second": lambda: sounds.wav_at(2**31 - 1),
    "wav of an hour": lambda: sounds.silence_wav(2_400),
    "id3 of 256 MiB": id3_absurd,
    "mp3 with a cover": sounds.mp3_with_cover,
    "mp4 claiming 80 million samples": lambda: sounds.mp4_claiming_samples(80_000_000),
    "mp4 claiming 2^32 samples": lambda: sounds.mp4_claiming_samples(2**32 - 1),
    "mp4 boxes in boxes": nested_boxes,
    "mp4 box of 2^63": lambda: b"\0\0\0\x14ftypM4A \0\0\0\0M4A \0\0\0\1moov" + b"\x7f" * 8,
    "webm without an end": ebml_nested,
    "flac absurd comment": flac_absurd,
    "ogg of short packets": lambda: sounds.ogg_of_short_packets(400, 1),
    "video": sounds.video,
    "playlist": sounds.playlist,
    "concat script": lambda: b"ffconcat version 1.0\nfile /etc/passwd\n",
    "svg": lambda: b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "svg with an entity bomb": lambda: (
        b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>'
    ),
    "postscript": lambda: b"%!PS\n{} loop\n",
    "html": lambda: pictures.HTML,
    "elf": lambda: b"\x7fELF" + bytes(100),
    "zip": _zip,
    "pdf": lambda: PDF,
    "eicar": lambda: EICAR,
    "nothing": lambda: b"",
    "one byte": lambda: b"\xff",
    "zeros": lambda: bytes(100_000),
    "jpeg and html": pictures.jpeg_with_html,
    "jpeg and zip": lambda: pictures.photo() + _zip(),
    "jpeg and eicar": lambda: pictures.with_segment(pictures.photo(), 0xFE, EICAR),
    "jpeg and mp4": lambda: pictures.photo() + sounds.recording("m4a"),
    "png and zip": lambda: pictures.saved(pictures.scenery(), "PNG") + _zip(),
    "png and pdf": lambda: pictures.blank_png(
        16, 16, extra=[pictures.png_chunk(b"tEXt", b"x\0" + PDF)]
    ),
    "mp3 and pdf": lambda: PDF + sounds.recording("mp3"),
    "mp3 with a pdf behind": lambda: sounds.recording("mp3") + PDF,
    "wav and html": lambda: sounds.recording("wav") + pictures.HTML,
    "gif and javascript": lambda: b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    "mp4 and html": lambda: (
        sounds.recording("m4a") + struct.pack(">I4s", 8 + len(pictures.HTML), b"free") + b"<html>"
    ),
}
