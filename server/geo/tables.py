"""The division tree."""

from __future__ import annotations

from datetime import date, datetime

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, UtcDateTime
from server.db import now
from server.geo.column import Shape

LEVELS = ("province", "county", "township", "village", "group")


class Region(Base):
    """A node of the division tree: 12-digit code, or a local child (group) with a suffix.

    `path` holds all codes from the root to this node, `/99…/9901…/`, so that "in this area" is one prefix.
    """

    __tablename__ = "region"
    __table_args__ = (
        Index("ix_region_inside", "path", "code", postgresql_ops={"path": "text_pattern_ops"}),
        Index("ix_region_boundary", "boundary", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    code: Mapped[str] = mapped_column(String(20), primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)
    level: Mapped[str] = mapped_column(String(12))
    path: Mapped[str] = mapped_column(String(200))
    name_zh: Mapped[str] = mapped_column(String(100))
    name_en: Mapped[str] = mapped_column(String(100), default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    boundary: Mapped[BaseGeometry | None] = mapped_column(Shape())


class RegionChange(Base):
    """A region gets another name, or another region above it, from a day on; both states are kept.

    `applied_at` is None while the day has not come; `withdrawn_at` ends one that has not been applied.
    """

    __tablename__ = "region_change"
    __table_args__ = (Index("ix_region_change_region", "region_code", "day"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    kind: Mapped[str] = mapped_column(String(8))
    day: Mapped[date]
    reason: Mapped[str] = mapped_column(String(200))
    parent_before: Mapped[str | None] = mapped_column(String(20))
    parent_after: Mapped[str | None] = mapped_column(String(20))
    name_zh_before: Mapped[str] = mapped_column(String(100))
    name_en_before: Mapped[str] = mapped_column(String(100))
    name_zh_after: Mapped[str] = mapped_column(String(100))
    name_en_after: Mapped[str] = mapped_column(String(100))
    made_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
