"""A small ground for tests: PMTiles files written by the book (specification, version 3), and a map service."""

from __future__ import annotations

import gzip
import json
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import mapbox_vector_tile

from server.geo.tile import EXTENT, Tile

VECTOR, PNG = 1, 2
Tiles = Mapping[tuple[int, int, int], bytes]


def write_pmtiles(
    path: Path, tiles: Tiles, kind: int = VECTOR, metadata: Mapping[str, Any] | None = None,
    box: tuple[float, float, float, float] = (-180, -85, 180, 85),
) -> Path:  # fmt: skip
    """One root directory, tiles as they are; directory and metadata packed with gzip."""
    ordered = sorted((tile_id(*at), content) for at, content in tiles.items())
    directory = gzip.compress(_directory(ordered))
    told = gzip.compress(json.dumps(metadata or {}).encode())
    start = 127 + len(directory) + len(told)
    zooms = [z for z, _, _ in tiles]
    counts = (len(ordered),) * 3
    parts = (127, len(directory), 127 + len(directory), len(told), start, 0, start, sum(len(one) for _, one in ordered))
    corners = [round(part * 10_000_000) for part in box]
    middle = [round((box[0] + box[2]) / 2 * 10_000_000), round((box[1] + box[3]) / 2 * 10_000_000)]
    head = b"PMTiles\x03" + struct.pack("<8Q3Q", *parts, *counts)
    head += struct.pack("<6B4iB2i", 1, 2, 1, kind, min(zooms), max(zooms), *corners, min(zooms), *middle)
    path.write_bytes(head + directory + told + b"".join(content for _, content in ordered))
    return path


def _directory(ordered: list[tuple[int, bytes]]) -> bytes:
    ids = [number for number, _ in ordered]
    lengths = [len(content) for _, content in ordered]
    steps = [one - before for one, before in zip(ids, [0, *ids], strict=False)]
    offsets = [1, *([0] * (len(ids) - 1))]  # the first lies at 0, the others right behind
    return b"".join(_varint(n) for n in [len(ids), *steps, *([1] * len(ids)), *lengths, *offsets])


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def tile_id(z: int, x: int, y: int) -> int:
    """The place on the Hilbert curve, after all smaller zooms."""
    number = (4**z - 1) // 3
    side = 1 << (z - 1) if z else 0
    while side:
        right, below = int(bool(x & side)), int(bool(y & side))
        number += side * side * ((3 * right) ^ below)
        if not below:
            if right:
                x, y = side - 1 - x, side - 1 - y
            x, y = y, x
        side >>= 1
    return number


def vector_ground(path: Path, lon: float, lat: float, zooms: range) -> Path:
    """A lake and a road around a place, in the layers of the Protomaps basemap."""
    tiles = {}
    for z in zooms:
        across, down = Tile(z, 0, 0).units(lon, lat)
        x, y = int(across // EXTENT), int(down // EXTENT)
        layers = [
            {"name": "water", "features": [{"geometry": "POLYGON((0 0, 0 4096, 2048 4096, 2048 0, 0 0))",
                                            "properties": {"kind": "lake"}}]},
            {"name": "roads", "features": [{"geometry": "LINESTRING(0 2048, 4096 2048)",
                                            "properties": {"kind": "major_road"}}]},
            {"name": "boundaries", "features": [{"geometry": "LINESTRING(2048 0, 2048 4096)", "properties": {}}]},
        ]  # fmt: skip
        tiles[z, x, y] = mapbox_vector_tile.encode(layers, default_options={"extents": EXTENT})
    told = {"vector_layers": [{"id": name, "fields": {}} for name in ("water", "roads", "boundaries")]}
    return write_pmtiles(path, tiles, VECTOR, told)


@contextmanager
def map_service(status: int, content: bytes, headers: Mapping[str, str] = {}) -> Iterator[tuple[str, list[str]]]:
    """A service that always answers so: its address, and the paths that it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Nothing to standard error."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
