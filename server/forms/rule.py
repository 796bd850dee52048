"""What a rule is, as values: cleaning rules over a household, and the rules of a dataset over one record."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from server.forms.xpath import Expression

SEVERITIES = ("hard", "soft")
STATUSES = ("confirmed", "indicative")


@dataclass(frozen=True)
class Rule:
    """Something to look at again. `when` is true where there is a problem.

    `over`: the dataset whose records it judges; `properties`: what to look at, as `dataset.property`. `hard`: cannot be
    right; `soft`: may be right, and wants a word. `message` says what was seen, `cure` what to do, {zh, en} each.
    """

    id: str
    group: str
    over: str
    severity: str
    when: Expression
    message: dict[str, str]
    cure: dict[str, str]
    properties: tuple[str, ...]
    source: str
    status: str

    @cached_property
    def version(self) -> str:
        """Names what the rule judges: another condition or severity is another version, another wording is not."""
        return _digest(f"{self.over}|{self.severity}|{self.when.text}")


@dataclass(frozen=True)
class RuleSet:
    """The cleaning rules, in the order of their files. `groups`: labels by group."""

    rules: tuple[Rule, ...]
    groups: Mapping[str, dict[str, str]]

    @cached_property
    def version(self) -> str:
        return _digest("|".join(f"{rule.id}:{rule.version}" for rule in self.rules))

    @cached_property
    def by_id(self) -> dict[str, Rule]:
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def reads(self) -> frozenset[str]:
        """Absolute paths in the tree (rule_tree.py) that some rule reads."""
        return frozenset(path for rule in self.rules for path in rule.when.reads(place_of(rule.over)))

    @cached_property
    def names(self) -> dict[str, frozenset[str]]:
        """The same by dataset: names of properties and derived facts that some rule reads, and `id`."""
        found: dict[str, set[str]] = {}
        for path in self.reads:
            parts = path.split("/")[2:]
            if len(parts) <= 2:
                found.setdefault(parts[0] if len(parts) == 2 else "household", {"id"}).update(parts[-1:])
        return {dataset: frozenset(names) for dataset, names in found.items()}


def place_of(over: str) -> str:
    """Where the records of a dataset stand in the tree."""
    return "/household" if over == "household" else f"/household/{over}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
