"""What is to be checked, at the desk: by rule and village, down to the households, and from there to their visits."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.running import ARGS, CHROMIUM, DESK, PASSWORD, Demo
from tests.serving import ROOT

pytestmark = pytest.mark.browser


def run_rules(demo: Demo) -> None:
    """As an administrator does it: from the command line."""
    ruhu = Path(sys.executable).parent / "ruhu"
    env = {**os.environ, "RUHU_VAR": str(demo.var), "RUHU_DATABASE_URL": demo.database_url, "RUHU_TESTING": "0"}
    command = [str(ruhu), "rules", "run", "--region", "990101000000"]
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)


def test_a_supervisor_finds_the_households_of_a_rule_and_their_visits(playwright: Playwright, demo: Demo) -> None:
    run_rules(demo)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
    page = browser.new_page(locale="zh-CN", **DESK)
    page.goto(f"{demo.address}/console/")
    page.fill("input[name=username]", "zhang.zhuren")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.get_by_role("link", name="核对").click()
    rule = page.locator("[data-test=rules] [data-rule]").first
    told = int(re.findall(r"(\d+) 户", rule.locator("button.line").inner_text())[0])
    rule.locator("button.line").click()
    villages = rule.locator("button.village")
    counts = [int(re.findall(r"(\d+) 户", text)[0]) for text in villages.all_inner_texts()]
    assert sum(counts) == told > 0
    villages.first.click()
    rows = page.locator("[data-test=rule-households] tbody tr")
    expect(rows).to_have_count(counts[0])
    page.reload()
    expect(rows).to_have_count(counts[0])  # the address says what is on screen
    rows.first.get_by_role("link", name="走访记录").click()
    expect(page).to_have_url(re.compile("#/visits"))
    browser.close()
