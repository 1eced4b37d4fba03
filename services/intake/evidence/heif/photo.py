"""A HEIC photo: its size, its tiles as bare files, and how it is to be turned."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction

from services.intake.evidence.model import EvidenceRefused, Reason

from .boxes import Reader, box, boxes, first_of_each
from .hevc import Configuration
from .items import Item, Items

MAX_TILES = 1_024  # 50 MP in tiles of 256 × 256 are 763
MAX_EXIF_BYTES = 256 * 2**10
NCLX_BYTES = 11
TURNS = (b"clap", b"irot", b"imir")
# What a property must be to be marked as essential and still be left out: nothing of it shows.
UNDERSTOOD = (b"hvcC", b"ispe", b"pixi", b"colr", b"pasp", *TURNS)


class Turn(Enum):
    """What is done to the whole picture after it was put together."""

    LEFT = 1
    HALF = 2
    RIGHT = 3
    FLIP_ROWS = 4  # top and bottom change places
    FLIP_COLUMNS = 5


@dataclass(frozen=True)
class Crop:
    """The part of the picture that is shown: its size, and where its centre is."""

    width: Fraction
    height: Fraction
    right: Fraction
    down: Fraction


@dataclass(frozen=True)
class Tile:
    """One coded picture.

    Attributes:
        configuration: Its parameter sets.
        colour: Body of its `colr` property of kind `nclx`, or nothing.
        slices: The picture itself.
        size: Width and height in pixels as its item says.
    """

    configuration: Configuration
    colour: bytes
    slices: bytes
    size: tuple[int, int]

    def file(self) -> bytes:
        """Return a HEIF file of our own that holds this picture and nothing else."""
        head = box(b"ftyp", b"heic", bytes(4), b"mif1heic")
        start = len(head) + len(self._meta(0)) + 8
        return head + self._meta(start) + box(b"mdat", self.slices)

    def _meta(self, start: int) -> bytes:
        known = [
            box(b"hvcC", self.configuration.body),
            box(b"ispe", bytes(4), *(side.to_bytes(4) for side in self.size)),
            *([box(b"colr", self.colour)] if self.colour else []),
        ]
        marks = bytes((len(known), 0x81, *range(2, len(known) + 1)))
        return box(
            b"meta",
            bytes(4),
            box(b"hdlr", bytes(8), b"pict", bytes(13)),
            box(b"pitm", bytes(4), b"\0\1"),
            box(b"iinf", bytes(4), b"\0\1", box(b"infe", b"\2\0\0\0\0\1\0\0hvc1\0")),
            box(
                b"iprp",
                box(b"ipco", *known),
                box(b"ipma", bytes(4), b"\0\0\0\1", b"\0\1", marks),
            ),
            box(
                b"iloc",
                bytes(4),
                b"\x44\0\0\1\0\1\0\0\0\1",
                start.to_bytes(4),
                len(self.slices).to_bytes(4),
            ),
        )


@dataclass(frozen=True)
class HeifPhoto:
    """An undecoded photo.

    Attributes:
        width: Pixels before it is turned.
        height: Pixels before it is turned.
        columns: Tiles in a row.
        tiles: Row by row; all of one size, the last ones may stick out.
        turns: In the order in which they are done.
        exif: The TIFF block, or nothing. Its orientation does not count: `turns` do.
    """

    width: int
    height: int
    columns: int
    tiles: Sequence[Tile]
    turns: Sequence[Turn | Crop]
    exif: bytes


def read_heif(data: bytes) -> HeifPhoto:
    """Read a HEIC photo up to its coded pictures.

    Raises:
        EvidenceRefused: truncated, corrupt, a sequence, or a coding that is not supported.
    """
    top = first_of_each(boxes(data))
    if b"moov" in top:
        raise EvidenceRefused(Reason.ANIMATED)
    if b"meta" not in top:
        raise EvidenceRefused(Reason.TRUNCATED)
    items = Items(data, top[b"meta"])
    primary = items.item(items.primary)
    match primary.kind:
        case b"hvc1":
            (width, height), columns, parts = _size(primary), 1, [primary]
        case b"grid":
            width, height, columns, parts = _grid(items, primary)
        case b"":
            raise EvidenceRefused(Reason.CORRUPT)
        case _:
            raise EvidenceRefused(Reason.AVIF)
    tiles = list(_tiles(items, parts, len(data)))
    if len({tile.size for tile in tiles}) != 1:
        raise EvidenceRefused(Reason.CORRUPT)
    _check_cover((width, height), tiles[0].size, columns, len(tiles))
    return HeifPhoto(width, height, columns, tiles, list(_turns(primary)), _exif(items))


def _grid(items: Items, primary: Item) -> tuple[int, int, int, list[Item]]:
    reader = Reader(items.content(primary, 64))
    _, flags, rows, columns = (reader.number(1) for _ in range(4))
    wide = 4 if flags & 1 else 2
    width, height = reader.number(wide), reader.number(wide)
    numbers = items.made_of.get(items.primary, [])
    if len(numbers) != (rows + 1) * (columns + 1) or len(numbers) > MAX_TILES:
        raise EvidenceRefused(Reason.CORRUPT)
    parts = [items.item(number) for number in numbers]
    if any(part.kind != b"hvc1" or any(map(part.having, TURNS)) for part in parts):
        raise EvidenceRefused(Reason.AVIF)
    return width, height, columns + 1, parts


def _check_cover(whole: tuple[int, int], tile: tuple[int, int], columns: int, count: int) -> None:
    """Refuse tiles that do not cover the picture, or of which nothing shows (ISO 23000-22)."""
    for side, length, times in zip(whole, tile, (columns, count // columns), strict=True):
        if not length * (times - 1) < side <= length * times:
            raise EvidenceRefused(Reason.CORRUPT)


def _tiles(items: Items, parts: Sequence[Item], most: int) -> Iterator[Tile]:
    """Yield the coded pictures; together they are no longer than the file, as honest ones are."""
    configurations: dict[bytes, Configuration] = {}
    for part in parts:
        for kind, _, essential in part.properties:
            if essential and kind not in UNDERSTOOD:
                raise EvidenceRefused(Reason.AVIF)
        said = part.having(b"hvcC")
        if len(said) != 1:
            raise EvidenceRefused(Reason.CORRUPT)
        found = configurations.get(said[0]) or Configuration(said[0])
        configurations[said[0]] = found  # the tiles of a phone share one
        sample = items.content(part, most)
        most -= len(sample)
        yield Tile(found, _colour(part), found.picture(sample), _size(part))


def _size(item: Item) -> tuple[int, int]:
    said = item.having(b"ispe")
    if len(said) != 1:
        raise EvidenceRefused(Reason.CORRUPT)
    reader = Reader(said[0])
    reader.version()
    return reader.number(4), reader.number(4)


def _colour(item: Item) -> bytes:
    found = (body for body in item.having(b"colr") if body[:4] == b"nclx")
    return next((body for body in found if len(body) == NCLX_BYTES), b"")


def _turns(primary: Item) -> Iterator[Turn | Crop]:
    for kind, body, essential in primary.properties:
        reader = Reader(body)
        if kind == b"irot":
            if angle := reader.number(1) & 3:
                yield Turn(angle)
        elif kind == b"imir":
            yield Turn.FLIP_COLUMNS if reader.number(1) & 1 else Turn.FLIP_ROWS
        elif kind == b"clap":
            yield Crop(*(_fraction(reader) for _ in range(4)))
        elif essential and kind not in UNDERSTOOD:
            raise EvidenceRefused(Reason.AVIF)


def _fraction(reader: Reader) -> Fraction:
    over, under = (int.from_bytes(reader.take(4), signed=True) for _ in range(2))
    if not under:
        raise EvidenceRefused(Reason.CORRUPT)
    return Fraction(over, under)


def _exif(items: Items) -> bytes:
    """Return the first EXIF block; one that cannot be read is none."""
    for _, item in items:
        if item.kind == b"Exif":
            try:
                block = items.content(item, MAX_EXIF_BYTES)
            except EvidenceRefused:
                return b""
            return block[4 + int.from_bytes(block[:4]) :] if len(block) > 4 else b""  # noqa: PLR2004
    return b""
