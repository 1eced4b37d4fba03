"""HEIC photos as phones make them, and as nobody should: in tiles, turned, with lies in them.

The pictures come from x265, the boxes from here, so that each of them can be bent.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from io import BytesIO
from typing import Any

import pillow_heif
from PIL import Image

from services.intake.evidence.heif import Tile, read_heif
from tests.hostile import pictures

LEFT, HALF, RIGHT = (("irot", bytes([turn])) for turn in (1, 2, 3))
FLIP_ROWS, FLIP_COLUMNS = (("imir", bytes([axis])) for axis in (0, 1))


def encoded(picture: Image.Image, **options: Any) -> bytes:
    """A HEIC file with one coded picture, as x265 and libheif write it."""
    out = BytesIO()
    pillow_heif.from_pillow(picture).save(out, **{"quality": 70, **options})
    return out.getvalue()


@cache
def photo(width: int = 640, height: int = 480, **options: Any) -> bytes:
    return encoded(pictures.scenery(width, height), **options)


@cache
def large(width: int, height: int) -> bytes:
    """A photo in one piece that is quickly made: x265 takes minutes for grain of this size."""
    grey = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    return encoded(grey, enc_params={"preset": "ultrafast"})


@cache
def tile_of(width: int, height: int, colour: str = "") -> Tile:
    """One coded picture with its parameter sets."""
    picture = Image.new("RGB", (width, height), colour) if colour else None
    return read_heif(encoded(picture or pictures.scenery(width, height))).tiles[0]


def box(kind: str | bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    name = kind if isinstance(kind, bytes) else kind.encode()
    return (8 + len(body)).to_bytes(4) + name + body


def clap(width: int, height: int, right: int = 0, down: int = 0) -> tuple[str, bytes]:
    """Crop: the offsets are of the centre."""
    pairs = ((width, 1), (height, 1), (right, 1), (down, 1))
    return "clap", b"".join(each.to_bytes(4, signed=True) for pair in pairs for each in pair)


def ispe(width: int, height: int) -> tuple[str, bytes]:
    return "ispe", bytes(4) + width.to_bytes(4) + height.to_bytes(4)


Property = tuple[str, bytes]


def file(
    items: Sequence[tuple[str, bytes, Sequence[Property]]],
    made_of: Mapping[int, Sequence[int]] | None = None,
    *,
    brand: bytes = b"heic",
    places: Mapping[int, bytes] | None = None,
    behind: bytes = b"",
) -> bytes:
    """A HEIF file of items (kind, content, properties), numbered from 1, which is the primary one.

    Args:
        items: Each with its content, which goes into `mdat`.
        made_of: `dimg` references by source.
        brand: The major one.
        places: An entry of `iloc` of one's own for an item.
        behind: What stands behind the last box.
    """
    known = list(dict.fromkeys(each for _, _, found in items for each in found))
    head = box("ftyp", brand, bytes(4), b"mif1heic")

    def meta(start: int) -> bytes:
        kinds, entries, marks = [], [], []
        for number, (kind, content, found) in enumerate(items, 1):
            name = number.to_bytes(2)
            kinds.append(box("infe", b"\2\0\0\0", name, b"\0\0", kind.encode(), b"\0"))
            plain = b"\0\0\0\1" + start.to_bytes(4) + len(content).to_bytes(4)
            entries.append(name + (places or {}).get(number, plain))
            places_of = [known.index(each) + 1 for each in found]
            marks.append(name + bytes([len(found)]) + b"".join(i.to_bytes(2) for i in places_of))
            start += len(content)
        count = len(items).to_bytes(2)
        references = [
            box("dimg", source.to_bytes(2), len(parts).to_bytes(2), *(i.to_bytes(2) for i in parts))
            for source, parts in (made_of or {}).items()
        ]
        return box(
            "meta",
            bytes(4),
            box("hdlr", bytes(8), b"pict", bytes(13)),
            box("pitm", bytes(4), b"\0\1"),
            box("iinf", bytes(4), count, *kinds),
            box("iref", bytes(4), *references),
            box(
                "iprp",
                box("ipco", *(box(name, body) for name, body in known)),
                box("ipma", b"\0\0\0\1", bytes(2) + count, *marks),
            ),
            box("iloc", bytes(4), b"\x44\0", count, *entries),
        )

    start = len(head) + len(meta(0)) + 8
    return head + meta(start) + box("mdat", *(content for _, content, _ in items)) + behind


def properties(tile: Tile) -> list[Property]:
    return [("hvcC", tile.configuration.body), ispe(*tile.size)]


def exif_item(block: bytes) -> tuple[str, bytes, Sequence[Property]]:
    return "Exif", (6).to_bytes(4) + block, ()


def single(tile: Tile, *turns: Property, exif: bytes = b"", **how: Any) -> bytes:
    """A photo of one coded picture."""
    items = [("hvc1", tile.slices, [*properties(tile), *turns])]
    return file([*items, exif_item(exif)] if exif else items, **how)


def grid(
    width: int,
    height: int,
    tiles: Sequence[Tile],
    columns: int,
    *,
    turns: Sequence[Property] = (),
    exif: bytes = b"",
    said: bytes | None = None,
    **how: Any,
) -> bytes:
    """A photo put together from tiles, as an iPhone's; `said` is the grid's own content."""
    rows = -(-len(tiles) // columns)
    plain = bytes([0, 1, rows - 1, columns - 1]) + width.to_bytes(4) + height.to_bytes(4)
    top = ("grid", plain if said is None else said, [ispe(width, height), *turns])
    parts = [("hvc1", tile.slices, properties(tile)) for tile in tiles]
    made_of = {1: range(2, len(tiles) + 2)}
    items = [top, *parts, *([exif_item(exif)] if exif else [])]
    return file(items, **{"made_of": made_of, **how})


@cache
def iphone(width: int = 1_200, height: int = 900, **how: Any) -> bytes:
    """A photo in tiles of 512 × 512, cut from one picture, with place and time in its EXIF."""
    whole = Image.new("RGB", (-(-width // 512) * 512, -(-height // 512) * 512))
    whole.paste(pictures.scenery(width, height))
    columns = whole.width // 512
    tiles = [
        read_heif(encoded(whole.crop((x, y, x + 512, y + 512)))).tiles[0]
        for y in range(0, whole.height, 512)
        for x in range(0, whole.width, 512)
    ]
    exif = pictures.exif_block(orientation=6, offset="+07:00", gps=pictures.GPS_OF_THE_MARKET)
    return grid(width, height, tiles, columns, exif=exif, **how)


def in_tiles(width: int, height: int, side: int = 512, colour: str = "") -> bytes:
    """A photo of any size whose tiles are all the same."""
    columns, rows = -(-width // side), -(-height // side)
    return grid(width, height, [tile_of(side, side, colour)] * (columns * rows), columns)


def lying_size(width: int, height: int) -> bytes:
    """One small picture that says that it is larger."""
    tile = tile_of(64, 64)
    return file([("hvc1", tile.slices, [("hvcC", tile.configuration.body), ispe(width, height)])])


def lying_sps(width: int, height: int) -> bytes:
    """A picture of 64 × 64 whose decoder is told to make room for a large one."""
    large = sps_claiming(width, height)
    tile = tile_of(64, 64)
    body = tile.configuration.body
    at = body.index(b"\x42\x01")
    length = int.from_bytes(body[at - 2 : at])
    bent = body[: at - 2] + len(large).to_bytes(2) + large + body[at + length :]
    return file([("hvc1", tile.slices, [("hvcC", bent), ispe(64, 64)])])


def sps_claiming(width: int, height: int) -> bytes:
    """The head of a sequence parameter set, up to its sizes."""

    def golomb(value: int) -> str:
        plain = f"{value + 1:b}"
        return "0" * (len(plain) - 1) + plain

    bits = f"{0:04b}{0:03b}1" + "0" * 88 + f"{93:08b}" + golomb(0) + golomb(1)
    bits += golomb(width) + golomb(height) + "1" * 64
    bits += "0" * (-len(bits) % 8)
    raw = int(bits, 2).to_bytes(len(bits) // 8)
    escaped, zeros = bytearray(), 0
    for byte in raw:  # emulation prevention (H.265, section 7.4.2)
        if zeros == 2 and byte < 4:
            escaped.append(3)
            zeros = 0
        escaped.append(byte)
        zeros = 0 if byte else zeros + 1
    return b"\x42\x01" + bytes(escaped)


def _place(*numbers: int) -> bytes:
    """An entry of `iloc`: no other file, then count, and start and length of each extent."""
    pairs = b"".join(each.to_bytes(4) for each in numbers)
    return b"\0\0" + (len(numbers) // 2).to_bytes(2) + pairs


def many(count: int, kind: str = "hvc1") -> bytes:
    tile = tile_of(64, 64)
    others = [(kind, b"", properties(tile))] * (count - 1)
    return file([("hvc1", tile.slices, properties(tile)), *others])


def in_itself() -> bytes:
    """A grid whose tiles are itself."""
    said = bytes([0, 1, 0, 1]) + (128).to_bytes(4) + (64).to_bytes(4)
    return file([("grid", said, [ispe(128, 64)])], made_of={1: [1, 1]})


def with_unit(unit: bytes, times: int = 1) -> bytes:
    """A picture with a unit of one's own before its slices."""
    tile = tile_of(64, 64)
    content = (len(unit).to_bytes(4) + unit) * times + tile.slices
    return file([("hvc1", content, properties(tile))])


def twice() -> bytes:
    """One item with two pictures in it."""
    tile = tile_of(64, 64)
    return file([("hvc1", tile.slices * 2, properties(tile))])


def _whole(place: bytes) -> bytes:
    return single(tile_of(64, 64), places={1: place})


def _64(**how: Any) -> bytes:
    return grid(128, 64, [tile_of(64, 64)] * 2, 2, **how)


CRAFTED: Mapping[str, Callable[[], bytes]] = {
    "heic": photo,
    "heic in tiles": iphone,
    "heic of 48 MP in tiles": lambda: in_tiles(8_064, 6_048, colour="teal"),
    "heic of 24 MP in one": lambda: large(5_712, 4_284),
    "heic of 10 bits": lambda: encoded(pictures.scenery(), chroma=444, save_nclx_profile=True),
    "heic saying 60000 x 60000": lambda: lying_size(60_000, 60_000),
    "heic saying 2^31 x 2^31": lambda: lying_size(2**31, 2**31),
    "heic saying 0 x 0": lambda: lying_size(0, 0),
    "heic decoding to 16384 x 16384": lambda: lying_sps(16_384, 16_384),
    "heic decoding to 2^32": lambda: lying_sps(2**32 - 2, 2**32 - 2),
    "heic grid of 65536 tiles": lambda: _64(said=bytes([0, 1, 255, 255]) + b"\0\1\0\0" * 2),
    "heic grid of 2^32": lambda: _64(said=bytes([0, 1, 0, 1]) + b"\xff" * 8),
    "heic grid without tiles": lambda: _64(made_of={}),
    "heic grid of itself": in_itself,
    "heic grid of unknown items": lambda: _64(made_of={1: [99, 99]}),
    "heic grid of 0 bytes": lambda: _64(said=b""),
    "heic grid of hidden tiles": lambda: grid(64, 64, [tile_of(64, 64)] * 100, 10),
    "heic of 60000 items": lambda: many(60_000),
    "heic of 2000 items": lambda: many(2_000),
    "heic item in many pieces": lambda: _whole(b"\0\0\xff\xff" + _place(*[64, 8] * 100)[4:]),
    "heic item of overlapping pieces": lambda: _whole(_place(*[0, 500] * 16)),
    "heic item behind the end": lambda: _whole(_place(2**32 - 1, 2**32 - 1)),
    "heic item of no bytes": lambda: _whole(_place(0, 0)),
    "heic item that is its own meta": lambda: _whole(_place(24, 200)),
    "heic item in another file": lambda: _whole(b"\0\7" + _place(64, 8)[2:]),
    "heic with parameter sets inside": lambda: with_unit(sps_claiming(16_384, 16_384)),
    "heic with 100,000 messages": lambda: with_unit(b"\x4e\x01\x80", 100_000),
    "heic with a foreign slice": lambda: with_unit(b"\x02\x01\xd0\x80"),
    "heic of two pictures": twice,
    "heic sequence": lambda: single(tile_of(64, 64), brand=b"hevc"),
    "heic with a film": lambda: photo() + box("moov", bytes(100)),
    "heic cut to nothing": lambda: single(tile_of(64, 64), clap(0, 0)),
    "heic cut by zero": lambda: single(tile_of(64, 64), ("clap", bytes(32))),
    "heic cut outside": lambda: single(tile_of(64, 64), clap(64, 64, 1_000)),
    "heic turned 30 times": lambda: single(tile_of(64, 64), LEFT, FLIP_ROWS, RIGHT, HALF),
    "heic exif of nothing": lambda: single(tile_of(64, 64), exif=b"\xff" * 9),
    "heic and html": lambda: photo() + pictures.HTML,
    "heic whose codec is av1": lambda: file([("av01", b"x" * 99, [ispe(64, 64)])]),
    "heic overlay": lambda: file([("iovl", b"x" * 99, [ispe(64, 64)])], made_of={1: [1] * 9}),
    "heic of boxes": lambda: box("ftyp", b"heic", bytes(8)) + box("free") * 100_000,
    "heic without meta": lambda: box("ftyp", b"heic", bytes(8)),
    "avif": lambda: b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf" + bytes(200),
}
