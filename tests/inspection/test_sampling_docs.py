"""The page's worked example is what the program draws, and both pages say the same of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from server.cli import main
from server.config import ROOT
from server.inspection.plan_file import read_plan

_BLOCK = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)


def _page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def test_the_worked_example_is_what_is_drawn(tmp_path: Path) -> None:
    page = _page("INSPECTION.md").partition("## Drawing again by hand")[2].partition("## For a statistician")[0]
    blocks = dict(_BLOCK.findall(page))
    seed = re.findall(r"seed `(\d+)`", page)[0]
    (tmp_path / "frame.csv").write_text(blocks["csv"], "utf-8")
    (tmp_path / "plan.yaml").write_text(blocks["yaml"], "utf-8")
    files = ["--frame", str(tmp_path / "frame.csv"), "--plan", str(tmp_path / "plan.yaml")]
    told = CliRunner().invoke(main, ["sample", "draw", *files, "--seed", seed]).stdout.splitlines()
    shown = [line for line in told if "…" in line]
    assert shown == blocks["text"].splitlines()
    assert "  Lake  5/6" in told and "  East  0.5" in told
    assert seed in _page("INSPECTION.zh-CN.md")


@pytest.mark.parametrize("name", ["INSPECTION.md", "INSPECTION.zh-CN.md"])
def test_the_plans_on_the_pages_can_be_read(name: str, tmp_path: Path) -> None:
    plans = [text for kind, text in _BLOCK.findall(_page(name)) if kind == "yaml"]
    assert plans
    for text in plans:
        (tmp_path / "plan.yaml").write_text(text, "utf-8")
        plan = read_plan(tmp_path / "plan.yaml")
        assert plan.design == "two_stage" and plan.notes == ()
