"""Single expressions as lines of JSON, in and out: how other engines' cases are run through this one."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime
from functools import lru_cache
from typing import Any

from server.forms.issue import IssueError
from server.forms.messages import issue
from server.forms.xml import parse_xml
from server.forms.xpath.clock import iso_text
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError, ExpressionError
from server.forms.xpath.expression import compile_expression
from server.forms.xpath.numbers import text_of_number
from server.forms.xpath.table import Table, instance_of
from server.forms.xpath.tree import Node, tree_of
from server.forms.xpath.values import Value, text_of

_NOTHING = "<data/>"
Answer = dict[str, Any]


class CaseUnreadable(Exception):
    """A line is no case; the message is bilingual."""

    def __init__(self, code: str, **values: object) -> None:
        super().__init__(issue(f"case.{code}", "", **values).why)


def answers(lines: Iterable[str], now: datetime) -> Iterator[str]:
    """A line of JSON for each line that is not blank; what cannot be evaluated gives {"error": why}."""
    for line in lines:
        if line.strip():
            yield json.dumps(_answer(line, now), ensure_ascii=False)


def _answer(line: str, now: datetime) -> Answer:
    try:
        return evaluate(_case(line), now)
    except (ExpressionError, EvaluationError) as error:
        return {"error": error.why}
    except (IssueError, CaseUnreadable) as error:
        return {"error": str(error)}
    except Exception as error:  # One line must not cost the others; what it was stands in its answer.
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def evaluate(case: Answer, now: datetime) -> Answer:
    """Evaluate a case {expr, instance, context, secondary}; see docs/EXPRESSIONS.md. Raises what is wrong with it."""
    expression = compile_expression(_text(case, "expr") or "")
    root = _instance(_text(case, "instance") or _NOTHING)
    lists = {name: _secondary(xml) for name, xml in _lists(case).items()}
    context = Context(root, root, lists, now=now)
    path = _text(case, "context")
    if path is not None:
        context.node = _place(path, context)
    return shown(expression(context), now)


def shown(value: Value, now: datetime) -> Answer:
    """A value with its type, as JSON can carry it: NaN and the infinities as texts, dates as ISO texts."""
    if isinstance(value, list):
        return {"type": "nodeset", "value": [text_of(node.value) for node in value]}
    if isinstance(value, bool):
        return {"type": "boolean", "value": value}
    if isinstance(value, str):
        # Half of a rare character, cut off by substr(), is no text that JSON could carry.
        return {"type": "string", "value": value.encode("utf-8", "replace").decode("utf-8")}
    if not isinstance(value, float):
        return {"type": "date", "value": iso_text(value, now.tzinfo) if now.tzinfo else text_of(value)}
    if not math.isfinite(value):
        return {"type": "number", "value": text_of_number(value)}
    # -0.0 stays what it is.
    is_whole = (value.is_integer() and 0 < abs(value) < 2**53) or str(value) == "0.0"
    return {"type": "number", "value": int(value) if is_whole else value}


def _case(line: str) -> Answer:
    try:
        case = json.loads(line)
    except ValueError as error:
        raise CaseUnreadable("no_json", cause=str(error)) from error
    if not isinstance(case, dict):
        raise CaseUnreadable("no_json", cause=type(case).__name__)
    return case


def _text(case: Answer, key: str) -> str | None:
    found = case.get(key)
    if found is not None and not isinstance(found, str):
        raise CaseUnreadable("no_text", key=key)
    return found


def _lists(case: Answer) -> dict[str, str]:
    found = case.get("secondary") or {}
    if not isinstance(found, dict) or not all(isinstance(xml, str) for xml in found.values()):
        raise CaseUnreadable("no_text", key="secondary")
    return found


def _place(path: str, context: Context) -> Node:
    found = compile_expression(path)(context)
    if not isinstance(found, list) or not found:
        raise CaseUnreadable("no_context", path=path)
    return found[0]


# Many cases share an instance. Evaluating changes nothing in it.
@lru_cache(maxsize=64)
def _instance(xml: str) -> Node:
    return tree_of(parse_xml(_utf8(xml)))


@lru_cache(maxsize=64)
def _secondary(xml: str) -> Node | Table:
    return instance_of(parse_xml(_utf8(xml)))


def _utf8(xml: str) -> str:
    try:
        xml.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CaseUnreadable("no_text", key="instance") from error
    return xml
