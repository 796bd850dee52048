"""What of a record waits for a person, in the names of its properties."""

from __future__ import annotations

from collections.abc import Iterable

from server.forms.dataset import Dataset


def contested_properties(dataset: Dataset | None, marks: Iterable[str]) -> list[str]:
    """`marks` as they are stored: properties, `@state`, `@rule:<id>` (what the rule names), `@same` (a likeness)."""
    found: set[str] = set()
    for mark in marks:
        kind, _, name = mark.partition(":")
        if kind == "@rule" and dataset is not None:
            named = (path for rule in dataset.rules if rule.id == name for path in rule.properties)
            found |= {path.rpartition(".")[2] for path in named}
        else:
            found.add(dataset.label_property if kind == "@same" and dataset is not None else mark)
    return sorted(found)
