"""Some hundreds of seeds of the simulation in every run of the tests; a failing one is named and replays.

`python -m tests.simulation SEED` tells its story. RUHU_SEEDS: how many (soak: thousands).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.simulation.core import ESBUILD, Core
from tests.simulation.play import play, stage_and_core
from tests.simulation.stage import Stage

SEEDS, GROUP = int(os.environ.get("RUHU_SEEDS", "160")), 20


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Stage, Core]]:
    if not ESBUILD.exists() or shutil.which("node") is None:
        pytest.skip("the phones' core needs Node and client/node_modules (make setup)")
    with stage_and_core(tmp_path_factory.mktemp("simulation")) as found:
        yield found


@pytest.mark.parametrize("first", range(0, SEEDS, GROUP))
def test_the_invariants_hold_after_every_seed(first: int, stand: tuple[Stage, Core]) -> None:
    """Phones with their real core against the real server, over a line, disks and clocks that fail (I1–I15)."""
    for seed in range(first, min(first + GROUP, SEEDS)):
        log: list[str] = []
        try:
            play(seed, *stand, log)
        except AssertionError as error:
            story = "\n".join(log[-40:])
            raise AssertionError(f"seed {seed}: {error}\n{story}") from error
