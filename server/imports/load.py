"""Reads a register into its staging file: rows become records, households find their members, problems are counted."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from server.imports.cells import Spoiled, plain
from server.imports.keys import key_hash
from server.imports.mapping import HOUSEHOLD, MEMBER, RegisterMapping, Section
from server.imports.places import Places
from server.imports.rows import Key, Reader, Texts, household_of, key_of, other_keys, shown_cells, values_of
from server.imports.sheets import Row, Sheet
from server.imports.staging import Record, Staging
from server.imports.tally import Tally, Trouble

KEEP_EVERY = 5000  # rows


@dataclass(frozen=True)
class Files:
    """Where households stand and where members do; the same sheet when a row holds both."""

    households: Sheet
    members: Sheet | None


@dataclass
class Loader:
    """One reading of one register."""

    mapping: RegisterMapping
    secret: bytes
    places: Places
    staging: Staging
    tally: Tally

    def load(self, files: Files, beat: Callable[[], None]) -> None:
        """Reads everything; `beat` is called now and then."""
        together = files.members is files.households
        self._read(files.households, beat, members=together)
        if files.members is not None and not together:
            self._read(files.members, beat, households=False)
        self.staging.add_unnamed_households()

    def _read(
        self, sheet: Sheet, beat: Callable[[], None], *, households: bool = True, members: bool = True
    ) -> None:
        reader = Reader(self.mapping, sheet)
        for done, row in enumerate(sheet.rows(), 1):
            texts = reader.texts(row)
            own = reader.filled(row, texts)
            if households:
                self._household(sheet, own, texts)
            if members and self.mapping.member is not None:
                self._member(self.mapping.member, sheet, own, texts)
            if done % KEEP_EVERY == 0:
                self.staging.keep()
                beat()
        self.staging.keep()

    def _household(self, sheet: Sheet, row: Row, texts: Texts) -> None:
        section = self.mapping.household
        key = key_of(section, texts)
        if isinstance(key, Trouble):
            self._refuse(sheet, row, HOUSEHOLD, [key])
            return
        values, troubles = values_of(section, texts)
        region = self._region(texts, troubles)
        if region is not None and section.dataset.region_source:
            values[section.dataset.region_source] = region
        refused = any(trouble.refused for trouble in troubles)
        record = Record(self._hash(HOUSEHOLD, key), sheet.name, row.number, values, region, refused)
        first = self.staging.add_household(record)
        if first is not None:
            self._compare(sheet, row, first, record, troubles)
            return
        self._note_others(section, texts, key)
        self.tally.note(sheet.name, row.number, troubles)
        if refused:
            self._refuse(sheet, row, HOUSEHOLD, troubles, noted=True)

    def _region(self, texts: Texts, troubles: list[Trouble]) -> str | None:
        """The code of the village or group that the row names."""
        names = self.mapping.region
        cells = [texts.get(name, "") for name in names]
        spoiled = next((cell for cell in cells if isinstance(cell, Spoiled)), None)
        given = [str(cell) for cell in cells]
        look_up = self._by_code if self.mapping.region_is_code else self.places.by_names
        found = spoiled or look_up(given)
        if isinstance(found, Spoiled):
            example = " ".join(given)[:60] if spoiled is None else ""
            troubles.append(Trouble(found.code, "、".join(names), example, found.values))
            return None
        return found

    def _by_code(self, given: list[str]) -> str | Spoiled:
        return self.places.by_code(given[0])

    def _compare(self, sheet: Sheet, row: Row, first: Record, record: Record, troubles: Sequence[Trouble]) -> None:
        """A further row of a household: what it says of it must not be otherwise, nor unreadable."""
        if self.mapping.member is None:
            self._refuse(sheet, row, HOUSEHOLD, [Trouble("key.twice", values=(("row", first.row),))])
            return
        before, here = first.values or {}, record.values or {}
        columns = {column.to.name: column.name for column in self.mapping.household.columns}
        place = "、".join(self.mapping.region)
        columns[self.mapping.household.dataset.region_source or ""] = place
        differing = [columns[name] for name, value in here.items() if name in columns and value != before.get(name)]
        # Only the household's first row has to name its village.
        differing += [one.column for one in troubles if one.refused and (one.column != place or one.example.strip())]
        self.tally.note(sheet.name, row.number, [Trouble("household.differs", name) for name in differing])

    def _member(self, section: Section, sheet: Sheet, row: Row, texts: Texts) -> None:
        household, key = household_of(section, texts), key_of(section, texts)
        wrong = [one for one in (household, key) if isinstance(one, Trouble)]
        if isinstance(household, Trouble) or isinstance(key, Trouble):
            self._refuse(sheet, row, MEMBER, wrong)
            return
        values, troubles = values_of(section, texts)
        refused = any(trouble.refused for trouble in troubles)
        record = Record(self._hash(MEMBER, key), sheet.name, row.number, values, None, refused)
        there = self.staging.add_member(record, self._hash(HOUSEHOLD, household))
        if there is not None:
            self._refuse(sheet, row, MEMBER, [Trouble("key.twice", values=(("row", there),))])
            return
        self._note_others(section, texts, key)
        self.tally.note(sheet.name, row.number, troubles)
        if refused:
            self._refuse(sheet, row, MEMBER, troubles, noted=True)

    def _note_others(self, section: Section, texts: Texts, key: Key) -> None:
        dataset = section.dataset.name
        others = [self._hash(dataset, other) for other in other_keys(section, texts, key)]
        self.staging.add_others(dataset, self._hash(dataset, key), others)

    def _hash(self, dataset: str, key: Key) -> str:
        return key_hash(self.secret, dataset, key.way, key.parts)

    def show_refused(self, files: Files) -> None:
        """Gives the rows that only merging refused their cells as they came."""
        for dataset, sheet in ((HOUSEHOLD, files.households), (MEMBER, files.members)):
            wanted = self.staging.refused_later(dataset)
            if sheet is None or not wanted:
                continue
            reader = Reader(self.mapping, sheet)
            for row in sheet.rows():
                texts = reader.texts(row)
                if row.number in wanted:
                    shown = _cells(sheet, reader.filled(row, texts))
                    self.staging.show_refused(sheet.name, row.number, dataset, shown)

    def _refuse(
        self, sheet: Sheet, row: Row, dataset: str, troubles: list[Trouble], *, noted: bool = False
    ) -> None:
        """Keeps the row with its reasons; one with a key is counted when its household's turn comes."""
        if not noted:
            self.tally.note(sheet.name, row.number, troubles)
            self.tally.add(dataset, "refused")
        reasons = [trouble.reason(self.tally.words) for trouble in troubles if trouble.refused]
        self.staging.refuse(sheet.name, row.number, dataset, _cells(sheet, row), reasons)


def _cells(sheet: Sheet, row: Row) -> dict[str, str]:
    return shown_cells(sheet, replace(row, cells=[_shown(cell) for cell in row.cells]))


def _shown(cell: object) -> str:
    text = plain(cell)  # type: ignore[arg-type]
    return str(cell) if isinstance(text, Spoiled) else text
