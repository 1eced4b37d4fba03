"""HEIC photos: what an iPhone sends is shown upright; what lies about itself is refused."""

import random
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pillow_heif
import pytest
from PIL import Image, ImageChops, ImageStat

from services.intake.evidence import Evidence, EvidenceLimits, EvidenceRefused
from services.intake.evidence.heif import hevc, read_heif
from services.intake.evidence.inspection import inspect
from shared.vocabulary import MediaKind
from tests.hostile import heics, pictures
from tests.hostile.mutations import BASES, mutations

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
LIMITS = EvidenceLimits()


def look(data: bytes, limits: EvidenceLimits = LIMITS) -> Evidence:
    return inspect(data, limits, zone=ZONE)


def refusal(data: bytes, limits: EvidenceLimits = LIMITS) -> EvidenceRefused:
    with pytest.raises(EvidenceRefused) as caught:
        look(data, limits)
    return caught.value


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(BytesIO(data)).convert("RGB")


def as_libheif_shows_it(data: bytes) -> Image.Image:
    """The whole file by the library itself, which knows nothing of our way through it."""
    return pillow_heif.open_heif(data).to_pillow().convert("RGB")


def difference(one: Image.Image, other: Image.Image) -> float:
    """The mean difference of two pictures, of 255."""
    assert one.size == other.size
    return max(ImageStat.Stat(ImageChops.difference(one, other)).mean)


@pytest.mark.parametrize(
    ("make", "size"),
    [
        pytest.param(heics.photo, (640, 480), id="one picture"),
        pytest.param(lambda: heics.photo(641, 479), (641, 479), id="odd sides"),
        pytest.param(heics.iphone, (1_200, 900), id="tiles"),
        pytest.param(
            lambda: heics.encoded(pictures.scenery(), chroma=444), (640, 480), id="full chroma"
        ),
        pytest.param(lambda: heics.encoded(pictures.scenery().convert("L")), (640, 480), id="grey"),
        pytest.param(
            lambda: heics.encoded(pictures.scenery().convert("RGBA")), (640, 480), id="alpha"
        ),
    ],
)
def test_a_heic_photo_is_shown_as_the_library_shows_it(make, size: tuple[int, int]):
    data = make()

    evidence = look(data)

    assert (evidence.kind, evidence.media_type) == (MediaKind.IMAGE, "image/heic")
    assert (evidence.width_px, evidence.height_px) == size
    assert evidence.size_bytes == len(data)
    assert (evidence.public_type, evidence.public_suffix) == ("image/jpeg", "jpg")
    assert evidence.public.startswith(b"\xff\xd8\xff")
    assert difference(opened(evidence.public), as_libheif_shows_it(data)) < 3
    assert max(opened(evidence.thumbnail).size) == 320


TURNS = {
    "left": [heics.LEFT],
    "half": [heics.HALF],
    "right": [heics.RIGHT],
    "rows": [heics.FLIP_ROWS],
    "columns": [heics.FLIP_COLUMNS],
    "left and rows": [heics.LEFT, heics.FLIP_ROWS],
    "rows and left": [heics.FLIP_ROWS, heics.LEFT],
    "cut": [heics.clap(128, 64)],
    "cut and left": [heics.clap(128, 64, 32, 16), heics.LEFT],
}


@pytest.mark.parametrize("name", TURNS)
@pytest.mark.parametrize("in_tiles", [False, True], ids=["one picture", "tiles"])
def test_a_photo_is_turned_as_the_library_turns_it(name: str, *, in_tiles: bool):
    tile = heics.tile_of(256, 128)
    data = (
        heics.grid(256, 256, [tile] * 2, 1, turns=TURNS[name])
        if in_tiles
        else heics.single(tile, *TURNS[name])
    )

    evidence = look(data)

    shown = as_libheif_shows_it(data)
    assert (evidence.width_px, evidence.height_px) == shown.size
    assert difference(opened(evidence.public), shown) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_photo_that_says_its_orientation_twice_is_turned_once(orientation: int):
    """An encoder writes the turn as a property of the picture, a phone in its EXIF as well."""
    data = heics.encoded(
        pictures.scenery(320, 240), exif=pictures.exif_block(orientation=orientation)
    )

    evidence = look(data)

    lying = orientation > 4
    assert (evidence.width_px, evidence.height_px) == ((240, 320) if lying else (320, 240))
    assert difference(opened(evidence.public), as_libheif_shows_it(data)) < 3


def test_an_orientation_in_exif_alone_does_not_count():
    tile = heics.tile_of(128, 64)

    evidence = look(heics.single(tile, exif=pictures.exif_block(orientation=6)))

    assert (evidence.width_px, evidence.height_px) == (128, 64)


@pytest.mark.parametrize("make", [heics.iphone, None], ids=["tiles", "one picture"])
def test_place_and_time_are_read_and_the_copies_carry_nothing(make):
    exif = pictures.exif_block(offset="+07:00", gps=pictures.GPS_OF_THE_MARKET)
    data = make() if make else heics.photo(exif=exif)

    evidence = look(data)

    assert evidence.captured_at == datetime(2026, 1, 9, 9, 30, tzinfo=UTC)
    assert (evidence.lat, evidence.lon) == (11.943, 108.437)
    for copy in (evidence.public, evidence.thumbnail or b""):
        assert b"Exif" not in copy
        assert not Image.open(BytesIO(copy)).getexif()


def test_a_large_photo_in_tiles_has_no_seams():
    data = heics.in_tiles(8_064, 6_048, colour="teal")

    evidence = look(data)

    assert (evidence.width_px, evidence.height_px) == (8_064, 6_048)
    shown = opened(evidence.public)
    assert max(shown.size) == 2_048
    assert all(high - low < 8 for low, high in shown.getextrema())


def test_what_the_decoder_gets_holds_one_picture_and_nothing_else():
    photo = read_heif(heics.iphone())
    words = photo.tiles[0].file()

    assert len(photo.tiles) == 6
    assert b"Exif" not in words
    assert b"grid" not in words
    assert pillow_heif.open_heif(words).size == (512, 512)


def test_the_size_that_a_decoder_makes_room_for_is_read_from_its_parameters():
    for size in ((64, 64), (1_920, 1_080), (16_384, 8_192), (2**32 - 2, 7)):
        assert hevc.coded_size(heics.sps_claiming(*size)) == size
    for size in ((64, 64), (512, 512), (640, 480)):
        assert heics.tile_of(*size).configuration.size == size


REFUSED = {
    "heic saying 60000 x 60000": "too_many_pixels",
    "heic saying 0 x 0": "corrupt",
    "heic decoding to 16384 x 16384": "corrupt",
    "heic decoding to 2^32": "corrupt",
    "heic grid of 65536 tiles": "corrupt",
    "heic grid of 2^32": "corrupt",
    "heic grid without tiles": "corrupt",
    "heic grid of itself": "unsupported_type",
    "heic grid of hidden tiles": "corrupt",
    "heic of 60000 items": "corrupt",
    "heic item in many pieces": "corrupt",
    "heic item of overlapping pieces": "corrupt",
    "heic item behind the end": "truncated",
    "heic item of no bytes": "corrupt",
    "heic item in another file": "corrupt",
    "heic with a foreign slice": "corrupt",
    "heic of two pictures": "corrupt",
    "heic sequence": "animated",
    "heic with a film": "animated",
    "heic cut to nothing": "corrupt",
    "heic cut by zero": "corrupt",
    "heic cut outside": "corrupt",
    "heic whose codec is av1": "unsupported_type",
    "heic overlay": "unsupported_type",
    "heic of boxes": "corrupt",
    "heic without meta": "truncated",
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_lie_is_refused_before_anything_is_decoded(name: str, monkeypatch: pytest.MonkeyPatch):
    data = heics.CRAFTED[name]()
    monkeypatch.setattr("pi_heif.open_heif", lambda *_, **__: pytest.fail("decoded"))
    start = time.thread_time()

    assert refusal(data).code == REFUSED[name]
    assert time.thread_time() - start < 1


def test_a_parameter_set_that_travels_with_a_picture_is_not_believed():
    data = heics.with_unit(heics.sps_claiming(16_384, 16_384))

    assert (look(data).width_px, b"\x42\x01" in read_heif(data).tiles[0].slices) == (64, False)


@pytest.mark.parametrize(
    ("make", "most"),
    [
        pytest.param(lambda: heics.photo(640, 480), 600_000, id="one picture takes half"),
        pytest.param(lambda: heics.in_tiles(1_024, 1_024), 1_000_000, id="tiles take all"),
    ],
)
def test_too_many_pixels_are_refused_with_the_limit(make, most: int):
    assert refusal(make(), EvidenceLimits(pixels=most)).code == "too_many_pixels"
    assert look(make(), EvidenceLimits(pixels=2_200_000)).media_type == "image/heic"


@pytest.mark.parametrize("share", [0.02, 0.1, 0.5, 0.9, 0.99])
@pytest.mark.parametrize("make", [heics.photo, heics.iphone], ids=["one picture", "tiles"])
def test_a_photo_that_is_cut_off_is_truncated(make, share: float):
    data = make()

    assert refusal(data[: int(len(data) * share)]).code == "truncated"


def verdict(data: bytes) -> str:
    try:
        return look(data).media_type
    except EvidenceRefused as error:
        return error.code


@pytest.mark.parametrize("base", [name for name in BASES if name.startswith("heic")])
def test_whatever_is_bent_ends_with_a_photo_or_a_refusal(base: str):
    seed = random.randrange(10**6)
    print(f"seed {seed}")  # noqa: T201 - to try it again

    found = Counter(verdict(data) for _, data in mutations(seed, 30, only=(base,)))

    assert found.total() > 100
    assert set(found) <= {
        *("image/heic", "corrupt", "truncated", "unsupported_type", "not_media", "empty"),
        *("too_many_pixels", "animated"),
    }


MEASURE = """
import resource, sys
from pathlib import Path
from zoneinfo import ZoneInfo
from services.intake.evidence import EvidenceLimits
from services.intake.evidence.inspection import inspect
before = resource.getrusage(resource.RUSAGE_SELF)
inspect(Path(sys.argv[1]), EvidenceLimits(), zone=ZoneInfo("Asia/Ho_Chi_Minh"))
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_maxrss - before.ru_maxrss, after.ru_utime + after.ru_stime - before.ru_utime)
"""


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: heics.in_tiles(8_064, 6_048), id="48 MP in tiles"),
        pytest.param(lambda: heics.large(5_712, 4_284), id="24 MP in one"),
        pytest.param(lambda: heics.in_tiles(5_200, 4_800, 520), id="tiles that cannot be shrunk"),
    ],
)
def test_the_largest_photo_allowed_takes_under_300_mb_and_5_s(make, tmp_path: Path):
    path = tmp_path / "photo"
    path.write_bytes(make())

    answer = subprocess.run(  # noqa: S603 - our own interpreter; memory is measured per process
        [sys.executable, "-c", MEASURE, str(path)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )

    kilobytes, seconds = answer.stdout.split()
    assert int(kilobytes) < 300 * 1024
    assert float(seconds) < 5
