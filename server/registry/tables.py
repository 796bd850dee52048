"""Records of the datasets: what holds now, every version before, every written value that is still open."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ForeignKey, Index, String, event, inspect, text
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, BigInt, Json, UtcDateTime
from server.db import now
from server.geo.column import Shape
from server.registry.number_hash import number_hash, of_insert
from server.sealing.json_columns import LOST, SealedChanges, SealedJson, SealedValues


def _concern(name: str, value: str) -> Any:
    """Index of a value that households are looked for by; in PostgreSQL, which would read each record's JSON for it."""
    current = text("dataset = 'household' AND state = 'active'")
    index = Index(name, text(f"(data ->> '{value}')"), "region_code", postgresql_where=current)
    return index.ddl_if(dialect="postgresql")


class Entity(Base):
    """The current state of one record.

    `root_id` is the household at the top of its parents (its own id there). `contested` names properties with several
    heads; `shown` says for each property or merge group whose write is shown (op_id). `vocabulary`: how many of the
    dataset's migration steps the stored values have taken. `number_hash`: see number_hash.py.
    """

    __tablename__ = "entity"
    __table_args__ = (
        Index("ix_entity_region_dataset", "region_code", "dataset"),
        Index("ix_entity_listed", "dataset", "state", "region_code", postgresql_include=["id", "root_id"]),
        Index("ix_entity_label", "dataset", "label", "id"),
        _concern("ix_entity_house", "house_grade"),
        _concern("ix_entity_water", "water_verdict"),
        Index("ix_entity_root", "root_id"),
        Index("ix_entity_parent", "parent_id"),
        Index("ix_entity_geom", "geom", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    dataset: Mapped[str] = mapped_column(String(40))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    root_id: Mapped[str] = mapped_column(String(36))
    parent_id: Mapped[str | None] = mapped_column(String(36))
    label: Mapped[str] = mapped_column(String(300), default="")
    version: Mapped[int]
    state: Mapped[str] = mapped_column(String(10), default="active")
    values: Mapped[dict[str, str | None]] = mapped_column("data", SealedValues("entity.data"))
    number_hash: Mapped[str | None] = mapped_column(String(60), default=of_insert, index=True)
    contested: Mapped[list[str]] = mapped_column(Json)
    shown: Mapped[dict[str, str]] = mapped_column(Json)
    vocabulary: Mapped[int] = mapped_column(default=0)
    geom: Mapped[BaseGeometry | None] = mapped_column(Shape("POINT"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    updated_by: Mapped[str] = mapped_column(ForeignKey("person.id"))


@event.listens_for(Entity, "before_update")
def _hash_anew(_mapper: Any, _connection: Any, entity: Entity) -> None:
    """The hash follows the values, whoever changes them."""
    if inspect(entity).attrs["values"].history.has_changes() and LOST not in entity.values:
        entity.number_hash = number_hash(entity.values)


class EntityVersion(Base):
    """What one op made of a record: what it wrote, and all values as shown then."""

    __tablename__ = "entity_version"

    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True)
    op_id: Mapped[str] = mapped_column(String(36), index=True)
    instance_id: Mapped[str | None] = mapped_column(String(100), index=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    base_version: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    changes: Mapped[list[dict[str, Any]]] = mapped_column(SealedChanges("entity_version.changes"))
    label: Mapped[str] = mapped_column(String(300), default="")
    values: Mapped[dict[str, str | None]] = mapped_column("data", SealedValues("entity_version.data"))


class Head(Base):
    """A value that an op wrote to a property or merge group (merge.Write). It is a head while `closed_by` is NULL."""

    __tablename__ = "head"
    __table_args__ = (Index("ix_head_op", "op_id"),)

    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    op_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    value: Mapped[dict[str, str | None]] = mapped_column(SealedValues("head.value"))
    version: Mapped[int]
    base_version: Mapped[int]
    saw: Mapped[dict[str, str | None] | None] = mapped_column(SealedValues("head.saw"))
    lineage: Mapped[str] = mapped_column(String(80))
    seq: Mapped[int | None] = mapped_column(BigInt)
    corrects: Mapped[str | None] = mapped_column(String(36))
    resolves: Mapped[list[str] | None] = mapped_column(Json)
    rank: Mapped[int] = mapped_column(default=0)
    observed: Mapped[str | None] = mapped_column(String(40))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    instance_id: Mapped[str | None] = mapped_column(String(100))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by: Mapped[str | None] = mapped_column(String(36))
    # Not written as such, but said by changing the record (merge_state.py).
    implied: Mapped[bool] = mapped_column(default=False)


class Conflict(Base):
    """Several heads of one property that a person (or a rule) must settle; at most one open at a time.

    `op_ids`: all heads that it ever had. `rule`: the merge policy that settled it. `resolution`: what closed it, kept
    for ever: {op_id, person_id, at, how: chosen|seen|rule|withdrawn, choose?, value?, reason?}.
    """

    __tablename__ = "conflict"
    __table_args__ = (
        Index("ix_conflict_entity", "entity_id"),
        Index("ix_conflict_state", "state", "opened_at", "id"),
        Index("ix_conflict_key", "key"),  # a possible duplicate is found from both of its records
        Index(
            "uq_conflict_open",
            "entity_id",
            "key",
            unique=True,
            sqlite_where=text("state = 'open'"),
            postgresql_where=text("state = 'open'"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    key: Mapped[str] = mapped_column(String(80))
    properties: Mapped[list[str]] = mapped_column(Json)
    state: Mapped[str] = mapped_column(String(16), default="open")
    op_ids: Mapped[list[str]] = mapped_column(Json, default=list)
    rule: Mapped[str | None] = mapped_column(String(20))
    resolution: Mapped[dict[str, Any] | None] = mapped_column(
        SealedJson("conflict.resolution", damaged={"how": "unreadable"})
    )
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RuleFinding(Base):
    """A cleaning rule that a record trips, from the day it was first seen until it no longer does.

    At most one open finding of a rule and record. `version` names the rule's wording by which it was seen last;
    `properties` what to look at, as `dataset.property`.
    """

    __tablename__ = "rule_finding"
    __table_args__ = (
        Index("ix_rule_finding_household", "household_id"),
        Index("ix_rule_finding_rule", "rule", "closed_at"),
        Index(
            "uq_rule_finding_open",
            "entity_id",
            "rule",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    rule: Mapped[str] = mapped_column(String(63))
    version: Mapped[str] = mapped_column(String(12))
    severity: Mapped[str] = mapped_column(String(4))
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    properties: Mapped[list[str]] = mapped_column(Json)
    first_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RuleRun(Base):
    """One pass of the cleaning rules over a region. `reached`: the last household done, for going on after a stop."""

    __tablename__ = "rule_run"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    day: Mapped[date]
    rules: Mapped[str] = mapped_column(String(12))
    reached: Mapped[str] = mapped_column(String(36), default="")
    households: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
