"""HEIC photos: each tile is decoded by itself from a file of our own, shrunk, and put in its place.

So a photo of 48 million pixels takes the memory of one tile and of what is shown, and the decoder
is asked for nothing but single pictures whose size we know.
"""

from collections.abc import Sequence
from datetime import tzinfo
from fractions import Fraction
from typing import Final

import pi_heif
from PIL import Image

from .headers import HEIC
from .heif import Crop, HeifPhoto, Tile, Turn, read_heif
from .image import PUBLIC_PX, SIDE_PX, evidence_of
from .model import Evidence, EvidenceLimits, EvidenceRefused, Reason
from .scene import scene_of_photo

WHOLE_SHARE = 2  # a tile as large as the photo: planes, RGB and its copies are 9.2 bytes a pixel
CANVAS_SHARE = 2  # of the pixels allowed, for tiles that cannot be shrunk before they are placed
LEAST_PX = 64  # of a decoder's block: a padded tile may be so much larger than it says

pi_heif.options.DECODE_THREADS = 1  # a worker has one core, and each thread its own stack
pi_heif.options.THUMBNAILS = False
pi_heif.options.DEPTH_IMAGES = False
pi_heif.options.AUX_IMAGES = False

Part = tuple[float, float, float, float]  # left, top, right and bottom, as shares of the sides

_TURNS: Final = {
    Turn.LEFT: Image.Transpose.ROTATE_90,
    Turn.HALF: Image.Transpose.ROTATE_180,
    Turn.RIGHT: Image.Transpose.ROTATE_270,
    Turn.FLIP_ROWS: Image.Transpose.FLIP_TOP_BOTTOM,
    Turn.FLIP_COLUMNS: Image.Transpose.FLIP_LEFT_RIGHT,
}


def read_heif_image(data: bytes, limits: EvidenceLimits, zone: tzinfo) -> Evidence:
    """Decode a HEIC photo wholly and make its public copies.

    Its own rotation and mirroring count; the orientation in its EXIF says the same again, and is
    not done twice (ISO 23008-12, annex A.2.4).

    Args:
        data: The file.
        limits: `pixels` is checked before anything is decoded.
        zone: The zone of an EXIF time that carries no offset.

    Raises:
        EvidenceRefused: too many pixels, a sequence, truncated, corrupt or an unsupported coding.
    """
    photo = read_heif(data)
    factor = _factor(photo)
    _check_size(photo, factor, limits.pixels)
    steps, size = _plan(photo)
    try:
        shown = _turned(_decode(photo, factor), steps)
    except EvidenceRefused:
        raise
    except Exception as error:  # whatever a decoder throws is a verdict on the file
        raise EvidenceRefused(Reason.CORRUPT) from error
    shown.thumbnail((PUBLIC_PX, PUBLIC_PX), Image.Resampling.BICUBIC)
    scene = scene_of_photo(photo.exif, zone)
    return evidence_of(shown, scene, original=(HEIC, len(data)), size=size)


def _factor(photo: HeifPhoto) -> int:
    """Return by what each tile is shrunk: a whole part of its sides, so that no seam shows."""
    sides = photo.tiles[0].size
    most = max(photo.width, photo.height) // PUBLIC_PX
    if len(photo.tiles) == 1:
        return max(1, most)
    whole = (by for by in range(most, 1, -1) if not any(side % by for side in sides))
    return next(whole, 1)


def _check_size(photo: HeifPhoto, factor: int, most: int) -> None:
    if not photo.width or not photo.height:
        raise EvidenceRefused(Reason.CORRUPT)
    if max(photo.width, photo.height) > SIDE_PX:
        raise EvidenceRefused(Reason.TOO_WIDE, limit=SIDE_PX)
    share = WHOLE_SHARE if len(photo.tiles) == 1 else CANVAS_SHARE if factor == 1 else 1
    if photo.width * photo.height > most // share:
        raise EvidenceRefused(Reason.TOO_MANY_PIXELS, limit=round(most / share / 1e6, 1))
    for tile in photo.tiles:
        for said, coded in zip(tile.size, tile.configuration.size, strict=True):
            if not said <= coded < said + LEAST_PX:
                raise EvidenceRefused(Reason.CORRUPT)
        if tile.size[0] * tile.size[1] > most // WHOLE_SHARE:
            raise EvidenceRefused(Reason.TOO_MANY_PIXELS, limit=round(most / WHOLE_SHARE / 1e6, 1))


def _decode(photo: HeifPhoto, factor: int) -> Image.Image:
    """Return the whole picture as RGB, its sides divided by `factor`, not yet turned."""
    shown = Image.new("RGB", (-(-photo.width // factor), -(-photo.height // factor)))
    wide, high = photo.tiles[0].size
    for index, tile in enumerate(photo.tiles):
        row, column = divmod(index, photo.columns)
        left, top = column * wide, row * high
        seen = (0, 0, min(wide, photo.width - left), min(high, photo.height - top))
        picture = _picture(tile)
        if seen[2:] != tile.size:
            picture = picture.crop(seen)
        shown.paste(picture.reduce(factor), (left // factor, top // factor))
    return shown


def _picture(tile: Tile) -> Image.Image:
    found = pi_heif.open_heif(tile.file(), convert_hdr_to_8bit=True)[0]
    if found.size != tile.size:
        raise EvidenceRefused(Reason.CORRUPT)
    pixels = found.data
    if found.size != tile.size:  # the decoder has the last word on the size
        raise EvidenceRefused(Reason.CORRUPT)
    plain = Image.frombuffer(found.mode, found.size, pixels, "raw", found.mode, found.stride, 1)
    return plain if plain.mode == "RGB" else plain.convert("RGB")


def _plan(photo: HeifPhoto) -> tuple[list[Image.Transpose | Part], tuple[int, int]]:
    """Return the steps that make the picture upright, and the size of the original then."""
    steps: list[Image.Transpose | Part] = []
    width, height = photo.width, photo.height
    for turn in photo.turns:
        if isinstance(turn, Crop):
            left, right = _edges(width, turn.width, turn.right)
            top, bottom = _edges(height, turn.height, turn.down)
            steps.append((left / width, top / height, right / width, bottom / height))
            width, height = right - left, bottom - top
            continue
        steps.append(_TURNS[turn])
        if turn in (Turn.LEFT, Turn.RIGHT):
            width, height = height, width
    return steps, (width, height)


def _edges(side: int, kept: Fraction, moved: Fraction) -> tuple[int, int]:
    """Return where a clean aperture begins and ends (ISO 14496-12, section 12.1.4)."""
    start = (side - kept) / 2 + moved
    if kept < 1 or start < 0 or start + kept > side:
        raise EvidenceRefused(Reason.CORRUPT)
    return round(start), round(start) + round(kept)


def _turned(shown: Image.Image, steps: Sequence[Image.Transpose | Part]) -> Image.Image:
    for step in steps:
        if isinstance(step, Image.Transpose):
            shown = shown.transpose(step)
            continue
        left, right = round(step[0] * shown.width), round(step[2] * shown.width)
        top, bottom = round(step[1] * shown.height), round(step[3] * shown.height)
        shown = shown.crop((left, top, max(right, left + 1), max(bottom, top + 1)))
    return shown
