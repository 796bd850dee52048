"""One row of a sheet as records of the register, with everything that is wrong in it. PURE."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from server.forms.id_number import read_id_number
from server.imports.cells import Cell, Spoiled, key_part, plain, value_of
from server.imports.mapping import Column, RegisterMapping, Section
from server.imports.sheets import Row, Sheet
from server.imports.tally import Trouble, example_of

ID_NUMBER = "id_number"
Texts = Mapping[str, str | Spoiled]


@dataclass
class Reader:
    """Reads the rows of one sheet. `above`: what stood last in the columns that are filled down."""

    mapping: RegisterMapping
    sheet: Sheet
    above: dict[str, str | Spoiled] = field(default_factory=dict)

    def texts(self, row: Row) -> dict[str, str | Spoiled]:
        """The row's cells by column, as a person reads them."""
        cells: Sequence[Cell] = row.cells
        found: dict[str, str | Spoiled] = {}
        for name, cell in zip(self.sheet.header, cells, strict=False):
            text = plain(cell)
            found[name] = "" if text in self.mapping.empty_words else text
        for name in self.mapping.fill_down:
            if self._says_so(name, row):
                self.above[name] = found[name]
            elif name in self.above:
                found[name] = self.above[name]
        return found

    def _says_so(self, name: str, row: Row) -> bool:
        """Whether the row itself has something in this column, be it that there is nothing to say."""
        place = self.sheet.header.index(name) if name in self.sheet.header else len(row.cells)
        return place < len(row.cells) and bool(plain(row.cells[place]))

    def filled(self, row: Row, texts: Texts) -> Row:
        """The row with what its merged cells stand for: in the list of refused rows it stands below another one."""
        if not self.mapping.fill_down:
            return row
        missing = [None] * (len(self.sheet.header) - len(row.cells))
        cells = zip(self.sheet.header, [*row.cells, *missing], strict=False)
        return replace(row, cells=[self._own(name, cell, texts) for name, cell in cells])

    def _own(self, name: str, cell: Cell, texts: Texts) -> Cell:
        text = texts.get(name)
        return text if name in self.mapping.fill_down and isinstance(text, str) and not plain(cell) else cell


def values_of(section: Section, texts: Texts) -> tuple[dict[str, str | None], list[Trouble]]:
    """The values that the row gives, and the cells that cannot be taken."""
    values: dict[str, str | None] = dict(section.constants)
    troubles: list[Trouble] = []
    for column in section.columns:
        text = texts.get(column.name, "")
        found = text if isinstance(text, Spoiled) else value_of(column, text)
        if isinstance(found, Spoiled):
            troubles.append(_trouble(section, column, text, found))
        elif found is not None or column.clears:
            values[column.to.name] = found
            troubles += _id_findings(section, column, found)
    return values, troubles


def _trouble(section: Section, column: Column, text: str | Spoiled, spoiled: Spoiled) -> Trouble:
    example = example_of(section.dataset, column.to, text) if isinstance(text, str) else ""
    return Trouble(spoiled.code, column.name, example, spoiled.values)


def _id_findings(section: Section, column: Column, value: str | None) -> list[Trouble]:
    """What is wrong with an ID number is a question, as in every form: the number is taken as it stands."""
    if column.to.name != ID_NUMBER or value is None:
        return []
    number = read_id_number(value)
    example = example_of(section.dataset, column.to, value)
    return [] if number.is_valid else [Trouble(f"id.{number.fault}", column.name, example)]


@dataclass(frozen=True)
class Key:
    """The way by which a record is identified, and its cells in the form in which they count."""

    way: int
    parts: tuple[str, ...]


def key_of(section: Section, texts: Texts) -> Key | Trouble:
    """The first way whose cells are all filled."""
    id_columns = {column.name for column in section.columns if column.to.name == ID_NUMBER}
    for way, columns in enumerate(section.key):
        parts = _parts(texts, columns)
        if isinstance(parts, Trouble):
            return parts
        if all(parts):
            numbers = [part for part, name in zip(parts, columns, strict=True) if name in id_columns]
            if any(read_id_number(number).fault in ("length", "characters") for number in numbers):
                return Trouble("key.number", "、".join(columns))
            return Key(way, parts)
    return Trouble("key.empty", "、".join(section.key[0]))


def other_keys(section: Section, texts: Texts, key: Key) -> list[Key]:
    """The further ways that the row fills: by one of them it was known while the first way's cells were empty."""
    found = ((way, _parts(texts, section.key[way])) for way in range(key.way + 1, len(section.key)))
    return [Key(way, parts) for way, parts in found if not isinstance(parts, Trouble) and all(parts)]


def household_of(section: Section, texts: Texts) -> Key | Trouble:
    """The key of the household that a member names: the household's first way."""
    parts = _parts(texts, section.above)
    if isinstance(parts, Trouble):
        return parts
    return Key(0, parts) if all(parts) else Trouble("key.empty", "、".join(section.above))


def _parts(texts: Texts, columns: Sequence[str]) -> tuple[str, ...] | Trouble:
    parts = []
    for name in columns:
        text = texts.get(name, "")
        if isinstance(text, Spoiled):
            return Trouble(text.code, name, values=text.values)
        parts.append(key_part(text))
    return tuple(parts)


def shown_cells(sheet: Sheet, row: Row) -> dict[str, str]:
    """The row as it came, for the list of refused rows."""
    cells = zip(sheet.header, row.cells, strict=False)
    return {name or f"#{place}": "" if cell is None else str(cell) for place, (name, cell) in enumerate(cells, 1)}
