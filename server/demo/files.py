"""The demo county's areas as the two files that `ruhu region import` reads."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence

from shapely.geometry import mapping

from server.demo.land import Area
from server.geo.region_file import COLUMNS


def table(areas: Sequence[Area]) -> bytes:
    """CSV, UTF-8."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for area in areas:
        writer.writerow([area.code, area.parent or "", area.level, area.name_zh, area.name_en, "", ""])
    return out.getvalue().encode()


def boundaries(areas: Sequence[Area]) -> bytes:
    """GeoJSON of all areas that have a boundary."""
    features = [
        {"type": "Feature", "properties": {"code": area.code}, "geometry": mapping(area.boundary)}
        for area in areas
        if area.boundary is not None
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()
