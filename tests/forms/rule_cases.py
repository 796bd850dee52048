"""The cases of the cleaning rules as values: what each finds and what it leaves alone (rule_cases.yaml)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.forms.rule import RuleSet
from server.forms.rule_files import load_rules
from server.forms.rule_tree import Household, PolicyReader, Record
from tests.forms.samples import DEFINITIONS

DAY = date(2026, 6, 30)
REGION = "990101200000"
FILE = Path(__file__).with_name("rule_cases.yaml")


@dataclass(frozen=True)
class Case:
    """One household and whether the rule finds something in it."""

    rule: str
    trips: bool
    household: Household

    def __str__(self) -> str:
        below = [record.values for record in self.household.below]
        return f"{self.rule} {'trips' if self.trips else 'fine'} {json.dumps([self.household.record.values, below])}"


@cache
def datasets() -> dict[str, Dataset]:
    return load_datasets(DEFINITIONS / "datasets")


@cache
def policies() -> PolicyReader:
    return PolicyReader({name: policy_list(one) for name, one in load_policies(DEFINITIONS / "policies").items()})


@cache
def rules() -> RuleSet:
    values = {name: tuple(one.values) for name, one in load_policies(DEFINITIONS / "policies").items()}
    return load_rules(DEFINITIONS / "rules", datasets(), values)


@cache
def cases() -> tuple[Case, ...]:
    content: dict[str, list[Any]] = yaml.safe_load(FILE.read_text("utf-8"))
    rows = [(rule, word, given) for rule, told in content.items() for word, given in told]
    return tuple(Case(rule, word == "trips", household(given)) for rule, word, given in rows)


def household(given: dict[str, Any]) -> Household:
    below = [
        Record(dataset, f"{dataset}-{n}", values)
        for dataset, rows in given.items()
        if isinstance(rows, list)
        for n, values in enumerate(rows, 1)
    ]
    return Household(Record("household", "h", given.get("household", {})), given.get("region", REGION), below)
