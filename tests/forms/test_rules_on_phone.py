"""The same rule cases on the phone: its tree and its engine find exactly what the server finds."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from server.forms.rule_form import rule_form, shape_of
from server.forms.rules import run
from tests.forms.phone_engine import CLIENT
from tests.forms.rule_cases import DAY, Case, cases, datasets, policies, rules

COMMAND = ("node", "node_modules/vitest/vitest.mjs", "run", "--config", "tests/cases/vitest.config.ts", "rules.test")


def _known() -> dict[str, Any]:
    """What GET /rules answers, as far as the phone judges by it."""
    shape = shape_of(rules(), datasets())
    return {
        "version": rules().version,
        "rules": [{"id": rule.id, "over": rule.over, "severity": rule.severity} for rule in rules().rules],
        "shape": {"household": shape.household, "below": shape.below, "policies": shape.policies},
        "xform": rule_form(rules(), shape),
        "policies": policies().rows,
    }


def _household(case: Case) -> dict[str, Any]:
    top = case.household.record
    below = [{"dataset": one.dataset, "id": one.id, "data": one.values} for one in case.household.below]
    household = {"dataset": "household", "id": top.id, "data": top.values, "region": case.household.region}
    return {"household": household, "below": below}


def _on_the_server(case: Case) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in run(rules(), datasets(), case.household, policies(), DAY).tripped:
        found.setdefault(one.rule.id, []).append(one.entity_id)
    return found


@pytest.mark.skipif(not (CLIENT / "node_modules").is_dir(), reason="the client's packages are not installed")
def test_the_phone_finds_what_the_server_finds(tmp_path: Path) -> None:
    """All rules over all households of the cases: same rules, same records."""
    file = tmp_path / "rules.json"
    given = {"known": _known(), "day": DAY.isoformat(), "households": [_household(case) for case in cases()]}
    file.write_text(json.dumps(given, ensure_ascii=False), "utf-8")
    done = subprocess.run(
        COMMAND, cwd=CLIENT, env={**os.environ, "RUHU_RULES": str(file)}, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    outcomes = json.loads(file.with_suffix(".outcomes.json").read_text("utf-8"))
    different = [
        (str(case), here, there)
        for case, there in zip(cases(), outcomes, strict=True)
        if (here := _on_the_server(case)) != there
    ]
    assert different == []
