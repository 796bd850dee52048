"""Vector tiles (Mapbox Vector Tile 2.1) of points: which part of the Earth a tile is, and its bytes. PURE."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mapbox_vector_tile
from shapely import Point

from server.geo.inside import Box

EXTENT = 4096  # units of a tile's edge
MARGIN = 64  # units beyond the edge, so that a drawn point is not cut where two tiles meet
DEEPEST = 20
MEDIA_TYPE = "application/vnd.mapbox-vector-tile"


@dataclass(frozen=True)
class Tile:
    """A square of Web Mercator: zoom, column from the date line eastward, row from the north."""

    z: int
    x: int
    y: int

    def exists(self) -> bool:
        return 0 <= self.z <= DEEPEST and 0 <= self.x < 2**self.z and 0 <= self.y < 2**self.z

    def box(self, margin: int = 0) -> Box:
        """The tile in degrees, with some units around it; at the rims of the map no farther than the map."""
        extra = margin / EXTENT
        return Box(
            max(self._lon(self.x - extra), -180.0),
            max(self._lat(self.y + 1 + extra), -90.0),
            min(self._lon(self.x + 1 + extra), 180.0),
            min(self._lat(self.y - extra), 90.0),
        )

    def units(self, lon: float, lat: float) -> tuple[float, float]:
        """Where a position lies in the tile: units from its western and northern edge."""
        across = (lon + 180.0) / 360.0 * float(1 << self.z) - self.x
        down = (1 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2 * float(1 << self.z) - self.y
        return across * EXTENT, down * EXTENT

    def _lon(self, x: float) -> float:
        return x * 360.0 / float(1 << self.z) - 180.0

    def _lat(self, y: float) -> float:
        return math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * y / float(1 << self.z)))))


@dataclass(frozen=True)
class Dot:
    """A point to draw, in degrees, with what a style may read."""

    lon: float
    lat: float
    properties: Mapping[str, Any]


def encode(tile: Tile, layer: str, dots: Sequence[Dot]) -> bytes:
    """The tile's bytes; empty when there is nothing in it."""
    if not dots:
        return b""
    features = [
        {"geometry": Point(*tile.units(dot.lon, dot.lat)), "properties": dict(dot.properties)} for dot in dots
    ]
    options = {"extents": EXTENT, "y_coord_down": True}
    made: bytes = mapbox_vector_tile.encode([{"name": layer, "features": features}], default_options=options)
    return made
