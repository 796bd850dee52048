"""Boundaries from GeoJSON and GeoPackage in any declared system; repairs, overlaps and gaps are told, never silent."""

from __future__ import annotations

import json
import sqlite3
import struct
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod, Transformer
from shapely.geometry import MultiPolygon, Polygon, box
from shapely.geometry.base import BaseGeometry

from server.geo import geopackage
from server.geo.beside import beside, may_reach
from server.geo.boundaries import BoundaryFile, Declared, read_boundaries
from server.geo.datum import from_wgs84
from server.geo.neighbours import misfits
from tests.geo.test_region_import import BOW_TIE, COUNTY, SQUARE, feature, geojson
from tests.test_commands_regions_people import Ruhu, ruhu  # noqa: F401

VILLAGE, TOWN = "990101100201", "990101100000"
HOME = Polygon(SQUARE[0])
KNOWN = {VILLAGE, TOWN, "990101100202"}


def package(
    path: Path, rows: Sequence[tuple[str, BaseGeometry | None]], srs: int = 4326, column: str = "Code"
) -> bytes:
    """A GeoPackage as map programs write it: geometry with an envelope, big and little ends."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    connection.executescript(
        f"""PRAGMA application_id = 0x47504B47;
        CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT, srs_id INTEGER PRIMARY KEY, organization TEXT,
            organization_coordsys_id INTEGER, definition TEXT, description TEXT);
        CREATE TABLE gpkg_contents (table_name TEXT PRIMARY KEY, data_type TEXT, srs_id INTEGER);
        CREATE TABLE gpkg_geometry_columns (table_name TEXT, column_name TEXT, geometry_type_name TEXT, srs_id INTEGER);
        INSERT INTO gpkg_spatial_ref_sys VALUES ('x', -1, 'NONE', -1, 'undefined', ''),
            ('g', 4326, 'EPSG', 4326, '', ''), ('k', 4545, 'EPSG', 4545, '', ''),
            ('c', 4490, 'EPSG', 4490, '', ''), ('b', 4214, 'EPSG', 2383, '', '');
        CREATE TABLE "村 界" (fid INTEGER PRIMARY KEY, "{column}" TEXT, geom BLOB);
        INSERT INTO gpkg_contents VALUES ('村 界', 'features', {srs});
        INSERT INTO gpkg_geometry_columns VALUES ('村 界', 'geom', 'MULTIPOLYGON', {srs});"""
    )
    for number, (code, area) in enumerate(rows):
        head = b"" if area is None else struct.pack("<2sBBi", b"GP", 0, 3, srs) + struct.pack("<4d", *area.bounds)
        blob = None if area is None else head + shapely.to_wkb(area, byte_order=number % 2)
        connection.execute('INSERT INTO "村 界" VALUES (NULL, ?, ?)', (code, blob))
    connection.commit()
    connection.close()
    return path.read_bytes()


def read(raw: bytes, **declared: object) -> BoundaryFile:
    return read_boundaries(raw, KNOWN, Declared(**declared))  # type: ignore[arg-type]


def moved(area: BaseGeometry, crs: str) -> BaseGeometry:
    way = Transformer.from_crs("OGC:CRS84", crs, always_xy=True)
    return shapely.transform(area, lambda at: np.column_stack(way.transform(at[:, 0], at[:, 1])))


def apart(one: BaseGeometry, other: BaseGeometry) -> float:
    """Degrees between the outlines."""
    return float(shapely.hausdorff_distance(one, other))


def faults(found: BoundaryFile) -> str:
    return " ".join(f"{fault.why} {fault.fix}" for fault in found.faults)


def test_a_geopackage_is_read_whatever_its_layer_is_called(tmp_path: Path) -> None:
    found = read(package(tmp_path / "a.gpkg", [(VILLAGE, MultiPolygon([HOME])), (TOWN, HOME.buffer(0.1))]))
    assert (found.faults, found.notes, found.repairs) == ([], [], [])
    assert found.shapes[VILLAGE].equals(HOME) and set(found.shapes) == {VILLAGE, TOWN}


@pytest.mark.parametrize("crs", ["EPSG:4545", "EPSG:3857", "EPSG:32649", "EPSG:4490"])
def test_a_declared_system_is_brought_to_wgs84_and_said(tmp_path: Path, crs: str) -> None:
    drawn = moved(HOME, crs) if crs != "EPSG:4490" else HOME
    crs_member = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}}
    for found in (
        read(geojson(feature(VILLAGE, shapely.geometry.mapping(drawn)["coordinates"]), crs=crs_member)),
        read(geojson(feature(VILLAGE, shapely.geometry.mapping(drawn)["coordinates"])), crs=crs),
    ):
        assert found.faults == []
        assert apart(found.shapes[VILLAGE], HOME) < 1e-8, "a millimetre"
        assert len(found.notes) == (crs != "EPSG:4490")
    if crs in ("EPSG:4545", "EPSG:4490"):
        number = int(crs.removeprefix("EPSG:"))
        assert apart(read(package(tmp_path / "k.gpkg", [(VILLAGE, drawn)], number)).shapes[VILLAGE], HOME) < 1e-8


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_boundaries_from_a_chinese_map_are_converted_by_declaration(datum: str) -> None:
    shown = shapely.transform(HOME, lambda at: np.column_stack(from_wgs84(at[:, 0], at[:, 1], datum)))
    raw = geojson(feature(VILLAGE, shapely.geometry.mapping(shown)["coordinates"]))
    assert apart(read(raw, datum=datum).shapes[VILLAGE], HOME) < 1e-9
    assert apart(read(raw).shapes[VILLAGE], HOME) > 1e-3, "never by guess"
    named = json.loads(raw) | {"crs": {"type": "name", "properties": {"name": "GCJ-02"}}}
    if datum == "gcj02":
        assert apart(read(json.dumps(named).encode()).shapes[VILLAGE], HOME) < 1e-9


def test_swapped_axes_are_named_and_taken_only_when_a_person_says_so(tmp_path: Path) -> None:
    turned = shapely.transform(HOME, lambda at: at[:, ::-1])
    raw = geojson(feature(VILLAGE, shapely.geometry.mapping(turned)["coordinates"]))
    assert "--swap-axes" in faults(read(raw))
    assert read(raw, swapped=True).shapes[VILLAGE].equals(HOME)
    north_first = shapely.transform(moved(HOME, "EPSG:4545"), lambda at: at[:, ::-1])
    sheet = package(tmp_path / "n.gpkg", [(VILLAGE, north_first)], 4545)
    assert "--swap-axes" in faults(read(sheet))
    assert apart(read(sheet, swapped=True).shapes[VILLAGE], HOME) < 1e-8


def test_what_no_exact_way_leads_from_is_refused(tmp_path: Path) -> None:
    """Xi'an 1980 has no published exact way; an undefined system says nothing; degrees are no metres."""
    sheet = moved(HOME, "EPSG:4545")
    assert "--crs" in faults(read(package(tmp_path / "x.gpkg", [(VILLAGE, sheet)], 4214)))
    undefined = package(tmp_path / "u.gpkg", [(VILLAGE, HOME)], -1)
    assert "undefined" in faults(read(undefined))
    assert read(undefined, crs="EPSG:4326").shapes[VILLAGE].equals(HOME)
    assert "--crs" in faults(read(geojson(feature(VILLAGE)), crs="EPSG:3857"))
    assert "--crs" in faults(read(geojson(feature(VILLAGE)), crs="moon"))


DONUT = [[[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]], [[2, 2], [2, 12], [8, 12], [8, 2], [2, 2]]]


@pytest.mark.parametrize(
    ("coordinates", "kind"),
    [
        (BOW_TIE, "Self-intersection"),
        (DONUT, "Self-intersection"),
        ([[[0, 0], [10, 0], [10, 10], [5, 10], [5, 20], [5, 10], [0, 10], [0, 0]]], "Self-intersection"),
        ([[[0, 0], [10, 0], [10, 10], [0, 10]]], "Ring not closed"),
        ([DONUT[0], DONUT[0]], "Duplicate Rings"),
    ],
)
def test_every_repair_is_told_with_what_it_changed(coordinates: object, kind: str) -> None:
    scaled = json.loads(json.dumps(coordinates), parse_int=lambda text: 50 + int(text) / 1000)
    found = read(geojson(feature(VILLAGE, scaled)))
    if kind == "Duplicate Rings":
        assert found.shapes == {} or found.repairs
        return
    (repair,) = found.repairs
    assert (repair.code, kind in repair.kind) == (VILLAGE, True)
    changed = Decimal(repair.after_m2) - Decimal(repair.before_m2)
    assert abs(changed - Decimal(repair.difference_m2)) < Decimal("0.02")
    assert found.shapes[VILLAGE].is_valid
    assert any(VILLAGE in note and repair.after_m2 in note for note in found.notes)


def test_overlaps_gaps_and_what_reaches_out_are_told_above_a_limit() -> None:
    """A township of four: two overlap, one reaches out, a strip between them belongs to nobody."""
    parents = {"T": None, "a": "T", "b": "T", "c": "T"}
    shapes = {"T": box(0, 0, 3, 1), "a": box(0, 0, 1.01, 1), "b": box(1, 0, 2, 1), "c": box(2.02, 0, 3.03, 1)}
    found = misfits(shapes, parents, {"a", "b", "c"}, 100)
    assert [(one.kind, one.codes) for one in found] == [
        ("overlap", ("a", "b")), ("outside", ("c", "T")), ("gap", ("T",)),
    ]  # fmt: skip
    assert all(Decimal(one.m2) > 1e8 for one in found)
    assert misfits(shapes, parents, set(), 100) == []
    assert misfits(shapes, parents, {"a", "b", "c"}, 1e12) == []
    ring = {"T": box(0, 0, 9, 9), "a": box(0, 0, 3, 3).difference(box(1, 1, 2, 2)), "b": box(3, 0, 9, 3)}
    assert [(one.kind, one.codes) for one in misfits(ring, {**parents, "c": "T"}, {"a"}, 100)] == [("gap", ("T",))]


def test_the_command_takes_boundaries_alone_previews_them_and_prints_json(ruhu: Ruhu, tmp_path: Path) -> None:  # noqa: F811
    assert ruhu("region", "import", ruhu.file("county.csv", COUNTY)).exit_code == 0
    path = ruhu.file("b.gpkg", package(tmp_path / "b.gpkg", [(VILLAGE, HOME), (TOWN, box(108, 26, 108.05, 26.1))]))
    looked = ruhu("region", "import", path, "--preview", "--json")
    assert looked.exit_code == 0, looked.output
    told = json.loads(looked.stdout)
    assert (told["imported"], told["boundaries"]) == (False, 2)
    assert [(one["kind"], one["codes"]) for one in told["misfits"]] == [("outside", [VILLAGE, TOWN])]
    again = ruhu("region", "import", path)
    assert "2 boundaries" in again.output and "lie outside" in again.output
    assert "0 boundaries" in ruhu("region", "import", path).output
    bent = ruhu.file("bow.geojson", geojson(feature(VILLAGE, BOW_TIE)))
    assert "was repaired" in ruhu("region", "import", bent, "--check").output
    assert ruhu("region", "import", bent, "--crs", "EPSG:3857").exit_code == 1


@pytest.mark.parametrize("cut", [16, 100, 1024, 5000])
def test_a_damaged_geopackage_has_a_cause_and_a_cure(tmp_path: Path, cut: int) -> None:
    whole = package(tmp_path / "a.gpkg", [(VILLAGE, HOME)])
    assert read(whole[:cut]).faults
    assert read(whole[:cut] + b"\xff" * 2000 + whole[cut + 2000 :]).faults or cut > 1000
    assert "code" in faults(read(package(tmp_path / "n.gpkg", [(VILLAGE, HOME)], column="name")))
    assert read(package(tmp_path / "e.gpkg", [(VILLAGE, None)])).faults


@given(st.binary(max_size=400))
def test_any_bytes_after_the_magic_are_a_fault_and_never_a_crash(raw: bytes) -> None:
    assert read(b"SQLite format 3\0" + raw).faults


def test_a_view_that_never_ends_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "endless.gpkg"
    connection = sqlite3.connect(path)
    connection.executescript(
        """CREATE TABLE gpkg_spatial_ref_sys (srs_id, organization, organization_coordsys_id, definition);
        CREATE TABLE gpkg_contents (table_name, data_type);
        CREATE TABLE gpkg_geometry_columns (table_name, column_name, srs_id);
        CREATE TABLE t (x);
        INSERT INTO t WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i FROM n;
        CREATE VIEW v AS SELECT sum(a.x) AS code, NULL AS geom FROM t a, t b, t c, t d, t e, t f;
        INSERT INTO gpkg_contents VALUES ('v', 'features');
        INSERT INTO gpkg_geometry_columns VALUES ('v', 'geom', 4326);"""
    )
    connection.close()
    monkeypatch.setattr(geopackage, "SECONDS", 0.2)
    assert "interrupted" in faults(read(path.read_bytes()))


# No number that a map could hold; metres from the middle of the Earth, which draw no area on it.
@pytest.mark.parametrize(("x", "crs"), [(10**400, "EPSG:4326"), (108, "EPSG:4978")])
def test_numbers_and_systems_that_draw_no_area_are_faults(x: int, crs: str) -> None:
    ring = [[x, 26], [108.1, 26], [108.1, 26.1], [x, 26]]
    area = {"properties": {"code": VILLAGE}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
    content = {"crs": {"properties": {"name": crs}}, "features": [area]}
    found = read(json.dumps(content).encode())
    assert len(found.faults) == 1 and not found.shapes


@pytest.mark.parametrize(
    ("lon", "lat", "where", "inside"),
    [
        (108.05, 26.05, "inside", True), (108.0005, 26.05, "edge", True), (107.9995, 26.05, "edge", False),
        (107.99, 26.05, "outside", False), (108.0, 26.05, "edge", True), (-72, -26, "outside", False),
    ],
)  # fmt: skip
def test_a_position_is_inside_near_the_edge_or_outside_with_its_metres(
    lon: float, lat: float, where: str, inside: bool
) -> None:
    found = beside(HOME, lon, lat, 100)
    assert (found.where, found.inside) == (where, inside)


def test_metres_to_the_edge_are_geodesics_also_at_the_pole_and_the_date_line() -> None:
    """Half a minute of longitude west of a boundary along a meridian; over the pole; across 180 degrees."""
    earth = Geod(ellps="WGS84")
    assert beside(HOME, 107.99, 26.05, 0).metres == pytest.approx(earth.inv(107.99, 26.05, 108, 26.05)[2], abs=0.01)
    cap = box(0, 89, 10, 89.5)
    assert beside(cap, 180, 89.9, 0).metres == pytest.approx(earth.inv(180, 89.9, 10, 89.5)[2], abs=0.5)
    east = box(-180, 10, -179.9, 10.1)
    assert beside(east, 179.999, 10.05, 0).metres == pytest.approx(earth.inv(179.999, 10.05, -180, 10.05)[2], abs=0.01)


@given(st.floats(-180, 180), st.floats(-90, 90), st.floats(0, 5000), st.sampled_from([0, 1, 2]))
def test_a_quick_no_is_never_wrong(lon: float, lat: float, tolerance: float, which: int) -> None:
    """Positions anywhere, and those within a few kilometres of an edge, at the date line too."""
    area = (HOME, box(179.9, 10, 180, 10.1), box(-180, -45, -179.9, -44.9))[which]
    west, south, *_ = area.bounds
    for x, y in ((lon, lat), (west + lon / 5000, south + lat / 3000)):
        x = (x + 180) % 360 - 180
        if beside(area, x, y, tolerance).where != "outside":
            assert may_reach(area, x, y, tolerance)
