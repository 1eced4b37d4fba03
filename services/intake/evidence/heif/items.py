"""The items of a HEIF file: what they are, where their bytes lie, what is said of them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from services.intake.evidence.model import EvidenceRefused, Reason

from .boxes import Reader, boxes, first_of_each

MAX_ITEMS = 2_048  # a 48 MP photo of a phone is 192 tiles and some 10 others
MAX_PROPERTIES = 512  # in all; a phone writes under 30
MAX_ASSOCIATIONS = 32  # of one item
MAX_EXTENTS = 16  # of one item; a phone writes 1
MAX_REFERENCES = 2_048
HIDDEN_VERSIONS = (2, 3)  # of an item's entry; older ones name no type
IN_FILE, IN_META = 0, 1  # construction methods; bytes made of other items are never read
ESSENTIAL_8, ESSENTIAL_16 = 0x80, 0x8000
LAST_ILOC, WIDE_ILOC = 2, 2


@dataclass
class Item:
    """One item.

    Attributes:
        kind: `hvc1`, `grid`, `Exif`, …; empty when its entry is missing or protected.
        extents: Pieces of the file, as start and length, in order.
        properties: Kind, body and "essential", in the order in which they apply.
    """

    kind: bytes = b""
    extents: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    properties: list[tuple[bytes, bytes, bool]] = field(
        default_factory=list[tuple[bytes, bytes, bool]]
    )

    def having(self, kind: bytes) -> list[bytes]:
        """Return the bodies of the properties of a kind."""
        return [body for name, body, _ in self.properties if name == kind]


class Items:
    """What the `meta` box says.

    Args:
        data: The file.
        meta: The body of its `meta` box.

    Raises:
        EvidenceRefused: it is broken, or says too much.
    """

    def __init__(self, data: bytes, meta: Reader) -> None:
        self._data = data
        self._items: dict[int, Item] = {}
        self.primary = 0
        self.made_of: dict[int, list[int]] = {}
        meta.version()
        inner = first_of_each(boxes(data, meta.at, meta.end))
        self._idat = inner.get(b"idat", Reader(b""))
        for kind, read in (
            (b"pitm", self._read_primary),
            (b"iinf", self._read_kinds),
            (b"iloc", self._read_places),
            (b"iprp", self._read_properties),
            (b"iref", self._read_references),
        ):
            if kind in inner:
                read(inner[kind])

    def __iter__(self) -> Iterator[tuple[int, Item]]:
        """Yield the number and the item."""
        return iter(self._items.items())

    def item(self, number: int) -> Item:
        """Return an item; one that nobody described is empty."""
        return self._items.get(number) or Item()

    def content(self, item: Item, most: int) -> bytes:
        """Return an item's bytes.

        Raises:
            EvidenceRefused: more than `most`, or outside of the file.
        """
        if any(start + length > len(self._data) for start, length in item.extents):
            raise EvidenceRefused(Reason.TRUNCATED)
        if sum(length for _, length in item.extents) > most:
            raise EvidenceRefused(Reason.CORRUPT)
        return b"".join(self._data[start : start + length] for start, length in item.extents)

    def _at(self, number: int) -> Item:
        if number not in self._items and len(self._items) >= MAX_ITEMS:
            raise EvidenceRefused(Reason.CORRUPT)
        return self._items.setdefault(number, Item())

    def _read_primary(self, reader: Reader) -> None:
        version, _ = reader.version()
        self.primary = reader.number(4 if version else 2)

    def _read_kinds(self, reader: Reader) -> None:
        version, _ = reader.version()
        reader.number(4 if version else 2)  # how many; the boxes tell
        at = reader.at
        for kind, entry in _some(boxes(self._data, at, reader.end), MAX_ITEMS):
            if kind != b"infe":
                continue
            version, _ = entry.version()
            if version not in HIDDEN_VERSIONS:
                continue
            number, protected = entry.number(version * 2 - 2), entry.number(2)
            if not protected:
                self._at(number).kind = entry.take(4)

    def _read_places(self, reader: Reader) -> None:
        version, _ = reader.version()
        if version > LAST_ILOC:
            raise EvidenceRefused(Reason.UNSUPPORTED_TYPE)
        sizes = reader.number(2)
        widths = [sizes >> shift & 0xF for shift in (12, 8, 4, 0)]
        if any(width not in (0, 4, 8) for width in widths):
            raise EvidenceRefused(Reason.CORRUPT)
        if not version:
            widths[3] = 0
        count = reader.number(4 if version == WIDE_ILOC else 2)
        if count > MAX_ITEMS:
            raise EvidenceRefused(Reason.CORRUPT)
        for _ in range(count):
            number = reader.number(4 if version == WIDE_ILOC else 2)
            self._read_place(reader, self._at(number), (version, widths))

    def _read_place(self, reader: Reader, item: Item, how: tuple[int, list[int]]) -> None:
        version, (offset_width, length_width, base_width, index_width) = how
        method = reader.number(2) & 0xF if version else IN_FILE
        elsewhere = reader.number(2)
        base, count = reader.number(base_width), reader.number(2)
        if count > MAX_EXTENTS:
            raise EvidenceRefused(Reason.CORRUPT)
        found: list[tuple[int, int]] = []
        for _ in range(count):
            reader.number(index_width)
            offset, length = reader.number(offset_width), reader.number(length_width)
            found.append((base + offset, length))
        if elsewhere or method not in (IN_FILE, IN_META):
            found = []  # in another file, or made of other items: never read
        if method == IN_META:
            if any(start + length > self._idat.end - self._idat.at for start, length in found):
                raise EvidenceRefused(Reason.CORRUPT)
            found = [(self._idat.at + start, length) for start, length in found]
        item.extents = found

    def _read_properties(self, reader: Reader) -> None:
        known: list[tuple[bytes, bytes]] = []
        for kind, body in boxes(self._data, reader.at, reader.end):
            if kind == b"ipco":
                known += [
                    (name, each.take(each.end - each.at))
                    for name, each in boxes(self._data, body.at, body.end)
                ]
            if kind == b"ipma":
                self._read_associations(body, known)

    def _read_associations(self, reader: Reader, known: list[tuple[bytes, bytes]]) -> None:
        version, flags = reader.version()
        count = reader.number(4)
        if count > MAX_ITEMS or len(known) > MAX_PROPERTIES:
            raise EvidenceRefused(Reason.CORRUPT)
        width, mark = (2, ESSENTIAL_16) if flags & 1 else (1, ESSENTIAL_8)
        for _ in range(count):
            item = self._at(reader.number(4 if version else 2))
            for _ in range(reader.number(1)):
                said = reader.number(width)
                place = said & (mark - 1)
                if place > len(known) or len(item.properties) >= MAX_ASSOCIATIONS:
                    raise EvidenceRefused(Reason.CORRUPT)
                if place:
                    item.properties.append((*known[place - 1], bool(said & mark)))

    def _read_references(self, reader: Reader) -> None:
        version, _ = reader.version()
        width = 4 if version else 2
        for kind, body in _some(boxes(self._data, reader.at, reader.end), MAX_REFERENCES):
            if kind != b"dimg":
                continue
            source, count = body.number(width), body.number(2)
            if count > MAX_REFERENCES or source in self.made_of:
                raise EvidenceRefused(Reason.CORRUPT)
            self.made_of[source] = [body.number(width) for _ in range(count)]


def _some(found: Iterator[tuple[bytes, Reader]], most: int) -> Iterator[tuple[bytes, Reader]]:
    for count, each in enumerate(found):
        if count >= most:
            raise EvidenceRefused(Reason.CORRUPT)
        yield each
