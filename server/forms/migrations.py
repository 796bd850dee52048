"""Properties that were renamed, split, re-coded or retired, while phones still send the old words. PURE.

The *vocabulary* of a dataset is the number of steps that its definition has taken. A form version knows the vocabulary
that was current when it was published; what it sends is carried forward, what it is shown is carried back. Steps are
functions of values alone, and each keeps different values different unless its author said that they are the same
(docs/decisions/2026-11-22-vocabularies.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import Protocol

from server.forms.canonical import canonical
from server.forms.dataset import Choice, Dataset, Property

Values = Mapping[str, str | None]


class Step(Protocol):
    """One change of a dataset's words. `forward` and `back` leave what is not theirs alone."""

    @property
    def properties(self) -> tuple[str, ...]: ...
    def forward(self, values: Values) -> dict[str, str | None]: ...
    def back(self, values: Values) -> dict[str, str | None]: ...
    def undone(self, dataset: Dataset) -> Dataset: ...


@dataclass(frozen=True)
class Rename:
    """`old` is called `new`."""

    old: str
    new: str

    @property
    def properties(self) -> tuple[str, ...]:
        return (self.old,)

    def forward(self, values: Values) -> dict[str, str | None]:
        return _moved(values, self.old, self.new)

    def back(self, values: Values) -> dict[str, str | None]:
        return _moved(values, self.new, self.old)

    def undone(self, dataset: Dataset) -> Dataset:
        swap = {self.new: self.old}
        return _renamed(dataset, swap, {swap.get(n, n): _called(p, swap) for n, p in dataset.properties.items()})


@dataclass(frozen=True)
class Split:
    """The text of `old` is cut at the first `at` … into `parts`; the last part keeps the rest."""

    old: str
    parts: tuple[str, ...]
    at: str

    @property
    def properties(self) -> tuple[str, ...]:
        return (self.old,)

    def forward(self, values: Values) -> dict[str, str | None]:
        if self.old not in values:
            return dict(values)
        pieces = (values[self.old] or "").split(self.at, len(self.parts) - 1)
        pieces += [""] * (len(self.parts) - len(pieces))
        cut = {part: piece.strip() or None for part, piece in zip(self.parts, pieces, strict=True)}
        return {name: value for name, value in values.items() if name != self.old} | cut

    def back(self, values: Values) -> dict[str, str | None]:
        if not any(part in values for part in self.parts):
            return dict(values)
        pieces = [values.get(part) or "" for part in self.parts]
        while pieces and not pieces[-1]:
            pieces.pop()
        whole: dict[str, str | None] = {self.old: self.at.join(pieces).strip() or None}
        return {name: value for name, value in values.items() if name not in self.parts} | whole

    def undone(self, dataset: Dataset) -> Dataset:
        first = dataset.properties[self.parts[0]]
        whole = replace(first, name=self.old, type="text", choices=None, unit=None, group=None, order=())
        properties: dict[str, Property] = {}
        for name, prop in dataset.properties.items():
            if name == self.parts[0]:
                properties[self.old] = whole
            elif name not in self.parts:
                properties[name] = prop
        return _renamed(dataset, dict.fromkeys(self.parts, self.old), properties)


@dataclass(frozen=True)
class Recode:
    """Codes of one property have other names; several old ones may become one. What is not named stays."""

    name: str
    codes: dict[str, str]

    @property
    def properties(self) -> tuple[str, ...]:
        return (self.name,)

    def forward(self, values: Values) -> dict[str, str | None]:
        return self._mapped(values, self.codes)

    def back(self, values: Values) -> dict[str, str | None]:
        # Of several old codes the first stands for all: an old form that leaves it as it is changes nothing.
        first = {new: old for old, new in reversed(self.codes.items())}
        return self._mapped(values, first)

    def _mapped(self, values: Values, codes: Mapping[str, str]) -> dict[str, str | None]:
        value = values.get(self.name)
        if not value:
            return dict(values)
        words = dict.fromkeys(codes.get(word, word) for word in value.split())
        mapped = codes[value] if value in codes else " ".join(sorted(words)) if " " in value else next(iter(words))
        return {**values, self.name: mapped}

    def undone(self, dataset: Dataset) -> Dataset:
        prop = dataset.properties[self.name]
        labels = {choice.value: choice.labels for choice in prop.choices or ()}
        new = set(self.codes.values())
        kept = [choice for choice in prop.choices or () if choice.value not in new or choice.value in self.codes]
        old = [Choice(code, labels.get(to, {"zh": code, "en": code})) for code, to in self.codes.items()]
        known = {choice.value for choice in kept}
        choices = (*kept, *(choice for choice in old if choice.value not in known)) if prop.choices else None
        return replace(dataset, properties={**dataset.properties, self.name: replace(prop, choices=choices)})


@dataclass(frozen=True)
class Retire:
    """A property that is no longer declared. Its values stay with the record and go to forms that still know it."""

    was: Property

    @property
    def properties(self) -> tuple[str, ...]:
        return (self.was.name,)

    def forward(self, values: Values) -> dict[str, str | None]:
        return dict(values)

    def back(self, values: Values) -> dict[str, str | None]:
        return dict(values)

    def undone(self, dataset: Dataset) -> Dataset:
        return replace(dataset, properties={**dataset.properties, self.was.name: self.was})


@dataclass(frozen=True)
class Vocabulary:
    """All steps of one dataset, oldest first, and the dataset as it is after them."""

    dataset: Dataset
    steps: tuple[Step, ...] = ()

    @property
    def size(self) -> int:
        return len(self.steps)

    def forward(self, values: Values, known: int) -> dict[str, str | None]:
        """What a form of vocabulary `known` says, in today's words."""
        if known >= self.size:
            return dict(values)
        carried = reduce(lambda now, step: step.forward(now), self.steps[known:], dict(values))
        return {name: self._spelled(name, value) for name, value in carried.items()}

    def back(self, values: Values, known: int) -> dict[str, str | None]:
        """Today's values in the words of vocabulary `known`."""
        return reduce(lambda now, step: step.back(now), reversed(self.steps[known:]), dict(values))

    def at(self, known: int) -> Dataset:
        """The dataset as a form of vocabulary `known` knows it."""
        return reduce(lambda dataset, step: step.undone(dataset), reversed(self.steps[known:]), self.dataset)

    def _spelled(self, name: str, value: str | None) -> str | None:
        declared = self.dataset.properties.get(name)
        return canonical(value, declared.type) if declared else value


def vocabularies(datasets: Mapping[str, Dataset], steps: Mapping[str, Sequence[Step]]) -> dict[str, Vocabulary]:
    """One for each dataset; most have taken no step."""
    return {name: Vocabulary(dataset, tuple(steps.get(name, ()))) for name, dataset in datasets.items()}


def _moved(values: Values, old: str, new: str) -> dict[str, str | None]:
    if old not in values:
        return dict(values)
    kept = {name: value for name, value in values.items() if name != old}
    # Both at once: a value goes before an emptiness.
    return kept if kept.get(new) else {**kept, new: values[old]}


def _called(prop: Property, names: Mapping[str, str]) -> Property:
    return replace(prop, name=names.get(prop.name, prop.name))


def _renamed(dataset: Dataset, names: Mapping[str, str], properties: dict[str, Property]) -> Dataset:
    """The dataset with these properties, and with their names wherever it names one."""
    parent = dataset.parent
    if parent is not None:
        parent = replace(parent, property=names.get(parent.property, parent.property))
    location = dataset.location and {part: names.get(name, name) for part, name in dataset.location.items()}
    source = dataset.region_source
    return replace(
        dataset,
        properties=properties,
        parent=parent,
        location=location,
        region_source=names.get(source, source) if source else None,
        label_property=names.get(dataset.label_property, dataset.label_property),
        card=tuple(dict.fromkeys(names.get(name, name) for name in dataset.card)),
    )
