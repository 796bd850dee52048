"""The keys of one running server: unwrapped once, kept in memory, looked at again every few seconds.

Another process may make new keys at any time (`ruhu keys rotate`). Whoever meets a token of an unknown key looks into
the table at once; whoever seals learns of a new key within FRESH seconds.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from flask import Flask, current_app
from sqlalchemy import Connection, Engine, Row, select
from sqlalchemy.exc import DBAPIError

from server.config import Settings
from server.db import before_transactions, db, inserter, now
from server.errors import Problem
from server.sealing import tokens
from server.sealing.master import load_masters, make_master, read_masters
from server.sealing.tables import PURPOSES, SealKey
from server.sealing.tokens import Key, Unopened

FRESH = 5.0  # seconds
_NAME = "ruhu_vault"
_SETTING = "RUHU_MASTER_KEYS"


@dataclass(frozen=True)
class Masters:
    """Where the master keys are: in a setting's text, else in a file."""

    file: Path
    text: str = field(default="", repr=False)

    def read(self) -> list[Key]:
        return read_masters(self.text.replace(",", "\n"), _SETTING) if self.text else load_masters(self.file)

    def make(self) -> list[Key]:
        return make_master(self.file)

    @property
    def where(self) -> str:
        return _SETTING if self.text else str(self.file)


class Vault:
    """Seals and opens for one app. `open_names`: the properties that need no sealing."""

    def __init__(
        self, masters: Masters, engine: Callable[[], Engine], open_names: Callable[[], frozenset[str]]
    ) -> None:
        self.masters = masters
        self._engine = engine
        self._find_names = open_names
        self._lock = threading.Lock()
        self._until = 0.0
        self._keys: Mapping[bytes, Key] = {}
        self._current: Mapping[str, Key] = {}
        self._match: Sequence[Key] = ()
        self._strange: dict[bytes, float] = {}  # unknown keys, and when to look for them again

    def ready(self) -> None:
        """Loads the keys; makes the first ones in a new database. Problems keys.missing, .wrong and .unreadable."""
        if time.monotonic() < self._until:
            return
        with self._lock:
            if time.monotonic() >= self._until:
                self.load()

    def check(self) -> None:
        """Problems keys.missing, keys.wrong, keys.unreadable, if there are keys that cannot be had. Makes none."""
        engine = self._engine()
        file = engine.url.database if engine.dialect.name == "sqlite" else None
        if file and not Path(file).exists():
            return  # asking would make it
        try:
            with engine.connect() as connection:
                rows = _rows(connection)
        except DBAPIError:
            return  # no database or no such table yet: whoever needs them will say so
        if rows:
            self._take(rows)

    def load(self) -> None:
        """Reads the table of keys now."""
        engine = self._engine()
        with engine.connect() as connection:
            rows = _rows(connection)
        if {row.purpose for row in rows} != set(PURPOSES):
            rows = self._first_keys(engine, rows)
        self._take(rows)
        self._until = time.monotonic() + FRESH

    def _first_keys(self, engine: Engine, rows: Sequence[Row[tuple[SealKey]]]) -> Sequence[Row[tuple[SealKey]]]:
        masters = self.masters.read()
        if not masters and not rows and not self.masters.text:
            masters = self.masters.make()
        if not masters:
            raise Problem("keys.missing", detail=self.masters.where)
        with engine.connect().execution_options(writer=True) as connection, connection.begin():
            for purpose in PURPOSES:
                add_key(connection, masters[0], purpose, 1)
            return _rows(connection)

    def _take(self, rows: Sequence[Row[tuple[SealKey]]]) -> None:
        known = dict(self._keys)
        if any(bytes.fromhex(row.id) not in known for row in rows):
            masters = {key.id.hex(): key for key in self.masters.read()}
            known |= {key.id: key for row in rows if (key := unwrapped(row, masters, self.masters.where))}
        self._current = {row.purpose: known[bytes.fromhex(row.id)] for row in rows}  # in the order of their numbers
        self._match = [known[bytes.fromhex(row.id)] for row in rows if row.purpose == "match"]
        self._keys = {bytes.fromhex(row.id): known[bytes.fromhex(row.id)] for row in rows}

    @cached_property
    def open_names(self) -> frozenset[str]:
        """The properties whose values may stand as they are. What nobody declares may not."""
        return self._find_names()

    def current(self, purpose: str) -> bytes:
        """The id of the key that seals for this purpose."""
        return self._current[purpose].id

    def pack(self, content: bytes, place: bytes) -> bytes:
        return tokens.packed(self._current["payload"], content, place)

    def unpack(self, stored: bytes, place: bytes) -> bytes:
        """Raises Unopened."""
        return tokens.unpacked(self._knowing(stored), stored, place)

    def word(self, text: bytes, place: bytes) -> str:
        return tokens.worded(self._current["value"], text, place)

    def unword(self, stored: str, place: bytes) -> bytes:
        """Raises Unopened."""
        return tokens.unworded(self._knowing(stored), stored, place)

    def digest(self, text: str) -> str:
        """A keyed hash of the text, for finding equals without opening anything."""
        return self._current["match"].digest(text)

    def digests(self, text: str) -> list[str]:
        """All hashes that the text may be stored under while the key is being changed."""
        return [key.digest(text) for key in self._match]

    def _knowing(self, stored: bytes | str) -> Mapping[bytes, Key]:
        """The keys, after a look into the table when the token's key is new."""
        key_id = tokens.key_of(stored)
        if key_id is not None and key_id not in self._keys and self._strange.get(key_id, 0.0) < time.monotonic():
            with self._lock:
                self.load()
                self._strange[key_id] = time.monotonic() + FRESH
        return self._keys


def attach(app: Flask, settings: Settings, open_names: Callable[[], frozenset[str]]) -> None:
    """Gives the app its vault; keys are loaded before its first transaction."""
    masters = Masters(settings.master_key_file or settings.keys / "master.keys", settings.master_keys)
    app.extensions[_NAME] = made = Vault(masters, lambda: db.engine, open_names)
    before_transactions(app, made.ready)


def vault() -> Vault:
    """The vault of the current app."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    found: Vault = app.extensions[_NAME]
    return found


def _rows(connection: Connection) -> Sequence[Row[tuple[SealKey]]]:
    columns = SealKey.__table__.columns
    return connection.execute(select(*columns).order_by(columns["purpose"], columns["number"])).all()


def add_key(connection: Connection, master: Key, purpose: str, number: int) -> None:
    """A new key of a purpose; whoever comes second with the same number finds the first one's."""
    key = tokens.new_key()
    row = {"id": key.id.hex(), "purpose": purpose, "number": number, "created_at": now()}
    statement = inserter(connection.dialect.name == "sqlite")(SealKey).values(**row, **wrapped(key, master, purpose))
    connection.execute(statement.on_conflict_do_nothing(index_elements=["purpose", "number"]))


def wrapped(key: Key, master: Key, purpose: str) -> dict[str, object]:
    """The columns that a master key fills in."""
    return {"master": master.id.hex(), "wrapped": master.seal(key.secret, _wrap_place(key.id.hex(), purpose))}


def unwrapped(row: Any, masters: Mapping[str, Key], where: str) -> Key:
    """The key of a row of seal_key, wherever it was read. Problems keys.missing, keys.wrong."""
    master = masters.get(row.master)
    if master is None:
        raise Problem("keys.missing", detail=f"{where}: {row.master}")
    try:
        return Key(bytes.fromhex(row.id), master.open(row.wrapped, _wrap_place(row.id, row.purpose)))
    except Unopened as error:
        raise Problem("keys.wrong", detail=f"{where}: {row.master}") from error


def _wrap_place(key_id: str, purpose: str) -> bytes:
    return f"seal_key/{purpose}/{key_id}".encode()
