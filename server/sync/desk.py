"""The desk of judging: what ops need is read for many of them at once, and what they write is written together.

A desk lies open for one round of ops (rounds.py). What was read ahead is answered without asking the database; what is
not there is asked for, after everything laid down so far was carried off, so nobody reads what is out of date. Without
a desk (a review, an import) everything is read and written at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, String, Table, bindparam, func, insert, select, tuple_, update
from sqlalchemy.orm import Session

from server.db import ask, is_sqlite, send_rows
from server.registry.tables import EntityVersion, Head
from server.sending import Ready, among, list_of
from server.sync.lookalikes import Lookalikes
from server.sync.record_rows import clear_shelf, open_shelf
from server.sync.tables import Submission

Row = dict[str, Any]
Work = Callable[[Session, list[Any]], object]

_HEAD: Table = Head.__table__  # type: ignore[assignment]
_VERSION: Table = EntityVersion.__table__  # type: ignore[assignment]
# In the order of their foreign keys. Records themselves are written before any of these (record_rows.py).
_ORDER: tuple[Table, ...] = (Submission.__table__, _VERSION, _HEAD)  # type: ignore[assignment]
_CHANGE = ("of", "at", "by")  # the key of a written value
# Put together once, as every round needs them.
_OF_RECORDS = select(_HEAD).where(among(_HEAD.c.entity_id, "records")).order_by(_HEAD.c.version)
_WRITTEN, _WRITTEN_AT = Ready(_OF_RECORDS), Ready(_OF_RECORDS.where(among(_HEAD.c.key, "keys")))
_INSERTS = {table: Ready(insert(table)) for table in _ORDER}
_PAIR = tuple_(_VERSION.c.entity_id, _VERSION.c.version)
_SHOWN_AT = select(_VERSION.c.entity_id, _VERSION.c.version, _VERSION.c.label, _VERSION.c.data.label("values")).where(
    _PAIR.in_(bindparam("wanted", expanding=True))
)


@dataclass
class Desk:
    """`heads` by record (of those in `keys` at these keys alone), `versions` by record and version, `lookalikes`: read
    ahead. `rows` by table and `changes` of heads by what they change ({of, at, by, to}): laid down. `after`: what must
    follow them, `together`: the same for all that was given for one piece of work.
    """

    heads: dict[str, list[Any]] = field(default_factory=dict)
    keys: dict[str, Set[str]] = field(default_factory=dict)
    versions: dict[tuple[str, int], Any] = field(default_factory=dict)
    lookalikes: Lookalikes | None = None
    rows: dict[Table, list[Row]] = field(default_factory=lambda: defaultdict(list))
    changes: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    after: list[Callable[[], object]] = field(default_factory=list)
    together: dict[Work, list[Any]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def open_desk(session: Session) -> Iterator[Desk]:
    """A desk for what is done within; at its end everything is carried off, unless the work failed."""
    session.info["desk"] = desk = Desk()
    open_shelf(session)
    try:
        yield desk
        carry_off(session)
    finally:
        session.info.pop("desk", None)
        clear_shelf(session)


def is_desk_open(session: Session) -> bool:
    return "desk" in session.info


def carry_off(session: Session) -> None:
    """Writes what was laid down: one statement a table."""
    session.flush()
    desk: Desk | None = session.info.get("desk")
    if desk is None:
        return
    for table in _ORDER:
        if rows := desk.rows.pop(table, None):
            send_rows(session, _INSERTS[table], rows)
    for name in list(desk.changes):
        _change_heads(session, name, desk.changes.pop(name))
    for work in list(desk.together):
        work(session, desk.together.pop(work))
    while desk.after:
        desk.after.pop(0)()


def _change_heads(session: Session, name: str, rows: Sequence[Row]) -> None:
    """Sets one column of written values: in PostgreSQL of all of them in one statement."""
    if is_sqlite(session) or len(rows) == 1:
        send_rows(session, _change_of(name), rows)
    else:
        ask(session, _changes_of(name), {part: [row[part] for row in rows] for part in rows[0]})


@cache
def _change_of(name: str) -> Ready:
    return Ready(update(_HEAD).where(*_is_head(*map(bindparam, _CHANGE))).values({name: bindparam("to")}))


@cache
def _changes_of(name: str) -> Ready:
    lists = [bindparam(part, type_=list_of(String())) for part in _CHANGE]
    to = bindparam("to", type_=list_of(_HEAD.c[name].type))
    new = func.unnest(*lists, to).table_valued(*_CHANGE, "to", name="new").render_derived()
    return Ready(update(_HEAD).where(*_is_head(*(new.c[part] for part in _CHANGE))).values({name: new.c.to}))


def _is_head(of: ColumnElement[str], at: ColumnElement[str], by: ColumnElement[str]) -> tuple[ColumnElement[bool], ...]:
    return _HEAD.c.entity_id == of, _HEAD.c.key == at, _HEAD.c.op_id == by


def afterwards(session: Session, work: Callable[[], object]) -> None:
    """Work that must follow the rows laid down so far; nobody on this desk asks for what it does."""
    desk: Desk | None = session.info.get("desk")
    if desk is None:
        work()
    else:
        desk.after.append(work)


def together(session: Session, work: Work, item: object) -> None:
    """As `afterwards`, for work that takes many items at once: it is done once for all that lie here."""
    desk: Desk | None = session.info.get("desk")
    if desk is None:
        work(session, [item])
    else:
        desk.together[work].append(item)


def lay(session: Session, table: type[Any], row: Row) -> Row:
    """A new row of Submission, EntityVersion or Head; every row of a table has the same names."""
    desk: Desk | None = session.info.get("desk")
    if desk is None:
        session.flush()
        ask(session, _INSERTS[table.__table__], row)
    else:
        desk.rows[table.__table__].append(row)
        if table is Head:
            desk.heads.pop(row["entity_id"], None)
    return row


def amend(session: Session, table: type[Any], row: Row, changes: Row) -> None:
    """Changes a row that was laid down."""
    desk: Desk | None = session.info.get("desk")
    if desk is not None and any(one is row for one in reversed(desk.rows[table.__table__])):
        row |= changes
    elif changes:
        key = (column == row[column.name] for column in table.__table__.primary_key)
        ask(session, update(table.__table__).where(*key).values(changes))


def change_head(session: Session, entity_id: str, key: str, op_id: str, name: str, value: object) -> None:
    """Sets one column of a written value: `closed_by` or `withdrawn_at`."""
    desk: Desk | None = session.info.get("desk")
    row = {"of": entity_id, "at": key, "by": op_id, "to": value}
    if desk is None:
        session.flush()
        _change_heads(session, name, [row])
    else:
        desk.changes[name].append(row)
        desk.heads.pop(entity_id, None)


def written_values(session: Session, entity_id: str, keys: Set[str] | None = None) -> Sequence[Any]:
    """The written values of a record, also those taken back, oldest first, with the columns of Head. `keys`: those that
    are asked about; there may be more.
    """
    desk: Desk | None = session.info.get("desk")
    if desk is not None and entity_id in desk.heads and _were_read(desk, entity_id, keys):
        return desk.heads[entity_id]
    carry_off(session)
    return _written(session, [entity_id]).get(entity_id, [])


def _were_read(desk: Desk, entity_id: str, keys: Set[str] | None) -> bool:
    read = desk.keys.get(entity_id)
    return read is None or (keys is not None and keys <= read)


def versions_at(session: Session, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Any]:
    """Those of the (record, version) that exist: history entries with `label` and `values`."""
    desk: Desk | None = session.info.get("desk")
    found = {key: desk.versions[key] for key in wanted if key in desk.versions} if desk is not None else {}
    missing = [key for key in wanted if key not in found]
    if missing:
        carry_off(session)
        found |= _versions(session, missing)
    return found


def lookalikes(session: Session) -> Lookalikes | None:
    """What may look like the records of this round; None when it is to be asked for."""
    desk: Desk | None = session.info.get("desk")
    return desk.lookalikes if desk is not None else None


def forget_lookalikes(session: Session) -> None:
    """A record that was not thought of has changed: from now on the database is asked."""
    desk: Desk | None = session.info.get("desk")
    if desk is not None:
        desk.lookalikes = None


def read_heads(session: Session, desk: Desk, entity_ids: Collection[str]) -> None:
    """Reads ahead the written values of these records."""
    found = _written(session, entity_ids)
    desk.heads |= {entity_id: found.get(entity_id, []) for entity_id in entity_ids}


def read_heads_at(session: Session, desk: Desk, wanted: Mapping[str, Set[str]]) -> None:
    """Reads ahead the written values of these records at the keys that are wanted of any of them."""
    if not wanted:
        return
    keys = frozenset().union(*wanted.values())
    found = _by_record(ask(session, _WRITTEN_AT, {"records": list(wanted), "keys": sorted(keys)}).all())
    desk.heads |= {entity_id: found.get(entity_id, []) for entity_id in wanted}
    desk.keys |= dict.fromkeys(wanted, keys)


def read_versions(session: Session, desk: Desk, wanted: Collection[tuple[str, int]]) -> None:
    """Reads ahead these history entries, as far as they exist."""
    desk.versions.update(_versions(session, wanted) if wanted else {})


def _written(session: Session, entity_ids: Collection[str]) -> dict[str, list[Any]]:
    return _by_record(ask(session, _WRITTEN, {"records": list(entity_ids)}).all()) if entity_ids else {}


def _by_record(rows: Sequence[Any]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        found[row.entity_id].append(row)
    return found


def _versions(session: Session, wanted: Collection[tuple[str, int]]) -> dict[tuple[str, int], Any]:
    rows = ask(session, _SHOWN_AT, {"wanted": list(wanted)}).all()
    return {(row.entity_id, row.version): row for row in rows}
