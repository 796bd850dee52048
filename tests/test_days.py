"""No test asks for the day while its file is read: the suite takes half an hour, and China's midnight may lie in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parent
LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def run_when_read(node: ast.AST) -> Iterator[ast.AST]:
    """What runs when the file is read: all but bodies of functions, whose decorators and defaults do."""
    yield node
    bodies = node.body if isinstance(node, LATER) else []
    for child in ast.iter_child_nodes(node):
        if child not in (bodies if isinstance(bodies, list) else [bodies]):
            yield from run_when_read(child)


def asks_for_the_day(source: str) -> list[int]:
    """Lines that call `today` when the file is read."""
    calls = (node for node in run_when_read(ast.parse(source)) if isinstance(node, ast.Call))
    return [call.lineno for call in calls if ast.unparse(call.func).split(".")[-1] == "today"]


def test_no_file_of_tests_holds_a_day_from_when_it_was_read() -> None:
    found = {str(path.relative_to(TESTS)): asks_for_the_day(path.read_text("utf-8")) for path in TESTS.rglob("*.py")}
    assert {path: lines for path, lines in found.items() if lines} == {}


def test_a_day_at_the_top_of_a_file_or_of_a_function_is_found() -> None:
    top = "DUE = db.today()"
    decorator = "@pytest.mark.parametrize('day', [today()])\ndef test(day): ..."
    default = "def later(day=date.today()): ..."
    within = "def later():\n    return today()\nNEXT = lambda: today()"
    assert [asks_for_the_day(one) for one in (top, decorator, default, within)] == [[1], [1], [1], []]
