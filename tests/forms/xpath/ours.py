"""The same cases in our evaluator, answered in the words of Eval.java."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from lxml import etree

from server.forms.xpath import (
    Context,
    EvaluationError,
    ExpressionError,
    Node,
    Value,
    compile_expression,
    instance_of,
    text_of,
    tree_of,
    typed_value,
)
from server.forms.xpath.cases import shown
from server.forms.xpath.civil import iso_date
from server.forms.xpath.clock import clock_of
from server.forms.xpath.values import Day
from tests.forms.xpath.javarosa import ZONE, Case

SHANGHAI = ZoneInfo(ZONE)
EMPTY = "<data/>"


def evaluate(case: Case) -> dict[str, Any]:
    """What Eval.java answers, from us."""
    try:
        context = context_of(case)
        return answer(compile_expression(case["expr"])(context), context.now)
    except (ExpressionError, EvaluationError) as error:
        return {"error": error.why}


def context_of(case: Case) -> Context:
    root = tree_of(etree.fromstring(case.get("instance") or EMPTY))
    for node in root.walk():
        kind = case.get("types", {}).get(node.path)
        if kind and not node.children:
            node.value = typed_value(str(node.value), kind, SHANGHAI)
    lists = {name: _secondary(xml) for name, xml in (case.get("secondary") or {}).items()}
    context = Context(root, root, lists, now=datetime.now(SHANGHAI))
    if case.get("context"):
        found = compile_expression(case["context"])(context)
        assert isinstance(found, list)
        context.node = found[0]
    return context


@lru_cache
def _secondary(xml: str) -> Any:
    return instance_of(etree.fromstring(xml))


def answer(value: Value, now: datetime) -> dict[str, Any]:
    if isinstance(value, Day):
        hour, minute, second, millis = clock_of(value)
        return {"type": "date", "value": f"{iso_date(value.days)}T{hour:02}:{minute:02}:{second:02}.{millis:03}"}
    return shown(value, now)


def value(expression: str, **case: Any) -> Any:
    """The value alone: a text, a number, a truth, a list of texts; of an error its code."""
    try:
        context = context_of({"expr": expression, **case})
        found = compile_expression(expression)(context)
    except (ExpressionError, EvaluationError) as error:
        return error.code
    if isinstance(found, list):
        return [text_of([node]) for node in found]
    return answer(found, context.now)["value"] if isinstance(found, Day) else found


def nodes(expression: str, xml: str) -> list[Node]:
    root = tree_of(etree.fromstring(xml))
    found = compile_expression(expression)(Context(root, root))
    assert isinstance(found, list)
    return found
