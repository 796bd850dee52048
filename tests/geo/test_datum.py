"""Datums of Chinese maps: known positions, and an inverse that is exact."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Geod

from server.geo.datum import BD09, GCJ02, WGS84, from_wgs84, named, to_wgs84

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
