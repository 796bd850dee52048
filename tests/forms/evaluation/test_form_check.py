"""`ruhu form check FORM INSTANCE`: findings as JSON, without a database, and plain words when it cannot judge."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from tests.forms.evaluation.forms import form_of, question, xform

FORM = form_of(
    question("select_one_from_file places.geojson", "place"),
    question("select_one_from_file fruits.xml", "fruit"),
    question("select_one_from_file household.csv", "household"),
    question("integer", "age", required="true()", constraint=". < 120", says="太老 / Too old"),
    question("date", "day", constraint=". <= today()"),
)
POINT = {"type": "Point", "coordinates": [1, 2]}
FEATURE = {"type": "Feature", "properties": {"id": "p1", "title": "One"}, "geometry": POINT}
GEOJSON = {"type": "FeatureCollection", "features": [FEATURE]}


def ruhu(*words: object) -> Result:
    return CliRunner().invoke(main, ["form", "check", *map(str, words)])


def files(folder: Path, inside: str, **more: str) -> tuple[Path, Path]:
    form, instance = folder / "form.xml", folder / "instance.xml"
    form.write_text(xform(FORM), "utf-8")
    instance.write_text(f'<data id="t" version="1">{inside}</data>', "utf-8")
    for name, content in more.items():
        (folder / name.replace("_", ".")).write_text(content, "utf-8")
    return form, instance


def found(answer: Result) -> list[tuple[str, str]]:
    assert answer.exit_code == 0, answer.output
    listed: list[dict[str, Any]] = json.loads(answer.stdout)
    return [(one["path"], one["kind"]) for one in listed]


def test_findings_come_as_a_json_list(tmp_path: Path) -> None:
    answer = ruhu(*files(tmp_path, "<age>200</age>"))
    assert json.loads(answer.stdout) == [
        {"path": "/data/age", "kind": "constraint", "message": {"zh": "太老", "en": "Too old"}}
    ]


def test_a_right_instance_gives_an_empty_list(tmp_path: Path) -> None:
    assert found(ruhu(*files(tmp_path, "<age>20</age>"))) == []


def test_lists_beside_the_form_are_used_and_missing_ones_judge_nothing(tmp_path: Path) -> None:
    inside = "<place>p1</place><fruit>plum</fruit><household>h2</household><age>3</age>"
    assert found(ruhu(*files(tmp_path, inside))) == []
    lists = {
        "places_geojson": json.dumps(GEOJSON),
        "fruits_xml": "<root><item><name>pear</name><label>Pear</label></item></root>",
        "household_csv": "name,label\nh1,王大山\n",
    }
    assert found(ruhu(*files(tmp_path, inside, **lists))) == [("/data/fruit", "choice"), ("/data/household", "choice")]
    assert found(ruhu(*files(tmp_path, inside.replace("p1", "p2"), **lists)))[0] == ("/data/place", "choice")


def test_a_workbook_is_compiled_first(tmp_path: Path) -> None:
    _, instance = files(tmp_path, "<age/>")
    workbook = tmp_path / "form.md"
    workbook.write_text(FORM, "utf-8")
    assert found(ruhu(workbook, instance)) == [("/data/age", "required")]


def test_itemsets_of_external_selects_are_made_by_the_compiler(tmp_path: Path) -> None:
    workbook = tmp_path / "form.md"
    workbook.write_text(
        "| survey |\n| | type | name | label | choice_filter |\n| | text | state | S | |\n"
        "| | select_one_external city | city | C | state=${state} |\n"
        "| external_choices |\n| | list_name | name | label | state |\n| | city | a | A | x |\n| | city | b | B | y |\n"
        "| settings |\n| | form_id | version |\n| | t | 1 |\n",
        "utf-8",
    )
    _, instance = files(tmp_path, "<state>x</state><city>b</city>")
    assert found(ruhu(workbook, instance)) == [("/data/city", "choice")]


@pytest.mark.parametrize(
    ("inside", "words"),
    [("<a", "XML"), ("<!DOCTYPE x>", "DTD")],
    ids=["broken", "DTD"],
)
def test_an_instance_that_cannot_be_read_is_named(tmp_path: Path, inside: str, words: str) -> None:
    form, instance = files(tmp_path, "")
    instance.write_text(inside, "utf-8")
    answer = ruhu(form, instance)
    assert answer.exit_code == 1 and words in answer.output


def test_an_instance_of_another_form_is_named(tmp_path: Path) -> None:
    form, instance = files(tmp_path, "")
    instance.write_text('<data id="other"/>', "utf-8")
    answer = ruhu(form, instance)
    assert answer.exit_code == 1 and "other" in answer.output


def test_a_form_that_is_none_is_named(tmp_path: Path) -> None:
    form, instance = files(tmp_path, "")
    form.write_text("<html/>", "utf-8")
    answer = ruhu(form, instance)
    assert answer.exit_code == 1 and "XForm" in answer.output


def test_a_circle_is_placed(tmp_path: Path) -> None:
    _, instance = files(tmp_path, "")
    workbook = tmp_path / "circle.md"
    rows = (question("calculate", "a", calculation="${b} + 1"), question("calculate", "b", calculation="${a} + 1"))
    workbook.write_text(form_of(*rows), "utf-8")
    answer = ruhu(workbook, instance)
    assert answer.exit_code == 1 and "a → b → a" in answer.output and "row 2" in answer.output


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    answer = ruhu(*files(tmp_path, "<age>3</age>", places_geojson="{"))
    assert answer.exit_code == 1 and "places.geojson" in answer.output


def test_today_is_the_day_that_the_instance_names(tmp_path: Path) -> None:
    rows = (question("start", "start"), question("date", "day", constraint=". <= today()"))
    form, instance = files(tmp_path, "<start>2020-05-05T23:50:00.000+08:00</start><day>2020-05-06</day>")
    form.write_text(xform(form_of(*rows)), "utf-8")
    assert found(ruhu(form, instance)) == [("/data/day", "constraint")]
    instance.write_text(instance.read_text("utf-8").replace("-06<", "-05<"), "utf-8")
    assert found(ruhu(form, instance)) == []
