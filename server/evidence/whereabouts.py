"""Where and when a photo was taken, from the best of three witnesses. PURE.

The phone's capture record comes first (browsers strip EXIF positions), then EXIF, then the visit. A position keeps
its coordinates and datum as declared; its geometry is WGS-84, converted by that declaration and never by guess.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from shapely import Point

from server.evidence.findings import Finding
from server.sync.place import declared_point, point

BEIJING = timezone(timedelta(hours=8))
# Capture records name no datum: the browser's positions are WGS-84 by its standard.
KEPT = ("lon", "lat", "accuracy_m", "altitude_m", "datum", "fix_time", "source")

Stated = Mapping[str, Any] | None


@dataclass
class Whereabouts:
    """`place`: coordinates as declared; `source`: capture, exif, visit or None; `geom` only where it is WGS-84."""

    place: dict[str, Any] | None = None
    source: str | None = None
    geom: Point | None = None
    taken_at: datetime | None = None
    findings: list[Finding] = field(default_factory=list)


def whereabouts(capture: Stated, exif: Mapping[str, Any], visit: Stated, visit_at: datetime | None) -> Whereabouts:
    """The first witness that knows a position, and the first that knows a time."""
    found = Whereabouts()
    for source, stated in (("capture", _fix(capture)), ("exif", _exif_fix(exif)), ("visit", visit)):
        if stated and point(stated.get("lon"), stated.get("lat")):
            found.place = {key: stated[key] for key in KEPT if stated.get(key) is not None}
            found.source, found.geom = source, declared_point(stated)
            break
    if found.place and found.geom is None:
        found.findings.append(Finding("photo.datum_not_converted", "info", str(found.place.get("datum"))[:40]))
    found.taken_at = _taken_at(capture or {}, exif, visit_at, found.findings)
    return found


def _fix(capture: Stated) -> dict[str, Any] | None:
    fix = (capture or {}).get("fix")
    if not isinstance(fix, Mapping):
        return None
    return {**fix, "datum": fix.get("datum", "WGS84"), "fix_time": fix.get("time", fix.get("fix_time"))}


def _exif_fix(exif: Mapping[str, Any]) -> dict[str, Any] | None:
    return {**exif, "datum": "WGS84"} if "lat" in exif else None


def _taken_at(
    capture: Mapping[str, Any], exif: Mapping[str, Any], visit_at: datetime | None, findings: list[Finding]
) -> datetime | None:
    """The shutter's time. A picked photo was not taken when it was picked, so there EXIF comes first."""
    shutter, written = shutter_time(capture), exif_time(exif)
    picked = capture.get("source") == "gallery"
    order = (written, None if picked else shutter, visit_at)
    taken = next((time for time in (order if picked else (shutter, written, visit_at)) if time), None)
    if taken and taken is written and "offset" not in exif:
        findings.append(Finding("photo.time_without_zone", "info"))
    return taken


def shutter_time(capture: Mapping[str, Any]) -> datetime | None:
    """When the photo was taken (or picked), by the phone's clock."""
    wall_ms = capture.get("wall_ms")
    if not isinstance(wall_ms, (int, float)) or not 946_684_800_000 <= wall_ms <= 4_102_444_800_000:
        return None  # no number, or outside 2000-2100
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


def exif_time(exif: Mapping[str, Any]) -> datetime | None:
    """When the camera says that the photo was taken; without a zone, Beijing time."""
    text = exif.get("taken_at")
    if not isinstance(text, str):
        return None
    try:
        time = datetime.fromisoformat(f"{text}{exif.get('offset', '')}")
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=BEIJING)
