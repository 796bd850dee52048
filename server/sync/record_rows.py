"""Records while they are written: plain rows, not objects of the session.

On a desk there is one row of each record, whoever reads it, and it is changed by `change` alone. What changed is
written many at once, before whatever else the session writes and before it asks for anything (OneEngine.flush in
db.py). Without a desk a record can be read, and nothing of it changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Table, bindparam, case, insert, select, update
from sqlalchemy.orm import Session

from server.db import BEFORE_FLUSH, ask, now, send_rows
from server.registry.number_hash import PROPERTY, number_hash
from server.registry.tables import Entity
from server.sealing.json_columns import LOST
from server.sending import Ready, among

_SHELF = "records of the desk"
_KEPT = object.__setattr__  # how a frozen row is changed: here alone


@dataclass(frozen=True, slots=True, eq=False)
class RecordRow:
    """A row of Entity without what only queries ask for. `geom`: True for a place that nobody has looked at."""

    id: str
    dataset: str
    region_code: str
    root_id: str
    parent_id: str | None
    label: str
    version: int
    state: str
    values: Mapping[str, str | None]
    contested: Sequence[str]
    shown: Mapping[str, str]
    vocabulary: int
    geom: BaseGeometry | bool | None
    updated_at: datetime
    updated_by: str

    @property
    def number_hash(self) -> str | None:
        return number_hash(self.values)


_TABLE: Table = Entity.__table__  # type: ignore[assignment]
_NAMES = tuple(RecordRow.__dataclass_fields__)
_HAS_PLACE = case((Entity.geom.is_(None), None), else_=True).label("geom")
COLUMNS = tuple(_HAS_PLACE if name == "geom" else getattr(Entity, name) for name in _NAMES)
_BY_ID = Ready(select(*COLUMNS).where(among(Entity.id, "ids")))
_INSERT = Ready(insert(_TABLE))


@dataclass
class _Shelf:
    """`rows` by id: as they are to be; `made` since when: not yet in the table; `changed`: names of columns."""

    rows: dict[str, RecordRow] = field(default_factory=dict)
    made: dict[str, datetime] = field(default_factory=dict)
    changed: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def open_shelf(session: Session) -> None:
    """From now on records may be changed."""
    session.info[_SHELF] = _Shelf()
    session.info[BEFORE_FLUSH] = put_records


def clear_shelf(session: Session) -> None:
    """Forgets all rows, also what was not written. They are not to be changed any more."""
    session.info.pop(_SHELF, None)
    session.info.pop(BEFORE_FLUSH, None)


def records_by_id(session: Session, ids: Collection[str]) -> dict[str, RecordRow]:
    """Those of the records that exist, by id."""
    shelf: _Shelf | None = session.info.get(_SHELF)
    if shelf is None:
        return _read(session, ids)
    missing = [id for id in ids if id not in shelf.rows]
    if missing:
        shelf.rows |= _read(session, missing)
    return {id: shelf.rows[id] for id in ids if id in shelf.rows}


def record_of(session: Session, id: str) -> RecordRow | None:
    return records_by_id(session, (id,)).get(id)


def one_record(session: Session, id: str) -> RecordRow:
    """A record that there is."""
    return records_by_id(session, (id,))[id]


def find_records(session: Session, *where: ColumnElement[bool], by: Any = Entity.id) -> list[RecordRow]:
    """The records of which the clauses on Entity hold, in the order of `by` and their ids."""
    put_records(session)
    rows = session.execute(select(*COLUMNS).where(*where).order_by(by, Entity.id))
    return [on_shelf(session, cells) for cells in rows]


def on_shelf(session: Session, cells: Iterable[Any]) -> RecordRow:
    """The record of these COLUMNS, which were just read: as it lies on the desk, if it does."""
    row = RecordRow(*cells)
    shelf: _Shelf | None = session.info.get(_SHELF)
    return row if shelf is None else shelf.rows.setdefault(row.id, row)


def make_record(session: Session, row: RecordRow) -> RecordRow:
    """A record that does not exist yet."""
    shelf = _open_shelf(session)
    shelf.rows[row.id], shelf.made[row.id] = row, now()
    return row


def change(session: Session, row: RecordRow, **columns: Any) -> None:
    """Changes a record that lies on the desk; what holds the same already is not written."""
    shelf = _open_shelf(session)
    if shelf.rows.get(row.id) is not row:
        raise LookupError("this row is not the record's on the desk: read it there")
    changed = {name for name, value in columns.items() if getattr(row, name) != value}
    if "values" in changed and _says_number(row.values, columns["values"]):
        changed.add("number_hash")
    for name in changed & columns.keys():
        _KEPT(row, name, columns[name])
    if changed and row.id not in shelf.made:
        shelf.changed[row.id] |= changed


def put_records(session: Session) -> None:
    """Writes the records that were made and changed so far: one statement for all that changed in the same columns."""
    shelf: _Shelf | None = session.info.get(_SHELF)
    if shelf is None or not (shelf.made or shelf.changed):
        return
    made, changed = shelf.made, shelf.changed
    shelf.made, shelf.changed = {}, defaultdict(set)
    if made:
        send_rows(session, _INSERT, [_inserted(shelf.rows[id], since) for id, since in made.items()])
    alike: dict[tuple[str, ...], list[RecordRow]] = defaultdict(list)
    for id, names in changed.items():
        alike[tuple(sorted(names))].append(shelf.rows[id])
    for columns, rows in alike.items():
        cells = attrgetter("id", *columns)
        send_rows(session, _update_of(columns), [dict(zip(_binds(columns), cells(row), strict=True)) for row in rows])
    _expire(session, changed)


def _open_shelf(session: Session) -> _Shelf:
    shelf: _Shelf | None = session.info.get(_SHELF)
    if shelf is None:
        raise LookupError("records are changed on a desk: open one")
    return shelf


def _read(session: Session, ids: Collection[str]) -> dict[str, RecordRow]:
    rows = ask(session, _BY_ID, {"ids": list(ids)}) if ids else ()
    return {cells.id: RecordRow(*cells) for cells in rows}


def _says_number(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> bool:
    """Whether the hash of the ID number is to follow; a number that did not open keeps its old one."""
    return (PROPERTY in before or PROPERTY in after) and LOST not in after


def _inserted(row: RecordRow, since: datetime) -> dict[str, Any]:
    cells = {_column(name): getattr(row, name) for name in _NAMES}
    return {**cells, "number_hash": row.number_hash, "created_at": since}


@cache
def _update_of(names: tuple[str, ...]) -> Ready:
    of, *binds = _binds(names)
    columns: dict[str, Any] = {_column(name): bindparam(bind) for name, bind in zip(names, binds, strict=True)}
    return Ready(update(_TABLE).where(_TABLE.c.id == bindparam(of)).values(columns))


@cache
def _binds(names: tuple[str, ...]) -> tuple[str, ...]:
    """What the id and these columns are called in the statement that changes them."""
    return "of", *(f"its_{name}" for name in names)


def _column(name: str) -> str:
    return "data" if name == "values" else name


def _expire(session: Session, ids: Collection[str]) -> None:
    """Who holds one of these as an object of the session reads it anew."""
    held = [one for one in session.identity_map.values() if isinstance(one, Entity)]
    for entity in held:
        if entity.__dict__.get("id") in ids:
            session.expire(entity)
