"""The keys that seal what is stored, themselves sealed by a master key, and how far changing them has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, UtcDateTime
from server.db import now

PURPOSES = ("payload", "value", "match")


class SealKey(Base):
    """One key. The highest `number` of a purpose seals; all of them open until they are gone.

    `wrapped`: the key, sealed by the master key `master` (its id).
    """

    __tablename__ = "seal_key"
    __table_args__ = (UniqueConstraint("purpose", "number"),)

    id: Mapped[str] = mapped_column(String(12), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(10))
    number: Mapped[int]
    master: Mapped[str] = mapped_column(String(12))
    wrapped: Mapped[bytes]
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Resealing(Base):
    """How far the rows of one table were looked at. `target`: for which keys; `reached`: the last row's key as JSON.

    `skipped`: rows of this pass that somebody was writing just then; with any of them another pass follows.
    """

    __tablename__ = "resealing"

    table: Mapped[str] = mapped_column("table_name", String(60), primary_key=True)
    target: Mapped[str] = mapped_column(String(64))
    reached: Mapped[str] = mapped_column(default="")
    looked_at: Mapped[int] = mapped_column(default=0)
    resealed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
