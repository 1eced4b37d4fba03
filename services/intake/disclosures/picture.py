"""The watermark on a picture: over all of it, and in words beneath. Pure.

The same picture and words give the same bytes: nothing of the clock or of chance is in them.
"""

import math
import textwrap
import unicodedata
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from services.intake.typeface import Style, typeface

QUALITY = 88
ANGLE = 30  # degrees; lines that lie across horizons and edges are hard to paint out
SHARE = 24  # the shorter side is so many times the height of the letters
LEADING = 4  # heights of a letter from row to row
SHIFT = 0.38  # of a line's length from row to row, so that each part of it shows somewhere
SMALLEST_PX = 11  # below this the letters of Vietnamese run together
INK, RIM = 120, 90  # of 255: the letters, white, and their dark rim, so that they show on both
NARROWEST_PX = 320  # of what is handed out; the words beneath need room
BAND, BAND_INK = (24, 24, 24), (255, 255, 255)


def marked(jpeg: bytes, words: str) -> bytes:
    """Return a JPEG copy of a JPEG that bears `words` over all of it and in a band beneath it."""
    with Image.open(BytesIO(jpeg), formats=("JPEG",)) as opened:
        picture = opened.convert("RGB")
    line = unicodedata.normalize("NFC", words)
    covered = Image.alpha_composite(picture.convert("RGBA"), _cover(picture.size, line))
    out = BytesIO()
    _with_band(covered.convert("RGB"), line).save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _cover(size: tuple[int, int], line: str) -> Image.Image:
    """Return a see-through layer with rows of the line, slanting over all of it."""
    height = max(SMALLEST_PX, min(size) // SHARE)
    font = ImageFont.truetype(str(typeface(Style.BOLD)), height)
    repeated = f"{line}      "
    length = font.getlength(repeated)
    side = math.ceil(math.hypot(*size))
    sheet = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(sheet)
    for row, y in enumerate(range(0, side, height * LEADING)):
        shift = row * length * SHIFT % length
        draw.text(
            (-shift, y),
            repeated * (math.ceil(side / length) + 1),
            font=font,
            fill=(255, 255, 255, INK),
            stroke_width=max(1, height // 14),
            stroke_fill=(0, 0, 0, RIM),
        )
    turned = sheet.rotate(ANGLE, Image.Resampling.BICUBIC)
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    return turned.crop((left, top, left + size[0], top + size[1]))


def _with_band(picture: Image.Image, line: str) -> Image.Image:
    """Put the words beneath the picture: nothing of it is hidden, and they can be read."""
    width = max(picture.width, NARROWEST_PX)
    height = max(SMALLEST_PX + 2, width // 44)
    font = ImageFont.truetype(str(typeface(Style.REGULAR)), height)
    letters = max(8, int((width - height) / font.getlength("n")))
    lines = textwrap.wrap(line, letters, break_on_hyphens=False)
    leading = height * 4 // 3
    band = leading * len(lines) + height // 2
    sheet = Image.new("RGB", (width, picture.height + band), BAND)
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for number, each in enumerate(lines):
        place = (height // 2, picture.height + height // 4 + number * leading)
        draw.text(place, each, font=font, fill=BAND_INK)
    return sheet
