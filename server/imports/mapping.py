"""Which column of a register is which fact: the mapping file (YAML, docs/IMPORT.md). PURE.

All scalars are texts, as in the other definitions: `no` is a code, `02` keeps its zero.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from server.errors import Fault
from server.forms.canonical import canonical
from server.forms.dataset import Dataset, Property
from server.forms.definition_file import DefinitionFile, read_definition
from server.forms.issue import DefinitionError
from server.imports.messages import fault

HOUSEHOLD, MEMBER = "household", "member"
DATES = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y年%m月%d日", "%Y%m%d")
PARTING = "、,，;；|/ \n"
_SOURCE = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
_TOP = ("source", "header_row", "delimiter", "empty_words", "fill_down", HOUSEHOLD, MEMBER)
_SECTION = ("sheet", "key", "match", "columns", "constants")
_COLUMN = ("to", "codes", "dates", "empty", "parted_by")
MOST_HEADER_ROWS = 20
MOST_FAULTS = 100  # told at once


@dataclass(frozen=True)
class Column:
    """One column and the property it goes to. `clears`: an empty cell empties the property, else it says nothing."""

    name: str
    to: Property
    codes: Mapping[str, str]
    dates: tuple[str, ...] = DATES
    clears: bool = False
    parted_by: str = PARTING


@dataclass(frozen=True)
class Section:
    """How records of one dataset stand in a sheet.

    `key`: ways to identify a record, each some columns; the first way whose cells are all filled counts. `match`:
    properties by which a record that is in the database already has this key's first way. `above`: columns with the
    key of the household (of members).
    """

    dataset: Dataset
    sheet: str
    key: tuple[tuple[str, ...], ...]
    match: tuple[str, ...]
    columns: tuple[Column, ...]
    constants: Mapping[str, str | None]
    above: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Every column that it reads."""
        keys = [name for way in self.key for name in way]
        return list(dict.fromkeys([*keys, *self.above, *(column.name for column in self.columns)]))


@dataclass(frozen=True)
class RegisterMapping:
    """A whole mapping. `region`: one column with a code, or several with names from above to below."""

    source: str
    household: Section
    member: Section | None
    region: tuple[str, ...]
    region_is_code: bool
    header_row: int = 1
    delimiter: str = ""
    empty_words: frozenset[str] = frozenset()
    fill_down: tuple[str, ...] = ()


@dataclass
class _Reading:
    """The file while it is read, and what is wrong with it."""

    file: DefinitionFile
    datasets: Mapping[str, Dataset]
    faults: list[Fault] = field(default_factory=list)

    def complain(self, code: str, *at: str, **values: object) -> None:
        if len(self.faults) < MOST_FAULTS:
            self.faults.append(fault(code, self.file.where(at), **values))

    def keys(self, at: tuple[str, ...], content: Mapping[str, Any], known: Sequence[str]) -> None:
        for name in content:
            if name not in known:
                self.complain("mapping.unknown_key", *at, name, name=name, known=", ".join(known))

    def texts(self, at: tuple[str, ...], given: Any) -> tuple[str, ...]:
        """A list of texts; one text stands for a list of one."""
        found = [given] if isinstance(given, str) else given
        if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
            self.complain("mapping.kind", *at, zh="[…] 清单", en="a list […]")
            return ()
        return tuple(one.strip() for one in found)

    def names(self, at: tuple[str, ...], given: Any) -> dict[str, Any]:
        if given is not None and not isinstance(given, dict):
            self.complain("mapping.kind", *at, zh="“名称: 内容”的清单", en="a mapping of names to contents")
        return given if isinstance(given, dict) else {}


def read_mapping(path: Path, datasets: Mapping[str, Dataset]) -> tuple[RegisterMapping | None, list[Fault]]:
    """The mapping, or everything that is wrong with it."""
    try:
        reading = _Reading(read_definition(path), datasets)
    except DefinitionError as error:
        return None, [Fault(one.where, one.why, one.fix) for one in error.issues]
    for one in reading.file.issues[:MOST_FAULTS]:
        reading.faults.append(Fault(one.where, one.why, one.fix))
    found = _mapping(reading)
    return (None if reading.faults else found), reading.faults


def _mapping(reading: _Reading) -> RegisterMapping:
    content = reading.file.content
    reading.keys((), content, _TOP)
    source = str(content.get("source", ""))
    if not _SOURCE.fullmatch(source):
        reading.complain("mapping.missing", "source", name="source (a-z 0-9 _)")
    given = reading.names((HOUSEHOLD,), content.get(HOUSEHOLD))
    household = _section(reading, HOUSEHOLD, given, ("region",))
    member = None
    if MEMBER in content:
        member = _section(reading, MEMBER, reading.names((MEMBER,), content[MEMBER]), (HOUSEHOLD,))
    region, is_code = _region(reading, given)
    return RegisterMapping(
        source=source,
        household=household,
        member=member,
        region=region,
        region_is_code=is_code,
        header_row=_header_row(reading, content.get("header_row", "1")),
        delimiter=str(content.get("delimiter", "")).replace("\\t", "\t")[:1],
        empty_words=frozenset(reading.texts(("empty_words",), content.get("empty_words", []))),
        fill_down=reading.texts(("fill_down",), content.get("fill_down", [])),
    )


def _header_row(reading: _Reading, given: Any) -> int:
    if isinstance(given, str) and given.isascii() and given.isdigit() and 1 <= int(given) <= MOST_HEADER_ROWS:
        return int(given)
    reading.complain("mapping.kind", "header_row", zh=f"1 到 {MOST_HEADER_ROWS}", en=f"1 to {MOST_HEADER_ROWS}")
    return 1


def _region(reading: _Reading, household: Mapping[str, Any]) -> tuple[tuple[str, ...], bool]:
    """Where the household's region stands, and whether as a code."""
    given = reading.names((HOUSEHOLD, "region"), household.get("region"))
    reading.keys((HOUSEHOLD, "region"), given, ("code", "names"))
    for name in ("code", "names"):
        if name in given:
            return reading.texts((HOUSEHOLD, "region", name), given[name]), name == "code"
    reading.complain("mapping.no_region", HOUSEHOLD)
    return (), False


def _section(reading: _Reading, name: str, content: Mapping[str, Any], more: tuple[str, ...]) -> Section:
    reading.keys((name,), content, (*_SECTION, *more))
    dataset = reading.datasets[name]
    key = _key(reading, name, content.get("key"))
    columns = _columns(reading, dataset, reading.names((name, "columns"), content.get("columns")))
    above = reading.texts((name, HOUSEHOLD), content.get(HOUSEHOLD, [])) if HOUSEHOLD in more else ()
    for what, missing in (("key", not key), ("columns", not columns), (HOUSEHOLD, HOUSEHOLD in more and not above)):
        if missing:
            reading.complain("mapping.missing", name, name=what)
    match = reading.texts((name, "match"), content.get("match", []))
    for one in match:
        _property(reading, dataset, (name, "match"), one)
    if match and key and len(match) != len(key[0]):
        # They are compared with these columns, one by one: else nothing is found, and every record is made twice.
        reading.complain("mapping.match", name, "match", columns="、".join(key[0]))
    constants = _constants(reading, dataset, reading.names((name, "constants"), content.get("constants")))
    return Section(dataset, str(content.get("sheet", "")), key, match, columns, constants, above)


def _key(reading: _Reading, name: str, given: Any) -> tuple[tuple[str, ...], ...]:
    """`[a, b]` is one way; `[[a], [b, c]]` are two."""
    if isinstance(given, list) and given and all(isinstance(way, list) for way in given):
        return tuple(way for one in given if (way := reading.texts((name, "key"), one)))
    found = reading.texts((name, "key"), given if given is not None else [])
    return (found,) if found else ()


def _columns(reading: _Reading, dataset: Dataset, given: Mapping[str, Any]) -> tuple[Column, ...]:
    found: dict[str, Column] = {}
    for name, what in given.items():
        at = (dataset.name, "columns", name)
        rule = {"to": what} if isinstance(what, str) else reading.names(at, what)
        reading.keys(at, rule, _COLUMN)
        prop = _property(reading, dataset, at, str(rule.get("to", "")))
        if prop is None:
            continue
        if prop.name in found:
            reading.complain("mapping.property_twice", *at, name=prop.name)
        found[prop.name] = _column(reading, at, name, prop, rule)
    return tuple(found.values())


def _column(reading: _Reading, at: tuple[str, ...], name: str, prop: Property, rule: Mapping[str, Any]) -> Column:
    codes = {label: str(code) for label, code in reading.names((*at, "codes"), rule.get("codes")).items()}
    known = [choice.value for choice in prop.choices or ()]
    for code in codes.values():
        if known and any(part not in known for part in code.split()):
            reading.complain("mapping.unknown_code", *at, "codes", name=code, known=", ".join(known[:30]))
    empty = rule.get("empty", "keep")
    if empty not in ("keep", "clear"):
        reading.complain("mapping.kind", *at, "empty", zh="keep 或 clear", en="keep or clear")
    return Column(
        name,
        prop,
        codes,
        reading.texts((*at, "dates"), rule["dates"]) if "dates" in rule else DATES,
        empty == "clear",
        str(rule.get("parted_by", PARTING)),
    )


def _property(reading: _Reading, dataset: Dataset, at: tuple[str, ...], name: str) -> Property | None:
    """The property, unless it is unknown, or one that the register cannot give as a column."""
    prop = dataset.properties.get(name)
    fixed = {dataset.region_source, dataset.parent.property if dataset.parent else None}
    if prop is None and len(reading.faults) < MOST_FAULTS:
        close = difflib.get_close_matches(name, dataset.properties, 5, 0.4) or sorted(dataset.properties)[:5]
        reading.complain("mapping.unknown_property", *at, dataset=dataset.name, name=name, known=", ".join(close))
    elif name in fixed:
        reading.complain("mapping.fixed_property", *at, name=name)
        return None
    return prop


def _constants(reading: _Reading, dataset: Dataset, given: Mapping[str, Any]) -> dict[str, str | None]:
    found: dict[str, str | None] = {}
    for name, value in given.items():
        at = (dataset.name, "constants", name)
        prop = _property(reading, dataset, at, name)
        if prop is None:
            continue
        text = canonical(value, prop.type)
        known = [choice.value for choice in prop.choices or ()]
        if known and any(part not in known for part in (text or "").split()):
            reading.complain("mapping.unknown_code", *at, name=text, known=", ".join(known[:30]))
        found[name] = text
    return found
