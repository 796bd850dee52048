"""The rows of one import between reading and applying: an SQLite file of its own, every row sealed.

So memory stays constant, rows of one household find each other wherever they stand, an import goes on after a crash
where it stopped, and nothing about people lies readable on the disk. Keys are keyed hashes.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_TABLES = """
CREATE TABLE household (n INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, sheet TEXT, row INTEGER, body BLOB);
CREATE TABLE member (
  n INTEGER PRIMARY KEY, key TEXT UNIQUE NOT NULL, household TEXT NOT NULL, sheet TEXT, row INTEGER, body BLOB
);
CREATE INDEX member_household ON member (household, n);
CREATE TABLE refused (sheet TEXT, row INTEGER, dataset TEXT, body BLOB, PRIMARY KEY (sheet, row, dataset));
CREATE TABLE adopted (dataset TEXT, key TEXT, entity TEXT, PRIMARY KEY (dataset, key));
CREATE TABLE vanished (dataset TEXT, entity TEXT, body BLOB, PRIMARY KEY (dataset, entity));
"""
_TABLE_OF = {"household": "household", "member": "member"}  # nothing else gets into a statement
SEVERAL = ""  # stands for the id of a record that could be any of several
# Made also in a file that an older version left to be applied.
_OTHER = """
CREATE TABLE IF NOT EXISTS other (dataset TEXT, key TEXT, main TEXT, PRIMARY KEY (dataset, key, main));
CREATE INDEX IF NOT EXISTS other_main ON other (dataset, main, key);
"""


@dataclass(frozen=True)
class Record:
    """One record of the register. `values` are canonical; None stands for a household that only its members name.

    `region`: where a new household belongs.
    """

    key: str
    sheet: str
    row: int
    values: dict[str, str | None] | None
    region: str | None = None
    refused: bool = False


@dataclass(frozen=True)
class Unit:
    """One household with its members, in the order in which they stand; `n` from 1."""

    n: int
    household: Record
    members: tuple[Record, ...] = field(default=())


class Staging:
    """One open staging file. Writes are committed by `keep`."""

    def __init__(self, path: Path, secret: bytes, *, new: bool = False) -> None:
        if new:
            path.unlink(missing_ok=True)
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        elif not path.is_file():
            raise FileNotFoundError(path)
        self._cipher = AESGCM(secret)
        self._rows = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        # What a crash leaves is made again from the office's file; only whole imports are applied.
        self._rows.execute("PRAGMA synchronous=OFF")
        if new:
            self._rows.executescript(_TABLES)
        self._rows.executescript(_OTHER)
        self._rows.execute("BEGIN")

    def close(self) -> None:
        self._rows.commit()
        self._rows.close()

    def keep(self) -> None:
        self._rows.commit()
        self._rows.execute("BEGIN")

    def add_household(self, record: Record) -> Record | None:
        """Adds it, or answers the one that stands there under this key."""
        there = self._rows.execute("SELECT sheet, row, body FROM household WHERE key = ?", (record.key,)).fetchone()
        if there is not None:
            return self._record(record.key, *there)
        self._rows.execute(
            "INSERT INTO household (key, sheet, row, body) VALUES (?, ?, ?, ?)",
            (record.key, record.sheet, record.row, self._body(record)),
        )
        return None

    def add_member(self, record: Record, household: str) -> int | None:
        """Adds it, or answers the row where this key stands already."""
        there = self._rows.execute("SELECT row FROM member WHERE key = ?", (record.key,)).fetchone()
        if there is not None:
            return int(there[0])
        self._rows.execute(
            "INSERT INTO member (key, household, sheet, row, body) VALUES (?, ?, ?, ?, ?)",
            (record.key, household, record.sheet, record.row, self._body(record)),
        )
        return None

    def add_others(self, dataset: str, main: str, keys: Iterable[str]) -> None:
        """Further keys by which the record under `main` may have been known."""
        self._rows.executemany("INSERT OR IGNORE INTO other VALUES (?, ?, ?)", [(dataset, key, main) for key in keys])

    def others(self, dataset: str, mains: Sequence[str]) -> dict[str, str]:
        """Further keys of these records, each with its record; without those that several have or one stands under."""
        table = _TABLE_OF[dataset]
        marks = ",".join("?" * len(mains))
        statement = f"""
            SELECT key, min(main) FROM other WHERE dataset = ?1 AND key NOT IN (SELECT key FROM {table})
            AND key IN (SELECT key FROM other WHERE dataset = ?1 AND main IN ({marks})) GROUP BY key HAVING count(*) = 1
        """  # noqa: S608
        return dict(self._rows.execute(statement, [dataset, *mains]).fetchall())

    def add_unnamed_households(self) -> None:
        """Households that only their members name, so that every member belongs to a unit."""
        self._rows.execute(
            "INSERT INTO household (key) SELECT DISTINCT household FROM member"
            " WHERE household NOT IN (SELECT key FROM household)"
        )
        self.keep()

    def count(self, table: str) -> int:
        statement = {name: f"SELECT count(*) FROM {name}" for name in ("household", "refused", "vanished")}[table]  # noqa: S608
        return int(self._rows.execute(statement).fetchone()[0])

    def units(self, after: int, count: int) -> list[Unit]:
        """The next households after number `after`."""
        rows = self._rows.execute(
            "SELECT n, key, sheet, row, body FROM household WHERE n > ? ORDER BY n LIMIT ?", (after, count)
        ).fetchall()
        return [Unit(n, self._record(key, sheet, row, body), self._members(key)) for n, key, sheet, row, body in rows]

    def _members(self, household: str) -> tuple[Record, ...]:
        statement = "SELECT key, sheet, row, body FROM member WHERE household = ? ORDER BY n"
        rows = self._rows.execute(statement, (household,))
        return tuple(self._record(*row) for row in rows)

    def has(self, dataset: str, keys: Sequence[str]) -> set[str]:
        """Those of the keys that a record of the register has, be it under another one."""
        table = _TABLE_OF[dataset]
        marks = ",".join("?" * len(keys))
        rows = self._rows.execute(
            f"SELECT key FROM {table} WHERE body IS NOT NULL AND key IN ({marks})"  # noqa: S608
            f" UNION SELECT key FROM other WHERE dataset = ? AND key IN ({marks})",
            [*keys, dataset, *keys],
        )
        return {key for (key,) in rows}

    def refuse(self, sheet: str, row: int, dataset: str, cells: dict[str, str], reasons: Sequence[str]) -> None:
        body = self._sealed({"cells": cells, "reasons": list(reasons)})
        self._rows.execute("INSERT OR REPLACE INTO refused VALUES (?, ?, ?, ?)", (sheet, row, dataset, body))

    def refuse_later(self, sheet: str, row: int, dataset: str, cells: dict[str, str], reasons: Sequence[str]) -> None:
        """As `refuse`, while the row's own cells are not at hand; what is known of it already stays."""
        body = self._sealed({"cells": cells, "reasons": list(reasons), "later": True})
        self._rows.execute("INSERT OR IGNORE INTO refused VALUES (?, ?, ?, ?)", (sheet, row, dataset, body))

    def refused_later(self, dataset: str) -> set[int]:
        """The numbers of these rows."""
        rows = self._rows.execute("SELECT row, body FROM refused WHERE dataset = ?", (dataset,))
        return {row for row, body in rows if self._opened(body).get("later")}

    def show_refused(self, sheet: str, row: int, dataset: str, cells: dict[str, str]) -> None:
        """Gives a refused row, if it is one, its own cells."""
        at = (sheet, row, dataset)
        query = "SELECT body FROM refused WHERE sheet = ? AND row = ? AND dataset = ?"
        there = self._rows.execute(query, at).fetchone()
        if there is not None:
            self.refuse(*at, cells, self._opened(there[0])["reasons"])

    def refused(self) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
        """(sheet, row, dataset, {cells, reasons}) in the order of the rows."""
        rows = self._rows.execute("SELECT sheet, row, dataset, body FROM refused ORDER BY sheet, row, dataset")
        for sheet, row, dataset, body in rows:
            yield sheet, row, dataset, self._opened(body)

    def adopt(self, dataset: str, found: Iterable[tuple[str, str]]) -> None:
        """Records that are in the database already, by the key that the register has for them: (key, id).

        Of several with one key none is it: SEVERAL.
        """
        rows = [(dataset, key, entity, SEVERAL) for key, entity in found]
        self._rows.executemany(
            "INSERT INTO adopted VALUES (?, ?, ?)"
            " ON CONFLICT DO UPDATE SET entity = CASE WHEN entity = excluded.entity THEN entity ELSE ? END",
            rows,
        )

    def adopted(self, dataset: str, keys: Sequence[str]) -> dict[str, str]:
        marks = ",".join("?" * len(keys))
        statement = f"SELECT key, entity FROM adopted WHERE dataset = ? AND key IN ({marks})"  # noqa: S608
        return dict(self._rows.execute(statement, [dataset, *keys]).fetchall())

    def vanish(self, dataset: str, entity: str, words: dict[str, Any]) -> None:
        self._rows.execute("INSERT OR REPLACE INTO vanished VALUES (?, ?, ?)", (dataset, entity, self._sealed(words)))

    def vanished(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for dataset, entity, body in self._rows.execute("SELECT * FROM vanished ORDER BY dataset, entity"):
            yield dataset, entity, self._opened(body)

    def drop_rows(self) -> None:
        """After the apply only the lists of refused and vanished rows are kept."""
        self._rows.execute("DELETE FROM member")
        self._rows.execute("DELETE FROM household")
        self._rows.execute("DELETE FROM adopted")
        self._rows.execute("DELETE FROM other")
        self._rows.commit()
        self._rows.execute("VACUUM")
        self._rows.execute("BEGIN")

    def _body(self, record: Record) -> bytes:
        return self._sealed({"values": record.values, "region": record.region, "refused": record.refused})

    def _record(self, key: str, sheet: str | None, row: int | None, body: bytes | None) -> Record:
        if body is None:
            return Record(key, "", 0, None)
        found = self._opened(body)
        return Record(key, sheet or "", row or 0, found["values"], found["region"], found["refused"])

    def _sealed(self, value: Any) -> bytes:
        nonce = os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, json.dumps(value, ensure_ascii=False).encode(), None)

    def _opened(self, body: bytes) -> Any:
        return json.loads(self._cipher.decrypt(body[:12], body[12:], None))
