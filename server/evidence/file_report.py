"""What one photo file says by itself: for the command line, without a database."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from server.db import today
from server.evidence.checks import Limits, Shot, check
from server.evidence.darkroom import Darkroom, Lost
from server.evidence.dhash import Hashes, Likeness, compare
from server.evidence.findings import Finding
from server.evidence.formats import media_type_of
from server.evidence.images import SIZES
from server.forms.policies import load_policies
from server.forms.policy_rows import in_force, policy_list

_NAMES = {"time": "taken_at", "make": "make", "model": "model", "software": "software"}


def limits_of_today(policies: Path) -> Limits | None:
    """The thresholds of `photo_checks` that hold everywhere today, from the folder of policies."""
    policy = load_policies(policies).get("photo_checks")
    row = in_force(policy_list(policy), "", today()) if policy else None
    return Limits.of(row) if row else None


def report(room: Darkroom, path: Path, limits: Limits | None) -> dict[str, Any]:
    """`{file, type, width, height, sha256, exif: {time?, gps?, make?, model?, software?}, hashes, findings}`.

    Findings are `{code, level, value, limit}`, those of the file alone: who took it where is not known here. A file
    that is no photo, or that its own process did not survive, has findings that say so and no hashes.
    """
    content = path.read_bytes()
    made = _develop(room, path)
    findings = [*made["findings"], *_remarks(made, limits)]
    return {
        "file": str(path),
        "type": media_type_of(content[:32]),
        "width": made["width"],
        "height": made["height"],
        "sha256": hashlib.sha256(content).hexdigest(),
        "exif": _shown(made["exif"]),
        "hashes": made["hashes"],
        "findings": findings,
    }


def _remarks(made: Mapping[str, Any], limits: Limits | None) -> Iterator[dict[str, Any]]:
    """What checks.py says of a picture of which only the file is known."""
    if limits is None or not made["width"]:
        return
    shot = Shot(exif=made["exif"], size=(made["width"], made["height"]), format=made["format"], plain=made["plain"])
    for found in check(shot, limits):
        yield {"code": found.code, "level": found.level, "value": found.value, "limit": found.limit}


def likeness(room: Darkroom, one: Path, other: Path) -> Likeness | None:
    """How alike two files are; None when one of them shows no picture. The same bytes are the same photo."""
    if one.read_bytes() == other.read_bytes():
        return Likeness("same", 0, "full")
    found = [_develop(room, path) for path in (one, other)]
    if not all(made["hashes"] for made in found):
        return None
    first, second = (Hashes.of_hex(made["hashes"], made["plain"]) for made in found)
    return compare(first, second)


def _develop(room: Darkroom, path: Path) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        try:
            return room.develop(path.resolve(), "", {edge: Path(folder) / f"{edge}.jpg" for edge in SIZES})
        except Lost:
            lost = Finding("photo.too_costly", "fail").as_json()
            return {"width": None, "height": None, "format": None, "exif": {}, "hashes": [], "plain": False} | {
                "findings": [lost]
            }


def _shown(exif: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: exif[key] for name, key in _NAMES.items() if exif.get(key)}
    if "time" in shown and exif.get("offset"):
        shown["time"] += exif["offset"]
    if "lat" in exif and "lon" in exif:
        shown["gps"] = {"lat": exif["lat"], "lon": exif["lon"]}
    return shown
