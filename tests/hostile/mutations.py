"""Real files made hostile by rule: cut at each boundary, with lying lengths, bent, doubled."""

import random
import struct
from collections.abc import Callable, Collection, Iterator

from tests.hostile import heics, pictures, sounds

LIES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)


def jpeg_boundaries(data: bytes) -> list[int]:
    """Where the segments begin; at the scan, where its data do."""
    found, at = [2], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        at += 2 + int.from_bytes(data[at + 2 : at + 4])
        found.append(at)
        if marker == 0xDA:
            return found
    return found


def png_boundaries(data: bytes) -> list[int]:
    found, at = [8], 8
    while at + 8 <= len(data):
        at += 12 + int.from_bytes(data[at : at + 4])
        found.append(at)
    return found


def riff_boundaries(data: bytes) -> list[int]:
    found, at = [12], 12
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
        found.append(at)
    return found


CONTAINERS = {
    *(b"moov", b"trak", b"mdia", b"minf", b"stbl", b"moof", b"traf", b"udta", b"mvex"),
    *(b"iprp", b"ipco"),
}
FULL = {b"meta": 4, b"iinf": 6, b"iref": 4}  # containers with numbers before their boxes


def box_boundaries(data: bytes) -> list[int]:
    """Where the boxes begin, those inside others too."""
    found: list[int] = []

    def walk(at: int, end: int) -> None:
        while at + 8 <= end:
            found.append(at)
            size, kind = int.from_bytes(data[at : at + 4]), data[at + 4 : at + 8]
            if size < 8:
                return
            if kind in CONTAINERS or kind in FULL:
                walk(at + 8 + FULL.get(kind, 0), min(end, at + size))
            at += size

    walk(0, len(data))
    return found


def ogg_boundaries(data: bytes) -> list[int]:
    found, at = [], data.find(b"OggS")
    while at >= 0:
        found.append(at)
        at = data.find(b"OggS", at + 4)
    return found


def even_boundaries(data: bytes) -> list[int]:
    """For formats without lengths to follow: sixteen places, and the first bytes."""
    return [*range(1, 13), *(len(data) * step // 16 for step in range(1, 16))]


Walk = Callable[[bytes], list[int]]
BASES: dict[str, tuple[Callable[[], bytes], Walk, int]] = {
    # name: file, its boundaries, where the length stands behind a boundary (-1: none)
    "jpeg": (
        lambda: pictures.photo(160, 120, exif=pictures.exif_block(gps=pictures.GPS_OF_THE_MARKET)),
        jpeg_boundaries,
        2,
    ),
    "progressive": (lambda: pictures.photo(160, 120, progressive=True), jpeg_boundaries, 2),
    "png": (lambda: pictures.saved(pictures.scenery(80, 60), "PNG"), png_boundaries, 0),
    "webp": (lambda: pictures.saved(pictures.scenery(80, 60), "WEBP"), riff_boundaries, 4),
    "webp_lossless": (
        lambda: pictures.saved(pictures.scenery(80, 60), "WEBP", lossless=True),
        riff_boundaries,
        4,
    ),
    "heic": (lambda: heics.photo(160, 120), box_boundaries, 0),
    "heic_tiles": (
        lambda: heics.grid(
            *(200, 120, [heics.tile_of(128, 128)] * 2, 2),
            turns=[heics.LEFT],
            exif=pictures.exif_block(gps=pictures.GPS_OF_THE_MARKET),
        ),
        box_boundaries,
        0,
    ),
    "wav": (lambda: sounds.recording("wav", 0.3), riff_boundaries, 4),
    "m4a": (lambda: sounds.recording("m4a", 0.3), box_boundaries, 0),
    "fragmented_mp4": (lambda: sounds.recording("fragmented_mp4", 0.3), box_boundaries, 0),
    "3gp_amr": (lambda: sounds.recording("3gp_amr", 0.3), box_boundaries, 0),
    "ogg_opus": (lambda: sounds.recording("ogg_opus", 0.3), ogg_boundaries, 6),
    "ogg_vorbis": (lambda: sounds.recording("ogg_vorbis", 0.3), ogg_boundaries, 6),
    "webm_opus": (lambda: sounds.recording("webm_opus", 0.3), even_boundaries, 0),
    "mp3": (sounds.mp3_with_cover, even_boundaries, 0),
    "flac": (lambda: sounds.recording("flac", 0.3), even_boundaries, 0),
    "aac": (lambda: sounds.recording("aac", 0.3), even_boundaries, 0),
    "amr": (lambda: sounds.recording("amr", 0.3), even_boundaries, -1),
}


def mutations(seed: int, flips: int, only: Collection[str] = ()) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of each mutated file; `flips` random ones of each base."""
    for name, (make, walk, length_at) in BASES.items():
        if only and name not in only:
            continue
        data = make()
        places = [each for each in walk(data) if each <= len(data)]
        yield from _cuts(name, data, places)
        yield from _lies(name, data, places, length_at)
        yield from _bent(name, data, random.Random(f"{seed}-{name}"), flips)


def _cuts(name: str, data: bytes, places: list[int]) -> Iterator[tuple[str, bytes]]:
    around = {at + by for at in places for by in (-1, 0, 1) if 0 <= at + by < len(data)}
    for at in sorted(around)[:90]:
        yield f"{name} cut at {at}", data[:at]


def _lies(name: str, data: bytes, places: list[int], at: int) -> Iterator[tuple[str, bytes]]:
    if at < 0:
        return
    for place in places[:24]:
        for lie in LIES:
            here = place + at
            if here + 4 <= len(data):
                big, little = struct.pack(">I", lie), struct.pack("<I", lie)
                size = 2 if name in {"jpeg", "progressive"} else 4
                yield (
                    f"{name} length {lie:#x} at {here}",
                    (
                        data[:here]
                        + (little if "w" in name[:2] else big)[-size:]
                        + data[here + size :]
                    ),
                )


def _bent(name: str, data: bytes, chance: random.Random, flips: int) -> Iterator[tuple[str, bytes]]:
    for number in range(flips):
        bent = bytearray(data)
        # headers are short: half of the blows go to the first 400 bytes
        reach = min(400, len(bent)) if number % 2 else len(bent)
        for _ in range(chance.choice((1, 3, 20))):
            bent[chance.randrange(reach)] = chance.choice((0, 0xFF, 0x7F, chance.randrange(256)))
        yield f"{name} bent {number}", bytes(bent)
    half = len(data) // 2
    yield f"{name} doubled", data + data
    yield f"{name} hollow", data[: half // 2] + bytes(half) + data[half // 2 + half :]
    yield f"{name} without its head", data[16:]
    yield f"{name} inside out", data[half:] + data[:half]
