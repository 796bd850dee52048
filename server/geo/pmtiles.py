"""The head of a PMTiles file (version 3): what its tiles are and where they lie. Clients read the rest by themselves.

Source: PMTiles specification, version 3, section "Header": 127 bytes, little-endian.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

LENGTH = 127
TYPES = {1: "vector", 2: "raster", 3: "raster", 4: "raster", 5: "raster"}  # MVT; PNG, JPEG, WebP, AVIF
_DEGREE = 10_000_000  # positions are whole numbers of ten-millionths


@dataclass(frozen=True)
class Header:
    """`kind`: vector or raster; `box`: west, south, east, north in degrees."""

    kind: str
    min_zoom: int
    max_zoom: int
    box: tuple[float, float, float, float]


def read_header(path: Path) -> Header:
    """What the file is. OSError where it cannot be read, ValueError where it is no such file."""
    with path.open("rb") as file:
        head = file.read(LENGTH)
    if len(head) < LENGTH or head[:8] != b"PMTiles\x03":
        raise ValueError("not a PMTiles file of version 3")
    kind = TYPES.get(head[99])
    if kind is None:
        raise ValueError(f"tiles of an unknown type ({head[99]})")
    west, south, east, north = (part / _DEGREE for part in struct.unpack("<4i", head[102:118]))
    return Header(kind, head[100], head[101], (west, south, east, north))
