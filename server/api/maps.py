"""The ground of maps that an office supplies: a PMTiles file, and raster tiles of a service. No borders of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from flask import Response, current_app, jsonify, request, send_file
from flask_smorest import Blueprint

from server.api.signed_in import signed_in
from server.config import Ground, Settings
from server.errors import CATALOGUE, Problem
from server.geo.pmtiles import Header, read_header
from server.geo.raster_source import fetch_tile
from server.geo.tile import Tile

DAY = 86_400
FILE = "/api/v1/maps/ground.pmtiles"
TILES = "/api/v1/maps/tiles"

blueprint = Blueprint("maps", __name__, description="The ground of maps that an office supplies")


@blueprint.get("/maps")
@signed_in()
def ground() -> Response:
    """`file` (a PMTiles file, null where none is set) and `tiles` (raster layers, lowest first)."""
    wanted = _ground()
    layers = [{"url": f"{TILES}/{n}/{{z}}/{{x}}/{{y}}", "max_zoom": wanted.deepest} for n in range(len(wanted.tiles))]
    answer = jsonify({"file": _file(wanted), "tiles": layers, "credit": wanted.credit})
    answer.headers["Cache-Control"] = "private, no-cache"
    return answer


@blueprint.get("/maps/ground.pmtiles")
@signed_in()
def file() -> Response:
    """The file, in parts as asked for (Range)."""
    wanted = _ground()
    if wanted.file is None:
        raise Problem("record.not_found")
    _header(wanted.file)
    answer = send_file(wanted.file, mimetype="application/vnd.pmtiles", conditional=False, etag=False)
    answer.set_etag(_version(wanted.file))
    answer.make_conditional(request, accept_ranges=True, complete_length=wanted.file.stat().st_size)
    answer.headers["Cache-Control"] = f"private, max-age={DAY}"  # another file has another address (`version`)
    answer.headers["Vary"] = "Authorization, Cookie"
    return answer


@blueprint.get("/maps/tiles/<int:layer>/<int:z>/<int:x>/<int:y>")
@signed_in()
def raster(layer: int, z: int, x: int, y: int) -> Response:
    """A picture of the map service; the server fetches it, so that its key stays on the server."""
    content, media_type = fetch_tile(_ground(), layer, Tile(z, x, y))
    answer = Response(content, mimetype=media_type)
    answer.headers["Cache-Control"] = f"private, max-age={DAY}"
    return answer


def _ground() -> Ground:
    settings: Settings = current_app.config["RUHU"]
    return settings.ground


def _file(wanted: Ground) -> dict[str, Any] | None:
    """What the file is, or the `problem` that keeps it from being one; `version` changes with its content."""
    if wanted.file is None:
        return None
    try:
        header = _header(wanted.file)
    except Problem as problem:
        entry = CATALOGUE[problem.code]
        return {"problem": {"code": problem.code, "zh": entry.zh, "en": entry.en}}
    bounds = {"min_zoom": header.min_zoom, "max_zoom": header.max_zoom, "box": header.box}
    return {"url": FILE, "version": _version(wanted.file), "kind": header.kind, **bounds}


def _header(file: Path) -> Header:
    """Problem map.file_unreadable."""
    try:
        return read_header(file)
    except (OSError, ValueError):
        raise Problem("map.file_unreadable") from None


def _version(file: Path) -> str:
    """Changes when the file is exchanged."""
    there = file.stat()
    return hashlib.sha256(f"{there.st_mtime_ns} {there.st_size}".encode()).hexdigest()[:16]
