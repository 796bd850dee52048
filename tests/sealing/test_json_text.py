"""Sealed JSON goes to the driver as text: what lies in the table is what SQLAlchemy's own JSON type would put there."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Column, Integer, MetaData, Table, insert, select, text, type_coerce

from server import db
from server.sealing.json_columns import SealedChanges, SealedJson, SealedValues

TYPES: dict[str, Any] = {
    "whole": SealedJson("note.whole", damaged=[]),
    "by_name": SealedValues("note.by_name"),
    "changes": SealedChanges("note.changes"),
}
NOTES = Table(
    "sealed_note",
    MetaData(),
    Column("id", Integer, primary_key=True),
    *(Column(name, kind) for name, kind in TYPES.items()),
)
OPEN = {"water_shortage_days": "32", "farmland_mu": None, "electricity": 10**20, "broadcast_tv": '\u2028空"\\'}
CHANGE = {"property": "farmland_mu", "from": "1", "to": [0.1, {"a": True}]}
ROWS = [
    {"whole": [], "by_name": {}, "changes": []},
    {"whole": None, "by_name": None, "changes": [CHANGE]},
    {"whole": {}, "by_name": OPEN, "changes": [CHANGE, {**CHANGE, "property": "id_number"}]},
    {"whole": [{"message": "电话"}], "by_name": {**OPEN, "id_number": "刘", "contact_phone": None}, "changes": []},
]


@pytest.mark.parametrize("together", [False, True])
def test_what_is_written_is_read_and_lies_there_as_json(app: Flask, together: bool) -> None:
    with app.app_context():
        NOTES.create(db.db.engine)
        try:
            with db.write() as session:
                rows = [{"id": number, **row} for number, row in enumerate(ROWS)]
                for part in [rows] if together else [[row] for row in rows]:
                    session.execute(insert(NOTES), part)
            with db.read() as session:
                found = [dict(row._mapping) for row in session.execute(select(NOTES).order_by(NOTES.c.id))]
                plain = [type_coerce(NOTES.c[name], kind.stored()).label(name) for name, kind in TYPES.items()]
                lying = [dict(row._mapping) for row in session.execute(select(*plain).order_by(NOTES.c.id))]
                nothing = session.execute(text("SELECT whole, by_name FROM sealed_note WHERE whole IS NULL")).one()
        finally:
            NOTES.drop(db.db.engine)
    assert [{name: row[name] for name in TYPES} for row in found] == ROWS
    assert tuple(nothing) == (None, None)
    assert lying[2]["by_name"] == OPEN and lying[0] == ROWS[0]
    assert lying[3]["by_name"].keys() == OPEN.keys() | {"~"}
    assert isinstance(lying[3]["whole"], str)
