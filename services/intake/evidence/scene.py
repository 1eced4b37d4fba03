"""Where and when a photo or a recording was made, as the file itself tells it.

The EXIF reader is our own: it looks at the few fields that matter and at nothing else, so a
broken maker note or a bomb in another field costs nothing, and it neither raises nor warns.
Source: CIPA DC-008-2019 (Exif 2.32), sections 4.6.2 to 4.6.6.
"""

import math
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

ORIENTATION, EXIF_IFD, GPS_IFD = 0x0112, 0x8769, 0x8825
ORIGINAL_AT, DIGITIZED_AT, ORIGINAL_OFFSET, DIGITIZED_OFFSET = 0x9003, 0x9004, 0x9011, 0x9012
CHANGED_AT, CHANGED_OFFSET = 0x0132, 0x9010  # of the file; cameras write it as they take the photo
LAT_REF, LAT, LON_REF, LON, ALTITUDE_REF, ALTITUDE, POSITION_ERROR = 1, 2, 3, 4, 5, 6, 31
GPS_TIME, GPS_DATE = 7, 29

FIRST_YEAR, LAST_YEAR = 1995, 2100  # Exif 1.0 is of 1995; a camera without a clock says 1970
LOWEST_M, HIGHEST_M = -500.0, 9_000.0  # the Dead Sea and Everest
WORST_ACCURACY_M = 100_000.0
TIFF_MAGIC = 42
INLINE_BYTES = 4  # a value this short stands in the directory itself
SIXTY = 60  # minutes of a degree or an hour, seconds of a minute
HOURS = 24  # of a day
LAT_LIMIT, LON_LIMIT = 90.0, 180.0
MAX_FIELDS = 512  # per directory; a real one has under 100
MAX_FIELD_BYTES = 256  # the longest that we read is three rationals, 24 bytes

_WIDTHS: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1, 9: 4, 10: 8, 13: 4}  # bytes by EXIF type
_LETTERS: Final = {1: "B", 3: "H", 4: "I", 5: "I", 7: "B", 9: "i", 10: "i"}
_RATIONALS: Final = (5, 10)
LONG = 4
_POINTERS: Final = (LONG, 13)  # LONG, and IFD of TIFF technical note 1
_EXIF_TIME = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)[ T](\d\d):(\d\d):(\d\d)", re.ASCII)
_GPS_DATE = re.compile(r"(\d{4})[:-](\d\d)[:-](\d\d)", re.ASCII)
_OFFSET = re.compile(r"[+-]\d\d:\d\d|Z", re.ASCII)
_ISO_6709 = re.compile(r"([+-]\d{1,2}\.\d+)([+-]\d{1,3}\.\d+)([+-]\d+(?:\.\d+)?)?", re.ASCII)


@dataclass(frozen=True)
class Scene:
    """The scene of a photo or a recording; what the file does not say plausibly is None.

    Attributes:
        orientation: EXIF orientation, 1 (upright) to 8.
        captured_at: UTC.
        lat: WGS 84 degrees, north positive; present together with `lon`.
        lon: WGS 84 degrees, east positive.
        altitude_m: Metres above sea level.
        accuracy_m: Radius of the position's error in metres.
    """

    orientation: int = 1
    captured_at: datetime | None = None
    lat: float | None = None
    lon: float | None = None
    altitude_m: float | None = None
    accuracy_m: float | None = None


NOWHERE = Scene()


class _Tiff:
    """The TIFF structure inside an EXIF block; what lies outside of it reads as absent."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._order = "<" if block[:2] == b"II" else ">"

    def number(self, offset: int, letter: str) -> int:
        width = struct.calcsize(letter)
        piece = self._block[offset : offset + width]
        return struct.unpack(self._order + letter, piece)[0] if len(piece) == width else 0

    def pointer(self, field: tuple[int, bytes] | None) -> int:
        """Return the offset of another directory; 0 when there is none."""
        kind, raw = field or (2, b"")
        usable = kind in _POINTERS and len(raw) == INLINE_BYTES
        return int(self.numbers((LONG, raw))[0]) if usable else 0

    def fields(self, offset: int, wanted: Sequence[int]) -> dict[int, tuple[int, bytes]]:
        """Return type and raw value of the `wanted` fields of the directory at `offset`."""
        found: dict[int, tuple[int, bytes]] = {}
        for index in range(min(self.number(offset, "H"), MAX_FIELDS) if offset else 0):
            entry = offset + 2 + 12 * index
            tag, kind = self.number(entry, "H"), self.number(entry + 2, "H")
            size = _WIDTHS.get(kind, 0) * self.number(entry + 4, "I")
            if tag in wanted and 0 < size <= MAX_FIELD_BYTES:
                inline = size <= INLINE_BYTES
                start = entry + 8 if inline else self.number(entry + 8, "I")
                found[tag] = (kind, self._block[start : start + size])
        return found

    def numbers(self, field: tuple[int, bytes] | None) -> list[float]:
        """Return the numbers of a field; a rational over zero becomes NaN."""
        kind, raw = field or (2, b"")
        if (letter := _LETTERS.get(kind)) is None:
            return []
        count = len(raw) // struct.calcsize(letter)
        values = struct.unpack_from(f"{self._order}{count}{letter}", raw)
        if kind in _RATIONALS:
            pairs = zip(values[::2], values[1::2], strict=False)
            return [top / bottom if bottom else math.nan for top, bottom in pairs]
        return [float(value) for value in values]


def _text(field: tuple[int, bytes] | None) -> str:
    return (field or (2, b""))[1].split(b"\0")[0].decode("ascii", "replace").strip()


def _plausible_time(moment: datetime) -> datetime | None:
    return moment.astimezone(UTC) if FIRST_YEAR <= moment.year < LAST_YEAR else None


def _exif_time(text: str, offset: str, zone: tzinfo) -> datetime | None:
    if (match := _EXIF_TIME.match(text)) is None:
        return None
    year, month, day, hour, minute, second = map(int, match.groups())
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if _OFFSET.fullmatch(offset):
            local = datetime.fromisoformat(local.replace(tzinfo=None).isoformat() + offset)
    except ValueError:
        return None
    return _plausible_time(local)


def _degrees(parts: Sequence[float], reference: str, letters: str, limit: float) -> float | None:
    """Return signed degrees of degrees, minutes and seconds, or None when they are nonsense."""
    padded = [*parts, 0.0, 0.0][:3]
    sign = {letters[0]: 1, letters[1]: -1}.get(reference.upper())  # some write "n"
    if not parts or sign is None:
        return None
    if not all(0 <= part < SIXTY for part in padded[1:]):  # NaN fails as well
        return None
    degrees = padded[0] + padded[1] / SIXTY + padded[2] / SIXTY**2
    if not 0 <= degrees <= limit:
        return None
    return sign * degrees


def _within(values: Sequence[float], low: float, high: float) -> float | None:
    return values[0] if values and low <= values[0] <= high else None


def _position(lat: float | None, lon: float | None) -> tuple[float, float] | None:
    """Return the pair if it is one; 0, 0 is what a phone without a fix writes."""
    if lat is None or lon is None or (lat == 0 and lon == 0):
        return None
    if abs(lat) > LAT_LIMIT or abs(lon) > LON_LIMIT:
        return None
    return round(lat, 7), round(lon, 7)  # 7 decimals are 1 cm


def scene_of_photo(exif: bytes, zone: tzinfo) -> Scene:
    """Return what an EXIF block says about the scene.

    Args:
        exif: The block, with or without the leading "Exif"; may be empty or broken.
        zone: The zone of a time that carries no offset.
    """
    tiff = _Tiff(exif.removeprefix(b"Exif\0\0"))
    if tiff.number(2, "H") != TIFF_MAGIC:
        return NOWHERE
    first = tiff.number(4, "I")
    top = tiff.fields(first, (ORIENTATION, EXIF_IFD, GPS_IFD))
    turn = tiff.numbers(top.get(ORIENTATION))
    orientation = int(turn[0]) if turn and turn[0] in range(1, 9) else 1
    exif_at, gps_at = tiff.pointer(top.get(EXIF_IFD)), tiff.pointer(top.get(GPS_IFD))
    place = _photo_place(tiff, gps_at)
    when = (
        _camera_time(tiff, exif_at, zone)
        or _camera_time(tiff, first, zone)  # where a careless writer puts the same fields
        or _gps_time(tiff, gps_at)
        or _changed_time(tiff, first, exif_at, zone)
    )
    return Scene(orientation, when, place.lat, place.lon, place.altitude_m, place.accuracy_m)


def _camera_time(tiff: _Tiff, directory: int, zone: tzinfo) -> datetime | None:
    pairs = ((ORIGINAL_AT, ORIGINAL_OFFSET), (DIGITIZED_AT, DIGITIZED_OFFSET))
    fields = tiff.fields(directory, sum(pairs, ()))
    for moment, offset in pairs:
        found = _exif_time(_text(fields.get(moment)), _text(fields.get(offset)), zone)
        if found is not None:
            return found
    return None


def _gps_time(tiff: _Tiff, directory: int) -> datetime | None:
    """Return the time of the position, which is UTC, to the second."""
    fields = tiff.fields(directory, (GPS_DATE, GPS_TIME))
    match = _GPS_DATE.fullmatch(_text(fields.get(GPS_DATE)))
    clock = tiff.numbers(fields.get(GPS_TIME))
    ends = (HOURS, SIXTY, SIXTY)
    if match is None or len(clock) != len(ends):
        return None
    if not all(0 <= part < end for part, end in zip(clock, ends, strict=True)):  # NaN fails as well
        return None
    hours, minutes, seconds = clock
    try:
        midnight = datetime(*map(int, match.groups()), tzinfo=UTC)
        moment = midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError):
        return None
    return _plausible_time(moment.replace(microsecond=0))


def _changed_time(tiff: _Tiff, first: int, exif_at: int, zone: tzinfo) -> datetime | None:
    text = _text(tiff.fields(first, (CHANGED_AT,)).get(CHANGED_AT))
    offset = _text(tiff.fields(exif_at, (CHANGED_OFFSET,)).get(CHANGED_OFFSET))
    return _exif_time(text, offset, zone)


def _photo_place(tiff: _Tiff, directory: int) -> Scene:
    wanted = (LAT_REF, LAT, LON_REF, LON, ALTITUDE_REF, ALTITUDE, POSITION_ERROR)
    fields = tiff.fields(directory, wanted)
    lat = _degrees(tiff.numbers(fields.get(LAT)), _text(fields.get(LAT_REF)), "NS", LAT_LIMIT)
    lon = _degrees(tiff.numbers(fields.get(LON)), _text(fields.get(LON_REF)), "EW", LON_LIMIT)
    if (position := _position(lat, lon)) is None:
        return NOWHERE
    below = tiff.numbers(fields.get(ALTITUDE_REF))[:1] == [1.0]
    heights = [-value if below else value for value in tiff.numbers(fields.get(ALTITUDE))]
    return Scene(
        lat=position[0],
        lon=position[1],
        altitude_m=_within(heights, LOWEST_M, HIGHEST_M),
        accuracy_m=_within(tiff.numbers(fields.get(POSITION_ERROR)), 0.01, WORST_ACCURACY_M),
    )


def scene_of_sound(tags: Mapping[str, str]) -> Scene:
    """Return what the tags of an MP4 or 3GP recording say about the scene.

    Args:
        tags: Tags as the demuxer names them: `creation_time` is ISO 8601 with an offset,
            `location` is ISO 6709 ("+11.9404+108.4583+1500/").
    """
    lowered = {key.lower(): value for key, value in tags.items()}
    match = _ISO_6709.match(lowered.get("location", ""))
    lat, lon, height = match.groups() if match else (None, None, None)
    position = _position(float(lat), float(lon)) if lat and lon else None
    try:
        made = datetime.fromisoformat(lowered.get("creation_time", ""))
    except ValueError:
        made = None
    return Scene(
        captured_at=_plausible_time(made) if made and made.tzinfo else None,
        lat=position[0] if position else None,
        lon=position[1] if position else None,
        altitude_m=_within([float(height)], LOWEST_M, HIGHEST_M) if position and height else None,
    )
