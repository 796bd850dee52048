"""The body of an XForm: which parts are asked, with what control and which choices, and which are repeats."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from server.forms.evaluation.choices import Choices, listed
from server.forms.evaluation.plan import Action, Part
from server.forms.evaluation.source import JR, Source, plain_path
from server.forms.evaluation.texts import XF, Text
from server.forms.xml import local
from server.forms.xpath import ExpressionError

CONTROLS = ("input", "select1", "select", "rank", "upload", "trigger", "range", "secret")
SELECTS = ("select1", "select", "rank")


def read_body(body: Any, source: Source, binds: Iterable[Any]) -> list[Action]:
    """Marks the parts that are asked or repeated; answers the actions that hang on questions."""
    by_id = {bind.get("id"): bind.get("nodeset") for bind in binds if bind.get("id")}
    return [] if body is None else list(_walk(body, "", source, by_id))


def _walk(element: Any, above: str, source: Source, by_id: dict[str, str]) -> Iterator[Action]:
    for child in element:
        if not isinstance(child.tag, str):
            continue
        tag = local(child)
        path = _ref(child, above, by_id)
        part = source.parts.get(path)
        if tag == "setvalue":
            action = source.action(child, source.parts.get(above))
            if action is not None:
                yield action
            continue
        if part is not None and tag in CONTROLS:
            _ask(source, part, child, tag)
        elif part is not None and tag == "repeat":
            part.is_repeat = True
            part.count = source.expression(part, "count", child.get(f"{JR}count"))
        elif part is not None and tag == "group":
            part.label = source.texts.of(child.find(f"{XF}label"))
        yield from _walk(child, path, source, by_id)


def _ref(control: Any, above: str, by_id: dict[str, str]) -> str:
    """The absolute path that a control names; a control without one stands where its group stands."""
    given = by_id.get(control.get("bind"), control.get("ref") or control.get("nodeset") or "")
    path = plain_path(given)
    if not path or local(control) in ("itemset", "value", "label", "output"):
        return above
    return path if path.startswith("/") else f"{above}/{path.removeprefix('./')}"


def _ask(source: Source, part: Part, control: Any, tag: str) -> None:
    part.control = tag
    part.label = source.texts.of(control.find(f"{XF}label"))
    if tag == "range":
        part.bounds = _bounds(control)
    if tag in SELECTS and "search(" not in (control.get("appearance") or ""):
        part.choices = _choices(source, part, control)
    if tag == "input" and control.get("query"):
        part.choices = _queried(source, part, control.get("query"))


def _bounds(control: Any) -> tuple[float, float] | None:
    try:
        ends = float(control.get("start")), float(control.get("end"))
    except (TypeError, ValueError):
        return None
    return min(ends), max(ends)


def _choices(source: Source, part: Part, control: Any) -> Choices | None:
    itemset = control.find(f"{XF}itemset")
    if itemset is None:
        labels = {_value(item): source.texts.of(item.find(f"{XF}label")) for item in control.iterfind(f"{XF}item")}
        return Choices(fixed=frozenset(labels), labels=labels) if labels else None
    nodeset = itemset.get("nodeset") or ""
    value, label = (_column(itemset.find(f"{XF}{name}")) for name in ("value", "label"))
    try:
        return listed(nodeset, value or "name", label or "label", source.instances)
    except ExpressionError as error:
        source.broken(part, "nodeset", nodeset, error)
        return None


def _value(item: Any) -> str:
    return (item.findtext(f"{XF}value") or "").strip()


def _column(element: Any) -> str:
    """What <value ref="name"/> or <label ref="jr:itext(itextId)"/> names."""
    ref = "" if element is None else str(element.get("ref") or "").strip()
    return ref if ref.startswith("jr:") else plain_path(ref)


def _queried(source: Source, part: Part, query: str) -> Choices | None:
    """select_one_external: a list by its name in itemsets.csv."""
    try:
        choices = listed(query, "name", "label", source.instances)
    except ExpressionError as error:
        source.broken(part, "nodeset", query, error)
        return None
    if choices.source and choices.source not in source.instances:
        source.files.setdefault(choices.source, "jr://file-csv/itemsets.csv")
    return choices


__all__ = ["CONTROLS", "SELECTS", "Text", "read_body"]
