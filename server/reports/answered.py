"""The answers of one submission as one reader may see them, ready to be written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from server.forms.answers import Answer, answers
from server.forms.dataset import Dataset
from server.forms.instance import Instance
from server.forms.model import FormModel
from server.forms.sensitivity import Level, levels_of
from server.registry.masking import HIDDEN, Sight, is_id_number, mask, mask_name, treatment
from server.reports.cells import point_part, typed
from server.reports.layout import POINT_PARTS, repeat_above


@dataclass(frozen=True)
class Cell:
    """One value of a row. `words`: the value in both languages; None where codes and words are the same."""

    value: str | None
    type: str
    words: Mapping[str, str] | None


@dataclass(frozen=True)
class Line:
    """One row of one table (by the path of its repeat): `key` names it, `above` the row that holds it."""

    table: str
    key: str
    above: str | None
    cells: dict[str, Cell]


class Reader:
    """Reads the submissions of one form version for people of either sight."""

    def __init__(self, model: FormModel, datasets: Mapping[str, Dataset]) -> None:
        self.model = model
        self._levels = levels_of(model, datasets)
        self._tables = {q.path: repeat_above(q.path, model.repeats) for q in model.questions}

    def lines(self, instance: Instance, seen: Sight) -> Iterator[Line]:
        """The rows of a submission: its own first, then those of its repeats in form order."""
        root = f"/{instance.root.tag}"
        rows: dict[str, Line] = {"": Line(root, instance.instance_id, None, {})}
        for answer in self._shown(instance, seen):
            table = self._tables[answer.path] or root
            place = _row_place(answer.position_path, table, root)
            line = self._line(rows, place, table)
            line.cells.update(_cells(answer, table))
        yield from rows.values()

    def _line(self, rows: dict[str, Line], place: str, table: str) -> Line:
        """The row at a place; a new one stands below the row that holds it."""
        if place not in rows:
            top = rows[""]
            above = repeat_above(table, self.model.repeats) or top.table
            holder = self._line(rows, _row_place(place, above, top.table), above)
            rows[place] = Line(table, f"{top.key}{place[len(top.table) :]}", holder.key, {})
        return rows[place]

    def typed(self, instance: Instance, seen: Sight) -> tuple[dict[str, Any], list[str]]:
        """The answers as nested JSON, and the paths of those that are not shown as they are stored."""
        tree: dict[str, Any] = {}
        masked: list[str] = []
        for answer, is_masked in self._treated(instance, seen):
            if is_masked:
                masked.append(answer.position_path)
            _plant(tree, answer.position_path.split("/")[2:], typed(answer.value, "" if is_masked else answer.type))
        return tree, masked

    def _shown(self, instance: Instance, seen: Sight) -> Iterator[Answer]:
        return (answer for answer, _ in self._treated(instance, seen))

    def _treated(self, instance: Instance, seen: Sight) -> Iterator[tuple[Answer, bool]]:
        for answer in answers(self.model, instance, computed=True):
            yield _treat(answer, self._levels[answer.path], seen)


def _treat(answer: Answer, level: Level, seen: Sight) -> tuple[Answer, bool]:
    """The answer for this sight, and whether it is another text than the stored one."""
    value = answer.value
    sensitivity = level.sensitivity
    if value and sensitivity is None and is_id_number(value):
        sensitivity = "sensitive"  # a form that declares nothing may still ask for ID numbers
    how = treatment(seen, sensitivity)
    if how == "show" or value is None:
        return answer, False
    hidden = None if how == "hide" else mask_name(value) if level.is_name else mask(value)
    words = {"zh": hidden or HIDDEN, "en": hidden or HIDDEN}
    return Answer(**{**vars(answer), "value": hidden, "display": words}), True


def _row_place(position: str, table: str, root: str) -> str:
    """The start of a position that names its row: /data/member[2]/name in /data/member → /data/member[2]."""
    if table == root:
        return ""
    return "/".join(position.split("/")[: table.count("/") + 1])


def _cells(answer: Answer, table: str) -> Iterator[tuple[str, Cell]]:
    name = answer.path[len(table) + 1 :].replace("/", "-")
    if answer.type == "geopoint":
        yield from (
            (f"{name}-{part}", Cell(point_part(answer.value, part), "decimal", None)) for part in POINT_PARTS
        )
        return
    same = answer.value is None or set(answer.display.values()) == {answer.value}
    yield name, Cell(answer.value, answer.type, None if same else answer.display)


def _plant(tree: dict[str, Any], steps: list[str], value: Any) -> None:
    """Puts a value at its place; member_row[2] is the second item of the list member_row."""
    for step in steps[:-1]:
        name, _, number = step.partition("[")
        if not number:
            tree = tree.setdefault(name, {})
            continue
        rows = tree.setdefault(name, [])
        while len(rows) < int(number.rstrip("]")):
            rows.append({})
        tree = rows[int(number.rstrip("]")) - 1]
    tree[steps[-1]] = value
