"""Datums of Chinese maps: known positions, an inverse that is exact, and batches that declare the wrong one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from server.geo.datum import BD09, GCJ02, WGS84, from_wgs84, named, suspicion, to_wgs84

EARTH = Geod(ellps="WGS84")
LON = st.floats(73.5, 135.1)
LAT = st.floats(3.8, 53.6)

# The example that the well-known converters publish (coordtransform, gcoord and their ports).
TIANANMEN = (116.404, 39.915)
SHOWN = {
    GCJ02: (116.41024449916938, 39.91640428150164),
    BD09: (116.41662724378733, 39.922699552216216),
}


@pytest.mark.parametrize("datum", SHOWN)
def test_the_published_example_comes_out(datum: str) -> None:
    assert from_wgs84(*TIANANMEN, datum) == pytest.approx(SHOWN[datum], abs=1e-9)


@given(LON, LAT, st.sampled_from([GCJ02, BD09]))
def test_there_and_back_is_the_same_place_to_a_hundredth_of_a_millimetre(lon: float, lat: float, datum: str) -> None:
    back = to_wgs84(*from_wgs84(lon, lat, datum), datum)
    assert EARTH.inv(lon, lat, *back)[2] < 1e-5


@given(LON, LAT)
def test_the_shift_is_hundreds_of_metres_and_never_a_kilometre(lon: float, lat: float) -> None:
    """Field measurements: 35 to 673 m within the country; more at its rims."""
    assert 0 < EARTH.inv(lon, lat, *from_wgs84(lon, lat, GCJ02))[2] < 1000


def test_cgcs2000_is_taken_as_wgs84_and_an_unknown_name_as_none() -> None:
    assert [named(text) for text in ("CGCS2000", " wgs-84", "GCJ-02", "BD09ll", "beijing54", None)] == [
        WGS84, WGS84, GCJ02, BD09, None, None
    ]  # fmt: skip
    assert to_wgs84(*TIANANMEN, WGS84) == TIANANMEN


@pytest.mark.parametrize("truth", [WGS84, GCJ02, BD09])
def test_ten_positions_tell_the_datum_they_are_in(truth: str) -> None:
    """Two hundred batches anywhere in the country, 30 m of noise and every seventh position grossly wrong."""
    random = np.random.default_rng(20261122)
    for _ in range(200):
        lon, lat = random.uniform(98, 122) + _near(random), random.uniform(22, 42) + _near(random)
        seen = from_wgs84(lon, lat, truth)
        wrong = np.where(random.random(10) < 1 / 7, 0.05, 0.0)
        found = suspicion(seen[0] + _noise(random) + wrong, seen[1] + _noise(random), lon, lat)
        assert found is not None and found.likely == truth and found.n == 10


def test_two_positions_tell_nothing() -> None:
    pair = np.array([108.1, 108.2])
    assert suspicion(pair, pair / 4, pair, pair / 4) is None


def _near(random: np.random.Generator) -> np.ndarray:
    return random.uniform(-0.05, 0.05, 10)


def _noise(random: np.random.Generator) -> np.ndarray:
    return random.normal(0, 30 / (math.pi * 6371008.8 / 180), 10)
