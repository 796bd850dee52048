"""Some hundreds of seeds of the simulation in every run of the tests; a failing one is named and replays.

`python -m tests.simulation SEED [--database postgres]` tells its story. RUHU_SEEDS: how many (soak: thousands).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.conftest import WANTED
from tests.simulation.core import ESBUILD, Core
from tests.simulation.play import play, stage_and_core
from tests.simulation.stage import Stage

SEEDS, GROUP = int(os.environ.get("RUHU_SEEDS", "120")), 20
FIRST, ON_POSTGRES = 1000, max(10, SEEDS // 12)  # seeds of their own on PostgreSQL, which is slower


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def stand(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Core]]:
    if not ESBUILD.exists() or shutil.which("node") is None:
        pytest.skip("the phones' core needs Node and client/node_modules (make setup)")
    if request.param not in WANTED:
        pytest.skip(f"RUHU_TEST_DATABASES leaves out {request.param}")
    address = request.getfixturevalue("postgres_address") if request.param == "postgres" else None
    with stage_and_core(tmp_path_factory.mktemp("simulation"), request.param, address) as found:
        yield found


@pytest.mark.parametrize("stand", ["sqlite"], indirect=True)
@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_the_invariants_hold_after_every_seed(first: int, stand: tuple[Stage, Core]) -> None:
    """Phones with their real core against the real server, over a line, disks and clocks that fail (I1–I15).

    In some seeds the form gets a second version and the records other words, in some the server's disks are full.
    """
    for seed in range(first, min(first + GROUP, SEEDS)):
        _play(seed, stand)


@pytest.mark.postgres
@pytest.mark.parametrize("stand", ["postgres"], indirect=True)
def test_the_invariants_hold_on_postgresql_too(stand: tuple[Stage, Core]) -> None:
    for seed in range(FIRST, FIRST + ON_POSTGRES):
        _play(seed, stand)


def _play(seed: int, stand: tuple[Stage, Core]) -> None:
    log: list[str] = []
    try:
        play(seed, *stand, log)
    except AssertionError as error:
        story = "\n".join(log[-40:])
        raise AssertionError(f"seed {seed}: {error}\n{story}") from error
