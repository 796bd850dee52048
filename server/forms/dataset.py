"""What a dataset is, as values. datasets.py reads them from form_definitions/datasets."""

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from server.forms.rule import Rule


@dataclass(frozen=True)
class Choice:
    """One code with its labels by language ("zh", "en")."""

    value: str
    labels: dict[str, str]


@dataclass(frozen=True)
class Parent:
    """The dataset above, and the property that names the parent record."""

    dataset: str
    property: str


@dataclass(frozen=True)
class Alike:
    """When two records of one place look like one registered twice: `same` are known and equal, `where_known` do not
    differ where both know them. Of a date the year counts.
    """

    same: tuple[str, ...]
    where_known: tuple[str, ...] = ()


@dataclass(frozen=True)
class Property:
    """One declared fact of a record. `order` (policy `worst`) lists its codes from safe to dangerous.

    `count` (policy `derived`): the dataset below whose records are counted.
    """

    name: str
    type: str
    labels: dict[str, str]
    sensitivity: str
    merge: str
    group: str | None
    backcheck: str | None
    choices: tuple[Choice, ...] | None
    unit: str | None
    order: tuple[str, ...]
    count: str | None = None


@dataclass(frozen=True)
class Dataset:
    """A kind of record.

    `location` maps lon, lat, accuracy_m and datum to the properties that make its geometry; `found_by` is the property
    that says how the place was found, `sharp_m` the error in metres up to which a fix may take a pinned place's place.
    `card` names the properties of its head card, in order; `rules` judge one record alone (rules.check_record).
    `alike`: what makes a possible duplicate below one parent, or without a parent in one region.
    """

    name: str
    labels: dict[str, str]
    properties: dict[str, Property]
    parent: Parent | None
    region_source: str | None
    resolvers: tuple[str, ...]
    label_property: str
    location: dict[str, str] | None
    card: tuple[str, ...]
    rules: tuple[Rule, ...] = ()
    alike: Alike | None = None
    found_by: str | None = None
    sharp_m: Decimal = Decimal()

    @cached_property
    def kept(self) -> dict[str, Any]:
        """What is found out once about the dataset by those who use it."""
        return {}

    @cached_property
    def counts(self) -> dict[str, str]:
        """Property → the dataset below whose records it counts."""
        return {prop.name: prop.count for prop in self.properties.values() if prop.count}

    @cached_property
    def days(self) -> dict[str, str]:
        """The derived fact that counts its days (rule_tree.py) → each property that is a date."""
        return {f"{prop.name}_day": prop.name for prop in self.properties.values() if prop.type == "date"}

    def reads_of(self, rule: Rule) -> frozenset[str]:
        """Names of the properties and derived facts that a rule of the dataset reads; found out once for each."""
        known: dict[str, frozenset[str]] = self.kept.setdefault("reads", {})
        if rule.id not in known:
            known[rule.id] = frozenset(path.rpartition("/")[2] for path in rule.when.reads(f"/{self.name}"))
        return known[rule.id]

    @cached_property
    def keys(self) -> dict[str, str]:
        """The merge key of each property: its group, or its own name."""
        return {name: prop.group or name for name, prop in self.properties.items()}

    @cached_property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """The properties of each merge group."""
        named = dict.fromkeys(prop.group for prop in self.properties.values() if prop.group)
        return {group: tuple(p.name for p in self.properties.values() if p.group == group) for group in named}
