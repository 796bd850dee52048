"""What was found while a register was read: each kind of problem once for each column, with examples. PURE.

A problem on the wire: {sheet, column, code, count, rows: [first five], example?, refused, why, fix}; why and fix are
Chinese and English. Examples are masked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from server.forms.dataset import Dataset, Property
from server.imports.messages import FINDINGS, texts
from server.registry.masking import mask, mask_name

SHOWN_ROWS = 5
MOST = 300  # different problems; what is beyond stands in the list of refused rows
CLASSES = ("new", "changed", "unchanged", "conflicting", "refused")


@dataclass(frozen=True)
class Trouble:
    """One cell or row that a person should look at. `refused`: its record is not taken."""

    code: str
    column: str = ""
    example: str = ""
    values: tuple[tuple[str, object], ...] = ()

    @property
    def refused(self) -> bool:
        return self.code not in FINDINGS and not self.code.startswith("rule.")

    def reason(self, words: Mapping[str, tuple[str, str]]) -> str:
        why, fix = words.get(self.code) or texts(self.code, **dict(self.values))
        return f"{self.column}: {why} → {fix}" if self.column else f"{why} → {fix}"


@dataclass
class Tally:
    """Counts of records by dataset and class, and problems by sheet, column and code.

    `words`: (why, fix) of codes that are not in the catalogue: the datasets' own rules.
    """

    counts: dict[str, dict[str, int]] = field(default_factory=dict)
    found: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)
    words: dict[str, tuple[str, str]] = field(default_factory=dict)

    def add(self, dataset: str, kind: str, count: int = 1) -> None:
        counts = self.counts.setdefault(dataset, dict.fromkeys(CLASSES, 0))
        counts[kind] += count

    def join(self, other: Tally) -> None:
        """Adds what another tally counted."""
        self.words |= other.words
        self.counts = added(self.counts, other.counts)
        for key, one in other.found.items():
            if key not in self.found and len(self.found) < MOST:
                self.found[key] = {**one, "count": 0, "rows": []}
            if key in self.found:
                mine = self.found[key]
                mine["count"] += one["count"]
                mine["rows"] = [*mine["rows"], *one["rows"]][:SHOWN_ROWS]

    def note(self, sheet: str, row: int, troubles: Iterable[Trouble]) -> None:
        for trouble in troubles:
            key = (sheet, trouble.column, trouble.code)
            if key not in self.found and len(self.found) >= MOST:
                continue
            one = self.found.setdefault(key, self._first(sheet, trouble))
            one["count"] += 1
            if len(one["rows"]) < SHOWN_ROWS:
                one["rows"].append(row)

    def _first(self, sheet: str, trouble: Trouble) -> dict[str, Any]:
        why, fix = self.words.get(trouble.code) or texts(trouble.code, **dict(trouble.values))
        example = {"example": trouble.example} if trouble.example else {}
        return {
            "sheet": sheet,
            "column": trouble.column,
            "code": trouble.code,
            "count": 0,
            "rows": [],
            **example,
            "refused": trouble.refused,
            "why": why,
            "fix": fix,
        }

    def problems(self) -> list[dict[str, Any]]:
        """Those that cost rows first, then by how many."""
        return sorted(self.found.values(), key=lambda one: (not one["refused"], -one["count"], one["code"]))


def added(one: Mapping[str, Mapping[str, int]], other: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    """Counts by dataset and class, summed."""
    found = {dataset: dict(counts) for dataset, counts in one.items()}
    for dataset, counts in other.items():
        mine = found.setdefault(dataset, dict.fromkeys(CLASSES, 0))
        for kind, count in counts.items():
            mine[kind] = mine.get(kind, 0) + count
    return found


def example_of(dataset: Dataset, prop: Property | None, text: str) -> str:
    """A cell as an example may show it: what is about a person is masked."""
    if prop is not None and prop.sensitivity in ("public", "internal"):
        return text[:40]
    if prop is not None and prop.name == dataset.label_property:
        return mask_name(text)
    return mask(text)
