"""The cleaning rules as an XForm, so that a phone's form engine can judge a household. PURE.

The primary instance is the tree of rule_tree.py, with what the rules read and no more; below `verdict` each rule has a
node that calculates the ids of the records in which it found something. The phone puts its values into the instance
(client/src/lib/rule-tree.ts), restores it, and reads the verdicts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

from server.forms.dataset import Dataset
from server.forms.rule import Rule, RuleSet, place_of
from server.forms.rule_tree import POLICY, POLICY_ON, TOP

FORM_ID = "ruhu_rules"
VERDICT = "verdict"
_HTML, _XFORMS, _JR = (
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/2002/xforms",
    "http://openrosa.org/javarosa",
)


@dataclass(frozen=True)
class Shape:
    """Names in the tree, in their order: of the household, of the records below it by dataset, and of policies.

    `policies` are paths below the root: policy/income/monitoring_line, policy_on/resolved_on/income/….
    """

    household: tuple[str, ...]
    below: dict[str, tuple[str, ...]]
    policies: tuple[str, ...]


def shape_of(rules: RuleSet, datasets: Mapping[str, Dataset]) -> Shape:
    """What the rules read, and the ids that they answer."""
    paths = sorted(path.removeprefix(f"/{TOP}").lstrip("/") for path in rules.reads)
    told = {path.partition("/")[0] for path in paths} | {rule.over for rule in rules.rules}
    below = [name for name in datasets if name in told and name != TOP]
    own = [path for path in paths if path and "/" not in path and path not in below]
    return Shape(
        ("id", *(name for name in own if name not in ("id", POLICY, POLICY_ON))),
        {name: ("id", *_below(paths, name)) for name in below},
        tuple(path for path in paths if path.startswith((f"{POLICY}/", f"{POLICY_ON}/"))),
    )


def _below(paths: Iterable[str], dataset: str) -> list[str]:
    found = [path.removeprefix(f"{dataset}/") for path in paths if path.startswith(f"{dataset}/")]
    return [name for name in found if name != "id"]


def rule_form(rules: RuleSet, shape: Shape) -> str:
    """The XForm. Its instance is empty; the version is that of the rules."""
    html = etree.Element(f"{{{_HTML}}}html", nsmap={"h": _HTML, None: _XFORMS, "jr": _JR})
    head = etree.SubElement(html, f"{{{_HTML}}}head")
    etree.SubElement(head, f"{{{_HTML}}}title").text = FORM_ID
    model = etree.SubElement(head, f"{{{_XFORMS}}}model")
    _instance(etree.SubElement(model, f"{{{_XFORMS}}}instance"), rules, shape)
    for rule in rules.rules:
        place = f"/{TOP}/{VERDICT}/{rule.id}"
        etree.SubElement(model, f"{{{_XFORMS}}}bind", nodeset=place, type="string", calculate=_calculate(rule))
    body = etree.SubElement(html, f"{{{_HTML}}}body")
    for name in shape.below:
        group = etree.SubElement(body, f"{{{_XFORMS}}}group", ref=f"/{TOP}/{name}")
        etree.SubElement(group, f"{{{_XFORMS}}}repeat", nodeset=f"/{TOP}/{name}")
    written: str = etree.tostring(html, encoding="unicode")
    return written


def _instance(instance: etree._Element, rules: RuleSet, shape: Shape) -> None:
    root = etree.SubElement(instance, f"{{{_XFORMS}}}{TOP}", id=FORM_ID, version=rules.version)
    for name in shape.household:
        etree.SubElement(root, f"{{{_XFORMS}}}{name}")
    for dataset, names in shape.below.items():
        row = etree.SubElement(root, f"{{{_XFORMS}}}{dataset}", {f"{{{_JR}}}template": ""})
        for name in names:
            etree.SubElement(row, f"{{{_XFORMS}}}{name}")
    for path in shape.policies:
        _put(root, path.split("/"))
    verdict = etree.SubElement(root, f"{{{_XFORMS}}}{VERDICT}")
    for rule in rules.rules:
        etree.SubElement(verdict, f"{{{_XFORMS}}}{rule.id}")


def _put(root: etree._Element, parts: list[str]) -> None:
    node = root
    for part in parts:
        found = node.find(f"{{{_XFORMS}}}{part}")
        node = etree.SubElement(node, f"{{{_XFORMS}}}{part}") if found is None else found


def _calculate(rule: Rule) -> str:
    return f"join(' ', {place_of(rule.over)}[{rule.when.text}]/id)"
