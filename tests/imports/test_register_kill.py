"""kill -9 of a real `ruhu register import --apply` at each of its places; the same command again ends it, once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from server.failpoints import NAMES
from server.registry.tables import Entity, EntityVersion
from tests.imports.registers import MAPPING, csv_bytes, person
from tests.world import build_world

PLACES = [name for name in NAMES if name.startswith("import.")]
HOUSEHOLDS = 120  # three batches

pytestmark = pytest.mark.kill


def run(app: Flask, files: tuple[Path, Path], failpoint: str = "") -> subprocess.CompletedProcess[str]:
    settings = app.config["RUHU"]
    env = {
        **os.environ,
        "RUHU_DATABASE_URL": settings.database_url,
        "RUHU_VAR": str(settings.var),
        "RUHU_TESTING": "1",
        "RUHU_FAILPOINT": failpoint,
    }
    register, mapping = files
    order = [sys.executable, "-m", "server", "register", "import", register, "--mapping", mapping, "--apply", "--json"]
    return subprocess.run(order, env=env, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("place", PLACES)
def test_an_import_killed_there_goes_on_and_counts_once(place: str, app: Flask, tmp_path: Path) -> None:
    world = build_world(app)
    register, mapping = tmp_path / "register.csv", tmp_path / "mapping.yaml"
    register.write_bytes(csv_bytes([person(n, household=n) for n in range(1, HOUSEHOLDS + 1)]))
    mapping.write_text(MAPPING, "utf-8")
    before = world.look(versions)
    killed = run(app, (register, mapping), f"{place}=kill:2")
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    left = world.look(versions)
    assert before < left < before + 2 * HOUSEHOLDS
    again = run(app, (register, mapping))
    assert again.returncode == 0, again.stderr
    found: dict[str, Any] = json.loads(again.stdout)
    assert found["state"] == "applied" and found["reached"] == HOUSEHOLDS
    assert found["applied"]["household"]["new"] == found["applied"]["member"]["new"] == HOUSEHOLDS
    assert world.look(versions) == before + 2 * HOUSEHOLDS
    assert set(world.look(version_numbers)) == {1}


def versions(session: Any) -> int:
    return int(session.scalar(select(func.count()).select_from(EntityVersion)))


def version_numbers(session: Any) -> list[int]:
    return list(session.scalars(select(Entity.version)))
