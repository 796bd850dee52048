"""Plays seeds: a run, its invariants, and for some the same run with true clocks (I13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server import db
from server.registry.tables import Entity
from tests.simulation.core import Core
from tests.simulation.invariants import judge
from tests.simulation.run import Run
from tests.simulation.stage import Stage, staged

EACH = 10  # every tenth seed is played with true clocks too


@contextmanager
def stage_and_core(folder: Path) -> Iterator[tuple[Stage, Core]]:
    core = Core(folder)
    try:
        with staged(folder) as stage:
            yield stage, core
    finally:
        core.close()


def play(seed: int, stage: Stage, core: Core, log: list[str] | None = None) -> None:
    """AssertionError when an invariant does not hold after this seed."""
    values = _play(Run(seed, stage, core, log=[] if log is None else log))
    if seed % EACH == 0:
        true = _play(Run(seed, stage, core, skewed=False))
        assert values == true, "I13: the phones' clocks changed the records"


def _play(run: Run) -> dict[str, Any]:
    run.go()
    judge(run)
    with run.stage.app.app_context(), db.read() as session:
        return {row.id: dict(row.values) for row in session.scalars(select(Entity))}
