"""Importing regions and boundaries: everything wrong is told by line, and nothing is imported by halves."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from server import db
from server.errors import Problem
from server.geo.region_file import read_region_file
from server.geo.regions import RegionImport, import_regions
from server.geo.tables import Region

HEADER = "code,parent,level,name_zh,name_en,valid_from,valid_to"
COUNTY = f"""{HEADER}
990000000000,,province,虚省,Xu Province,,
990101000000,990000000000,county,虚县,Xu County,2020-01-01,
990101100000,990101000000,township,东河镇,Donghe Town,,
990101100201,990101100000,village,青石村,Qingshi,,
990101100201-01,990101100201,group,青石村1组,Group 1,,
"""
SQUARE = [[[108.0, 26.0], [108.1, 26.0], [108.1, 26.1], [108.0, 26.1], [108.0, 26.0]]]
BOW_TIE = [[[108.0, 26.0], [108.1, 26.1], [108.1, 26.0], [108.0, 26.1], [108.0, 26.0]]]


def feature(code: str, coordinates: object = SQUARE, kind: str = "Polygon") -> dict[str, object]:
    geometry = {"type": kind, "coordinates": coordinates}
    return {"type": "Feature", "properties": {"code": code}, "geometry": geometry}


def geojson(*features: Mapping[str, object], **more: object) -> bytes:
    return json.dumps({"type": "FeatureCollection", "features": features, **more}).encode()


def bring(table: str | bytes, boundaries: bytes | None = None) -> RegionImport:
    raw = table.encode() if isinstance(table, str) else table
    return db.transact(lambda session: import_regions(session, raw, boundaries))


def refused(table: str | bytes, boundaries: bytes | None = None) -> list[tuple[str, str]]:
    """(where, why) of each fault."""
    with pytest.raises(Problem) as caught:
        bring(table, boundaries)
    assert caught.value.code == "region.invalid"
    assert all(fault.fix for fault in caught.value.faults)
    return [(fault.where, fault.why) for fault in caught.value.faults]


def stored() -> dict[str, Region]:
    with db.read() as session:
        return {region.code: region for region in session.query(Region)}


def test_a_tree_is_imported_with_paths_and_boundaries(app: Flask) -> None:
    with app.app_context():
        done = bring(COUNTY, geojson(feature("990101100201")))
        assert (done.new, done.changed, done.unchanged, done.boundaries) == (5, 0, 0, 1)
        regions = stored()
        group = regions["990101100201-01"]
        assert group.path == "/990000000000/990101000000/990101100000/990101100201/990101100201-01/"
        assert regions["990101000000"].valid_from.isoformat() == "2020-01-01"
        assert regions["990101100201"].boundary.bounds == pytest.approx((108.0, 26.0, 108.1, 26.1))


def test_importing_again_changes_nothing_and_a_new_name_changes_one(app: Flask) -> None:
    with app.app_context():
        boundaries = geojson(feature("990101100201"))
        bring(COUNTY, boundaries)
        again = bring(COUNTY, boundaries)
        assert (again.new, again.changed, again.unchanged, again.boundaries) == (0, 0, 5, 0)
        renamed = bring(COUNTY.replace("青石村,Qingshi,", "青石社区,Qingshi,"))
        assert (renamed.new, renamed.changed) == (0, 1)
        assert stored()["990101100201"].name_zh == "青石社区"


def test_a_moved_village_takes_its_groups_along(app: Flask) -> None:
    """The next file names only the village and its new township, yet the group's path is right."""
    with app.app_context():
        bring(COUNTY)
        bring(
            f"{HEADER}\n990101101000,990101000000,township,西山乡,,,\n"
            "990101100201,990101101000,village,青石村,Qingshi,,\n"
        )
        assert "/990101101000/990101100201/990101100201-01/" in stored()["990101100201-01"].path


def test_every_bad_line_is_told_and_nothing_is_imported(app: Flask) -> None:
    table = f"""{HEADER}
990000000000,,province,虚省,,,
990101000000,990000000000,county,,Xu County,,
990101100000,990101000000,township,东河镇,,,
990101100000,990101000000,township,又一个,,,
990101100201,990101100000,hamlet,青石村,,,
9.90101E+11,990101100000,village,红岩村,,,
99010110020,990101100000,village,短码村,,,
990101100204,990109000000,village,无根村,,,
990101100205,990000000000,village,越级村,,,
990101100206,990101100000,village,日期村,,2024-13-01,
990101100207,990101100000,village,倒序村,,2024-02-01,2024-01-01
990101100208,990101100000,village,少一格
990101100299-1,990101100205,group,别村组,,,
"""
    with app.app_context():
        faults = refused(table, geojson(feature("990199999999")))
        lines = [where.split("line ")[-1] for where, _ in faults if "line" in where]
        assert lines == ["3", "6", "7", "8", "11", "12", "13", "5", "9", "10", "14"]
        assert any("feature 1" in where for where, _ in faults)
        assert stored() == {}


def test_a_child_of_a_bad_line_is_not_blamed(app: Flask) -> None:
    with app.app_context():
        faults = refused(COUNTY.replace("东河镇", ""))
        assert [where for where, _ in faults] == ["第4行 / line 4"]


@pytest.mark.parametrize(
    ("encoding", "notes"), [("utf-8", 0), ("utf-8-sig", 0), ("gb18030", 1)]
)
def test_files_of_chinese_excel_are_read(encoding: str, notes: int) -> None:
    found = read_region_file(COUNTY.encode(encoding))
    assert [row.name_zh for row in found.rows] == ["虚省", "虚县", "东河镇", "青石村", "青石村1组"]
    assert (found.faults, len(found.notes)) == ([], notes)


@pytest.mark.parametrize(
    "raw",
    [
        b"", b"\n\n", COUNTY.encode("utf-16"), b"PK\x03\x04 a workbook", b"code;parent;level;name_zh\n",
        b"code,parent,level\n", b"code,code,parent,level,name_zh\n", f'{HEADER}\n"990000000000,,'.encode(),
    ],
)  # fmt: skip
def test_an_unreadable_file_has_a_cause_and_a_cure(raw: bytes) -> None:
    found = read_region_file(raw)
    assert found.rows == []
    assert found.faults
    assert all(fault.why and fault.fix for fault in found.faults)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"{HEADER}\n{text}".encode()))
def test_any_bytes_are_rows_or_faults_and_never_a_crash(raw: bytes) -> None:
    found = read_region_file(raw)
    assert found.rows or found.faults


def test_a_repaired_boundary_is_told(app: Flask) -> None:
    with app.app_context():
        done = bring(COUNTY, geojson(feature("990101100201", BOW_TIE)))
        assert any("Self-intersection" in note and "990101100201" in note for note in done.notes)
        assert stored()["990101100201"].boundary.is_valid


@pytest.mark.parametrize(
    "boundaries",
    [
        b"{", b"[]", b'{"features": 1}',
        geojson({"type": "Feature", "properties": {}, "geometry": None}),
        geojson(feature("990101100201", [108, 26], "Point")),
        geojson(feature("990101100201", [])),
        geojson(feature("990101100201", [[[108, 26], [109, 26]]])),
        geojson(feature("990101100201", [[["a", 26], [109, 26], [109, 27], ["a", 26]]])),
        geojson(feature("990101100201", [[[108, 26], [109, 26], [108, 26], [108, 26]]])),
        geojson(feature("990101100201", [[[4e5, 2.9e6], [4.1e5, 2.9e6], [4.1e5, 2.91e6], [4e5, 2.9e6]]])),
        geojson(feature("990101100201"), feature("990101100201")),
        geojson(feature("990101100201"), crs={"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}),
    ],
)  # fmt: skip
def test_a_bad_boundary_stops_the_whole_import(app: Flask, boundaries: bytes) -> None:
    with app.app_context():
        assert refused(COUNTY, boundaries)
        assert stored() == {}
