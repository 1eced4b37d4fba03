"""Boundaries by edition: one file, and each edition's own areas in it."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.router.maps import Maps, load_maps
from shared.boundaries import BoundaryFileError
from shared.rulebook import Edition, load_rulebook
from shared.settings import RULES

AT = datetime(2026, 1, 12, 1, 0, tzinfo=UTC)
BOOK = load_rulebook(RULES / "regulations" / "lamdong-5-wards.yaml", RULES / "calendars", AT)
INSTALLED = BOOK.installed
LAM_VIEN = next(each for each in INSTALLED.regulation.areas if each.id == "ward_lam_vien")


def geojson(*, code: str = LAM_VIEN.code, valid_from: str = str(LAM_VIEN.valid_from)) -> bytes:
    ring = [[108.40, 11.90], [108.50, 11.90], [108.50, 12.00], [108.40, 12.00], [108.40, 11.90]]
    feature = {
        "type": "Feature",
        "properties": {"code": code, "valid_from": valid_from},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    return json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()


def edition(*changes: tuple[str, str]) -> Edition:
    text = INSTALLED.text.replace(f"version: {INSTALLED.regulation.version}", "version: other")
    for old, new in (('version: "2025-1"', 'version: "next"'), *changes):
        assert old in text
        text = text.replace(old, new)
    return BOOK.read(text, effective_from=None, at=AT, by="administrator")


def located(maps: Maps, of: Edition) -> str | None:
    boundaries = maps.of(of)
    assert boundaries
    return boundaries.locate(11.95, 108.45)


def test_a_later_edition_answers_with_its_own_areas() -> None:
    later = edition(("ward_lam_vien", "ward_renamed"))
    maps = Maps(geojson(), "wards.geojson")

    assert located(maps, INSTALLED) == "ward_lam_vien"
    assert located(maps, later) == "ward_renamed"
    assert located(maps, INSTALLED) == "ward_lam_vien"


def test_an_edition_whose_areas_are_not_in_the_file_has_no_boundaries() -> None:
    maps = Maps(geojson(), "wards.geojson")
    later = edition((f'"{LAM_VIEN.code}"', '"99999"'))

    assert maps.of(INSTALLED)
    assert maps.of(later) is None  # the stated ward decides
    assert maps.of(later) is None


def test_the_file_must_be_good_for_the_installed_edition(tmp_path: Path) -> None:
    file = tmp_path / "wards.geojson"
    file.write_bytes(geojson(code="99999"))

    with pytest.raises(BoundaryFileError, match="no feature is an area"):
        load_maps(file, INSTALLED)

    file.write_bytes(geojson())
    assert located(load_maps(file, INSTALLED), INSTALLED) == "ward_lam_vien"


def test_without_a_file_no_point_decides() -> None:
    assert load_maps(None, INSTALLED).of(INSTALLED) is None
