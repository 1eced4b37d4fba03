"""Photos and recordings for the demo, made on the spot: a drawn scene, a voice-like sound.

They are what a phone sends: a JPEG with place and time in its EXIF, an AAC recording in an MP4.
"""

import array
import math
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from fractions import Fraction
from io import BytesIO

import av
from av.audio.frame import AudioFrame
from PIL import Image, ImageDraw
from PIL.ImageDraw import ImageDraw as Draw
from PIL.TiffImagePlugin import IFDRational

WIDTH, HEIGHT = 1600, 1200
QUALITY = 88
GRAIN = 18.0  # standard deviation of the sensor's noise; without it a drawing is 40 kB
RATE_HZ = 16_000
FRAME = 1024  # samples, AAC's own

MODEL, EXIF_IFD, GPS_IFD = 0x0110, 0x8769, 0x8825
ORIGINAL_AT, OFFSET = 0x9003, 0x9011
SECOND_PARTS = 10_000  # of a second of arc: 3 mm

Sketch = Callable[[Draw, int, int, int], None]


def photo(scene: str, *, lat: float, lon: float, taken_at: datetime) -> bytes:
    """Return a JPEG of a drawn scene, with place (WGS-84) and time in its EXIF.

    Args:
        scene: A key of `SCENES`.
        lat: Degrees, north positive.
        lon: Degrees, east positive.
        taken_at: Aware; written in its own zone.
    """
    chance = random.Random(scene)  # noqa: S311 - a picture, not a secret
    image = _landscape(night=scene == "other")
    draw = ImageDraw.Draw(image)
    things = [
        (
            chance.randint(820, 1040),
            (2 * number + 1) * WIDTH // (2 * count) + chance.randint(-60, 60),
            sketch,
        )
        for sketch, count in SCENES[scene]
        for number in range(count)
    ]
    for y, x, sketch in sorted(things, key=lambda thing: thing[:2]):  # the farthest first
        sketch(draw, x, y, (y - 500) // 3)
    grain = Image.effect_noise(image.size, GRAIN).convert("RGB")
    out = BytesIO()
    Image.blend(image, grain, 0.15).save(
        out, "JPEG", quality=QUALITY, exif=_exif(lat, lon, taken_at)
    )
    return out.getvalue()


def sound(seconds: float, *, voice: int, lat: float, lon: float, made_at: datetime) -> bytes:
    """Return an MP4 with AAC sound (m4a) that has the rise and fall of speech.

    Args:
        seconds: How long it is.
        voice: The same number gives the same voice.
        lat: Degrees, north positive.
        lon: Degrees, east positive.
        made_at: Aware.
    """
    samples = _speech(int(seconds * RATE_HZ), random.Random(voice))  # noqa: S311 - no secret
    out = BytesIO()
    with av.open(out, "w", format="ipod") as sink:
        sink.metadata["creation_time"] = made_at.isoformat()
        sink.metadata["location"] = f"{lat:+08.4f}{lon:+09.4f}/"
        stream = sink.add_stream("aac", rate=RATE_HZ, layout="mono")
        for start in range(0, len(samples), FRAME):
            sink.mux(stream.encode(_frame(samples[start : start + FRAME], start)))
        sink.mux(stream.encode(None))
    return out.getvalue()


def _landscape(*, night: bool) -> Image.Image:
    """Sky, pine hills and a road: Đà Lạt at 1,500 metres."""
    sky, far, near, road = (
        ((18, 22, 48), (14, 26, 30), (10, 18, 20), (32, 32, 36))
        if night
        else ((150, 190, 225), (96, 130, 120), (62, 100, 72), (122, 118, 112))
    )
    image = Image.new("RGB", (WIDTH, HEIGHT), sky)
    draw = ImageDraw.Draw(image)
    for colour, base, swing in ((far, 480, 110), (near, 620, 70)):
        ridge = [(x, base - swing * math.sin(x / 210 + base)) for x in range(0, WIDTH + 40, 40)]
        draw.polygon([(0, HEIGHT), *ridge, (WIDTH, HEIGHT)], fill=colour)
    draw.polygon([(500, 640), (1060, 640), (WIDTH, HEIGHT), (0, HEIGHT)], fill=road)
    for y in range(680, HEIGHT, 110):
        draw.line([(790, y), (780, y + 60)], fill=(220, 215, 190), width=y // 90)
    return image


def _pine(draw: Draw, x: int, y: int, size: int) -> None:
    draw.rectangle([x - size // 12, y - size, x + size // 12, y], fill=(84, 58, 40))
    for step in range(3):
        top, half = y - size * (5 - step) // 2, size * (step + 2) // 5
        draw.polygon([(x, top), (x - half, top + size), (x + half, top + size)], fill=(34, 74, 48))


def _stump(draw: Draw, x: int, y: int, size: int) -> None:
    draw.rectangle([x - size // 3, y - size // 2, x + size // 3, y], fill=(96, 66, 44))
    draw.ellipse(
        [x - size // 3, y - size * 2 // 3, x + size // 3, y - size // 3], fill=(214, 180, 130)
    )


def _bag(draw: Draw, x: int, y: int, size: int) -> None:
    draw.ellipse([x - size // 2, y - size * 3 // 4, x + size // 2, y], fill=(28, 28, 32))
    draw.polygon(
        [(x, y - size), (x - size // 6, y - size // 2), (x + size // 6, y - size // 2)], "dimgray"
    )


def _person(draw: Draw, x: int, y: int, size: int) -> None:
    coat = ((176, 60, 52), (52, 88, 160), (200, 160, 60))[x % 3]
    draw.ellipse(
        [x - size // 5, y - size * 2, x + size // 5, y - size * 8 // 5], fill=(214, 170, 140)
    )
    draw.rounded_rectangle([x - size // 3, y - size * 8 // 5, x + size // 3, y], 20, fill=coat)


def _table(draw: Draw, x: int, y: int, size: int) -> None:
    draw.rectangle([x - size, y - size, x + size, y - size * 4 // 5], fill=(196, 52, 44))
    for side in (-1, 1):
        draw.line([(x + side * size * 4 // 5, y - size), (x + side * size, y)], "black", 8)


def _stall(draw: Draw, x: int, y: int, size: int) -> None:
    draw.rectangle([x - size, y - size, x + size, y], fill=(150, 104, 66))
    for number in range(7):
        left = x - size + number * size * 2 // 7
        draw.ellipse([left, y - size * 5 // 4, left + size // 4, y - size], fill=(206, 40, 54))
    draw.polygon(
        [(x - size * 5 // 4, y - size * 2), (x + size * 5 // 4, y - size * 2), (x, y - size * 3)],
        fill=(230, 190, 70),
    )


def _house(draw: Draw, x: int, y: int, size: int) -> None:
    draw.rectangle([x - size, y - size * 4, x + size, y], fill=(206, 198, 184))
    for row in range(4):
        for side in (-1, 1):
            left, top = x + side * size // 2 - size // 4, y - size * 4 + row * size + size // 4
            draw.rectangle([left, top, left + size // 2, top + size // 2], fill=(70, 80, 96))
    for step in range(9):  # scaffolding
        draw.line([(x - size, y - step * size // 2), (x + size, y - step * size // 2)], "brown", 6)


def _motorbike(draw: Draw, x: int, y: int, size: int) -> None:
    for side in (-1, 1):
        wheel = x + side * size
        draw.ellipse([wheel - 50, y - 100, wheel + 50, y], outline=(20, 20, 20), width=14)
    draw.polygon([(x - size, y - 60), (x + size // 2, y - 60), (x, y - size)], fill=(190, 30, 40))


def _lamp(draw: Draw, x: int, y: int, size: int) -> None:
    draw.line([(x, y), (x, y - size * 4), (x + size, y - size * 4)], (90, 90, 96), 14)
    draw.ellipse(
        [x + size * 3 // 4, y - size * 4, x + size * 5 // 4, y - size * 7 // 2], fill=(48, 48, 52)
    )


SCENES: Mapping[str, tuple[tuple[Sketch, int], ...]] = {
    "service_attitude": ((_person, 4), (_table, 2)),
    "market_price": ((_stall, 3), (_person, 2)),
    "culture_tourism": ((_pine, 4), (_person, 5)),
    "forest": ((_pine, 9), (_stump, 5)),
    "environment": ((_pine, 3), (_bag, 9)),
    "security_traffic": ((_lamp, 2), (_motorbike, 3), (_person, 1)),
    "construction_order": ((_house, 2), (_stump, 3)),
    "food_safety": ((_stall, 1), (_person, 5)),
    "urban_order": ((_table, 4), (_person, 3)),
    "other": ((_pine, 4), (_lamp, 3)),
}


def _exif(lat: float, lon: float, taken_at: datetime) -> Image.Exif:
    exif = Image.Exif()
    exif[MODEL] = "drawn by ./dev demo"
    offset = f"{taken_at:%z}"
    exif[EXIF_IFD] = {
        ORIGINAL_AT: f"{taken_at:%Y:%m:%d %H:%M:%S}",
        OFFSET: f"{offset[:3]}:{offset[3:]}",
    }
    exif[GPS_IFD] = {
        1: "N" if lat >= 0 else "S",
        2: _sexagesimal(lat),
        3: "E" if lon >= 0 else "W",
        4: _sexagesimal(lon),
        6: IFDRational(1500),  # metres above sea level
        31: IFDRational(12),  # metres: what a phone in a street of this town claims
    }
    return exif


def _sexagesimal(degrees: float) -> tuple[IFDRational, IFDRational, IFDRational]:
    whole, rest = divmod(abs(degrees) * 3600, 3600)
    minutes, seconds = divmod(rest, 60)
    exact = Fraction(round(seconds * SECOND_PARTS), SECOND_PARTS)
    return (
        IFDRational(int(whole)),
        IFDRational(int(minutes)),
        IFDRational(exact.numerator, exact.denominator),
    )


def _speech(length: int, chance: random.Random) -> "array.array[int]":
    """Syllables of a fundamental and its overtones, each with a tone that rises or falls."""
    samples = array.array("h")
    base_hz = chance.uniform(105, 210)
    while len(samples) < length:
        count = int(RATE_HZ * chance.uniform(0.14, 0.3))
        glide = chance.uniform(-0.25, 0.25)
        phase = 0.0
        for index in range(count):
            done = index / count
            phase += math.tau * base_hz * (1 + glide * done) / RATE_HZ
            wave = math.sin(phase) + 0.6 * math.sin(2 * phase) + 0.35 * math.sin(5 * phase)
            samples.append(int(7000 * math.sin(math.pi * done) * wave))
        samples.extend([0] * int(RATE_HZ * chance.uniform(0.03, 0.15)))
    return samples[:length]


def _frame(samples: "array.array[int]", start: int) -> AudioFrame:
    frame = AudioFrame(format="s16", layout="mono", samples=len(samples))
    plane = frame.planes[0]
    plane.update(samples.tobytes().ljust(plane.buffer_size, b"\0"))
    frame.sample_rate, frame.pts = RATE_HZ, start
    return frame
