"""Fills a compiled form: the instance XML that a phone would send. Pure.

Every answer must have its node in the form and every node that has no answer is left out, so a form that has changed
stops the demo with a name instead of filling half of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from server.demo.answers import Answers, Row

_XF = "{http://www.w3.org/2002/xforms}"
_TEMPLATE = "{http://openrosa.org/javarosa}template"
ROW = "member_row"

# record id -> (base version, branch)
Bases = Mapping[str, tuple[int, str]]


def fill(xform: str, answers: Answers, instance_id: str, household: str, bases: Bases) -> str:
    """The instance of these answers. `household`: id of the record that the form updates."""
    root = _template(xform)
    rows = _rows(root, answers.rows)
    left = dict(answers.top)
    _fill_in(root, left)
    _expect_none(left)
    _entity(root, household, False, answers.top["head_name"], bases)
    for node, row in zip(rows, answers.rows, strict=True):
        values = dict(row.values)
        _fill_in(node, values)
        _expect_none(values)
        _entity(node, row.id, row.is_new, row.values["m_name"], bases)
    meta = root.find(f"{_XF}meta")
    meta.find(f"{_XF}instanceID").text = instance_id
    meta.find(f"{_XF}instanceName").text = f"{answers.top['head_name']} {answers.top['visit_date']}"
    return _plain(root)


def _template(xform: str) -> Any:
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    top = etree.fromstring(xform.encode(), parser)
    return deepcopy(next(top.iter(f"{_XF}instance"))[0])


def _rows(root: Any, rows: tuple[Row, ...]) -> list[Any]:
    """The repeat with one node a row in the place of its template."""
    found = list(root.iter(f"{_XF}{ROW}"))
    template, parent = found[0], found[0].getparent()
    place = parent.index(template)
    for node in found:
        parent.remove(node)
    copies = [deepcopy(template) for _ in rows]
    for node in reversed(copies):
        node.attrib.pop(_TEMPLATE, None)
        parent.insert(place, node)
    return copies


def _fill_in(node: Any, left: dict[str, str]) -> None:
    """Texts by name, taken out of `left`; nodes without an answer go, and groups that become empty."""
    for child in list(node):
        name = etree.QName(child).localname
        if name in ("meta", ROW):
            continue
        if len(child):
            _fill_in(child, left)
            if not len(child):
                node.remove(child)
        elif name in left:
            child.text = left.pop(name) or None
        else:
            node.remove(child)


def _expect_none(left: dict[str, str]) -> None:
    if left:
        raise ValueError(f"the form has no question {', '.join(sorted(left))}")


def _entity(node: Any, record: str, is_new: bool, label: str, bases: Bases) -> None:
    entity = node.find(f"{_XF}meta/{_XF}entity")
    version, branch = bases.get(record, (0, ""))
    entity.set("id", record)
    if "create" in entity.attrib:
        entity.set("create", "1" if is_new else "")
    entity.set("update", "" if is_new else "1")
    for name in ("baseVersion", "trunkVersion"):
        entity.set(name, "" if is_new else str(version))
    entity.set("branchId", "" if is_new else branch)
    entity.find(f"{_XF}label").text = label


def _plain(root: Any) -> str:
    """Without the form's own namespace, as clients send instances."""
    for node in root.iter():
        if etree.QName(node).namespace == _XF[1:-1]:
            node.tag = etree.QName(node).localname
    etree.cleanup_namespaces(root)
    return str(etree.tostring(root, encoding="unicode"))
