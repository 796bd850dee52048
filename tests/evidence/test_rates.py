"""Every check tells what it should and nothing else, on a small labelled set; rates.py prints a large one."""

from __future__ import annotations

import pytest

from tests.evidence.labelled import AGAIN, cases
from tests.evidence.rates import Rates, measure
from tests.evidence.test_judging import world  # noqa: F401
from tests.world import World

CODES = {
    "ACC_LOW", "ACC_ZERO", "CHAIN", "CLOCK", "DARK", "DATUM", "DEV_NEW", "DIST_HH", "DUP_EXACT", "EXIF_GPS",
    "EXIF_TIME", "FIX_STALE", "LOWRES", "NO_EXIF", "SOFTWARE", "SPEED",
}  # fmt: skip


@pytest.fixture
def rates(world: World) -> Rates:  # noqa: F811
    return measure(world, cases(seed=11, each=1))


def test_each_check_finds_its_own_and_leaves_honest_photos_alone(rates: Rates) -> None:
    """Sixty photos through push, upload, process and checks; of used ones no worse than what real photos gave."""
    assert set(rates.codes()) >= CODES
    assert {code: rates.recall(code) for code in CODES if rates.recall(code)[0] != rates.recall(code)[1]} == {}
    assert {code: rates.false_alarms(code) for code in rates.codes() if rates.false_alarms(code)[0]} == {}
    lost = {kind: rates.same(kind) for kind, (_, least) in AGAIN.items() if least >= 0.95 and rates.same(kind)[0] < 2}
    assert lost == {}
    assert {code for case, told in rates.told if case.kind.startswith("honest") for code in told} == set()
