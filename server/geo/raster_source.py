"""Tiles of a map service outside, fetched by the server: the key stays here, and no phone or desk meets the service.

Only the addresses of the settings are asked, with numbers put in; what comes back is passed on if it is a picture.
"""

from __future__ import annotations

from functools import cache
from threading import BoundedSemaphore

import urllib3

from server.config import Ground
from server.errors import Problem
from server.geo.tile import Tile

LARGEST = 1024 * 1024  # bytes; a tile has some 10 to 100 kB
AT_ONCE = 4  # threads that wait for the service; the others are for people's work
PATIENCE = 2.0  # seconds for one of these places
_TIMEOUT = urllib3.Timeout(connect=3, read=6)
_KINDS = (
    (b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"), (b"RIFF", "image/webp"), (b"GIF8", "image/gif")
)  # fmt: skip
_places = BoundedSemaphore(AT_ONCE)


def fetch_tile(ground: Ground, layer: int, tile: Tile) -> tuple[bytes, str]:
    """The picture and its media type.

    Problems: record.not_found (no such layer or tile), map.source_refused, map.source_away.
    """
    if not 0 <= layer < len(ground.tiles) or not tile.exists() or tile.z > ground.deepest:
        raise Problem("record.not_found")
    address = _address(ground, layer, tile)
    if not _places.acquire(timeout=PATIENCE):
        raise Problem("map.source_away")
    try:
        return _fetch(address)
    except urllib3.exceptions.HTTPError:
        raise Problem("map.source_away") from None  # its words would hold the address, and with it the key
    finally:
        _places.release()


def _address(ground: Ground, layer: int, tile: Tile) -> str:
    found = ground.tiles[layer]
    for mark, value in (("{z}", tile.z), ("{x}", tile.x), ("{y}", tile.y), ("{key}", ground.key)):
        found = found.replace(mark, str(value))
    return found


def _fetch(address: str) -> tuple[bytes, str]:
    """Redirects are not followed: they would lead elsewhere with the key."""
    answer = _pool().request("GET", address, preload_content=False, redirect=False)
    try:
        content = answer.read(LARGEST + 1)
    finally:
        answer.close()
    if answer.status == 404:
        raise Problem("record.not_found")
    kind = next((kind for start, kind in _KINDS if content.startswith(start)), None)
    if answer.status != 200 or kind is None or len(content) > LARGEST:
        raise Problem("map.source_refused", detail=f"HTTP {answer.status}")
    return content, kind


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(maxsize=AT_ONCE, timeout=_TIMEOUT, retries=False, headers={"User-Agent": "Ruhu"})
