"""Plays seeds: a run, its invariants, and for some the same ops with other clocks (I13)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from server import db
from server.registry.tables import Entity, Head
from tests.simulation.core import Core
from tests.simulation.fate import Fate
from tests.simulation.invariants import judge
from tests.simulation.run import Run
from tests.simulation.stage import Stage, staged

EACH = 10  # every tenth seed's ops are also judged with other clocks
YEARS = timedelta(days=3650)


@contextmanager
def stage_and_core(folder: Path, kind: str = "sqlite", address: str | None = None) -> Iterator[tuple[Stage, Core]]:
    core = Core(folder)
    try:
        with staged(folder, kind, address) as stage:
            yield stage, core
    finally:
        core.close()


def play(seed: int, stage: Stage, core: Core, log: list[str] | None = None) -> None:
    """AssertionError when an invariant does not hold after this seed."""
    run = Run(seed, stage, core, log=[] if log is None else log)
    run.go()
    judge(run)
    if seed % EACH == 0:
        outcomes = [_with_clocks(run, shift) for shift in (timedelta(0), YEARS, -YEARS)]
        assert outcomes[0] == outcomes[1] == outcomes[2], "I13: the phones' clocks changed the records"


def _with_clocks(run: Run, shift: timedelta) -> list[Any]:
    """The records, and every value written to them, when all phones' ops come in order with clocks that are wrong."""
    renewed = run.stage.renewed
    run.stage.reset()
    if renewed:
        run.stage.renew()
        run.stage.carry()
        assert Fate.publish(run.stage.world.phone("admin"))
    for worker, op in run.saved:
        phone = run.stage.world.phone(worker.person, worker.install_id)
        told = (datetime.fromisoformat(op["device_time"]) + shift).isoformat()
        phone.send({**op, "device_time": told, "clock": {"device_time_then": told, "jumped": bool(shift)}})
    with run.stage.app.app_context(), db.read() as session:
        records = [(row.id, row.version, row.values) for row in session.scalars(select(Entity).order_by(Entity.id))]
        heads = select(Head).order_by(Head.entity_id, Head.key, Head.version, Head.op_id)
        return [*records, *((row.key, row.op_id, row.value, row.closed_by) for row in session.scalars(heads))]
