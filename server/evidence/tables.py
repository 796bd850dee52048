"""What is derived from a photo; it can be thrown away and made again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, Json, UtcDateTime
from server.db import now
from server.geo.column import Shape
from server.sealing.columns import SealedWords


class Photo(Base):
    """State: pending, ready, unreadable (kept as bytes, never shown inline). `place_source`: capture, exif, visit."""

    __tablename__ = "photo"
    __table_args__ = (
        Index("ix_photo_state", "state"),
        Index("ix_photo_geom", "geom", postgresql_using="gist").ddl_if(dialect="postgresql"),
        Index(
            "ix_photo_unchecked",
            "derived_at",
            sqlite_where=text("checked_at IS NULL"),
            postgresql_where=text("checked_at IS NULL"),
        ),
    )

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(12), default="pending")
    format: Mapped[str | None] = mapped_column(String(12))
    width: Mapped[int | None]
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    exif: Mapped[dict[str, Any] | None] = mapped_column(Json)
    place: Mapped[dict[str, Any] | None] = mapped_column(Json)
    place_source: Mapped[str | None] = mapped_column(String(8))
    geom: Mapped[BaseGeometry | None] = mapped_column(Shape("POINT"))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    derived_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    checked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class PhotoHash(Base):
    """Picture hashes of a photo (bands.packed). `plain`: too flat or too dark to be like anything; it has no bands."""

    __tablename__ = "photo_hash"

    number: Mapped[int] = mapped_column(primary_key=True)
    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), unique=True)
    bits: Mapped[bytes] = mapped_column(LargeBinary)
    plain: Mapped[bool]


class PhotoBand(Base):
    """Photos that are found by one piece of their hashes: bands.ENTRY one after the other, with numbers of PhotoHash.

    One row for all of them, not one for each: a look-up asks for four thousand bands, and rows are what takes time.
    """

    __tablename__ = "photo_band"
    __table_args__ = ({"postgresql_with": {"fillfactor": 70}},)

    band: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    photos: Mapped[bytes] = mapped_column(LargeBinary)


class PhotoCheck(Base):
    """A reason to look at a photo (checks.Check). They are replaced whenever the photo is checked again."""

    __tablename__ = "photo_check"
    __table_args__ = (Index("ix_photo_check_code", "code", "level"),)

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(12), primary_key=True)
    level: Mapped[str] = mapped_column(String(4))
    value: Mapped[Any] = mapped_column(Json, nullable=True)
    limit: Mapped[Any] = mapped_column(Json, nullable=True)
    inputs: Mapped[dict[str, Any]] = mapped_column(Json)
    rule: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PhotoLook(Base):
    """A photo that a person is to look at: for its reasons, or because it was drawn. State: open, asked, done.

    `weight`: how much its reasons weigh together, 0 for one that was only drawn; never a score of a person.
    """

    __tablename__ = "photo_look"
    __table_args__ = (Index("ix_photo_look_open", "state", "weight", "opened_at"),)

    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"), primary_key=True)
    state: Mapped[str] = mapped_column(String(6), default="open")
    weight: Mapped[int]
    drawn: Mapped[bool] = mapped_column(default=False)
    codes: Mapped[list[str]] = mapped_column(Json)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    question_id: Mapped[str | None] = mapped_column(ForeignKey("question.id"))


class Verdict(Base):
    """What a reviewer said of a photo: confirmed, explained, unclear or ask. All are kept, the newest counts.

    `codes`: the reasons that it had then, `measured`: {code: {level, value, limit, rule}} (tally.py), so that limits
    can be tuned by what came of them.
    """

    __tablename__ = "verdict"
    __table_args__ = (Index("ix_verdict_attachment", "attachment_id", "at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    attachment_id: Mapped[str] = mapped_column(ForeignKey("attachment.id"))
    verdict: Mapped[str] = mapped_column(String(10))
    note: Mapped[str] = mapped_column(SealedWords("verdict.note"))
    codes: Mapped[list[str]] = mapped_column(Json)
    measured: Mapped[dict[str, Any] | None] = mapped_column(Json)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    question_id: Mapped[str | None] = mapped_column(ForeignKey("question.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
