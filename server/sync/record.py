"""The words of writing a record: who writes, what is written, and what became of it. Values only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from server.forms.dataset import Dataset
from server.sync import merge, merge_state
from server.sync.merge_policy import REVIEW, Policy


@dataclass(frozen=True)
class Origin:
    """Who writes, by which op, and where in the author's own line of work.

    `rank` and `observed`: see merge_policy.Candidate. `resolves`: the ops that a resolution had on screen;
    `decides`: the conflict that it is about; `decision`: its choose, value and reason.
    """

    op_id: str
    person_id: str
    lineage: str
    seq: int | None
    instance_id: str | None = None
    corrects: str | None = None
    resolves: frozenset[str] = frozenset()
    rank: int = 0
    observed: str | None = None
    decides: str | None = None
    decision: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Stead:
    """The place of an op among the writes of a record, which a correction takes: what it saw, and who saw it.

    `keys`: what the op had written; all of it is withdrawn.
    """

    op_id: str
    version: int
    base_version: int
    lineage: str
    seq: int | None
    keys: frozenset[str]


@dataclass(frozen=True)
class RecordWrite:
    """What an op says of one record; values are canonical.

    `base_version` 0: the author saw nothing. `base`: values that the sender says he saw. `region`: where a new record
    belongs when its own values do not say. `branch`: an ODK branch and its step, in place of the origin's line.
    `stead`: the place of the op that a correction replaces.
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
    stead: Stead | None = None


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

    `written`: it has a new version. `contested`: a key that this op wrote waits for a person; `settled`: a rule decided
    one, or a person had before. `differs`: keys whose sent base is not our history. `conflicts` are open; `news`:
    conflicts that changed.
    `beside`: records (id, root, region) that did not change but are told anew, because a conflict names them too.
    """

    dataset: str
    id: str
    root_id: str
    region: str
    version: int
    written: bool
    contested: bool = False
    settled: bool = False
    conflicts: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()
    news: tuple[str, ...] = ()
    beside: tuple[tuple[str, str, str], ...] = ()

    def for_wire(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "id": self.id, "version": self.version, "conflicts": list(self.conflicts)}


def status_of(outcomes: Sequence[Outcome]) -> str:
    """The op's status in the words of the wire contract."""
    if any(outcome.contested for outcome in outcomes):
        return "conflicted"
    return "merged" if any(outcome.settled for outcome in outcomes) else "applied"


@dataclass(frozen=True)
class Edit:
    """One key before and after this op; `write` is None where the op only takes a value away."""

    name: str
    before: merge.Key
    after: merge.Key
    write: merge.Write | None


def members(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The properties of a key: a merge group's, or the property itself."""
    return dataset.groups.get(name) or (name,)


def policy_of(dataset: Dataset, name: str) -> Policy:
    """The merge policy of a key, with the property that it goes by; found out once for each that the dataset knows."""
    policies: dict[str, Policy] = dataset.kept.setdefault("policies", {})
    found = policies.get(name)
    if found is None:
        found = _policy_of(dataset, name)
        if name in dataset.properties or name in dataset.groups:
            policies[name] = found
    return found


def _policy_of(dataset: Dataset, name: str) -> Policy:
    if name == merge_state.STATE:
        return merge_state.POLICY
    group = [dataset.properties[member] for member in members(dataset, name) if member in dataset.properties]
    if not group:
        return REVIEW
    if group[0].merge == "most_precise":
        parts = dataset.location or {}
        return Policy("most_precise", parts.get("accuracy_m", ""), (), dataset.found_by or "", dataset.sharp_m)
    ordered = next((prop for prop in group if prop.order), group[0])
    return Policy(group[0].merge, ordered.name, ordered.order)


def key_of(dataset: Dataset, name: str) -> str:
    return dataset.keys.get(name, name)
