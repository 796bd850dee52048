"""The ground of maps: nothing where nothing is set, a file in parts, a service outside whose key nobody sees."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from server.config import Ground, settings_from
from server.geo import raster_source
from tests.ground import PNG, map_service, tile_id, vector_ground, write_pmtiles
from tests.world import Phone, World, build_world

KEY = "secret-key-4711"


@pytest.fixture
def reader(app: Flask) -> Phone:
    world: World = build_world(app)
    return world.phone("li")


def lay(app: Flask, **ground: Any) -> None:
    app.config["RUHU"] = dataclasses.replace(app.config["RUHU"], ground=Ground(**ground))


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), "green").save(out, "PNG")
    return out.getvalue()


def test_without_settings_there_is_no_ground(reader: Phone) -> None:
    assert reader.get("/maps").json == {"file": None, "tiles": [], "credit": ""}
    assert reader.get("/maps/ground.pmtiles").status_code == 404
    assert reader.get("/maps/tiles/0/3/1/1").status_code == 404


def test_nobody_gets_the_ground_without_signing_in(app: Flask, tmp_path: Path) -> None:
    lay(app, file=vector_ground(tmp_path / "g.pmtiles", 107.9, 25.9, range(0, 3)))
    for path in ("/maps", "/maps/ground.pmtiles", "/maps/tiles/0/0/0/0"):
        assert app.test_client().get(f"/api/v1{path}").status_code == 401


def test_the_file_is_told_and_answered_in_parts(app: Flask, reader: Phone, tmp_path: Path) -> None:
    path = vector_ground(tmp_path / "g.pmtiles", 107.9, 25.9, range(0, 15))
    lay(app, file=path, credit="虚县自然资源局")
    told = reader.get("/maps").json
    assert told["file"] | {"version": ""} == {
        "url": "/api/v1/maps/ground.pmtiles", "version": "", "kind": "vector", "min_zoom": 0, "max_zoom": 14,
        "box": [-180, -85, 180, 85],
    }  # fmt: skip
    assert told["credit"] == "虚县自然资源局"
    part = reader.client.get(
        "/api/v1/maps/ground.pmtiles", headers={**reader.headers, "Range": "bytes=10-26"}
    )
    assert (part.status_code, part.data) == (206, path.read_bytes()[10:27])
    assert part.headers["Content-Range"] == f"bytes 10-26/{path.stat().st_size}"
    again = reader.client.get(
        "/api/v1/maps/ground.pmtiles", headers={**reader.headers, "If-None-Match": part.headers["ETag"]}
    )
    assert again.status_code == 304
    assert reader.get("/maps/ground.pmtiles").data == path.read_bytes()


@pytest.mark.parametrize(
    "content", [b"", b"PMTiles\x02" + b"\0" * 200, b"no map at all" * 20, b"PMTiles\x03" + b"\0" * 200]
)
def test_a_file_that_is_none_is_told_and_breaks_nothing(
    app: Flask, reader: Phone, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "g.pmtiles").write_bytes(content)
    for file in (tmp_path / "g.pmtiles", tmp_path / "not there", tmp_path):
        lay(app, file=file)
        assert reader.get("/maps").json["file"]["problem"]["code"] == "map.file_unreadable"
        answer = reader.get("/maps/ground.pmtiles")
        assert (answer.status_code, answer.json["code"]) == (503, "map.file_unreadable")


def test_a_tile_of_the_service_comes_through_and_its_key_stays(app: Flask, reader: Phone) -> None:
    with map_service(200, picture()) as (address, asked):
        lay(app, tiles=(f"{address}/img?r={{y}}&c={{x}}&m={{z}}&tk={{key}}",), key=KEY, deepest=18)
        told = reader.get("/maps")
        assert told.json["tiles"] == [{"url": "/api/v1/maps/tiles/0/{z}/{x}/{y}", "max_zoom": 18}]
        tile = reader.get("/maps/tiles/0/5/25/13")
    assert (tile.status_code, tile.mimetype, tile.data) == (200, "image/png", picture())
    assert asked == [f"/img?r=13&c=25&m=5&tk={KEY}"]
    assert KEY not in told.text and KEY not in str(tile.headers) and KEY not in repr(app.config["RUHU"])


@pytest.mark.parametrize("path", ["1/5/25/13", "0/5/32/0", "0/19/0/0"])
def test_what_is_no_tile_is_not_asked_for(app: Flask, reader: Phone, path: str) -> None:
    with map_service(200, picture()) as (address, asked):
        lay(app, tiles=(f"{address}/{{z}}/{{x}}/{{y}}",), deepest=18)
        assert reader.get(f"/maps/tiles/{path}").status_code == 404
    assert asked == []


@pytest.mark.parametrize(
    ("status", "content", "headers", "expected"),
    [
        (403, b"forbidden", {}, (502, "map.source_refused")),
        (200, b"<html>wrong key</html>", {}, (502, "map.source_refused")),
        (302, b"", {"Location": "/elsewhere"}, (502, "map.source_refused")),
        (404, b"", {}, (404, "record.not_found")),
    ],
)
def test_what_is_no_picture_is_not_passed_on(
    app: Flask, reader: Phone, status: int, content: bytes, headers: dict[str, str], expected: tuple[int, str]
) -> None:
    """Proves that a redirect is not followed either: the key would go with it."""
    with map_service(status, content, headers) as (address, asked):
        lay(app, tiles=(f"{address}/{{z}}/{{x}}/{{y}}?tk={{key}}",), key=KEY)
        answer = reader.get("/maps/tiles/0/1/0/0")
    assert (answer.status_code, answer.json["code"]) == expected
    assert len(asked) == 1 and KEY not in answer.text


def test_a_tile_larger_than_tiles_are_is_refused(
    app: Flask, reader: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raster_source, "LARGEST", 100)
    with map_service(200, picture()) as (address, _):
        lay(app, tiles=(f"{address}/{{z}}/{{x}}/{{y}}",))
        assert reader.get("/maps/tiles/0/1/0/0").json["code"] == "map.source_refused"


def test_a_service_that_is_away_is_told_without_its_address(app: Flask, reader: Phone) -> None:
    with map_service(200, b"") as (address, _):
        pass
    lay(app, tiles=(f"{address}/{{z}}/{{x}}/{{y}}?tk={{key}}",), key=KEY)
    answer = reader.get("/maps/tiles/0/1/0/0")
    assert (answer.status_code, answer.json["code"]) == (503, "map.source_away")
    assert KEY not in answer.text and address not in answer.text


def test_the_settings_name_file_tiles_and_key() -> None:
    env = {"RUHU_MAP_FILE": "/maps/county.pmtiles", "RUHU_MAP_TILES": "https://a/{z}/{x}/{y} https://b/{x}/{y}/{z}",
           "RUHU_MAP_KEY": KEY, "RUHU_MAP_DEEPEST": "16"}  # fmt: skip
    ground = settings_from(env).ground
    assert (ground.file, len(ground.tiles), ground.deepest) == (Path("/maps/county.pmtiles"), 2, 16)
    for wrong in ("ftp://a/{z}/{x}/{y}", "https://a/{z}/{x}"):
        with pytest.raises(SystemExit, match="RUHU_MAP_TILES"):
            settings_from({"RUHU_MAP_TILES": wrong})


def test_the_tests_own_files_follow_the_specification(tmp_path: Path) -> None:
    """The examples of the specification's tile ids; a raster file is told as one."""
    assert [tile_id(0, 0, 0), tile_id(1, 0, 0), tile_id(1, 0, 1), tile_id(1, 1, 1), tile_id(1, 1, 0), tile_id(2, 0, 0),
            tile_id(12, 3423, 1763)] == [0, 1, 2, 3, 4, 5, 19078479]  # fmt: skip
    assert write_pmtiles(tmp_path / "r.pmtiles", {(0, 0, 0): picture()}, PNG).read_bytes()[99] == 2
