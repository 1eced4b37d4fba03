"""Boundaries: in which area a point lies, by official polygons and by nothing else.

Apart from areas.py because shapely, which only the router needs, takes 40 MB.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import isfinite
from pathlib import Path
from typing import Any, Literal

import shapely
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from shapely.errors import GEOSException
from shapely.geometry import Point, shape
from shapely.geometry.base import BaseGeometry

from shared.errors import CivicError
from shared.regulation import Area, Regulation
from shared.vocabulary import AreaId

# of the smaller area: simplified boundaries overlap in slivers, two drawings of one area wholly
_SLIVER = 0.01
_SOUTH_WEST, _NORTH_EAST = (-180, -90), (180, 90)


class BoundaryFileError(CivicError):
    """A boundary file cannot be used; the sentence names the file and the place in it."""

    def __init__(self, source: str, message: str) -> None:
        super().__init__(f"{source}: {message}")
        self.source = source
        self.message = message


@dataclass(frozen=True, slots=True)
class _Territory:
    area: Area
    shape: BaseGeometry
    feature: int


class Boundaries:
    """The areas' boundaries, for finding the area of a point.

    Attributes:
        official: False for a schematic file, which is for drawing only and locates nothing.
    """

    def __init__(self, territories: Sequence[_Territory], *, official: bool) -> None:
        self.official = official
        # by code, so that a point on a common edge belongs to the same area whatever the file
        self._territories = sorted(territories, key=lambda each: (each.area.code, each.area.id))
        shapes = [each.shape for each in self._territories]
        shapely.prepare(shapes)
        self._tree = shapely.STRtree(shapes)

    def locate(self, lat: float, lon: float, on: date | None = None) -> AreaId | None:
        """Return the area of a point in degrees of WGS-84, or None outside all of them.

        A point on a common edge belongs to the area with the lowest code. With `on` only the
        areas that exist on that local day count. Schematic boundaries locate nothing.
        """
        if not (self.official and isfinite(lat) and isfinite(lon)):
            return None
        point = Point(lon, lat)
        for index in sorted(self._tree.query(point)):
            each = self._territories[index]
            if (on is None or each.area.valid_on(on)) and each.shape.intersects(point):
                return each.area.id
        return None


class _Properties(BaseModel):
    model_config = ConfigDict(frozen=True)

    code: str
    valid_from: date  # without it a re-used code could be either area


class _Geometry(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["Polygon", "MultiPolygon"]
    coordinates: list[Any]


class _Feature(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["Feature"]
    properties: _Properties
    geometry: _Geometry


class _Collection(BaseModel):
    model_config = ConfigDict(frozen=True)

    type: Literal["FeatureCollection"]
    boundaries: Literal["official", "schematic"] = "official"
    features: list[_Feature] = Field(min_length=1)


def load_boundaries(path: Path, regulation: Regulation) -> Boundaries:
    """Read a GeoJSON file of boundaries in WGS-84.

    A feature is an area's when its `code` and `valid_from` are; others are left out. A top-level
    `"boundaries": "schematic"` marks a sketch.

    Raises:
        BoundaryFileError: the file is not such GeoJSON, holds none of the regulation's areas or
            one of them twice, or a shape is invalid, out of range or overlaps another.
    """
    return read_boundaries(path.read_bytes(), path.name, regulation)


def read_boundaries(text: str | bytes, source: str, regulation: Regulation) -> Boundaries:
    """Check the text of a GeoJSON file of boundaries; `source` is its name in messages.

    Raises:
        BoundaryFileError: as `load_boundaries` says.
    """
    try:
        collection = _Collection.model_validate_json(text)
    except ValidationError as failure:
        first = failure.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "top"
        raise BoundaryFileError(source, f"{where}: {first['msg']}") from failure
    areas = {(area.code, area.valid_from): area for area in regulation.areas}
    territories = [
        _Territory(area, _shape(feature.geometry, source, index), index)
        for index, feature in enumerate(collection.features)
        if (area := areas.get((feature.properties.code, feature.properties.valid_from)))
    ]
    if not territories:
        raise BoundaryFileError(
            source, f"no feature is an area of the regulation {regulation.id!r} (code, valid_from)"
        )
    _refuse_overlaps(territories, source)
    return Boundaries(territories, official=collection.boundaries == "official")


def _shape(geometry: _Geometry, source: str, index: int) -> BaseGeometry:
    where = f"features.{index}.geometry"
    try:
        drawn: BaseGeometry = shape(geometry.model_dump())
        corners = shapely.get_coordinates(drawn)
    except (GEOSException, ValueError, TypeError, IndexError, AttributeError) as failure:
        raise BoundaryFileError(source, f"{where}: not a polygon: {failure}") from failure
    if drawn.is_empty:
        raise BoundaryFileError(source, f"{where}: the polygon is empty")
    if not ((corners >= _SOUTH_WEST) & (corners <= _NORTH_EAST)).all():  # refuses NaN too
        raise BoundaryFileError(source, f"{where}: not degrees of longitude and latitude")
    if not drawn.is_valid:
        raise BoundaryFileError(source, f"{where}: {shapely.is_valid_reason(drawn)}")
    return drawn


def _refuse_overlaps(territories: Sequence[_Territory], source: str) -> None:
    for position, one in enumerate(territories):
        for other in territories[:position]:
            where = f"features.{one.feature} and features.{other.feature}"
            if one.area is other.area:
                raise BoundaryFileError(source, f"{where} are both {one.area.id!r}")
            coexist = one.area.valid_from <= other.area.last_day and (
                other.area.valid_from <= one.area.last_day
            )
            common = shapely.area(shapely.intersection(one.shape, other.shape))
            if coexist and common > _SLIVER * min(one.shape.area, other.shape.area):
                raise BoundaryFileError(source, f"{where} overlap")
