"""The words of writing a record: who writes, what is written, and what became of it. Values only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from server.forms.dataset import Dataset
from server.sync import merge


@dataclass(frozen=True)
class Origin:
    """Who writes, by which op, and where in the author's own line of work."""

    op_id: str
    person_id: str
    lineage: str
    seq: int | None
    instance_id: str | None = None
    corrects: str | None = None


@dataclass(frozen=True)
class RecordWrite:
    """What an op says of one record; values are canonical.

    `base_version` 0: the author saw nothing. `base`: values that the sender says he saw. `region`: where a new record
    belongs when its own values do not say. `branch`: an ODK branch and its step, in place of the origin's line.
    """

    dataset: str
    id: str
    values: Mapping[str, str | None]
    base_version: int = 0
    base: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    region: str | None = None
    label: str | None = None
    branch: tuple[str, int] | None = None


@dataclass(frozen=True)
class Move:
    """A record that left a region (for the feeds)."""

    dataset: str
    id: str
    root_id: str
    left: str


@dataclass(frozen=True)
class Outcome:
    """What became of one record.

    `written`: it has a new version. `contested`: a key that this op wrote has several heads. `differs`: keys whose sent
    base is not our history.
    """

    dataset: str
    id: str
    root_id: str
    region: str
    version: int
    written: bool
    contested: bool = False
    conflicts: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    def for_wire(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "id": self.id, "version": self.version, "conflicts": list(self.conflicts)}


@dataclass(frozen=True)
class Edit:
    """One key before and after this op's write."""

    name: str
    before: merge.Key
    after: merge.Key
    write: merge.Write


def members(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The properties of a key: a merge group's, or the property itself."""
    group = tuple(prop.name for prop in dataset.properties.values() if prop.group == name)
    return group or (name,)


def key_of(dataset: Dataset, name: str) -> str:
    prop = dataset.properties.get(name)
    return prop.group if prop and prop.group else name
