"""What a reviewer reads of a place: the yard by the dated policy, the village and its edge, regions around it."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qsl

import pytest
from flask import Flask

from server import db
from server.geo.datum import from_wgs84
from tests.api.county import EAST, QINGSHI, Desk, Visit, build, desk, submit, uid
from tests.world import add_policies

NEAR = f"uuid:{uid('near')}"


@pytest.fixture
def county(app: Flask) -> Iterator[Flask]:
    """One submission in Qingshi, ten metres from the house."""
    with app.app_context():
        db.transact(build)
        visit = Visit("cadre", "household 1", {"water_shortage_days": "35"}, 108.1001, 23.1)
        db.transact(lambda session: submit(session, "near", visit, 0))
    yield app


@pytest.fixture
def east(county: Flask) -> Desk:
    return desk(county, "east")


@pytest.fixture
def limits(county: Flask) -> Iterator[None]:
    """The policies of the repository."""
    with county.app_context():
        db.transact(add_policies)
    yield


def at(desk: Desk, lon: float, lat: float, **more: str) -> list[tuple[str, str, bool]]:
    items = desk.read("/regions/at", lon=lon, lat=lat, **more)["items"]
    return [(item["region"], item["where"], item["inside"]) for item in items]


def test_the_allowance_for_a_yard_comes_from_the_policy_of_the_visits_day(county: Flask, east: Desk) -> None:
    """Without a policy only the two accuracies are allowed for."""
    before = east.read(f"/submissions/{NEAR}")["map"]
    assert (before["limits"], before["position"]["beyond_accuracy"]) == (None, False)
    with county.app_context():
        db.transact(add_policies)
    after = east.read(f"/submissions/{NEAR}")["map"]
    assert after["limits"] == {"yard_m": 30, "rule": "national-2026"}


@pytest.mark.usefixtures("limits")
def test_a_position_is_told_against_the_boundary_of_its_village(east: Desk) -> None:
    village = east.read(f"/submissions/{NEAR}")["map"]["position"]["village"]
    assert (village["region"], village["where"], village["limit"]) == (QINGSHI, "inside", 100)
    assert village["metres"] > 1000 and village["rule"] == "national-2026"


@pytest.mark.usefixtures("limits")
def test_regions_around_a_position_are_those_in_sight_smallest_first(county: Flask, east: Desk) -> None:
    inside, edge = at(east, 108.1, 23.1), at(east, 107.9999, 23.1)
    assert inside == [(QINGSHI, "inside", True), (EAST, "inside", True)]
    assert edge == [(QINGSHI, "edge", False), (EAST, "edge", False)]
    assert at(desk(county, "west"), 108.1, 23.1) == []
    assert at(east, 0, 0) == []
    lon, lat = (float(part) for part in from_wgs84(107.9999, 23.1, "gcj02"))
    assert at(east, lon, lat, datum="gcj02") == edge


@pytest.mark.usefixtures("limits")
@pytest.mark.parametrize("asked", ["lon=181&lat=1", "lat=1", "lon=x&lat=1", "lon=1&lat=1&datum=moon", "lon=nan&lat=1"])
def test_what_is_no_position_is_refused(east: Desk, asked: str) -> None:
    assert east.ask("/regions/at", **dict(parse_qsl(asked))).status_code == 400
