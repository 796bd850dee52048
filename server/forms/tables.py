"""Form versions as stored."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, String
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, Json, UtcDateTime
from server.db import now


class FormVersion(Base):
    """One version of a form: draft, then published (frozen by checksum), then retired.

    `vocabulary`: for each dataset the number of its migration steps that the form knows. `previewers`: ids of people
    who may open the draft besides its author and the administrators. `starts_on`: the day from which a published
    version is offered; None: at once.
    """

    __tablename__ = "form_version"

    form_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    names: Mapped[dict[str, str]] = mapped_column(Json)
    purpose: Mapped[str] = mapped_column(String(40), default="")
    datasets: Mapped[list[str]] = mapped_column(Json)
    source_name: Mapped[str] = mapped_column(String(200))
    source: Mapped[bytes]
    xform: Mapped[str]
    hash: Mapped[str] = mapped_column(String(40))
    checksum: Mapped[str] = mapped_column(String(64))
    warnings: Mapped[list[str]] = mapped_column(Json)
    vocabulary: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    previewers: Mapped[list[str]] = mapped_column(Json, default=list)
    starts_on: Mapped[date | None]
    created_by: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    retired_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    extra: Mapped[dict[str, Any] | None] = mapped_column(Json)


class FormMedia(Base):
    """A file that belongs to a form version: a choice list, a picture."""

    __tablename__ = "form_media"
    __table_args__ = (
        ForeignKeyConstraint(["form_id", "version"], ["form_version.form_id", "form_version.version"]),
    )

    form_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    version: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(100))
    content: Mapped[bytes]
    hash: Mapped[str] = mapped_column(String(40))


class PolicyFile(Base):
    """A policy as forms read it: `content` is policy_<name>.csv, `hash` its "md5:…"; made anew at each load.

    `columns`: the values that it sets, as declared, in order.
    """

    __tablename__ = "policy"

    name: Mapped[str] = mapped_column(String(63), primary_key=True)
    labels: Mapped[dict[str, str]] = mapped_column(Json)
    source: Mapped[str]
    columns: Mapped[list[dict[str, Any]]] = mapped_column(Json)
    content: Mapped[bytes]
    hash: Mapped[str] = mapped_column(String(40))
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class PolicyVersionRow(Base):
    """A loaded version: area, first day and values never change; an open one may get its end."""

    __tablename__ = "policy_version"

    policy: Mapped[str] = mapped_column(ForeignKey("policy.name"), primary_key=True)
    id: Mapped[str] = mapped_column(String(80), primary_key=True)
    area: Mapped[str] = mapped_column(String(12))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(12))
    source: Mapped[str]
    labels: Mapped[dict[str, str] | None] = mapped_column(Json)
    values: Mapped[dict[str, str]] = mapped_column("data", Json)
    loaded_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
