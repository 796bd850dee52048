"""The databases of a stage: put back to their beginning before each run, and full for a while when a run wants it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import Engine, event

from server.columns import Base
from tests.postgres import private_postgres

UNLIMITED = 4_294_967_294  # SQLite's largest max_page_count
FULL = "DO $$ BEGIN RAISE EXCEPTION 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$"


@dataclass
class Room:
    """What can still be added before the disk is full: pages of a file, INSERTs of PostgreSQL. None: all."""

    left: int | None = None

    def limit(self, engine: Engine) -> None:
        """From now on this engine's writes heed it: the database itself refuses what finds no room."""
        if engine.dialect.name == "sqlite":
            event.listen(engine, "begin", self._begin)
        else:
            event.listen(engine, "before_cursor_execute", self._execute)

    def _begin(self, connection: Any) -> None:
        if self.left is None and not connection.info.get("limited"):
            return
        pages = UNLIMITED
        if self.left is not None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one() + self.left
            self.left = max(0, self.left - 1)
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}").close()
        connection.info["limited"] = self.left is not None

    def _execute(self, connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if self.left is None or not statement.lstrip().startswith("INSERT"):
            return
        if self.left == 0:
            connection.exec_driver_sql(FULL)
        self.left -= 1


class Database(Protocol):
    url: str

    def keep(self, engine: Engine) -> None:
        """What it holds now is the beginning of every run."""

    def reset(self) -> None: ...


class SqliteFile:
    """A file, copied."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "ruhu.sqlite"
        self.url = f"sqlite:///{self.file}"

    def keep(self, engine: Engine) -> None:
        with engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        engine.dispose()
        shutil.copy(self.file, self.folder / "beginning.sqlite")

    def reset(self) -> None:
        for path in self.folder.glob("ruhu.sqlite*"):
            path.unlink()
        shutil.copy(self.folder / "beginning.sqlite", self.file)


class Cluster:
    """A database of a private PostgreSQL: its tables emptied and filled again from copies."""

    def __init__(self, address: str) -> None:
        engine = _engine(address.format(name="postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("CREATE DATABASE simulation")
        engine.dispose()
        self.url = address.format(name="simulation")
        self.filled: list[str] = []

    def keep(self, engine: Engine) -> None:
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE SCHEMA beginning")
            for name in (f'"{table.name}"' for table in Base.metadata.sorted_tables):
                if connection.exec_driver_sql(f"SELECT EXISTS (SELECT FROM {name})").scalar_one():
                    connection.exec_driver_sql(f"CREATE TABLE beginning.{name} AS TABLE {name}")
                    self.filled.append(name)
            rows = connection.exec_driver_sql("SELECT sequencename, last_value FROM pg_sequences WHERE last_value > 0")
            self.sequences = [tuple(row) for row in rows]
        engine.dispose()

    def reset(self) -> None:
        every = ", ".join(f'"{name}"' for name in Base.metadata.tables)
        engine = _engine(self.url)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE {every} RESTART IDENTITY CASCADE")
            connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
            for name in self.filled:
                connection.exec_driver_sql(f"INSERT INTO {name} SELECT * FROM beginning.{name}")
            for name, last in self.sequences:
                connection.execute(sa.text("SELECT setval(:name, :last)"), {"name": name, "last": last})
        engine.dispose()


def _engine(url: str, **options: Any) -> Engine:
    return sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), **options)


@contextmanager
def opened(kind: str, folder: Path, address: str | None = None) -> Iterator[Database]:
    """`kind`: sqlite or postgres; `address`: of a cluster that runs already."""
    if kind == "sqlite":
        yield SqliteFile(folder)
        return
    with nullcontext(address) if address else private_postgres() as at:
        yield Cluster(at)


KINDS: Sequence[str] = ("sqlite", "postgres")
