"""Tiles of what is stored: each reader gets the points of the own area and counts of nothing else."""

from __future__ import annotations

from typing import Any

import mapbox_vector_tile
import pytest
from flask import Flask
from sqlalchemy import update

from server.evidence import layers
from server.geo.tile import EXTENT, Tile
from server.registry.tables import Entity
from tests.evidence.test_judging import LAT, LON, Camera, looked_at, pictures, world  # noqa: F401
from tests.world import BAITA, QINGSHI, WANG, Phone, World


def tile_at(z: int) -> Tile:
    across, down = Tile(z, 0, 0).units(LON, LAT)
    return Tile(z, int(across / EXTENT), int(down / EXTENT))


def drawn(reader: Phone, layer: str, z: int, asked: str = "") -> list[Any]:
    tile = tile_at(z)
    answer = reader.get(f"/tiles/{layer}/{tile.z}/{tile.x}/{tile.y}.mvt{asked}")
    assert answer.status_code in (200, 204)
    assert "private" in answer.headers["Cache-Control"] and "Authorization" in answer.headers["Vary"]
    if answer.status_code == 204:
        return []
    found: list[Any] = mapbox_vector_tile.decode(answer.data)[layer]["features"]
    return [feature["properties"] for feature in found]


@pytest.fixture
def mapped(world: World) -> World:  # noqa: F811
    camera, (photo,) = Camera(world, "li"), pictures(1)
    visit = camera.send([photo], camera.sealed([photo]))
    looked_at(world, world.phone("zhang"), visit)
    return world


def test_each_layer_has_its_points(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    assert [one["id"] for one in drawn(zhang, "households", 14)] == [WANG]
    (photo,) = drawn(zhang, "photos", 14)
    assert photo["instance"].startswith("uuid:")


@pytest.mark.parametrize("z", [7, 14])
def test_a_tile_is_narrowed_to_an_area(mapped: World, z: int) -> None:
    zhang = mapped.phone("zhang")
    for layer in layers.LAYERS:
        assert drawn(zhang, layer, z, f"?region={QINGSHI}") == drawn(zhang, layer, z)
        assert drawn(zhang, layer, z, f"?region={BAITA}") == drawn(zhang, layer, z, "?region=9902") == []
    assert zhang.get("/tiles/households/0/0/0.mvt?region=x").status_code == 400


def test_a_time_narrows_visits_and_photos_and_leaves_the_houses(mapped: World) -> None:
    zhang = mapped.phone("zhang")
    for time, there in (("from=2001-01-01T00:00:00Z", True), ("to=2001-01-01T00:00:00Z", False)):
        assert bool(drawn(zhang, "photos", 14, f"?{time}")) is there
        assert drawn(zhang, "households", 14, f"?{time}") == drawn(zhang, "households", 14) != []
    assert zhang.get("/tiles/photos/0/0/0.mvt?from=monday").status_code == 400


def test_far_out_points_are_counted(mapped: World) -> None:
    assert drawn(mapped.phone("zhang"), "households", 7) == [{"count": 1}]


def test_too_many_points_are_counted_however_near(mapped: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layers, "MOST_DOTS", 0)
    assert drawn(mapped.phone("zhang"), "households", 14) == [{"count": 1}]


@pytest.mark.parametrize("z", [7, 14])
def test_another_area_sees_and_counts_nothing(mapped: World, z: int) -> None:
    bai = mapped.phone("bai")
    assert [drawn(bai, layer, z) for layer in layers.LAYERS] == [[], [], []]


def test_a_helper_sees_the_named_household_alone(mapped: World) -> None:
    assert [one["id"] for one in drawn(mapped.phone("helper"), "households", 14)] == [WANG]


def test_an_archived_household_is_not_drawn(mapped: World) -> None:
    mapped.run(lambda session: session.execute(update(Entity).where(Entity.id == WANG).values(state="archived")))
    assert drawn(mapped.phone("zhang"), "households", 14) == []


@pytest.mark.parametrize("path", ["people/1/0/0", "households/3/9/0", "households/30/0/0"])
def test_what_is_no_tile_is_not_found(mapped: World, path: str) -> None:
    assert mapped.phone("zhang").get(f"/tiles/{path}.mvt").status_code == 404


def test_nobody_draws_without_a_name(app: Flask) -> None:
    assert app.test_client().get("/api/v1/tiles/households/1/0/0.mvt").status_code == 401
