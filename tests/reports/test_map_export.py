"""Places leave the server as files that map programs open: only what their reader may see, masked as on every page.

The reader here is GDAL (pyogrio), which is what QGIS opens files with.
"""

from __future__ import annotations

import csv
import io
import json
import sqlite3
import struct
import zipfile
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyogrio
import pytest
from click.testing import CliRunner
from pyogrio.raw import read
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.cli import main
from server.db import now
from server.reports.geopackage import GeoPackage
from tests.evidence.test_judging import LAT, LON, Camera, looked_at, pictures, world  # noqa: F401
from tests.reports.test_exports import _export
from tests.world import EAST, LIUSHU, WANG, ZHAO, World

Rows = list[dict[str, Any]]


@pytest.fixture
def mapped(world: World) -> World:  # noqa: F811
    camera, photos = Camera(world, "li"), pictures(2)
    visits = [camera.send([one], camera.sealed([one]), base_version=2) for one in photos]
    looked_at(world, world.phone("zhang"), visits[0])
    return world


def asked(world: World, name: str, **more: Any) -> bytes:  # noqa: F811
    return _export(world, world.phone(name), kind="map", form_id=None, **more)


def layer(path: Path, name: str, **narrowed: Any) -> Rows:
    """The rows of a layer as GDAL reads them."""
    meta, _, shapes, columns = read(path, layer=name, **narrowed)
    assert shapes is not None
    rows = zip(shapes, *columns, strict=True)
    return [{"geom": row[0], **dict(zip(meta["fields"], row[1:], strict=True))} for row in rows]


@pytest.fixture
def package(mapped: World, tmp_path: Path) -> Path:
    path = tmp_path / "map.gpkg"
    path.write_bytes(asked(mapped, "zhang"))
    return path


def test_gdal_opens_the_geopackage_and_finds_places_datum_and_source(package: Path) -> None:
    names = {str(name): kind for name, kind in pyogrio.list_layers(package)}
    assert {"households", "submissions", "photos", "codebook", "codes"} == set(names)
    assert {names[name] for name in ("households", "submissions", "photos")} == {"Point"}
    info = pyogrio.read_info(package, layer="households")
    assert info["crs"] == "EPSG:4326" and info["driver"] == "GPKG"
    assert info["capabilities"]["fast_spatial_filter"], "the index is used"
    assert len(layer(package, "photos", bbox=(108.2, 26.1, 108.4, 26.3))) == 2
    assert layer(package, "photos", bbox=(100, 20, 101, 21)) == []
    (wang,) = [row for row in layer(package, "households") if row["id"] == WANG]
    assert wang["geom"][-16:] == struct.pack("<dd", LON, LAT)
    assert (wang["lon"], wang["lat"], wang["datum"], wang["source"]) == (LON, LAT, "wgs84", "gps")
    photo = layer(package, "photos")[0]
    assert photo["place_source"] == "capture" and photo["datum"] == "WGS84" and photo["accuracy_m"] == 6
    assert photo["photo"].startswith("http://localhost/api/v1/photos/")


def test_the_file_keeps_the_rules_and_its_codebook_speaks_both_languages(package: Path) -> None:
    file = sqlite3.connect(package)
    assert file.execute("PRAGMA application_id").fetchone()[0] == 0x47504B47
    assert file.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    extensions = file.execute("SELECT table_name, extension_name FROM gpkg_extensions ORDER BY 1").fetchall()
    assert extensions == [(name, "gpkg_rtree_index") for name in ("households", "photos", "submissions")]
    for name in ("households", "photos", "submissions"):
        triggers = file.execute("SELECT count(*) FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (name,))
        assert triggers.fetchone()[0] == 6
        placed = file.execute(f"SELECT count(*) FROM {name} WHERE geom IS NOT NULL").fetchone()
        assert placed == file.execute(f"SELECT count(*) FROM rtree_{name}_geom").fetchone()
    labels = dict(file.execute("SELECT field, label_zh || '/' || label_en FROM codebook WHERE layer = 'households'"))
    assert labels["head_name"] == "户主姓名/Name of head"
    columns = {row[1] for row in file.execute("PRAGMA table_info(households)")} - {"fid", "geom"}
    assert set(labels) == columns, "every column has its line"
    assert file.execute("SELECT label_zh FROM codes WHERE field = 'datum' AND code = 'gcj02'").fetchone()


def test_gdal_may_change_it_and_the_index_follows(package: Path) -> None:
    """The triggers are there for programs that edit the file."""
    meta, _, shapes, columns = read(package, layer="photos", max_features=1)
    pyogrio.raw.write(
        package, geometry=shapes, field_data=columns, fields=meta["fields"], layer="photos", append=True,
        geometry_type="Point", crs="EPSG:4326", driver="GPKG",
    )  # fmt: skip
    assert len(layer(package, "photos", bbox=(108.2, 26.1, 108.4, 26.3))) == 3


def test_geojson_opens_too_and_every_feature_has_the_same_properties(mapped: World, tmp_path: Path) -> None:
    content = asked(mapped, "zhang", format="geojson")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        archive.extractall(tmp_path)
        assert "户主姓名" in archive.read("codebook.csv").decode("utf-8-sig")
    found = json.loads((tmp_path / "households.geojson").read_text())
    assert found["type"] == "FeatureCollection" and len({tuple(one["properties"]) for one in found["features"]}) == 1
    (wang,) = [one for one in found["features"] if one["id"] == WANG]
    assert wang["geometry"] == {"type": "Point", "coordinates": [LON, LAT]}
    assert {row["instance_id"] for row in layer(tmp_path / "photos.geojson", "photos")} == {
        one["id"] for one in json.loads((tmp_path / "submissions.geojson").read_text())["features"]
    }


def test_only_the_own_area_is_in_it_and_another_reads_as_unknown(mapped: World, tmp_path: Path) -> None:
    """Zhang answers for the east: the west, a region that is not there, and an empty one are the same."""
    path = tmp_path / "x.gpkg"

    def ids(name: str, region: str | None = None) -> dict[str, set[str]]:
        path.write_bytes(asked(mapped, name, region=region))
        return {one: {row["id"] for row in layer(path, one)} for one in ("households", "submissions", "photos")}

    assert WANG in ids("zhang")["households"] and ZHAO not in ids("zhang")["households"]
    assert ZHAO in ids("admin")["households"]
    assert ids("zhang", EAST) == ids("zhang")
    nothing: dict[str, set[str]] = {"households": set(), "submissions": set(), "photos": set()}
    assert ids("zhang", LIUSHU) == ids("zhang", "990199") == nothing
    assert b"22222222" not in asked(mapped, "zhang"), "nothing of the other township anywhere in the file"


def test_an_auditor_gets_no_names_and_is_told_what_is_masked(mapped: World, tmp_path: Path) -> None:
    path = tmp_path / "audit.gpkg"
    path.write_bytes(asked(mapped, "auditor"))
    (wang,) = [row for row in layer(path, "households") if row["id"] == WANG]
    assert wang["head_name"] == wang["label"] == "王*山" and "head_name" in wang["masked"]
    assert wang["contact_phone"] is None and "王大山".encode() not in path.read_bytes()


def test_time_form_and_layers_narrow_it(mapped: World, tmp_path: Path) -> None:
    path = tmp_path / "few.gpkg"
    later = (now() + timedelta(hours=1)).isoformat()
    path.write_bytes(asked(mapped, "zhang", layers=["submissions"], **{"from": later}))
    assert {str(name) for name, _ in pyogrio.list_layers(path)} == {"submissions", "codebook", "codes"}
    assert layer(path, "submissions") == []
    assert mapped.phone("zhang").post("/exports", {"kind": "map", "layers": ["people"]}).status_code == 400
    assert mapped.phone("zhang").post("/exports", {"kind": "map", "format": "xlsx"}).status_code == 400
    assert mapped.phone("zhang").post("/exports", {"kind": "map", "form_id": "none"}).status_code == 404
    assert mapped.phone("li").post("/exports", {"kind": "map"}).status_code == 403


def test_what_is_seen_is_what_the_file_holds(mapped: World, tmp_path: Path) -> None:
    """A window, a drawn area and a time that narrows visits and photos alone; as tables, for who has no map program."""

    def table(name: str, **more: Any) -> list[dict[str, str]]:
        with zipfile.ZipFile(io.BytesIO(asked(mapped, "zhang", format="csv", **more))) as archive:
            return list(csv.DictReader(io.StringIO(archive.read(f"{name}.csv").decode("utf-8-sig"))))

    around = ",".join(f"{LON + x},{LAT + y}" for x, y in ((-0.001, -0.001), (0.001, -0.001), (0, 0.002)))
    (wang,) = table("households", within=around)
    assert (wang["id"], float(wang["lon"]), float(wang["lat"])) == (WANG, LON, LAT)
    assert [row["id"] for row in table("households", bbox=f"{LON - 1},{LAT - 1},{LON + 1},{LAT + 1}")] == [WANG]
    assert table("households", bbox="0,0,1,1") == table("photos", within="0,0,1,0,1,1") == []
    early = {"to": "2001-01-01T00:00:00Z", "timed": ["submissions", "photos"]}
    assert table("submissions", within=around, **early) == []
    assert [row["id"] for row in table("households", within=around, **early)] == [WANG]
    assert mapped.phone("zhang").post("/exports", {"kind": "map", "within": "1,2"}).status_code == 400


def test_the_photos_address_opens_for_its_reader_alone(mapped: World, package: Path) -> None:
    address = layer(package, "photos")[0]["photo"].partition("/api/v1")[2]
    assert mapped.phone("zhang").get(address).status_code == 200
    assert mapped.phone("zhao").get(address).status_code == 404
    assert mapped.app.test_client().get("/api/v1" + address).status_code == 401


def test_the_command_writes_the_same_and_notes_it(mapped: World, tmp_path: Path) -> None:
    out = tmp_path / "c.gpkg"
    words = ["map", str(out), "--as", "zhang", "--region", EAST, "--server", "https://ruhu.example/"]
    done = CliRunner().invoke(main.commands["export"], words, obj=lambda: mapped.app)
    assert done.exit_code == 0, done.output
    assert layer(out, "photos")[0]["photo"].startswith("https://ruhu.example/api/v1/photos/")
    (row,) = mapped.look(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "export.written")).all())
    assert row.subject == "map" and row.detail["region"] == EAST
    outside = ["map", str(out), "--as", "zhang", "--region", LIUSHU]
    assert CliRunner().invoke(main.commands["export"], outside, obj=lambda: mapped.app).exit_code == 1
    cadre = CliRunner().invoke(main.commands["export"], ["map", str(out), "--as", "li"], obj=lambda: mapped.app)
    assert cadre.exit_code == 1


def test_a_file_takes_the_edges_of_the_world_and_what_has_no_place(tmp_path: Path) -> None:
    path = tmp_path / "edges.gpkg"
    file = GeoPackage(path)
    places = [(180.0, 90.0), (-180.0, -90.0), None, (0.0, 0.0)]
    assert file.points("dots", "x", [('a "b"', "TEXT")], ((place, [str(place)]) for place in places)) == 4
    assert file.points("none", "y", [], ()) == 0
    file.close()
    assert [row["geom"] is None for row in layer(path, "dots")] == [False, False, True, False]
    assert layer(path, "none") == []


def test_pages_of_one_lose_nothing(mapped: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page is let go before the next is read."""
    monkeypatch.setattr("server.evidence.features._AT_ONCE", 1)
    path = tmp_path / "p.gpkg"
    path.write_bytes(asked(mapped, "admin"))
    assert len(layer(path, "submissions")) == 2 and len(layer(path, "households")) >= 2
