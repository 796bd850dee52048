"""The dataset definitions of this server, read and checked once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from server.forms.dataset import Dataset
from server.forms.datasets import load_datasets
from server.forms.policies import load_policies
from server.forms.rule import RuleSet
from server.forms.rule_files import load_rules


@lru_cache(maxsize=4)
def datasets(forms: Path) -> dict[str, Dataset]:
    """All datasets below the folder of form definitions, by name."""
    return load_datasets(forms / "datasets")


@lru_cache(maxsize=4)
def rules(forms: Path) -> RuleSet:
    """The cleaning rules below the folder of form definitions."""
    policies = load_policies(forms / "policies")
    return load_rules(forms / "rules", datasets(forms), {name: tuple(one.values) for name, one in policies.items()})
