"""Reading rules: form_definitions/rules/*.yaml, and `rules:` of a dataset. PURE.

Checked at load, with file, line, cause and cure: keys, texts, that the expression is one, that it reads only what the
tree holds, and calls only functions that server and phone share.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from server.forms import definition_checks as check
from server.forms.dataset import Dataset
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError, Issue
from server.forms.rule import SEVERITIES, STATUSES, Rule, RuleSet, place_of
from server.forms.rule_tree import TOP, known_paths
from server.forms.xpath import Expression, ExpressionError, compile_expression

# What means the same to the server and to the phone's engine, and depends on nothing but the tree.
FUNCTIONS = frozenset(
    {
        "not", "true", "false", "boolean", "if", "coalesce", "count", "sum", "min", "max", "number", "string", "round",
        "int", "abs", "string-length", "substr", "substring", "starts-with", "ends-with", "contains", "concat", "join",
        "normalize-space", "translate", "selected", "selected-at", "count-selected", "regex",
    }
)  # fmt: skip
_FILE_KEYS = ("group", "labels", "rules")
_KEYS = ("id", "over", "severity", "when", "message", "cure", "properties", "source", "status")


@dataclass(frozen=True)
class Ground:
    """What rules may speak of. `paths`: what the tree holds; `places`: where the records of a dataset stand in it."""

    datasets: Mapping[str, Dataset]
    paths: Collection[str]
    places: Mapping[str, str]


def load_rules(folder: Path, datasets: Mapping[str, Dataset], policies: Mapping[str, Iterable[str]]) -> RuleSet:
    """The cleaning rules. `policies`: names of the values by policy. Raises DefinitionError with all issues."""
    places = {name: place_of(name) for name, one in datasets.items() if name == TOP or _is_below(one)}
    ground = Ground(datasets, known_paths(datasets, policies), places)
    issues: list[Issue] = []
    rules: dict[str, Rule] = {}
    groups: dict[str, dict[str, str]] = {}
    for path in sorted(folder.glob("*.yaml")):
        file = read_definition(path)
        check.check_keys(file, (), file.content, _FILE_KEYS, _FILE_KEYS)
        group = check.name(file, ("group",), file.content.get("group"))
        groups[group] = check.labels(file, ("labels",), file.content.get("labels"))
        for rule in read_rules(file, ground, group):
            if rule.id in rules:
                file.complain("rule.twice", ("rules",), id=rule.id)
            rules[rule.id] = rule
        issues += file.issues
    if issues:
        raise DefinitionError(issues)
    return RuleSet(tuple(rules.values()), groups)


def read_rules(file: DefinitionFile, ground: Ground, group: str, over: str | None = None) -> list[Rule]:
    """The list `rules` of a file. `over`: the one dataset that they judge, when the file is its own."""
    given = check.sequence(file, ("rules",), file.content.get("rules"))
    found = [_rule(file, ("rules", str(n)), item, ground, group, over) for n, item in enumerate(given)]
    return [rule for rule in found if rule]


def _is_below(dataset: Dataset) -> bool:
    return dataset.parent is not None and dataset.parent.dataset == TOP


def _rule(
    file: DefinitionFile, at: Place, given: Any, ground: Ground, group: str, own: str | None
) -> Rule | None:
    content = check.mapping(file, at, given)
    keys = _KEYS if own is None else tuple(key for key in _KEYS if key != "over")
    check.check_keys(file, at, content, keys, keys)
    over = own or check.known_name(file, (*at, "over"), content.get("over"), ground.places)
    when = _when(file, (*at, "when"), content.get("when"), over, ground) if over else None
    if over is None or when is None:
        return None
    return Rule(
        id=check.name(file, (*at, "id"), content.get("id")),
        group=group,
        over=over,
        severity=check.word(file, (*at, "severity"), content.get("severity"), SEVERITIES) or "soft",
        when=when,
        message=check.labels(file, (*at, "message"), content.get("message")),
        cure=check.labels(file, (*at, "cure"), content.get("cure")),
        properties=_properties(file, (*at, "properties"), content.get("properties"), over, ground),
        source=str(content.get("source") or ""),
        status=check.word(file, (*at, "status"), content.get("status"), STATUSES) or "indicative",
    )


def _properties(file: DefinitionFile, at: Place, given: Any, over: str, ground: Ground) -> tuple[str, ...]:
    """`property` of the rule's own dataset or `dataset.property`; always answered with the dataset."""
    found = []
    for n, item in enumerate(check.sequence(file, at, given)):
        dataset, _, name = str(item).rpartition(".")
        known = ground.datasets.get(dataset or over)
        if known is None or name not in known.properties:
            file.complain("reference.unknown", (*at, str(n)), name=item)
        found.append(f"{dataset or over}.{name}")
    if not found:
        file.complain("rule.no_properties", at)
    return tuple(found)


def _when(file: DefinitionFile, at: Place, given: Any, over: str, ground: Ground) -> Expression | None:
    try:
        expression = compile_expression(str(given or ""))
    except ExpressionError as error:
        file.complain("rule.expression", at, position=error.position + 1, why=error.why, fix=error.fix)
        return None
    for name in sorted(expression.functions - FUNCTIONS):
        file.complain("rule.function", at, name=name, known=", ".join(sorted(FUNCTIONS)))
    for path in sorted(expression.reads(ground.places[over]) - set(ground.paths)):
        near = difflib.get_close_matches(path, ground.paths, n=1, cutoff=0.5)
        file.complain("rule.path", at, path=path, near=near[0] if near else "—")
    return expression
