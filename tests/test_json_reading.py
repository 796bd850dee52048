"""A JSON column gives back what was put into it, on both databases, whatever way it is read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import JSON, Column, Integer, MetaData, Table, insert, select, text

from server import db
from server.columns import Json
from server.connecting import options

NOTES = Table("json_note", MetaData(), Column("id", Integer, primary_key=True), Column("value", Json))
READ = options("sqlite://")["json_deserializer"]

WHOLE = [
    {}, [], {"a": None}, [None, True, False], {"": [{}, [[]]]},
    {"small": 1, "below": -7, "beyond 64 bits": 2**70, "exact for JavaScript": 2**53 - 1, "least": -(2**63)},
    {"tenth": 0.1, "third": 1 / 3, "large": 1.5e15, "small": 2.5e-20, "whole": 2.0},
    {"names": "刘淑 \U00020bb7 é", "quotes": '"\\/', "lines": "a\nb\tc\u2028\x7f", "digits": "0012", "空": " "},
    {"deep": [[[[[[[[[[{"x": ["y"]}]]]]]]]]]]},
]  # fmt: skip
ALONE = [
    True, False, 0, 1, -1, 2**53, 2**63 - 1, -(2**63), 0.1, -2.5e-7, "", "text", "12", "1e5", "true", "null", "刘\n",
]  # fmt: skip


@pytest.fixture
def notes(app: Flask) -> Iterator[Flask]:
    with app.app_context():
        NOTES.create(db.db.engine)
        yield app
        NOTES.drop(db.db.engine)


def kept(value: object) -> list[Any]:
    """The value written, and read by the session, past it, and as one among others."""
    with db.write() as session:
        session.execute(insert(NOTES).values(value=value))
    with db.read() as session:
        return [session.scalar(select(NOTES.c.value)), *db.ask(session, select(NOTES.c.value)).scalars()]


@pytest.mark.parametrize("value", [*WHOLE, *ALONE], ids=repr)
def test_a_value_is_read_as_it_was_written(notes: Flask, value: object) -> None:
    for found in kept(value):
        assert found == value
        assert isinstance(found, bool) == isinstance(value, bool)
        assert isinstance(found, str) == isinstance(value, str)


def test_nothing_and_the_json_null_are_read_as_none(notes: Flask) -> None:
    assert kept(None) == [None, None]
    with db.write() as session:
        assert session.scalar(text("SELECT count(*) FROM json_note WHERE value IS NULL")) == 1
        session.execute(text("DELETE FROM json_note"))
        session.execute(insert(NOTES).values(value=JSON.NULL))
    with db.read() as session:
        assert session.scalar(text("SELECT count(*) FROM json_note WHERE value IS NULL")) == 0
        assert session.scalar(select(NOTES.c.value)) is None


def test_parts_of_a_value_are_read(notes: Flask) -> None:
    kept({"list": [1, "二"], "number": 2.5, "text": "12", "null": None})
    parts = [NOTES.c.value[name] for name in ("list", "number", "text", "null", "missing")]
    with db.read() as session:
        assert session.execute(select(*parts)).one() == ([1, "二"], 2.5, "12", None, None)


def test_what_a_person_wrote_into_the_database_by_hand_is_read(notes: Flask) -> None:
    with db.write() as session:
        session.execute(text("INSERT INTO json_note (value) VALUES (:json)"), {"json": ' \n{"a" : 1}\n '})
    with db.read() as session:
        assert session.scalar(select(NOTES.c.value)) == {"a": 1}


@pytest.mark.parametrize("content", ["", "{}}", '{"a": 1} {"b": 2}', "[1", "nul"])
def test_what_is_no_json_is_not_read_in_part(content: str) -> None:
    with pytest.raises(ValueError, match="char"):
        READ(content)
    with pytest.raises(ValueError, match="char"):
        READ(content.encode())
