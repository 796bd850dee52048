"""Directions and distances on the WGS-84 ellipsoid. PURE."""

from __future__ import annotations

from typing import Any

import numpy as np
from pyproj import Geod

EARTH = Geod(ellps="WGS84")


def bearings(lon: Any, lat: Any, to_lon: np.ndarray, to_lat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Azimuths in radians and geodesic metres from one position to all, or from each of many to its own."""
    lons, lats = np.broadcast_to(lon, to_lon.shape), np.broadcast_to(lat, to_lat.shape)
    azimuths, _, metres = EARTH.inv(lons, lats, to_lon, to_lat)
    return np.radians(azimuths), np.asarray(metres)
