"""The best witness of place and time wins, nothing is converted by guess, nonsense is no witness."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from server.evidence.whereabouts import Whereabouts, whereabouts

FIX = {"lon": 108.1, "lat": 26.2, "accuracy_m": 8, "time": "2026-11-20T01:00:00Z"}
CAPTURE = {"fix": FIX, "wall_ms": 1_795_136_400_000, "source": "live"}
EXIF = {"lon": 108.2, "lat": 26.3, "taken_at": "2026-11-20T09:15:30", "offset": "+08:00"}
VISIT = {"lon": "108.30000", "lat": "26.40000", "accuracy_m": 20, "datum": "wgs84", "source": "gps"}
AT = datetime(2026, 11, 20, 2, tzinfo=UTC)


def found(capture: Any = None, exif: Any = None, visit: Any = None, at: datetime | None = None) -> Whereabouts:
    return whereabouts(capture, exif or {}, visit, at)


def test_the_capture_record_comes_before_exif_and_exif_before_the_visit() -> None:
    assert found(CAPTURE, EXIF, VISIT, AT).source == "capture"
    assert found(None, EXIF, VISIT, AT).source == "exif"
    assert found(None, None, VISIT, AT).source == "visit"
    assert found() == Whereabouts()


def test_coordinates_are_kept_as_declared() -> None:
    place = found(None, None, VISIT).place
    assert place == {"lon": "108.30000", "lat": "26.40000", "accuracy_m": 20, "datum": "wgs84", "source": "gps"}
    shot = found(CAPTURE)
    assert shot.place == {
        "lon": 108.1, "lat": 26.2, "accuracy_m": 8, "datum": "WGS84", "fix_time": "2026-11-20T01:00:00Z"
    }
    assert shot.geom is not None and (shot.geom.x, shot.geom.y) == (108.1, 26.2)


def test_a_place_of_a_map_is_kept_as_declared_and_drawn_where_it_is() -> None:
    """GCJ-02 lies 35 to 700 m beside the place; the declared coordinates stay untouched."""
    known = found(None, None, VISIT | {"datum": "gcj02"})
    assert known.place is not None and known.place["lon"] == "108.30000"
    assert known.geom is not None and 0.0005 < abs(known.geom.x - 108.3) < 0.01
    assert known.findings == []


def test_a_datum_that_nobody_knows_is_kept_remarked_and_not_drawn() -> None:
    known = found(None, None, VISIT | {"datum": "beijing54"})
    assert known.place is not None and known.place["lon"] == "108.30000"
    assert known.geom is None
    assert [finding.code for finding in known.findings] == ["photo.datum_not_converted"]


NONSENSE = [None, {}, "here", *({"lon": lon, "lat": 1} for lon in (None, "x", 181, float("nan"), [1]))]


@pytest.mark.parametrize("fix", NONSENSE)
def test_a_fix_that_is_no_position_is_no_witness(fix: Any) -> None:
    assert found({"fix": fix}, EXIF).source == "exif"


def test_the_shutter_tells_the_time_then_exif_then_the_visit() -> None:
    assert found(CAPTURE, EXIF, VISIT, AT).taken_at == datetime.fromtimestamp(1_795_136_400, UTC)
    assert found({"fix": FIX}, EXIF, VISIT, AT).taken_at == datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)
    assert found(None, None, VISIT, AT).taken_at == AT


def test_a_picked_photo_was_not_taken_when_it_was_picked() -> None:
    picked = CAPTURE | {"source": "gallery"}
    assert found(picked, EXIF, VISIT, AT).taken_at == datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)
    assert found(picked, None, VISIT, AT).taken_at == AT


def test_a_time_without_a_zone_is_read_as_beijing_time_and_remarked() -> None:
    known = found(None, {"taken_at": "2026-11-20T09:15:30"})
    assert known.taken_at == datetime(2026, 11, 20, 1, 15, 30, tzinfo=UTC)
    assert [finding.code for finding in known.findings] == ["photo.time_without_zone"]


@pytest.mark.parametrize("wall_ms", [None, "now", -1, 0, 10**18, float("inf"), float("nan"), [1]])
def test_an_absurd_clock_is_no_witness(wall_ms: Any) -> None:
    assert found({"wall_ms": wall_ms}, None, None, AT).taken_at == AT


@pytest.mark.parametrize("taken_at", ["2026-13-45T99:99:99", "", 7, None, "2026"])
def test_an_exif_time_that_is_none_is_no_witness(taken_at: Any) -> None:
    assert found(None, {"taken_at": taken_at, "offset": "+99:99"}, None, AT).taken_at == AT
