"""A guard that is taken away, and the tests that must then fail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Edit:
    """In `file` (below the root), the only place that says `old` says `new` instead."""

    file: str
    old: str
    new: str

    def places(self, root: Path = ROOT) -> int:
        """How often `old` is there; 1 is right."""
        return (root / self.file).read_text().count(self.old)

    def apply(self, root: Path) -> None:
        path = root / self.file
        path.write_text(path.read_text().replace(self.old, self.new))


@dataclass(frozen=True)
class Mutant:
    """`tests`: addresses below tests/, as pytest takes them; one of them must fail. `database`: where it shows."""

    name: str
    edits: tuple[Edit, ...]
    tests: tuple[str, ...]
    database: str = "sqlite"


def mutant(
    name: str, file: str, old: str, new: str, *tests: str, database: str = "sqlite", also: Iterable[Edit] = ()
) -> Mutant:
    """A mutant of one edit, or of one and some more (guards of which one is enough)."""
    return Mutant(name, (Edit(file, old, new), *also), tests, database)
