import json
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import mapping, shape

from shared.areas import elsewhere, resolve
from shared.boundaries import BoundaryFileError, load_boundaries, read_boundaries
from shared.regulation import Regulation, load_regulation

REPOSITORY = Path(__file__).parents[2]
FOLDER = REPOSITORY / "shared" / "regulations"
REAL = REPOSITORY.parent / "shared" / "data" / "areas-5-wards.geojson"
TODAY = date(2026, 11, 24)
NEW = "2025-07-01"


@cache
def load(name: str) -> Regulation:
    return load_regulation(FOLDER / name)


def dalat() -> Regulation:
    return load("dalat.yaml")


def five_wards() -> Regulation:
    return load("lamdong-5-wards.yaml")


@pytest.mark.parametrize(
    ("stated", "area"),
    [
        pytest.param("ward_2", "ward_2", id="an id"),
        pytest.param(" 24781 ", "ward_2", id="a code"),
        pytest.param("Phường 2", "ward_2", id="a name"),
        pytest.param("phuong 2 da lat", "ward_2", id="a name without accents"),
        pytest.param("P.2", "ward_2", id="P.2"),
        pytest.param("p2", "ward_2", id="p2"),
        pytest.param("Phường 02", "ward_2", id="a leading zero"),
        pytest.param("Ward 2", "ward_2", id="english"),
        pytest.param("12 Phan Đình Phùng, Phường 2, Đà Lạt", "ward_2", id="an address"),
        pytest.param("12 Phan Đình Phùng, P. 2, TP. Đà Lạt, Lâm Đồng", "ward_2", id="P. 2"),
        pytest.param("Hẻm 2 đường 3 tháng 4, phường 3", "ward_3", id="other numbers around"),
        pytest.param("phường 10", "ward_10", id="ten is not one"),
        pytest.param("xã Tà Nung", "commune_ta_nung", id="a commune"),
        pytest.param("ta nung", "commune_ta_nung", id="a commune's bare name"),
        pytest.param("Thôn 4, Tà Nung, Đà Lạt", "commune_ta_nung", id="a village address"),
        pytest.param("Xuan Truong Commune", "commune_xuan_truong", id="a commune in english"),
        pytest.param("Phường 2, P.2, ward 2", "ward_2", id="the same thrice"),
        pytest.param("giữa phường 1 và phường 2", None, id="two areas"),
        pytest.param("Phường 13", None, id="no such ward"),
        pytest.param("Phường 2, Bảo Lộc", None, id="the same name in another town"),
        pytest.param("P.2, TP. Hồ Chí Minh", None, id="the same name in another city"),
        pytest.param("2", None, id="a number alone"),
        pytest.param("Chợ Đà Lạt", None, id="a landmark"),
        pytest.param("24999", None, id="no such code"),
        pytest.param("", None, id="nothing"),
        pytest.param("???", None, id="signs"),
    ],
)
def test_a_stated_place_is_one_area_or_none(stated: str, area: str | None) -> None:
    assert resolve(stated, dalat(), TODAY) == area


@pytest.mark.parametrize(
    ("stated", "area"),
    [
        pytest.param("Phường Xuân Hương - Đà Lạt", "ward_xuan_huong", id="the full name"),
        pytest.param("phuong xuan huong", "ward_xuan_huong", id="the short name"),
        pytest.param("Xuân Hương – Đà Lạt", "ward_xuan_huong", id="with another dash"),
        pytest.param("Xuân Hương", "ward_xuan_huong", id="the bare name alone"),
        pytest.param("Quanh hồ Xuân Hương", None, id="the lake is no ward"),
        pytest.param("Quảng trường Lâm Viên", None, id="the square is no ward"),
        pytest.param("Quảng trường Lâm Viên, phường Xuân Hương", "ward_xuan_huong", id="square"),
        pytest.param("12 Phan Đình Phùng, Phường 2, Đà Lạt", "ward_xuan_huong", id="former ward"),
        pytest.param("P.2 cũ, phường Xuân Hương", "ward_xuan_huong", id="former and new agree"),
        pytest.param("P.9, phường Xuân Hương", None, id="former and new disagree"),
        pytest.param("Xã Lát", "ward_lang_biang", id="a former commune"),
        pytest.param("Lang Biang", "ward_lang_biang", id="lang biang"),
        pytest.param("24781", "ward_xuan_huong", id="the code that was ward 2"),
    ],
)
def test_the_five_wards_and_what_people_still_call_them(stated: str, area: str | None) -> None:
    assert resolve(stated, five_wards(), TODAY) == area


@pytest.mark.parametrize(
    "stated",
    [
        "45 Võ Văn Tần, Phường 5, Quận 3, TP.HCM",
        "45 Võ Văn Tần, P.5, Q.3",
        "p5 q3 tphcm",
        "Quận 3, Phường 5",
        "phuong 5 quan 3",
        "phường 2 tp hcm",
        "Phường 2, SG",
        "Phường 1, Vũng Tàu",
        "Phường 2, Hà Nội",
        "Ward 2, Hanoi",
        "P.4, Cà Mau",
        "Phường 3, TP. Huế",
        "Phường 5, Tuy Hoà, Phú Yên",
        "khách sạn Đà Lạt, Phường 2, Nha Trang",
        "phường 2 Bão Lộc",
        "P.12, Gò Vấp",
        "P12 Go Vap",
        "Phường 7, Bình Thạnh",
        "phuong 7 binh thanh",
        "Phường 1, Tân Bình",
        "Phường 5 Phú Nhuận",
        "Ward 1, District 5",
        "District 5, Ward 1",
        "Ward 5, Go Vap District",
        "Q.Bình Thạnh, P.7",
        "45 Võ Văn Tần, Phường 5, khu phố 3, Tân Phú",
        "Phường 8, Hai Ba Trung District",
        "cà phê Đà Lạt, Phường 7, Bình Thạnh",
        "Phường 1, Đông Hà",
        "Phường 2, Sa Đéc",
        "TP. Sa Đéc, Phường 2",
        "Phường 1, Cao Lãnh",
        "Phường 3, Vị Thanh",
        "Phường 2, Tân An",
        "Phường 2, Kiến Tường",
        "Phường 1, Gò Công",
        "Phường 1, Cai Lậy",
        "Phường 1, Hà Tiên",
        "Phường 2, TX Ngã Năm",
        "Phường 2, Vĩnh Châu",
        "phường 1 giá rai",
        "P.1, Duyên Hải",
        "Phường 2, Gia Nghĩa",
        "Phường 1, Bảo Lâm",
        "Xuân Thọ, Sông Cầu",
        "Xã Xuân Thọ, Xuân Lộc",
        "Xã Xuân Thọ, huyện Triệu Sơn",
        "xã Xuân Trường, Thọ Xuân",
        "xã Xuân Trường, huyện Xuân Trường",
    ],
)
def test_an_address_in_another_town_is_no_ward_of_ours(stated: str) -> None:
    assert elsewhere(stated, dalat())
    assert resolve(stated, dalat(), TODAY) is None
    assert resolve(stated, five_wards(), TODAY) is None


@pytest.mark.parametrize(
    "stated",
    [
        "đường Hà Nội, Phường 2, Đà Lạt",
        "12 đường An Giang, Phường 2",
        "12 Saigon street, Ward 2",
        "quán phở Hà Nội, Phường 2, TP Đà Lạt, Lâm Đồng",
        "bến xe Sài Gòn - Đà Lạt, phường 2",
        "Hải Thượng, Phường 2",
        "Nguyễn Trãi, Phường 2",
        "Khu Hòa Bình, Phường 2",
        "12 Điện Biên Phủ, Phường 2",
        "Quán 3 Miền, Phường 2",
        "ấp Hà Đông, P.2",
        "Phường 2, Lâm Đồng",
        "12 Bình Thạnh, Phường 2",
        "12 đường Tân Bình, Phường 2",
        "Phường 2, đường Hà Tiên",
        "Phường 2, 12 đ. Tân An",
        "Phường 2, Tan Phu street",
        "Đ. Hà Nội, Phường 2",
        "Hủ tiếu Sa Đéc, Phường 2",
        "quán Tân Bình, P.2",
        "Phường 2, Bình Thạnh, Đà Lạt",
        "Hai Bà Trưng, Phường 2",
        "Phường 2, Đống Đa",
        "Tây Hồ, P.2",
        "Mê Linh, Phường 2",
        "Phường 2, Ngã Năm Đại học",
    ],
)
def test_a_street_or_a_shop_called_after_a_town_lies_here(stated: str) -> None:
    assert resolve(stated, dalat(), TODAY) == "ward_2"
    assert resolve(stated, five_wards(), TODAY) == "ward_xuan_huong"


@pytest.mark.parametrize(
    ("stated", "commune"),
    [
        ("Xuân Thọ, Xuân Trường, Đà Lạt", None),  # "Thọ Xuân" is in it, and is no place here
        ("thôn Đa Lộc, Xuân Thọ", "commune_xuan_tho"),
        ("Xã Xuân Trường", "commune_xuan_truong"),
    ],
)
def test_what_two_communes_spell_together_is_no_town(stated: str, commune: str | None) -> None:
    assert not elsewhere(stated, dalat())
    assert resolve(stated, dalat(), TODAY) == commune
    assert resolve(stated, five_wards(), TODAY) == "ward_xuan_truong"


def test_an_area_that_does_not_exist_yet_is_not_meant() -> None:
    assert resolve("Phường Cam Ly", five_wards(), date(2025, 6, 30)) is None
    assert resolve("24787", five_wards(), date(2025, 6, 30)) is None
    assert resolve("Phường Cam Ly", five_wards(), date(2025, 7, 1)) == "ward_cam_ly"


@pytest.mark.parametrize("name", ["dalat.yaml", "lamdong-5-wards.yaml"])
def test_every_area_is_found_by_all_its_names(name: str) -> None:
    for area in load(name).areas:
        for stated in (area.id, area.code, area.name.vi, area.name.en, *area.aliases, *area.alone):
            assert resolve(stated, load(name), TODAY) == area.id


@settings(deadline=None)  # the first example also loads the regulation
@given(stated=st.text())
def test_any_text_resolves_to_an_area_or_none(stated: str) -> None:
    assert resolve(stated, dalat(), TODAY) in {None, *(area.id for area in dalat().areas)}


# --- boundaries: small squares, lon from 108.0 to 108.4, lat from 11.0 to 11.1 ---


def square(west: float, east: float, south: float = 11.0, north: float = 11.1) -> dict[str, Any]:
    return mapping(shapely.box(west, south, east, north))


def feature(code: str, geometry: Any, valid_from: str = NEW) -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"code": code, "valid_from": valid_from},
        "geometry": geometry,
    }


def collection(*features: dict[str, Any], **more: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": list(features), **more})


def read(*features: dict[str, Any], **more: Any) -> Any:
    return read_boundaries(collection(*features, **more), "test.geojson", five_wards())


XUAN_HUONG = feature("24781", square(108.0, 108.1))
CAM_LY = feature("24787", square(108.1, 108.2))


@pytest.mark.parametrize(
    ("lat", "lon", "area"),
    [
        pytest.param(11.05, 108.05, "ward_xuan_huong", id="inside the first"),
        pytest.param(11.05, 108.15, "ward_cam_ly", id="inside the second"),
        pytest.param(11.05, 108.1, "ward_xuan_huong", id="a common edge: the lowest code"),
        pytest.param(11.0, 108.2, "ward_cam_ly", id="an outer corner belongs to its area"),
        pytest.param(11.05, 108.2001, None, id="just outside, never the nearest"),
        pytest.param(11.2, 108.05, None, id="north of all"),
        pytest.param(108.05, 11.05, None, id="latitude and longitude exchanged"),
        pytest.param(float("nan"), 108.05, None, id="not a number"),
        pytest.param(11.05, float("inf"), None, id="infinite"),
    ],
)
def test_a_point_lies_in_one_area_or_none(lat: float, lon: float, area: str | None) -> None:
    assert read(XUAN_HUONG, CAM_LY).locate(lat, lon) == area
    assert read(CAM_LY, XUAN_HUONG).locate(lat, lon) == area


def test_a_hole_is_not_part_of_the_area_but_its_edge_is() -> None:
    ring = shapely.box(108.0, 11.0, 108.1, 11.1) - shapely.box(108.04, 11.04, 108.06, 11.06)
    boundaries = read(feature("24781", mapping(ring)))

    assert boundaries.locate(11.05, 108.05) is None
    assert boundaries.locate(11.04, 108.05) == "ward_xuan_huong"
    assert boundaries.locate(11.02, 108.05) == "ward_xuan_huong"


def test_a_hole_may_be_filled_by_another_area() -> None:
    island = shapely.box(108.04, 11.04, 108.06, 11.06)
    ring = shapely.box(108.0, 11.0, 108.1, 11.1) - island
    boundaries = read(feature("24781", mapping(ring)), feature("24787", mapping(island)))

    assert boundaries.locate(11.05, 108.05) == "ward_cam_ly"
    assert boundaries.locate(11.04, 108.05) == "ward_xuan_huong"


def test_an_area_may_have_several_parts() -> None:
    parts = shapely.box(108.0, 11.0, 108.1, 11.1) | shapely.box(108.3, 11.0, 108.4, 11.1)
    boundaries = read(feature("24781", mapping(parts)))

    assert boundaries.locate(11.05, 108.05) == "ward_xuan_huong"
    assert boundaries.locate(11.05, 108.35) == "ward_xuan_huong"
    assert boundaries.locate(11.05, 108.2) is None


def test_a_feature_of_another_time_never_matches() -> None:
    ward_2_of_old = feature("24781", square(108.2, 108.3), valid_from="2020-01-01")
    boundaries = read(XUAN_HUONG, ward_2_of_old)

    assert boundaries.locate(11.05, 108.25) is None


def test_on_a_day_only_the_areas_of_that_day_count() -> None:
    boundaries = read(XUAN_HUONG)

    assert boundaries.locate(11.05, 108.05, on=date(2025, 6, 30)) is None
    assert boundaries.locate(11.05, 108.05, on=TODAY) == "ward_xuan_huong"


def test_schematic_boundaries_never_decide() -> None:
    boundaries = read(XUAN_HUONG, boundaries="schematic")

    assert not boundaries.official
    assert boundaries.locate(11.05, 108.05) is None


@settings(deadline=None)  # the first example also loads the regulation
@given(lat=st.floats(11.0, 11.1), lon=st.floats(108.0, 108.2))
def test_areas_that_meet_leave_no_gap_between_them(lat: float, lon: float) -> None:
    assert TWO.locate(lat, lon) in {"ward_xuan_huong", "ward_cam_ly"}


TWO = read(XUAN_HUONG, CAM_LY)
NOT_A_NUMBER = {
    "type": "Polygon",
    "coordinates": [[[float("nan"), 0], [1, 1], [1, 0], [float("nan"), 0]]],
}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("{", "top: Invalid JSON", id="not JSON"),
        pytest.param("[]", "top", id="not an object"),
        pytest.param(collection(), "features", id="no features"),
        pytest.param(
            collection(XUAN_HUONG, boundaries="schemtic"), "boundaries", id="a misspelt mark"
        ),
        pytest.param(
            collection(feature("24781", square(108, 108.1), valid_from="2020-01-01")),
            "no feature is an area of the regulation 'lamdong_5_wards'",
            id="only areas of another time",
        ),
        pytest.param(
            collection({**XUAN_HUONG, "properties": {"code": "24781"}}),
            "features.0.properties.valid_from: Field required",
            id="a feature without its first day",
        ),
        pytest.param(
            collection(XUAN_HUONG, feature("24781", square(108.2, 108.3))),
            "features.1 and features.0 are both 'ward_xuan_huong'",
            id="an area twice",
        ),
        pytest.param(
            collection(XUAN_HUONG, feature("24787", square(108.05, 108.15))),
            "features.1 and features.0 overlap",
            id="two areas that overlap",
        ),
        pytest.param(
            collection(XUAN_HUONG, feature("24787", square(108.0, 108.1))),
            "features.1 and features.0 overlap",
            id="two areas of one shape",
        ),
        pytest.param(
            collection(feature("24781", BOW_TIE)), "features.0.geometry: Self-inter", id="bow tie"
        ),
        pytest.param(
            collection(feature("24781", square(220000, 230000, 1320000, 1330000))),
            "features.0.geometry: not degrees",
            id="metres of a national grid",
        ),
        pytest.param(
            collection(feature("24781", square(11.0, 11.1, 108.0, 108.1))),
            "features.0.geometry: not degrees",
            id="latitude first",
        ),
        pytest.param(
            collection(feature("24781", {"type": "Point", "coordinates": [108, 11]})),
            "features.0.geometry.type",
            id="a point",
        ),
        pytest.param(
            collection(feature("24781", {"type": "Polygon", "coordinates": []})),
            "features.0.geometry: the polygon is empty",
            id="an empty polygon",
        ),
        pytest.param(
            collection(feature("24781", {"type": "Polygon", "coordinates": [[[1, 2], [3, 4]]]})),
            "features.0.geometry: not a polygon",
            id="a ring of two points",
        ),
        pytest.param(
            collection(feature("24781", {"type": "Polygon", "coordinates": [1, "x"]})),
            "features.0.geometry: not a polygon",
            id="coordinates that are none",
        ),
        pytest.param(
            collection(feature("24781", NOT_A_NUMBER)),
            "features.0.geometry: not",
            id="a coordinate that is no number",
        ),
        pytest.param(
            collection(feature("24781", None)), "features.0.geometry", id="a feature without shape"
        ),
    ],
)
def test_a_wrong_boundary_file_is_refused(text: str, message: str) -> None:
    with pytest.raises(BoundaryFileError) as caught:
        read_boundaries(text, "test.geojson", five_wards())

    assert message in caught.value.message
    assert str(caught.value).startswith("test.geojson: ")


def test_a_sliver_between_simplified_areas_is_no_overlap() -> None:
    boundaries = read(XUAN_HUONG, feature("24787", square(108.0995, 108.2)))

    assert boundaries.locate(11.05, 108.0998) == "ward_xuan_huong"


@pytest.mark.parametrize("name", ["dalat", "lamdong-5-wards"])
def test_the_shipped_boundaries_are_a_sketch_of_every_area(name: str) -> None:
    regulation = load(f"{name}.yaml")
    file = FOLDER / f"{name}-schematic.geojson"
    boundaries = load_boundaries(file, regulation)
    drawn = {
        item["properties"]["code"]: shape(item["geometry"])
        for item in json.loads(file.read_text(encoding="utf-8"))["features"]
    }

    assert not boundaries.official
    assert set(drawn) == {area.code for area in regulation.areas}
    for area in regulation.areas:
        assert drawn[area.code].contains(shapely.Point(area.centre.lon, area.centre.lat))
        assert boundaries.locate(area.centre.lat, area.centre.lon) is None


# --- the five wards' real outlines, where they are at hand ---

# the former wards' and communes' centres, and the ward that they were merged into
MERGED = {
    "ward_1": "ward_xuan_huong",
    "ward_2": "ward_xuan_huong",
    "ward_3": "ward_xuan_huong",
    "ward_4": "ward_xuan_huong",
    "ward_5": "ward_cam_ly",
    "ward_6": "ward_cam_ly",
    "ward_7": "ward_lang_biang",
    "ward_8": "ward_lam_vien",
    "ward_9": "ward_lam_vien",
    "ward_10": "ward_xuan_huong",
    "ward_11": "ward_xuan_truong",
    "ward_12": "ward_lam_vien",
    "commune_ta_nung": "ward_cam_ly",
    "commune_xuan_tho": "ward_xuan_truong",
    "commune_xuan_truong": "ward_xuan_truong",
    "commune_tram_hanh": "ward_xuan_truong",
}

needs_real_boundaries = pytest.mark.skipif(
    not REAL.exists(), reason="the real boundaries are not part of the project"
)


@needs_real_boundaries
def test_every_former_centre_lies_in_the_ward_that_it_was_merged_into() -> None:
    boundaries = load_boundaries(REAL, five_wards())

    assert boundaries.official
    assert len(MERGED) == len(dalat().areas)
    for area in dalat().areas:
        assert boundaries.locate(area.centre.lat, area.centre.lon) == MERGED[area.id]


@needs_real_boundaries
def test_a_point_inside_each_ward_and_its_centroid_lie_in_it() -> None:
    boundaries = load_boundaries(REAL, five_wards())
    by_code = {area.code: area for area in five_wards().areas}

    for item in json.loads(REAL.read_text(encoding="utf-8"))["features"]:
        inside = shape(item["geometry"]).representative_point()
        area = by_code[item["properties"]["code"]]
        assert boundaries.locate(inside.y, inside.x) == area.id
        assert boundaries.locate(area.centre.lat, area.centre.lon) == area.id


@needs_real_boundaries
def test_the_real_boundaries_are_not_those_of_the_former_wards() -> None:
    with pytest.raises(BoundaryFileError, match="no feature is an area"):
        load_boundaries(REAL, dalat())


@needs_real_boundaries
def test_a_point_far_away_lies_in_no_ward() -> None:
    boundaries = load_boundaries(REAL, five_wards())

    assert boundaries.locate(11.5479, 107.8075) is None  # Bảo Lộc
    assert boundaries.locate(10.7769, 106.7009) is None  # TP. Hồ Chí Minh


def test_the_names_and_the_merger_agree() -> None:
    for area in dalat().areas:
        assert resolve(area.name.vi, five_wards(), TODAY) == MERGED[area.id]
