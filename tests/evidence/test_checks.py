"""Reasons to look at a photo: each is told when it should be, with its numbers, and an honest photo gives none."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.evidence.checks import Check, Limits, Neighbour, Position, Shot, check
from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.geo.datum import BD09, GCJ02, from_wgs84

ROOT = Path(__file__).parents[2]
LIMITS = Limits.of(policy_list(load_policies(ROOT / "form_definitions" / "policies")["photo_checks"])[0])
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
HOUSE = Position(108.3, 26.2, 10)
HONEST = Shot(
    source="live", shutter=AT, fix=Position(108.30005, 26.20005, 8), fix_time=AT - timedelta(seconds=4), house=HOUSE,
    exif={"make": "HONOR", "model": "X7"}, exif_time=AT, size=(4000, 3000), format="jpeg", clock_off_s=3,
    device_since=AT - timedelta(days=30),
)  # fmt: skip


def codes(shot: Shot) -> dict[str, str]:
    return {found.code: found.level for found in check(shot, LIMITS)}


def one(shot: Shot) -> Check:
    (found,) = check(shot, LIMITS)
    return found


def north(metres: float, accuracy: float = 8) -> Position:
    return Position(108.3, 26.2 + metres / 110_800, accuracy)


def test_an_honest_photo_gives_no_reason() -> None:
    assert codes(HONEST) == {}


def test_a_photo_of_which_nothing_is_known_gives_no_reason_either() -> None:
    assert codes(Shot(source="live")) == {}


@pytest.mark.parametrize(("metres", "level"), [(60, None), (80, "warn"), (310, "warn"), (330, "fail")])
def test_the_distance_counts_beyond_both_errors(metres: float, level: str | None) -> None:
    """50 m and 300 m, after the 8 m of the fix and the 10 m of the house."""
    assert codes(replace(HONEST, fix=north(metres))) == ({"DIST_HH": level} if level else {})


def test_a_reason_carries_value_limit_inputs_and_the_version_of_the_rule() -> None:
    found = one(replace(HONEST, fix=north(400)))
    assert (found.code, found.limit, found.rule) == ("DIST_HH", 300, "national-2026")
    assert found.value == pytest.approx(382, abs=1) and found.inputs["metres"] == pytest.approx(400, abs=1)
    assert found.inputs["house_accuracy_m"] == 10


@pytest.mark.parametrize("wrong", ["fix", "house"])
def test_coordinates_of_a_map_are_told_as_such(wrong: str) -> None:
    lon, lat = (float(part) for part in from_wgs84(HOUSE.lon, HOUSE.lat, GCJ02))
    shown = Position(lon, lat, 10)
    shot = replace(HONEST, fix=shown) if wrong == "fix" else replace(HONEST, fix=HOUSE, house=shown)
    found = {item.code: item for item in check(shot, LIMITS)}
    assert found["DATUM"].inputs["which"] == wrong and "DIST_HH" in found


def test_a_house_elsewhere_is_no_datum() -> None:
    lon, lat = (float(part) for part in from_wgs84(HOUSE.lon, HOUSE.lat, BD09))
    assert "DATUM" not in codes(replace(HONEST, fix=north(600)))
    assert "DATUM" not in codes(replace(HONEST, fix=Position(lon + 0.003, lat, 10)))


def test_a_vague_fix_is_told_and_its_vagueness_is_taken_off_the_distance() -> None:
    assert codes(replace(HONEST, fix=north(900, accuracy=900))) == {"ACC_LOW": "warn"}


@pytest.mark.parametrize(("fix", "spot"), [(north(5, 0), 0), (north(5, 1), 0), (north(5, 8), 2)])
def test_a_fix_too_good_or_too_often_the_same_is_told(fix: Position, spot: int) -> None:
    assert codes(replace(HONEST, fix=fix, same_spot=spot)) == {"ACC_ZERO": "warn"}


def test_a_fix_of_another_time_is_told() -> None:
    assert codes(replace(HONEST, fix_time=AT - timedelta(seconds=61))) == {"FIX_STALE": "warn"}


@pytest.mark.parametrize(("hours", "level"), [(0.05, None), (2, "warn"), (-2, "warn"), (25, "fail"), (9000, "fail")])
def test_an_older_photo_is_told(hours: float, level: str | None) -> None:
    shot = replace(HONEST, source="gallery", exif_time=AT - timedelta(hours=hours))
    assert codes(shot) == ({"EXIF_TIME": level} if level else {})


def test_a_phone_whose_clock_is_off_or_was_set_is_told() -> None:
    assert codes(replace(HONEST, clock_off_s=-400)) == {"CLOCK": "warn"}
    assert codes(replace(HONEST, jumped=True)) == {"CLOCK": "warn"}


def test_a_photo_that_says_another_place_than_the_phone_is_told() -> None:
    away = HONEST.exif | {"lon": 108.31, "lat": 26.2}
    assert codes(replace(HONEST, exif=away)) == {"EXIF_GPS": "warn"}


@pytest.mark.parametrize(("minutes", "told"), [(30, False), (5, True)])
def test_a_way_that_nobody_drives_is_told(minutes: int, told: bool) -> None:
    """Twenty kilometres in half an hour are a road; in five minutes they are not."""
    other = Neighbour("another", Position(108.5, 26.2, 20), AT - timedelta(minutes=minutes))
    assert codes(replace(HONEST, neighbours=[other])) == ({"SPEED": "fail"} if told else {})


def test_the_house_next_door_a_second_later_is_no_way() -> None:
    other = Neighbour("another", north(300), AT + timedelta(seconds=1))
    assert codes(replace(HONEST, neighbours=[other])) == {}


def test_the_same_bytes_in_another_visit_are_told_with_the_others() -> None:
    found = one(replace(HONEST, copies=["a", "b"]))
    assert (found.code, found.value, found.inputs) == ("DUP_EXACT", 2, {"others": ["a", "b"]})


def test_what_says_little_is_only_told() -> None:
    picked = replace(HONEST, source="gallery", exif={"software": "Adobe Photoshop 25"}, size=(800, 600), format="png")
    assert codes(picked) == {"NO_EXIF": "info", "SOFTWARE": "info", "LOWRES": "info"}
    (new,) = check(replace(HONEST, device_since=AT - timedelta(hours=1)), LIMITS)
    assert (new.code, new.level, new.value, new.limit) == ("DEV_NEW", "info", 1.0, 24.0)


def test_the_page_camera_writes_no_exif_and_that_is_no_reason() -> None:
    assert codes(replace(HONEST, exif={}, exif_time=None)) == {}
