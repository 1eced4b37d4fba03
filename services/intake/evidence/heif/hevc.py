"""The HEVC inside: which units a still picture needs, and how large it says that it is.

Sources: ITU-T H.265, sections 7.3.1.1, 7.3.2.2 and 7.3.3; ISO 14496-15, section 8.3.3.1.
"""

from services.intake.evidence.model import EvidenceRefused, Reason

from .boxes import Reader

VPS, SPS, PPS = 32, 33, 34
MAX_SETS = 16  # parameter sets of one picture; encoders write three
MAX_UNITS = 2_048  # slices of one picture; a phone writes 1
FIRST_STILL, LAST_STILL = 16, 21  # pictures that need no other: IDR, CRA, BLA
HEADER_BYTES = 22  # of the decoder's configuration, before its arrays
SPS_BYTES = 200  # the sizes stand before this, with all sub-layers described
FULL_CHROMA = 3


class _Bits:
    """Reads numbers bit by bit."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data)
        self._left = 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise EvidenceRefused(Reason.CORRUPT)
        self._left -= count
        return self._value >> self._left & ((1 << count) - 1)

    def golomb(self) -> int:
        """Return an unsigned Exp-Golomb number of at most 32 bits (section 9.2)."""
        for zeros in range(32):
            if self.take(1):
                return (1 << zeros) - 1 + self.take(zeros)
        raise EvidenceRefused(Reason.CORRUPT)


def coded_size(sps: bytes) -> tuple[int, int]:
    """Return width and height that a sequence parameter set makes a decoder allocate.

    Raises:
        EvidenceRefused: it cannot be read.
    """
    bits = _Bits(sps[:SPS_BYTES].replace(b"\0\0\3", b"\0\0")[2:])  # without emulation, unit header
    bits.take(4)
    layers = bits.take(3)
    bits.take(1 + 88 + 8)
    present = [(bits.take(1), bits.take(1)) for _ in range(8 if layers else 0)]
    for profile, level in present[:layers]:
        bits.take(88 * profile)
        bits.take(8 * level)
    bits.golomb()
    if bits.golomb() == FULL_CHROMA:
        bits.take(1)
    return bits.golomb(), bits.golomb()


class Configuration:
    """The decoder's configuration of a picture (`hvcC`), with its parameter sets only.

    Args:
        body: Of the property.

    Raises:
        EvidenceRefused: it is broken, or names none, or too many.
    """

    def __init__(self, body: bytes) -> None:
        reader = Reader(body)
        head = bytearray(reader.take(HEADER_BYTES))
        self._length_bytes = (head[-1] & 3) + 1
        head[-1] |= 3  # ours are four bytes long
        sets: dict[int, list[bytes]] = {VPS: [], SPS: [], PPS: []}
        for _ in range(reader.number(1)):
            kind = reader.number(1) & 0x3F
            for _ in range(reader.number(2)):
                unit = reader.take(reader.number(2))
                if kind in sets and _kind(unit) == kind:
                    sets[kind].append(unit)
        if not all(sets.values()) or sum(map(len, sets.values())) > MAX_SETS:
            raise EvidenceRefused(Reason.CORRUPT)
        self.size = _largest([coded_size(each) for each in sets[SPS]])
        self.body = (
            bytes(head)
            + b"\3"
            + b"".join(
                (0x80 | kind).to_bytes(1)
                + len(units).to_bytes(2)
                + b"".join(len(unit).to_bytes(2) + unit for unit in units)
                for kind, units in sets.items()
            )
        )

    def picture(self, sample: bytes) -> bytes:
        """Return the slices of the one picture in an item's bytes.

        Raises:
            EvidenceRefused: there is none, there are more, or one needs another to be shown.
        """
        reader, kept, pictures = Reader(sample), list[bytes](), 0
        while reader.at < reader.end:
            unit = reader.take(reader.number(self._length_bytes))
            kind = _kind(unit)
            if kind >= VPS:  # parameter sets and messages: those of the configuration count
                continue
            if not FIRST_STILL <= kind <= LAST_STILL or len(kept) >= MAX_UNITS:
                raise EvidenceRefused(Reason.CORRUPT)
            pictures += unit[2] >> 7  # the first slice of a picture says so
            kept.append(len(unit).to_bytes(4) + unit)
        if pictures != 1:
            raise EvidenceRefused(Reason.CORRUPT)
        return b"".join(kept)


def _kind(unit: bytes) -> int:
    """Return the type of a unit; each has a header of two bytes and something behind it."""
    if len(unit) < 3:  # noqa: PLR2004 - said above
        raise EvidenceRefused(Reason.CORRUPT)
    return unit[0] >> 1 & 0x3F


def _largest(sizes: list[tuple[int, int]]) -> tuple[int, int]:
    return max(width for width, _ in sizes), max(height for _, height in sizes)
