"""ruhu form eval: a line in, a line out, whatever stands in it, on a machine without a database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from server.cli import main
from server.commands import form_eval
from server.forms.xpath.cases import answers
from tests.forms.xpath.ours import SHANGHAI

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=SHANGHAI)


def _answers(*cases: Mapping[str, Any] | str) -> list[dict[str, Any]]:
    lines = [case if isinstance(case, str) else json.dumps(case) for case in cases]
    return [json.loads(line) for line in answers(lines, NOW)]


def test_each_type_of_value_has_its_shape() -> None:
    xml = "<data><row><x>1</x></row><row><x>2</x></row></data>"
    assert _answers(
        {"expr": "1 + 1", "instance": None, "context": None, "secondary": None},
        {"expr": "'a'"},
        {"expr": "1 = 1"},
        {"expr": "0 div 0"},
        {"expr": "-1 div 0"},
        {"expr": "1 div 0"},
        {"expr": "/data/row/x", "instance": xml},
        {"expr": "../x", "instance": xml, "context": "/data/row[2]/x"},
        {"expr": "today()"},
        {"expr": "now()"},
        {"expr": "1.5"},
        {"expr": "-0.0"},
        {
            "expr": "instance('l')/root/item[name = 'k']/v",
            "secondary": {"l": "<root><item><name>k</name><v>V</v></item></root>"},
        },
    ) == [
        {"type": "number", "value": 2},
        {"type": "string", "value": "a"},
        {"type": "boolean", "value": True},
        {"type": "number", "value": "NaN"},
        {"type": "number", "value": "-Infinity"},
        {"type": "number", "value": "Infinity"},
        {"type": "nodeset", "value": ["1", "2"]},
        {"type": "nodeset", "value": ["2"]},
        {"type": "date", "value": "2026-11-22"},
        {"type": "date", "value": "2026-11-22T09:30:00.000+08:00"},
        {"type": "number", "value": 1.5},
        {"type": "number", "value": -0.0},
        {"type": "nodeset", "value": ["V"]},
    ]


def test_a_bad_line_is_an_error_line_and_the_next_goes_on() -> None:
    bad = [
        "nonsense",
        "[1]",
        "{}",
        '{"expr": 5}',
        '{"expr": "1 +"}',
        '{"expr": "frob()"}',
        '{"expr": "date(\'x\')"}',
        '{"expr": "1", "instance": "<a"}',
        '{"expr": "1", "instance": "<!DOCTYPE a><a/>"}',
        '{"expr": "1", "context": "/no"}',
        '{"expr": "1", "secondary": [1]}',
        '{"expr": "1", "secondary": {"l": 3}}',
        '{"expr": "instance(\'l\')/root"}',
        '{"expr": "1", "context": "1"}',
        '{"expr": "\\ud800"}',
        '{"expr": "1", "instance": "<a>\\ud800</a>"}',
    ]
    for line in bad:
        (error, answer) = _answers(line, {"expr": "1"})
        assert set(error) == {"error"} and error["error"], line
        assert answer == {"type": "number", "value": 1}


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(st.text(max_size=4), below, max_size=2),
)


@settings(max_examples=200, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["expr", "instance", "context", "secondary"]), _JSON | st.just("<a><b>1</b></a>"))
)
def test_no_json_brings_it_down(case: dict[str, Any]) -> None:
    (answer,) = _answers(case)
    assert "error" in answer or "value" in answer


def test_an_expression_without_end_is_stopped_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each node looks at all nodes, and each of those at all again."""
    monkeypatch.setattr(form_eval, "SECONDS", 0.3)
    xml = f"<d>{'<x/>' * 3000}</d>"
    cases = tmp_path / "cases.jsonl"
    endless = json.dumps({"expr": "count(/d/x[count(/d/x[count(/d/x[. = 1]) = 0]) > 0])", "instance": xml})
    cases.write_text(f'{endless}\n{{"expr": "1 + 1"}}\n', "utf-8")
    began = time.monotonic()
    first, second = CliRunner().invoke(main, ["form", "eval", "--cases", str(cases)]).output.splitlines()
    assert time.monotonic() - began < 20
    assert "Stopped after 0.3 seconds" in json.loads(first)["error"]
    assert json.loads(second) == {"type": "number", "value": 2}


def test_the_command_streams_lines_without_a_database(tmp_path: Path) -> None:
    """In an empty folder, with an address of a database that leads nowhere; from a file and from standard input."""
    cases = tmp_path / "cases.jsonl"
    cases.write_text('{"expr": "1 + 1"}\nnonsense\n{"expr": "concat(\'张\', \'三\')"}\n', "utf-8")
    env = {**os.environ, "RUHU_DATABASE_URL": "postgresql://127.0.0.1:1/none", "RUHU_VAR": str(tmp_path / "var")}
    done = subprocess.run(
        [sys.executable, "-m", "server", "form", "eval", "--cases", "-"],
        input=cases.read_text("utf-8"),
        capture_output=True,
        encoding="utf-8",
        env=env,
        cwd=Path(__file__).parents[3],
        check=True,
    )
    first, second, third = map(json.loads, done.stdout.splitlines())
    assert first == {"type": "number", "value": 2}
    assert "error" in second
    assert third == {"type": "string", "value": "张三"}
    assert CliRunner().invoke(main, ["form", "eval", "--cases", str(cases)]).output == done.stdout
