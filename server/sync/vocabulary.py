"""Old words: what a form of an earlier vocabulary sends is carried forward, what it is shown is carried back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.instance import EntityWrite
from server.forms.migration_files import load_vocabularies
from server.forms.migrations import Values, Vocabulary
from server.forms.tables import FormVersion
from server.sync.definitions import datasets

# dataset → how many steps a form knows
Known = Mapping[str, int]


@cache
def _load(folder: Path) -> Mapping[str, Vocabulary]:
    return load_vocabularies(folder / "migrations", datasets())


@cache
def _moved(folder: Path) -> tuple[str, ...]:
    """The datasets that have taken a step; mostly none."""
    return tuple(name for name, words in _load(folder).items() if words.steps)


@cache
def _at(folder: Path, dataset: str, known: int) -> Dataset:
    return _load(folder)[dataset].at(known)


def _folder() -> Path:
    folder: Path = current_app.config["RUHU"].forms
    return folder


def vocabulary(dataset: str) -> Vocabulary:
    """The vocabulary of a dataset of this server."""
    return _load(_folder())[dataset]


def sizes(names: tuple[str, ...] | list[str]) -> dict[str, int]:
    """Today's vocabulary of each of these datasets: what a form that is published now knows."""
    return {name: size for name in names if name in datasets() and (size := vocabulary(name).size)}


def known_by(session: Session, form_id: str, version: str) -> Known:
    """The vocabulary of a form version. Asks nothing while no dataset has taken a step."""
    if not _moved(_folder()):
        return {}
    found = session.scalar(
        select(FormVersion.vocabulary).where(FormVersion.form_id == form_id, FormVersion.version == version)
    )
    return found or {}


def datasets_as(known: Known) -> Mapping[str, Dataset]:
    """All datasets as a form of this vocabulary knows them."""
    folder = _folder()
    behind = {name for name in _moved(folder) if known.get(name, 0) < vocabulary(name).size}
    if not behind:
        return datasets()
    return {
        name: _at(folder, name, known.get(name, 0)) if name in behind else dataset
        for name, dataset in datasets().items()
    }


def todays(write: EntityWrite, known: Known) -> EntityWrite:
    """What an instance of an older form writes, in today's words."""
    words = vocabulary(write.dataset)
    steps = known.get(write.dataset, 0)
    if steps >= words.size:
        return write
    values = words.forward(write.values, steps)
    parent = words.dataset.parent
    return replace(write, values=values, parent=values.get(parent.property) if parent else None)


def todays_base(dataset: str, base: Mapping[str, Any], known: Known) -> Mapping[str, Any]:
    """The base that an envelope names, in today's words; a base of an unknown dataset stays."""
    if dataset not in datasets() or known.get(dataset, 0) >= vocabulary(dataset).size:
        return base
    texts = {name: None if value is None else str(value) for name, value in base.items()}
    return vocabulary(dataset).forward(texts, known.get(dataset, 0))


def older_in_use(session: Session) -> dict[str, tuple[int, ...]]:
    """For each dataset with steps the older vocabularies that some form version still speaks."""
    moved = _moved(_folder())
    if not moved:
        return {}
    spoken = session.scalars(select(FormVersion.vocabulary).where(FormVersion.state != "draft")).all()
    return {
        name: tuple(sorted({n for form in spoken if (n := (form or {}).get(name, 0)) < vocabulary(name).size}))
        for name in moved
    }


def past_of(dataset: str, values: Values, older: tuple[int, ...]) -> dict[str, dict[str, str | None]]:
    """What differs in each older vocabulary: {"n": {property: value}}."""
    found: dict[str, dict[str, str | None]] = {}
    for known in older:
        before = vocabulary(dataset).back(values, known)
        if differing := {name: value for name, value in before.items() if name not in values or values[name] != value}:
            found[str(known)] = differing
    return found
