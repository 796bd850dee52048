"""Our evaluator answers as the engine of ODK Collect does, but for the differences that are listed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.forms.xpath.differences import DIFFERENCES, INSTANCE, Difference
from tests.forms.xpath.javarosa import Case, JavaRosa
from tests.forms.xpath.ours import evaluate

PROBES = Path(__file__).with_name("probes.txt")
XML = (
    '<data id="f" version="3"><a>5</a><b/><t> hello  world </t><n>-2.5</n>'
    "<row><x>1</x><y>a</y></row><row><x>2</x><y>b</y></row><row><x>3</x><y/></row>"
    "<g><m>1 2 3</m><d>2024-02-29</d><e/></g><p>12.5 108.25 0 0</p><s>1 2;1 3;2 3;1 2</s></data>"
)
LIST = (
    "<root><item><name>k</name><label>V</label><n>1</n></item>"
    "<item><name>j</name><label>W</label><n>2</n></item></root>"
)


def _probes() -> list[tuple[str, str]]:
    """(context, expression); a line may begin with the context: @/data/row[2]/x ../y."""
    found = []
    for line in PROBES.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            is_elsewhere = line.startswith("@/")
            context, _, expression = line[1:].partition(" ") if is_elsewhere else ("/data", "", line)
            found.append((context, expression))
    return found


def same(ours: dict[str, Any], theirs: dict[str, Any]) -> bool:
    if "error" in ours or "error" in theirs:
        return "error" in ours and "error" in theirs
    a, b = ours["value"], theirs["value"]
    if ours["type"] == theirs["type"] == "number" and not isinstance(a, str) and not isinstance(b, str):
        return bool(a == b or abs(a - b) <= 1e-12 * abs(b))
    return ours["type"] == theirs["type"] and bool(a == b)


@pytest.mark.parametrize(("context", "expression"), _probes())
def test_a_probe_has_the_same_value_in_both_engines(javarosa: JavaRosa, context: str, expression: str) -> None:
    """Hand-picked corners: numbers as texts, dates, empty answers, repeats, texts, regular expressions, places."""
    case: Case = {"expr": expression, "instance": XML, "context": context, "secondary": {"l": LIST}}
    ours, theirs = evaluate(case), javarosa.evaluate(case)
    assert same(ours, theirs), f"ours {ours}, JavaRosa {theirs}"


@pytest.mark.parametrize("kept", DIFFERENCES, ids=lambda kept: kept.example)
def test_a_listed_difference_is_one(javarosa: JavaRosa, kept: Difference) -> None:
    """The list names no difference that is none, and no other answer of either engine."""
    case: Case = {"expr": kept.example, "instance": INSTANCE, "context": kept.context}
    assert evaluate(case).get("value") == kept.ours
    theirs = javarosa.evaluate(case)
    if isinstance(kept.theirs, str) and kept.theirs.startswith("!"):
        assert kept.theirs[1:] in theirs["error"]
    else:
        assert theirs["value"] == pytest.approx(kept.theirs)
