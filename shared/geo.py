"""Distances and boxes on the earth, in metres and degrees of WGS-84. Pure."""

from dataclasses import dataclass
from math import asin, cos, isfinite, radians, sin, sqrt

EARTH_M = 6_371_000.0  # mean radius; within 0.6 % of the ellipsoid anywhere
METRES_PER_DEGREE = 111_195.0  # of latitude, on that sphere


@dataclass(frozen=True)
class Box:
    """South-west and north-east corner, in degrees; never across the 180th meridian."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, lat: float, lon: float) -> bool:
        """Say whether a point lies inside or on the edge."""
        return self.south <= lat <= self.north and self.west <= lon <= self.east


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Return the distance of two points along the surface, in metres (haversine)."""
    up, along = radians(other_lat - lat) / 2, radians(other_lon - lon) / 2
    arc = sin(up) ** 2 + cos(radians(lat)) * cos(radians(other_lat)) * sin(along) ** 2
    return 2 * EARTH_M * asin(min(1.0, sqrt(arc)))


def around(lat: float, lon: float, radius_m: float) -> Box:
    """Return a box that holds every point within `radius_m` of a point."""
    up = radius_m / METRES_PER_DEGREE
    along = up / max(cos(radians(min(abs(lat) + up, 89.9))), 0.001)
    return Box(lon - along, lat - up, lon + along, lat + up)


def read_box(text: str) -> Box | None:
    """Return the box of `west,south,east,north`, or None when it is none."""
    try:
        west, south, east, north = (float(each) for each in text.split(","))
    except ValueError:
        return None
    if not all(map(isfinite, (west, south, east, north))):
        return None
    inside = -180 <= west <= east <= 180 and -90 <= south <= north <= 90  # noqa: PLR2004 - degrees
    return Box(west, south, east, north) if inside else None
