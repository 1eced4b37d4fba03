from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational

from services.intake.evidence.scene import NOWHERE, Scene, scene_of_photo, scene_of_sound
from tests.hostile.pictures import GPS_OF_THE_MARKET, exif_block

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")


@pytest.mark.parametrize(
    ("taken", "offset", "utc"),
    [
        pytest.param("2026:01:09 16:30:00", None, "2026-01-09T09:30", id="no offset: local zone"),
        pytest.param("2026:01:09 16:30:00", "+07:00", "2026-01-09T09:30", id="offset of the city"),
        pytest.param("2026:01:09 16:30:00", "-05:00", "2026-01-09T21:30", id="offset of a tourist"),
        pytest.param("2026:01:09 16:30:00", "Z", "2026-01-09T16:30", id="offset zulu"),
        pytest.param("2026:01:09 16:30:00", "+25:99", None, id="impossible offset"),
        pytest.param("2026:01:09 16:30:00", "   :  ", "2026-01-09T09:30", id="blank offset"),
        pytest.param("2026-01-09T16:30:00", None, "2026-01-09T09:30", id="written as ISO"),
        pytest.param("0000:00:00 00:00:00", None, None, id="year 0"),
        pytest.param("1970:01:01 00:00:00", None, None, id="camera without a clock"),
        pytest.param("9999:12:31 23:59:59", "-12:00", None, id="end of all time"),
        pytest.param("2026:02:30 10:00:00", None, None, id="30 February"),
        pytest.param("    :  :     :  :  ", None, None, id="blank"),
        pytest.param("yesterday", None, None, id="words"),
        pytest.param(None, "+07:00", None, id="offset without a time"),
    ],
)
def test_the_time_of_a_photo(taken: str | None, offset: str | None, utc: str | None):
    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC) if utc else None

    assert scene_of_photo(exif_block(taken=taken, offset=offset), ZONE).captured_at == expected


STAMP = {29: "2026:01:09", 7: (9.0, 30.0, 0.0)}  # UTC; 16:30 in the city
EARLY, LATE = "2026:01:09 16:30:00", "2026:03:01 08:00:00"


@pytest.mark.parametrize(
    ("block", "utc"),
    [
        pytest.param({"top": {306: EARLY}}, "2026-01-09T09:30", id="306 alone"),
        pytest.param(
            {"top": {306: EARLY}, "inner": {0x9010: "-05:00"}}, "2026-01-09T21:30", id="its offset"
        ),
        pytest.param(
            {"top": {306: EARLY}, "offset": "-05:00"}, "2026-01-09T09:30", id="another's offset"
        ),
        pytest.param({"top": {36867: EARLY}}, "2026-01-09T09:30", id="36867 of Pillow"),
        pytest.param({"top": {36868: EARLY}}, "2026-01-09T09:30", id="36868 of Pillow"),
        pytest.param(
            {"top": {36867: EARLY, 0x9011: "-05:00"}}, "2026-01-09T21:30", id="offset of Pillow"
        ),
        pytest.param({"gps": STAMP}, "2026-01-09T09:30", id="satellites: UTC"),
        pytest.param({"gps": {**STAMP, 29: "2026-01-09"}}, "2026-01-09T09:30", id="ISO date"),
        pytest.param(
            {"gps": {**STAMP, 7: (23.0, 59.0, 59.5)}}, "2026-01-09T23:59:59", id="half a second"
        ),
        pytest.param(
            {"taken": EARLY, "top": {36867: LATE, 306: LATE}, "gps": {**STAMP, 29: "2026:02:01"}},
            "2026-01-09T09:30",
            id="the camera's own field goes first",
        ),
        pytest.param(
            {"inner": {36868: EARLY}, "top": {36867: LATE}},
            "2026-01-09T09:30",
            id="digitized where it belongs before original where it does not",
        ),
        pytest.param(
            {"top": {36867: EARLY, 306: LATE}, "gps": {**STAMP, 29: "2026:02:01"}},
            "2026-01-09T09:30",
            id="36867 of Pillow before satellites",
        ),
        pytest.param({"top": {306: LATE}, "gps": STAMP}, "2026-01-09T09:30", id="306 goes last"),
        pytest.param(
            {"taken": "2026:13:09 16:30:00", "top": {36867: "0000:00:00 00:00:00"}, "gps": STAMP},
            "2026-01-09T09:30",
            id="what is malformed wins over nothing",
        ),
        pytest.param(
            {"taken": LATE, "offset": "+25:99", "top": {306: EARLY}},
            "2026-01-09T09:30",
            id="nor does an impossible offset",
        ),
    ],
)
def test_a_time_that_stands_elsewhere_is_found(block: dict, utc: str):
    exif = exif_block(**{"taken": None, **block})

    expected = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert scene_of_photo(exif, ZONE).captured_at == expected


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({7: None}, id="no time"),
        pytest.param({29: None}, id="no date"),
        pytest.param({29: "0000:00:00"}, id="year 0"),
        pytest.param({29: "1980:01:06"}, id="first day of GPS: no fix"),
        pytest.param({29: "2026:13:09"}, id="month 13"),
        pytest.param({29: "9999:12:31", 7: (23.99, 59.99, 0)}, id="end of all time"),
        pytest.param({29: "09.01.2026"}, id="day first"),
        pytest.param({29: "2026:01:09 junk"}, id="date and more"),
        pytest.param({7: (24.0, 0.0, 0.0)}, id="24 hours"),
        pytest.param({7: (9.0, 60.0, 0.0)}, id="60 minutes"),
        pytest.param({7: (9.0, 30.0, 1e6)}, id="many seconds"),
        pytest.param({7: (9.0, 30.0)}, id="no seconds"),
        pytest.param({7: (9.0, 30.0, 0.0, 0.0)}, id="four numbers"),
        pytest.param({7: (9.0, IFDRational(0, 0), 0.0)}, id="zero over zero"),
        pytest.param({7: (9.0, IFDRational(30, 0), 0.0)}, id="thirty over zero"),
    ],
)
def test_a_malformed_time_of_satellites_is_none_and_hides_no_other(changes: dict):
    gps = {tag: value for tag, value in {**STAMP, **changes}.items() if value}

    assert scene_of_photo(exif_block(taken=None, gps=gps), ZONE).captured_at is None
    later = scene_of_photo(exif_block(taken=None, gps=gps, top={306: EARLY}), ZONE)
    assert later.captured_at == datetime(2026, 1, 9, 9, 30, tzinfo=UTC)


@pytest.mark.parametrize("written", ["0000:01:01 00:00:00", "2026:13:01 00:00:00", "today", ""])
def test_a_malformed_time_of_the_file_is_none(written: str):
    assert scene_of_photo(exif_block(taken=None, top={306: written}), ZONE).captured_at is None


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        pytest.param({}, (11.943, 108.437), id="north east"),
        pytest.param({1: "S", 3: "W"}, (-11.943, -108.437), id="south west"),
        pytest.param({1: "n", 3: "e"}, (11.943, 108.437), id="north east in small letters"),
        pytest.param({1: "s", 3: "w"}, (-11.943, -108.437), id="south west in small letters"),
        pytest.param({2: (11.943, 0, 0)}, (11.943, 108.437), id="decimal degrees"),
        pytest.param({2: (95.0, 0, 0)}, None, id="latitude 95"),
        pytest.param({4: (181.0, 0, 0)}, None, id="longitude 181"),
        pytest.param({2: (90.0, 0, 1.0)}, None, id="a second beyond the pole"),
        pytest.param({2: (11.0, 60.0, 0)}, None, id="60 minutes"),
        pytest.param({1: "X"}, None, id="unknown hemisphere"),
        pytest.param({1: "NS"}, None, id="two hemispheres"),
        pytest.param({1: None}, None, id="no hemisphere"),
        pytest.param({4: None}, None, id="no longitude"),
        pytest.param({2: (IFDRational(0, 0),) * 3}, None, id="zero over zero"),
        pytest.param({2: (0, 0, 0), 4: (0, 0, 0)}, None, id="phone without a fix"),
    ],
)
def test_the_place_of_a_photo(changes: dict, place: tuple[float, float] | None):
    gps = {tag: value for tag, value in {**GPS_OF_THE_MARKET, **changes}.items() if value}

    scene = scene_of_photo(exif_block(gps=gps), ZONE)

    assert (scene.lat, scene.lon) == (place or (None, None))


def test_a_height_below_the_sea_is_negative():
    scene = scene_of_photo(exif_block(gps={**GPS_OF_THE_MARKET, 5: b"\x01", 6: 30.0}), ZONE)

    assert scene.altitude_m == -30


@pytest.mark.parametrize(
    "changes", [{6: 1e6, 31: 0.0}, {6: IFDRational(0, 0), 31: IFDRational(0, 0)}], ids=str
)
def test_an_absurd_height_or_accuracy_is_ignored_and_the_place_kept(changes: dict):
    scene = scene_of_photo(exif_block(gps={**GPS_OF_THE_MARKET, **changes}), ZONE)

    assert (scene.lat, scene.altitude_m, scene.accuracy_m) == (11.943, None, None)


@pytest.mark.parametrize("orientation", [0, 9, 65_535])
def test_an_unknown_orientation_is_upright(orientation: int):
    assert scene_of_photo(exif_block(orientation=orientation), ZONE).orientation == 1


def test_a_broken_field_hides_no_other():
    block = exif_block(offset="+07:00", gps=GPS_OF_THE_MARKET)
    broken = block.replace("Hãng".encode(), b"\xff\xff\xff\xff\xff")

    assert scene_of_photo(broken, ZONE) == scene_of_photo(block, ZONE) != NOWHERE


@given(st.binary(max_size=400))
def test_no_bytes_make_the_reader_of_photos_fail(noise: bytes):
    for start in (b"", b"Exif\0\0II*\0\x08\0\0\0", b"MM\0*\0\0\0\x08"):
        assert isinstance(scene_of_photo(start + noise, ZONE), Scene)


@given(st.data())
def test_no_damage_makes_the_reader_of_photos_fail(data: st.DataObject):
    gps = {**GPS_OF_THE_MARKET, **STAMP}
    block = bytearray(exif_block(orientation=6, offset="+07:00", gps=gps, top={306: LATE}))
    for _ in range(data.draw(st.integers(1, 8))):
        block[data.draw(st.integers(0, len(block) - 1))] = data.draw(st.integers(0, 255))

    scene = scene_of_photo(bytes(block), ZONE)

    assert scene.lat is None or (abs(scene.lat) <= 90 and abs(scene.lon or 0) <= 180)
    assert scene.captured_at is None or 1994 <= scene.captured_at.year <= 2100


@pytest.mark.parametrize(
    ("tags", "scene"),
    [
        pytest.param({}, NOWHERE, id="no tags"),
        pytest.param(
            {"creation_time": "2026-01-09T09:30:00.000000Z"},
            Scene(captured_at=datetime(2026, 1, 9, 9, 30, tzinfo=UTC)),
            id="time",
        ),
        pytest.param({"creation_time": "2026-01-09T09:30:00"}, NOWHERE, id="time without a zone"),
        pytest.param({"creation_time": "1904-01-01T00:00:00Z"}, NOWHERE, id="time zero of MP4"),
        pytest.param({"creation_time": "soon"}, NOWHERE, id="no time at all"),
        pytest.param(
            {"LOCATION": "+11.9430+108.4370+1480.0/"},
            Scene(lat=11.943, lon=108.437, altitude_m=1480),
            id="place with a height",
        ),
        pytest.param({"location": "-11.9-108.4/"}, Scene(lat=-11.9, lon=-108.4), id="place"),
        pytest.param({"location": "+95.0+108.4/"}, NOWHERE, id="latitude 95"),
        pytest.param({"location": "+00.0000+000.0000/"}, NOWHERE, id="no fix"),
        pytest.param({"location": "Đà Lạt"}, NOWHERE, id="a name"),
    ],
)
def test_the_scene_of_a_recording(tags: dict[str, str], scene: Scene):
    assert scene_of_sound(tags) == scene
