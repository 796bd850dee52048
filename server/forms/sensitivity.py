"""How sensitive each answer of a form is. PURE.

The stricter of what the form and the dataset declare. What a form works out of sensitive answers is as sensitive as
they are, unless it says otherwise or is saved to a property, whose dataset then says it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from server.forms.dataset import Dataset
from server.forms.model import FormModel, Question

LEVELS = ("public", "internal", "personal", "sensitive")
_NAME = re.compile(r"[A-Za-z_][\w.-]*")


def open_names(datasets: Mapping[str, Dataset]) -> frozenset[str]:
    """The properties whose values may be kept as they are: declared, and sensitive in no dataset."""
    declared = [prop for dataset in datasets.values() for prop in dataset.properties.values()]
    secret = {prop.name for prop in declared if prop.sensitivity not in LEVELS[:3]}
    return frozenset(prop.name for prop in declared) - secret


@dataclass(frozen=True)
class Level:
    """`sensitivity` None: nobody declared any. `is_name`: the answer is what the record is called."""

    sensitivity: str | None
    is_name: bool


def levels_of(model: FormModel, datasets: Mapping[str, Dataset]) -> dict[str, Level]:
    """The level of every question, by path."""
    found = {question.path: _declared(question, datasets) for question in model.questions}
    secret = {prop.name for dataset in datasets.values() for prop in dataset.properties.values()
              if prop.sensitivity == "sensitive"}  # fmt: skip
    names = secret | {path.rpartition("/")[2] for path, level in found.items() if level.sensitivity == "sensitive"}
    # A calculation may read another one: again until nothing is added.
    while spread := [q for q in model.questions if _reads_secret(q, found[q.path], names)]:
        for question in spread:
            found[question.path] = Level("sensitive", False)
            names.add(question.name)
    return found


def _declared(question: Question, datasets: Mapping[str, Dataset]) -> Level:
    stated = {question.sensitivity}
    is_name = False
    if question.save_to is not None and question.save_to[0] in datasets:
        dataset = datasets[question.save_to[0]]
        prop = dataset.properties.get(question.save_to[1])
        # A property that is no longer declared has nobody who says that it may be seen.
        stated.add(prop.sensitivity if prop else "sensitive")
        is_name = dataset.label_property == question.save_to[1]
    known = [level for level in stated if level in LEVELS]
    return Level(max(known, key=LEVELS.index) if known else None, is_name)


def _reads_secret(question: Question, level: Level, names: set[str]) -> bool:
    if question.calculate is None or level.sensitivity is not None:
        return False
    return not names.isdisjoint(_NAME.findall(question.calculate))
