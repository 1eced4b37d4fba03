"""Photos, good and hostile, made when a test asks for them; none is kept in the repository."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from io import BytesIO
from types import MappingProxyType
from typing import Any

from PIL import Image

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def scenery(width: int = 640, height: int = 480) -> Image.Image:
    """A picture whose four corners differ, with grain, so that turning and cutting it shows."""
    grain = Image.effect_noise((max(1, width // 4), max(1, height // 4)), 40)
    grey = grain.resize((width, height), Image.Resampling.BICUBIC)
    picture = Image.merge("RGB", (grey, grey, grey))
    half = (width // 2, height // 2)
    picture.paste("red", (0, 0, *half))
    picture.paste("blue", (half[0], half[1], width, height))
    return picture


def saved(picture: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@cache
def photo(width: int = 640, height: int = 480, **options: Any) -> bytes:
    """A JPEG as a camera writes it; `options` go to Pillow (quality, progressive, exif bytes)."""
    return saved(scenery(width, height), **{"quality": 90, **options})


def phone_photo(width: int = 4000, height: int = 3000) -> bytes:
    """A 12 MP photo of about 3 MB: grain over the whole picture, as a small sensor makes it."""
    grain = Image.effect_noise((width // 4, height // 4), 60)
    grey = grain.resize((width, height), Image.Resampling.BICUBIC)
    turned = grey.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    exif = exif_block(gps=GPS_OF_THE_MARKET)
    return saved(Image.merge("RGB", (grey, turned, grey)), quality=75, exif=exif)


# Chợ Đà Lạt, 11.9430 N 108.4370 E, 1,480 m, good to 12.5 m
GPS_OF_THE_MARKET = {
    1: "N",
    2: (11.0, 56.0, 34.8),
    3: "E",
    4: (108.0, 26.0, 13.2),
    5: b"\x00",
    6: 1480.0,
    31: 12.5,
}


def exif_block(
    *,
    orientation: int | None = None,
    taken: str | None = "2026:01:09 16:30:00",
    offset: str | None = None,
    gps: dict[int, Any] | None = None,
    top: Mapping[int, Any] = MappingProxyType({}),
    inner: Mapping[int, Any] = MappingProxyType({}),
) -> bytes:
    """An EXIF block made by Pillow, with the leading "Exif".

    Args:
        orientation: Of the picture.
        taken: DateTimeOriginal.
        offset: OffsetTimeOriginal.
        gps: Fields of the GPS directory.
        top: More fields of the first directory.
        inner: More fields of the Exif directory.
    """
    exif = Image.Exif()
    exif[0x010F] = "Hãng máy ảnh"
    exif.update(top)
    if orientation is not None:
        exif[0x0112] = orientation
    directory = exif.get_ifd(0x8769)
    directory.update(inner)
    if taken is not None:
        directory[0x9003] = taken
    if offset is not None:
        directory[0x9011] = offset
    if gps is not None:
        exif.get_ifd(0x8825).update(gps)
    return exif.tobytes()


def with_segment(jpeg: bytes, marker: int, body: bytes) -> bytes:
    """The JPEG with one more segment after its start."""
    return jpeg[:2] + bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


def progressive_with_scans(scans: int, width: int = 64, height: int = 64) -> bytes:
    """A progressive JPEG that repeats its last scan; each one costs a pass over the picture."""
    jpeg = photo(width, height, progressive=True)
    start = jpeg.rindex(b"\xff\xda")
    return jpeg[:-2] + jpeg[start:-2] * scans + b"\xff\xd9"


def jpeg_with_hidden_scans(
    scans: int, width: int, height: int, *, marker: int = 0x01, restarts: int = 0
) -> bytes:
    """A progressive JPEG with its scans behind markers that a reader may take for segments.

    Args:
        scans: How many are hidden.
        width: Pixels.
        height: Pixels.
        marker: In front of each one; 0x01 (TEM) has no length, but is followed by one.
        restarts: Restart interval of the hidden ones; libjpeg passes over what is no marker there.
    """
    jpeg = photo(width, height, progressive=True)
    scan = jpeg[jpeg.rindex(b"\xff\xda") : -2]
    header = scan[: 2 + int.from_bytes(scan[2:4])]  # the scan's own bits would only cost room
    interval = b"\xff\xdd\0\4" + struct.pack(">H", restarts) + header + b"\0\0" if restarts else b""
    hidden = bytes([0xFF, marker]) + (len(header) + 4).to_bytes(2) + header + b"\0\0"
    return jpeg[:-2] + interval + hidden * scans + b"\xff\xd9"


def jpeg_with_a_hidden_frame() -> bytes:
    """A small JPEG whose header hides a large one behind FF 00, which is no marker."""
    small, large = photo(64, 64), photo(2_000, 2_000)
    hidden = large[2:60_000]
    return small[:2] + b"\xff\x00" + (len(hidden) + 2).to_bytes(2) + hidden + small[2:]


def png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_header(width: int, height: int, depth: int = 8, colour: int = 0) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return PNG_SIGNATURE + png_chunk(b"IHDR", header)


def blank_png(
    width: int, height: int, *, depth: int = 8, colour: int = 0, extra: Sequence[bytes] = ()
) -> bytes:
    """A valid PNG of zeros; `colour` 0 grey, 2 RGB, 4 grey with alpha, 6 RGBA."""
    row = (width * depth * {0: 1, 2: 3, 4: 2, 6: 4}[colour] + 7) // 8 + 1
    packer, data = zlib.compressobj(1), bytearray()
    rows_at_once = max(1, 2**20 // row)
    for top in range(0, height, rows_at_once):
        data += packer.compress(bytes(row * min(rows_at_once, height - top)))
    data += packer.flush()
    body = b"".join(extra) + png_chunk(b"IDAT", bytes(data)) + png_chunk(b"IEND", b"")
    return png_header(width, height, depth, colour) + body


@cache
def huge_png() -> bytes:
    """60000 × 60000 in one bit of grey: half a megabyte that would become 3.6 GB."""
    return blank_png(60_000, 60_000, depth=1)


def text_bomb_png(chunks: int = 50) -> bytes:
    """A small PNG whose text chunks unpack to 64 MiB each."""
    text = png_chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(64 * 2**20), 9))
    return blank_png(16, 16, extra=[text] * chunks)


def gif_bomb(frames: int = 10, side: int = 20_000) -> bytes:
    """A GIF that claims `frames` pictures of `side` × `side` in a few hundred bytes."""
    size = struct.pack("<HH", side, side)
    frame = b"\x2c" + bytes(4) + size + b"\x00" + b"\x02\x02\x4c\x01\x00"
    return b"GIF89a" + size + b"\x80\x00\x00" + b"\x00\x00\x00\xff\xff\xff" + frame * frames + b";"


def animated(kind: str) -> bytes:
    """An animated "WEBP" or "PNG" of three frames."""
    frames = [Image.new("RGB", (32, 32), colour) for colour in ("red", "green", "blue")]
    return saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)


def webp_claiming(width: int, height: int) -> bytes:
    """A WebP whose canvas is larger than the picture in it."""
    canvas = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    inner = saved(scenery(64, 64), "WEBP")[12:]
    extended = b"VP8X" + struct.pack("<I", 10) + bytes(4) + canvas
    body = b"WEBP" + extended + inner
    return b"RIFF" + struct.pack("<I", len(body)) + body


HTML = b"<html><script>alert(document.cookie)</script></html>"


def jpeg_with_html() -> bytes:
    """A valid photo that a sniffing browser would take for a page."""
    return with_segment(photo(), 0xFE, HTML) + HTML
