"""Reading form_definitions/migrations/<dataset>.yaml: the steps of a dataset's vocabulary, oldest first.

A step is never taken back and never changed: form versions on phones were published between them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.forms.dataset import Dataset, Property
from server.forms.datasets import SENSITIVITIES, TYPES
from server.forms.definition_checks import check_keys, day, known_name, labels, mapping, name, sequence, word
from server.forms.definition_file import DefinitionFile, Place, read_definition
from server.forms.issue import DefinitionError
from server.forms.migrations import Recode, Rename, Retire, Split, Step, Vocabulary, vocabularies

_KINDS = ("rename", "split", "codes", "retire")


def load_vocabularies(folder: Path, datasets: Mapping[str, Dataset]) -> dict[str, Vocabulary]:
    """The vocabulary of every dataset. Raises DefinitionError with all issues of all files."""
    steps: dict[str, tuple[Step, ...]] = {}
    issues = []
    for path in sorted(folder.glob("*.yaml")):
        file = read_definition(path)
        owner = known_name(file, ("dataset",), file.content.get("dataset", path.stem), datasets)
        check_keys(file, (), file.content, ("dataset", "steps"), ("dataset", "steps"))
        if owner is not None:
            steps[owner] = _Steps(file, datasets[owner]).read()
        issues += file.issues
    if issues:
        raise DefinitionError(issues)
    return vocabularies(datasets, steps)


@dataclass
class _Steps:
    """Reads from the newest step to the oldest, because only the newest words are declared."""

    file: DefinitionFile
    dataset: Dataset
    ids: set[str] = field(default_factory=set)

    def read(self) -> tuple[Step, ...]:
        found: list[Step] = []
        given = sequence(self.file, ("steps",), self.file.content.get("steps"))
        for number, content in reversed(list(enumerate(given))):
            step = self._step(("steps", str(number)), content)
            if step is not None:
                found.append(step)
                self.dataset = step.undone(self.dataset)
        return tuple(reversed(found))

    def _step(self, at: Place, given: Any) -> Step | None:
        content = mapping(self.file, at, given)
        check_keys(self.file, at, content, ("id", "on", "why", *_KINDS), ("id", "on"))
        day(self.file, (*at, "on"), content.get("on"))
        if (step_id := str(content.get("id"))) in self.ids:
            self.file.complain("key.twice", (*at, "id"), key=step_id)
        self.ids.add(step_id)
        kinds = [kind for kind in _KINDS if kind in content]
        if len(kinds) != 1:
            self.file.complain("value.unknown", at, value=", ".join(kinds), known=" | ".join(_KINDS))
            return None
        here = (*at, kinds[0])
        before = len(self.file.issues)
        step: Step | None = getattr(self, f"_{kinds[0]}")(here, mapping(self.file, here, content[kinds[0]]))
        return step if len(self.file.issues) == before else None

    def _rename(self, at: Place, content: dict[str, Any]) -> Step:
        check_keys(self.file, at, content, ("from", "to"), ("from", "to"))
        new = known_name(self.file, (*at, "to"), content.get("to"), self.dataset.properties)
        return Rename(self._gone((*at, "from"), content.get("from")), new or "")

    def _split(self, at: Place, content: dict[str, Any]) -> Step:
        check_keys(self.file, at, content, ("property", "into", "at"), ("property", "into", "at"))
        given = sequence(self.file, (*at, "into"), content.get("into"))
        parts = [known_name(self.file, (*at, "into"), part, self.dataset.properties) or "" for part in given]
        groups = {self.dataset.properties[part].group for part in parts if part}
        group = next(iter(groups), None)
        together = {prop.name for prop in self.dataset.properties.values() if group and prop.group == group}
        # What was one value must still win or lose as one, else a merge could mix two people's halves.
        if len(parts) < 2 or not content.get("at") or together != set(parts):
            self.file.complain("migration.split_group", (*at, "into"), parts=", ".join(map(str, given)))
        return Split(self._gone((*at, "property"), content.get("property")), tuple(parts), str(content.get("at")))

    def _codes(self, at: Place, content: dict[str, Any]) -> Step:
        check_keys(self.file, at, content, ("property", "map"), ("property", "map"))
        prop = known_name(self.file, (*at, "property"), content.get("property"), self.dataset.properties) or ""
        codes = {str(old): str(new) for old, new in mapping(self.file, (*at, "map"), content.get("map")).items()}
        declared = self.dataset.properties[prop].choices if prop else None
        for old, new in codes.items():
            word(self.file, (*at, "map", old), new, [choice.value for choice in declared or ()] or [new])
        return Recode(prop, codes)

    def _retire(self, at: Place, content: dict[str, Any]) -> Step:
        keys = ("property", "labels", "type", "sensitivity")
        check_keys(self.file, at, content, keys, keys)
        was = Property(
            name=self._gone((*at, "property"), content.get("property")),
            type=word(self.file, (*at, "type"), content.get("type"), TYPES) or "text",
            labels=labels(self.file, (*at, "labels"), content.get("labels")),
            sensitivity=word(self.file, (*at, "sensitivity"), content.get("sensitivity"), SENSITIVITIES) or "sensitive",
            merge="review", group=None, backcheck=None, choices=None, unit=None, order=(),
        )  # fmt: skip
        return Retire(was)

    def _gone(self, at: Place, given: Any) -> str:
        """A name that the dataset no longer has."""
        found = name(self.file, at, given)
        if found in self.dataset.properties:
            self.file.complain("migration.still_there", at, name=found)
        return found
