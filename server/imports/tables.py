"""Imports of registers, and which record each key of a register stands for."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, Json, UtcDateTime
from server.db import now
from server.sealing.columns import SealedBytes, SealedText


class ImportSource(Base):
    """A register that comes again and again. `number`: of its last import; `secret`: key of the hashes in ImportKey."""

    __tablename__ = "import_source"

    source: Mapped[str] = mapped_column(String(60), primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    secret: Mapped[bytes] = mapped_column(SealedBytes("import_source.secret"))


class RegisterImport(Base):
    """One file (or two) of a register. State: waiting, reading, previewed, applying, applied, failed, expired.

    `mapping`: its text. `area`: path of the region it may touch, "" for all. `scope`: paths of the areas that the
    person may administer, null for the command line. `secret`: key of its staging file. `reached`: households (of
    `households`) whose writes are committed. `counts`: of the preview, {dataset: {new, changed, unchanged, conflicting,
    refused}}, with {listed: {refused, vanished}} and {unplaced: counts of rows without a household}; `applied_counts`
    of the apply. `problems`: see tally.py.
    """

    __tablename__ = "register_import"
    __table_args__ = (Index("ix_register_import_person", "person_id"), Index("ix_register_import_state", "state"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("import_source.source"))
    number: Mapped[int | None]
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    area: Mapped[str] = mapped_column(String(200), default="")
    scope: Mapped[list[str] | None] = mapped_column(Json)
    filename: Mapped[str] = mapped_column(String(255))
    file_hash: Mapped[str] = mapped_column(String(64))
    mapping: Mapped[str] = mapped_column(SealedText("register_import.mapping"))
    secret: Mapped[bytes] = mapped_column(SealedBytes("register_import.secret"))
    state: Mapped[str] = mapped_column(String(10), default="waiting")
    households: Mapped[int] = mapped_column(default=0)
    reached: Mapped[int] = mapped_column(default=0)
    counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    applied_counts: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    problems: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    notes: Mapped[list[str]] = mapped_column(Json, default=list)
    error: Mapped[str | None]
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ImportKey(Base):
    """What a key of a register stands for. `key`: keyed hash; `seen`: keyed hash of the values last imported."""

    __tablename__ = "import_key"
    __table_args__ = (Index("ix_import_key_entity", "entity_id"),)

    source: Mapped[str] = mapped_column(ForeignKey("import_source.source"), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(40), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    seen: Mapped[str] = mapped_column(String(32))
    number: Mapped[int]
