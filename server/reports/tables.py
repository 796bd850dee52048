"""What somebody asked to have written out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, BigInt, Json, UtcDateTime
from server.db import now
from server.sealing.columns import SealedBytes, SealedWords


class Export(Base):
    """One export of one person. State: waiting, running, ready, failed, gone (its file was removed).

    `asked`: the selection and the shape, as asked. `areas`: the areas that the person's roles covered when the rows
    were chosen; a download is refused once one of them is lost. `rows`: submissions, features or photos in it.
    `file_key` opens the file on the disk; `size`: bytes of what is in it. `made`: what else is known of it
    (photo_bundle.Made).
    """

    __tablename__ = "export"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    asked: Mapped[dict[str, Any]] = mapped_column(Json)
    areas: Mapped[list[str]] = mapped_column(Json, default=list)
    state: Mapped[str] = mapped_column(String(10), default="waiting", index=True)
    filename: Mapped[str] = mapped_column(String(200), default="")
    rows: Mapped[int | None]
    size: Mapped[int | None] = mapped_column(BigInt)
    file_key: Mapped[bytes | None] = mapped_column(SealedBytes("export.file_key"))
    made: Mapped[dict[str, Any] | None] = mapped_column(Json)
    error: Mapped[str | None] = mapped_column(SealedWords("export.error"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
