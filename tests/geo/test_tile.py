"""Tiles lie where the map lies: their squares, their units, their bytes."""

from __future__ import annotations

import mapbox_vector_tile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.geo.tile import EXTENT, MARGIN, Dot, Tile, encode


def test_the_first_tile_is_the_whole_map() -> None:
    box = Tile(0, 0, 0).box()
    assert (box.west, box.east) == (-180, 180)
    assert box.north == pytest.approx(85.0511287798, abs=1e-9) and box.south == -box.north


def test_a_well_known_tile_holds_its_place() -> None:
    """Beijing's centre at zoom 12, as every slippy map numbers it."""
    box = Tile(12, 3372, 1552).box()
    assert box.west < 116.39 < box.east and box.south < 39.907 < box.north


@given(st.integers(0, 20), st.floats(-179.9, 179.9), st.floats(-84, 84))
def test_a_place_lies_within_its_own_tile_and_box(z: int, lon: float, lat: float) -> None:
    x, y = (int(part / EXTENT) for part in Tile(z, 0, 0).units(lon, lat))
    tile = Tile(z, x, y)
    across, down = tile.units(lon, lat)
    assert tile.exists() and 0 <= across <= EXTENT and 0 <= down <= EXTENT
    box = tile.box(MARGIN)
    assert box.west <= lon <= box.east and box.south <= lat <= box.north


@pytest.mark.parametrize("tile", [Tile(-1, 0, 0), Tile(21, 0, 0), Tile(3, 8, 0), Tile(3, 0, -1)])
def test_there_is_no_tile_off_the_map(tile: Tile) -> None:
    assert not tile.exists()


def test_a_reader_finds_the_dots_again() -> None:
    tile = Tile(14, 13120, 6943)
    box = tile.box()
    dot = Dot((box.west + box.east) / 2, (box.south + box.north) / 2, {"id": "a", "contested": False})
    content = encode(tile, "households", [dot])
    layer = mapbox_vector_tile.decode(content, default_options={"y_coord_down": True})["households"]
    (feature,) = layer["features"]
    assert feature["properties"] == {"id": "a", "contested": False}
    assert feature["geometry"]["coordinates"] == pytest.approx([EXTENT / 2, EXTENT / 2], abs=2)
    assert encode(tile, "households", []) == b""
