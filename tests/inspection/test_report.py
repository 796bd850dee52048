"""The report of an inspection: asked for as other exports, in both languages and shapes, without anybody's name."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from openpyxl import load_workbook

from server.inspection.plan_file import plan_of
from server.inspection.plan_words import rows_of
from server.reports import exports, tasks
from server.reports.inspection_page import Bar, Report, Section, Table, write_page, write_workbook
from server.sync.definitions import datasets
from tests.inspection.outcome_stage import INSPECTION, Home, add_inspection, add_spot_check
from tests.sync.office import add_person
from tests.world import World, add_policies, build_world


@pytest.fixture
def world(app: Flask) -> World:
    made = build_world(app)
    add_person(made, "inspector", "inspector", None)
    made.run(add_spot_check)
    made.run(add_policies)
    poor = {"people/n_people": "5", "living/food_enough": "no"}
    homes = [Home("a"), Home("b", poor), Home("c", disposition="refused")]
    made.run(lambda session: add_inspection(session, made.people, homes))
    return made


def ask(world: World, by: str, format: str) -> Any:
    return world.phone(by).post("/exports", {"kind": "inspection", "inspection": INSPECTION, "format": format})


def fetched(world: World, by: str, format: str, monkeypatch: pytest.MonkeyPatch) -> bytes:
    monkeypatch.setattr(tasks, "register", lambda *given: lambda _id: None)
    asked = ask(world, by, format)
    assert asked.status_code == 202, asked.text
    with world.app.app_context():
        assert exports.run(world.app.config["RUHU"], datasets(), asked.json["id"])
    answer = world.phone(by).get(f"/exports/{asked.json['id']}/file")
    assert answer.status_code == 200
    content: bytes = answer.data
    return content


def test_the_workbook_holds_every_part_and_nobody_s_name(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    book = load_workbook(io.BytesIO(fetched(world, "zhang", "xlsx", monkeypatch)))
    assert book.sheetnames == [
        "design", "response", "results", "types", "questions", "areas", "findings", "exclusions", "redraw", "plan",
    ]  # fmt: skip
    lines = {sheet.title: [[cell for cell in row if cell is not None] for row in sheet.values] for sheet in book}
    assert all("抽查报告" in str(sheet[1]) and "made" in str(sheet[1]) for sheet in lines.values()), "of which days"
    everything = str(lines)
    assert "李小满" not in everything and "58000" not in everything
    assert not any("design:" in str(row) for row in lines["design"]) and "抽几户 / Households" in str(lines["design"])
    assert any("design: " in str(row) for row in lines["plan"]), "the plan as published stands in the appendix"
    people = next(row for row in lines["questions"] if "家庭人口" in str(row))
    assert people[1:5] == [2, 1, 0, 1], "checked, agree, within, differ"
    assert "样本不足" in str(lines["results"]) and "Sample too small" in str(lines["results"])
    assert any("拒访 / refused 1" in str(row) for row in lines["response"])


def test_the_page_stands_alone_and_prints(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    page = fetched(world, "auditor", "html", monkeypatch).decode()
    assert page.startswith("<!doctype html>") and "@page" in page
    assert "三率一度" in page and "Three rates" in page and "– – –" not in page
    assert "<script" not in page and "http" not in page and "李小满" not in page


def test_only_who_answers_for_the_area_gets_it(world: World) -> None:
    add_person(world, "west", "supervisor", "990102000000")
    assert ask(world, "west", "xlsx").status_code == 404
    assert ask(world, "li", "xlsx").status_code == 403
    assert ask(world, "inspector", "xlsx").status_code == 403
    assert ask(world, "zhang", "csv").status_code == 400
    assert world.phone("zhang").post("/exports", {"kind": "inspection"}).status_code == 400


def test_texts_are_harmless_in_both_shapes(tmp_path: Any) -> None:
    """A name that a spreadsheet would run, or a page would take for markup."""
    row = ["=1+1", "<b>x</b>", 3]
    table = Table([("甲", "A"), ("乙", "B"), ("丙", "C")], [row], [Bar(0.1, 0.4, 0.2, 0.3, 0.5)])
    report = Report(("题", "Title"), ("副", "Sub"), [Section("one", ("节", "Part"), [("文", "Text")], table)])
    write_workbook(report, tmp_path / "r.xlsx")
    cells = [cell for line in load_workbook(tmp_path / "r.xlsx")["one"].values for cell in line]
    assert "'=1+1" in cells and 3 in cells
    write_page(report, tmp_path / "r.html")
    page = (tmp_path / "r.html").read_text()
    assert "&lt;b&gt;" in page and 'style="left:20.0%;width:60.0%"' in page and "left:60.0%" in page


@pytest.mark.parametrize(
    ("plan", "zh", "en"),
    [
        ({"design": "census"}, ["全查"], ["everybody"]),
        (
            {"design": "two_stage", "stratum": "township", "villages": 3, "households": 10, "reserves": 5},
            ["每处 3 个村；户多的村机会大", "每个抽中的村 10 户", "每个抽中的村 5 户，按号签先后递补"],
            ["township: one draw in each", "3 of each stratum; larger villages more often"],
        ),
        (
            {"design": "stratified", "stratum": "kind", "allocation": "neyman", "spread": {"A": "0.3"},
             "households": "20%", "always": {"column": "cadre_kin", "values": ["yes"]}},
            ["“kind”列：每个里面各抽一次", "A 0.3", "各层合计 20%（不足一户算一户）", "没有"],
            ["by households and how much they differ", "20% of all strata, rounded up", "none"],
        ),
        ({"design": "systematic", "households": "all"}, ["全部户"], ["all of them"]),
    ],
)  # fmt: skip
def test_a_plan_is_told_in_words(plan: dict[str, Any], zh: list[str], en: list[str]) -> None:
    told = [how for _, how in rows_of(plan_of(plan))]
    assert set(zh) <= {one for one, _ in told} and set(en) <= {one for _, one in told}
