"""A batch in the wrong datum is doubted with its numbers; honest noise is not."""

from __future__ import annotations

import numpy as np
import pytest

from server.geo.datum import from_wgs84, to_wgs84
from server.geo.doubt import LIKELY, DoubtLimits, Shift, look

LIMITS = DoubtLimits(pairs=5, shift_m=150, left=0.4)
METRE = 1 / 111_320
Numbers = np.ndarray


def seen_as(kind: str, lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
    """What arrives as WGS-84 of true positions: in that datum, or converted from it though they were not in it."""
    name, _, undone = kind.partition("_")
    return to_wgs84(lon, lat, name) if undone else from_wgs84(lon, lat, name)


def batch(random: np.random.Generator, kind: str | None, count: int, wild: float = 0.15, noise: float = 25.0) -> Shift:
    """Households of one township, fixes with noise, some of them grossly wrong (a phone that was elsewhere)."""
    home = (random.uniform(98, 122), random.uniform(22, 42))
    lon, lat = (random.uniform(-0.03, 0.03, count) + part for part in home)
    fix_lon, fix_lat = seen_as(kind, lon, lat) if kind else (lon.copy(), lat.copy())
    gross = random.random(count) < wild
    scale = np.where(gross, 3000.0, noise) * METRE
    fix_lon, fix_lat = fix_lon + random.normal(0, 1, count) * scale, fix_lat + random.normal(0, 1, count) * scale
    found = look(list(zip(fix_lon, fix_lat, strict=True)), list(zip(lon, lat, strict=True)), LIMITS)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", LIKELY)
def test_a_batch_in_another_datum_is_doubted_and_named(kind: str) -> None:
    """Two hundred batches of ten households anywhere in the country; every seventh fix is kilometres wrong.

    In a few places the shift itself is smaller than the limit: there it is named, and not asked about.
    """
    random = np.random.default_rng(20261122)
    batches = [batch(random, kind, 10) for _ in range(200)]
    shifted = [found for found in batches if found.apart_m >= LIMITS.shift_m]
    assert sum(found.likely == kind for found in batches) >= 198
    assert len(shifted) >= 190 and sum(found.doubtful for found in shifted) >= 0.98 * len(shifted)
    assert all(found.left_m < found.apart_m for found in shifted if found.doubtful)


def test_honest_noise_is_not_doubted() -> None:
    """A thousand honest batches of many kinds: sharp, coarse, with every third fix kilometres wrong."""
    random = np.random.default_rng(7)
    kinds = [(0.15, 25.0), (0.0, 8.0), (0.33, 25.0), (0.1, 80.0)]
    doubted = sum(batch(random, None, 10, *kinds[n % 4]).doubtful for n in range(1000))
    assert doubted <= 1


def test_a_worker_who_filed_from_the_office_is_not_doubted() -> None:
    """All fixes at one desk: offsets of hundreds of metres, but each in another direction."""
    random = np.random.default_rng(11)
    doubted = 0
    for _ in range(500):
        lon, lat = 108.37 + random.uniform(-0.01, 0.01, 10), 23.12 + random.uniform(-0.01, 0.01, 10)
        desk = (108.37 + random.uniform(-0.01, 0.01), 23.12 + random.uniform(-0.01, 0.01))
        found = look([desk] * 10, list(zip(lon, lat, strict=True)), LIMITS)
        assert found is not None
        doubted += found.doubtful
    assert doubted <= 5


def test_too_few_pairs_tell_nothing() -> None:
    assert look([(108.1, 23.0)] * 4, [(108.1, 23.0)] * 4, LIMITS) is None
    assert look([], [], LIMITS) is None
